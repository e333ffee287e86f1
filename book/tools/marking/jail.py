"""Where student code runs: a kernel with its own processes, folder and limits, without network or the teacher's files.

Only the kernel is in the jail (bubblewrap); it is reached through sockets in a folder, so it needs no network. Without
bubblewrap a kernel has the limits alone: it can read what the teacher can read, and reach the network.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pooch
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from book.tools.toc import ROOT

GIGABYTE = 2**30
HOME = "/home/student"
COMPILED = "/compiled"
DISK = 256 * 2**20  # bytes that a notebook may write, in memory
FILE = 100 * 2**20  # bytes of one file
PROCESSES = 200
FIRST_USER = 60_000  # as root, each worker's kernel is an unprivileged user of its own

# The first program in the jail: it takes its limits upon itself, gives up its rights, and becomes the kernel.
LAUNCH = """
import os, resource, shutil, sys
space, file, processes, user, *command = sys.argv[1:]
for name, value in (("AS", space), ("FSIZE", file), ("NPROC", processes), ("CORE", "0")):
    if value != "-":
        try:
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (int(value), int(value)))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise
if user != "-":
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
if os.path.isdir("/compiled") and not os.access("/compiled", os.W_OK):
    shutil.copytree("/compiled", os.environ["NUMBA_CACHE_DIR"])
os.execv(sys.executable, [sys.executable, *command])
"""

# What a chapter needs at least; its size in memory is where the limit begins to count.
PROBE = """
import ipykernel.ipkernel, torch, matplotlib.pyplot, ddsp_lite.live, ddsp_lite.losses
peak = 0
try:
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmPeak"))
except OSError:
    pass
print("peak", peak * 1024)
"""


class JailError(Exception):
    """Student code cannot be run; the message says what to do."""


@dataclass(frozen=True)
class Terms:
    """On what terms one notebook is run."""

    cell_seconds: float = 30.0
    notebook_seconds: float = 240.0
    memory: int = 2 * GIGABYTE  # beyond what the book's packages take
    unsafe: bool = False  # no jail
    seed: str = ""  # what the checks draw their hidden inputs from
    compiled: str = ""  # a folder with what numba has compiled, so that no kernel compiles it again
    trusted: bool = False  # the chapter itself: it may write into that folder
    packages: int = 0  # address space of the book's packages, measured by `probe`; 0: unknown, no limit on it


def environment(terms: Terms) -> dict[str, str]:
    """All that a kernel's environment holds."""
    found = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "student",
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",  # nbgrader takes text on stderr for a failure
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "agg",
        "DDSP_LITE_CLASSROOM_SEED": terms.seed,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    }
    if terms.compiled and not terms.unsafe:
        found["NUMBA_CACHE_DIR"] = COMPILED if terms.trusted else f"{HOME}/.compiled"
    if recordings().is_dir():
        found["LIBROSA_DATA_DIR"] = str(recordings())
    return found


