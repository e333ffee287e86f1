"""Run the needed cells of a merged notebook in a jailed kernel, and note what happened to each.

A cell that does not end is interrupted, and the next one runs. A cell that takes the kernel with it is left out, and
the others run again in a new kernel: one exercise's fault costs that exercise.
"""

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from book.tools.execute import patient_get_msg
from book.tools.marking import jail
from book.tools.marking.jail import Terms
from book.tools.marking.merge import Merged
from book.tools.marking.watchdog import Watchdog

KEPT = 20_000  # characters of a cell's output
PICTURES = 2_000_000  # characters of a cell's pictures
GRACE = 5.0  # seconds to react to an interrupt
KERNELS = 4  # at most, for one notebook


class Client(NotebookClient):
    """nbclient, with a limit on what a cell may print or show."""

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Pass on what is within the limit, cut what is not, drop widgets."""
        kind, content = msg["msg_type"], msg["content"]
        if kind.startswith("comm") or kind == "update_display_data":
            return None
        left = KEPT - cell.metadata.get("printed", 0)
        if kind == "stream":
            text = str(content["text"])
            cell.metadata["printed"] = cell.metadata.get("printed", 0) + len(text)
            if left <= 0:
                return None
            content["text"] = text[:left] + ("\n… more was printed and is left out\n" if len(text) > left else "")
        elif kind in ("display_data", "execute_result"):
            data = content["data"]
            picture = data.get("image/png", "") if cell.metadata.get("shown", 0) < PICTURES else ""
            cell.metadata["shown"] = cell.metadata.get("shown", 0) + len(picture)
            content["data"] = {"text/plain": str(data.get("text/plain", ""))[:KEPT]}
            if picture and len(picture) < PICTURES:
                content["data"]["image/png"] = picture
            if len(cell.outputs) > 100:
                return None
        elif kind == "error":
            content["evalue"], content["traceback"] = str(content["evalue"])[:2000], []
        return super().process_message(msg, cell, cell_index)


class StoppedError(Exception):
    """The kernel is gone; the message says why."""


async def run_cell(client: Client, place: int, seconds: float, watchdog: Watchdog) -> str:
    """Run one cell; what happened to it, if it did not end by itself, or StoppedError."""
    task = asyncio.ensure_future(client.async_execute_cell(client.nb.cells[place], place, store_history=False))
    done, _ = await asyncio.wait({task}, timeout=seconds)
    note = ""
    if not done:
        note = f"did not end within {seconds:.0f} s and was stopped"
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.km.interrupt_kernel(), GRACE)
        done, _ = await asyncio.wait({task}, timeout=GRACE)
    if not done:
        task.cancel()
        with contextlib.suppress(BaseException):
            await task
        raise StoppedError(watchdog.reason or note)
    try:
        task.result()
    except DeadKernelError:
        raise StoppedError(watchdog.reason or "ended its own kernel") from None
    return note


async def run_once(merged: Merged, skipped: dict[int, str], terms: Terms, end: float) -> int | None:
    """Run all needed cells but the `skipped` ones; the place of the cell that took the kernel with it, if one did."""
    notebook = nbformat.v4.new_notebook(cells=merged.cells)
    folder = Path(tempfile.mkdtemp(prefix="mark-"))
    work = folder / "work" if terms.unsafe else folder
    work.mkdir(exist_ok=True)
    manager = jail.manager(folder, terms)
    client = Client(notebook, km=manager, timeout=None, allow_errors=True, iopub_timeout=30, record_timing=False)
    watchdog = Watchdog(manager, folder, terms)
    watching = None
    try:
        environment = jail.environment(terms) | ({"HOME": str(work), "TMPDIR": str(work)} if terms.unsafe else {})
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await client.async_start_new_kernel(cwd=str(work), env=environment, **silent)
        await client.async_start_new_kernel_client()
        watching = asyncio.ensure_future(watchdog.watch())
        for place in sorted(merged.needed):
            cell = merged.cells[place]
            cell.outputs = []
            for key in ("printed", "shown", "note"):
                cell.metadata.pop(key, None)
            left = end - time.monotonic()
            if cell.metadata.kind != "chapter":
                left = min(left, terms.cell_seconds)
            if place in skipped:
                cell.metadata["note"] = skipped[place]
            elif left <= 0:
                cell.metadata["note"] = f"was not run: the notebook had used up its {terms.notebook_seconds:.0f} s"
            else:
                try:
                    cell.metadata["note"] = await run_cell(client, place, left, watchdog)
                except StoppedError as stopped:
                    cell.metadata["note"] = skipped[place] = str(stopped)
                    return place
        return None
    finally:
        if watching is not None:
            watching.cancel()
        with contextlib.suppress(Exception):
            if client.kc is not None:
                client.kc.stop_channels()
        await manager.end()
        shutil.rmtree(folder, ignore_errors=True)


async def run(merged: Merged, terms: Terms) -> None:
    """Run a merged notebook; its cells then hold their outputs, and `metadata.note` where one was stopped."""
    AsyncZMQSocketChannel.get_msg = patient_get_msg
    end = time.monotonic() + terms.notebook_seconds
    skipped: dict[int, str] = {}
    for _ in range(KERNELS):
        if await run_once(merged, skipped, terms, end) is None:
            return
    for place in merged.needed:
        if not merged.cells[place].outputs:
            merged.cells[place].metadata.setdefault("note", "was not run: the notebook ended kernel after kernel")
