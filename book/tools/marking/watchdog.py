"""Beside a running kernel: is it within its memory and its folder? Where it is not, it is stopped."""

import asyncio
import contextlib
from pathlib import Path

import psutil

from book.tools.marking.jail import Manager, Terms

EVERY = 0.5  # seconds
SHARED = 2**23  # bytes that the folder of the sockets may hold


def memory(pid: int) -> int:
    """The bytes that a process and all below it take, shared pages divided among those who share them."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error, OSError):
                try:
                    total += one.memory_full_info().pss
                except (AttributeError, psutil.AccessDenied):
                    total += one.memory_info().rss
    return total


def size(folder: Path) -> int:
    """The bytes in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


class Watchdog:
    """Stops a kernel that takes too much; `reason` then says what it took."""

    def __init__(self, manager: Manager, folder: Path, terms: Terms) -> None:
        self.manager, self.folder, self.terms = manager, folder, terms
        self.reason = ""
        self.peak = 0

    async def watch(self) -> None:
        """Look, again and again, until the kernel is stopped or the task is cancelled."""
        while not self.reason:
            await asyncio.sleep(EVERY)
            provisioner = self.manager.provisioner
            if provisioner is None or provisioner.pid is None:
                continue
            used = memory(provisioner.pid)
            self.peak = max(self.peak, used)
            allowed = self.terms.memory + 2**30  # the kernel itself, its packages, their buffers
            if used > allowed:
                self.reason = f"took more than {allowed / 2**30:.0f} GB of memory and was stopped"
            elif size(self.folder) > SHARED:
                self.reason = "wrote into the folder of its own sockets and was stopped"
        await self.manager.end()