def recordings() -> Path:
    """Where librosa keeps its example recordings."""
    return Path(os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa")).absolute()


def readable() -> list[Path]:
    """What a jailed kernel may read: the system's programs, the environment, the package; not the chapters."""
    interpreter = Path(sys.executable).resolve().parents[1]
    found = [Path(sys.prefix), Path(sys.base_prefix), interpreter, ROOT / "ddsp_lite", recordings()]
    system = [Path(name) for name in ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")]
    return [path for path in dict.fromkeys((*found, *system)) if path.exists() and not path.is_relative_to("/usr")]


def bubblewrap(shared: Path | None, terms: Terms, as_root: bool) -> list[str]:
    """The jail's command: `shared` is the one folder that both sides see."""
    command = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    if as_root:
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    else:
        command += ["--unshare-all", "--cap-drop", "ALL"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(name).is_symlink():
            command += ["--symlink", os.readlink(name), name]
        elif Path(name).exists():
            command += ["--ro-bind", name, name]
    command += ["--proc", "/proc", "--dev", "/dev", "--hostname", "jail", "--unshare-uts"]
    for folder in ("/tmp", HOME, "/dev/shm"):
        command += ["--perms", "1777", "--size", str(DISK), "--tmpfs", folder]
    for above in dict.fromkeys(parent for path in readable() for parent in reversed(path.parents[:-1])):
        command += ["--perms", "0755", "--dir", str(above)]  # those that bubblewrap makes by itself only root may enter
    for path in readable():
        command += ["--ro-bind", str(path), str(path)]
    if terms.compiled:
        command += ["--bind" if terms.trusted else "--ro-bind", terms.compiled, COMPILED]
    if shared is not None:
        command += ["--bind", str(shared), str(shared)]
    for name, value in environment(terms).items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", HOME]


def command(arguments: list[str], shared: Path | None, terms: Terms) -> list[str]:
    """The command that runs Python with `arguments`, jailed unless `unsafe`."""
    as_root = os.getuid() == 0
    space = str(terms.packages + terms.memory) if terms.packages else "-"
    processes, user = (str(PROCESSES), str(unprivileged()) if as_root else "-") if not terms.unsafe else ("-", "-")
    launch = [sys.executable, "-c", LAUNCH, space, str(FILE), processes, user, *arguments]
    return launch if terms.unsafe else [*bubblewrap(shared, terms, as_root), *launch]


def unprivileged() -> int:
    """As root: the user that this worker's kernel becomes."""
    return FIRST_USER + os.getpid() % 5000


def probe(terms: Terms) -> int:
    """Run the book's imports as student code will run; the address space that they take, or JailError."""
    if not terms.unsafe and shutil.which("bwrap") is None:
        raise JailError(
            "Student code is run in a jail, and bubblewrap, which makes it, is not installed: on Debian and Ubuntu "
            "apt-get install bubblewrap.\nWhere there is none (macOS), make mark UNSAFE=1 runs it with limits on time "
            "and memory only: it can then read your files and use the network. Do that for code that you trust."
        )
    whole = command(["-c", PROBE], None, terms)
    answer = subprocess.run(whole, capture_output=True, text=True, timeout=120, env=environment(terms))
    if answer.returncode or "peak" not in answer.stdout:
        raise JailError(
            "Python does not start in the jail (bubblewrap 0.8 is known to work, and it needs namespaces, which some "
            f"containers forbid):\n{answer.stderr.strip()[-1500:]}"
        )
    return int(answer.stdout.split()[-1])


class OneKernel(KernelSpecManager):
    """Knows one kernel: the interpreter that marks, behind the given command."""

    def __init__(self, argv: list[str]) -> None:
        super().__init__()
        self.argv = argv

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one kernel that there is; it is interrupted by message, since signals end at the jail."""
        return KernelSpec(resource_dir="", **(get_kernel_dict() | {"argv": self.argv, "interrupt_mode": "message"}))


class Manager(AsyncKernelManager):
    """A manager whose kernel may belong to another user, and which ends it without asking."""

    owner: int | None = None

    def write_connection_file(self, **options: object) -> None:
        """Write it where the kernel may read it."""
        super().write_connection_file(**options)
        if self.owner is not None:
            for path in (Path(self.connection_file), Path(self.connection_file).parent):
                os.chown(path, self.owner, self.owner)

    async def end(self) -> None:
        """Kill the kernel, and with it all that it started."""
        if self.provisioner is not None and self.has_kernel:
            await self.provisioner.kill()
            await self.provisioner.wait()
        self.cleanup_connection_file()


def manager(folder: Path, terms: Terms) -> Manager:
    """A manager of one kernel whose sockets lie in `folder`, a short path for this kernel alone."""
    arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    found = Manager(
        kernel_spec_manager=OneKernel(command(arguments, folder, terms)),
        transport="ipc",
        connection_file=str(folder / "kernel.json"),
        ip=str(folder / "s"),
    )
    if not terms.unsafe and os.getuid() == 0:
        found.owner = unprivileged()
    return found
