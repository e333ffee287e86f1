"""Run the chapters, two at a time, and keep the results until a chapter, the package or a recording changes.

The result of `book/x.ipynb` is `_build/executed/book/x.ipynb`: the page shows it, and the tests read it. It carries
a key made of the chapter's code cells and of everything else that it depends on (`fingerprint.package_digest`), and
is used again while the key stays the same, so that a page never shows what an older `ddsp_lite` printed.
"""

import asyncio
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

import nbformat
import psutil
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from book.tools import notebooks, pictures
from book.tools.fingerprint import package_digest
from book.tools.toc import BookError, Page

AT_ONCE = 2
CELL_TIMEOUT = 120
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FOLDER, REFERENCES, DEMOS = Path("_build/executed"), Path("_build/references"), Path("_build/demos")
RECORD = "executed"
THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


class OwnKernel(KernelSpecManager):
    """Starts kernels with the interpreter that runs the build, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one kernel that there is."""
        return KernelSpec(resource_dir="", **get_kernel_dict())


async def patient_get_msg(channel: AsyncZMQSocketChannel, timeout: float | None = None) -> dict:
    """As `AsyncZMQSocketChannel.get_msg`, but looking again every second.

    About one run in 25 of a cell with an Output widget misses the wake-up and would wait out the whole cell timeout.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        left = 1.0 if end is None else min(1.0, end - time.monotonic())
        try:
            return await ORIGINAL_GET_MSG(channel, timeout=max(left, 0.001))
        except Exception as error:
            if type(error).__name__ != "Empty" or (end is not None and time.monotonic() >= end):
                raise


ORIGINAL_GET_MSG = AsyncZMQSocketChannel.get_msg


def result_path(root: Path, page: Page) -> Path:
    """Where a chapter's result lies."""
    return root / FOLDER / f"{page.name}.ipynb"


def cells_digest(notebook: NotebookNode, common: str) -> str:
    """The key of a result: the code cells and what they all depend on."""
    total = hashlib.sha256(common.encode())
    for cell in notebooks.code_cells(notebook):
        total.update(f"\0{cell.source.rstrip()}".encode())
    return total.hexdigest()


def stored(root: Path, page: Page, key: str) -> NotebookNode | None:
    """The result kept for this key, if there is one."""
    path = result_path(root, page)
    if not path.is_file():
        return None
    result = notebooks.read(path)
    return result if result.metadata.get(RECORD, {}).get("key") == key else None


def keep(root: Path, page: Page, result: NotebookNode, key: str, seconds: float) -> None:
    """Write a result with its key and the processor time that it took."""
    result.metadata.pop("widgets", None)
    result.metadata[RECORD] = {"key": key, "seconds": round(seconds, 1)}
    path = result_path(root, page)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(result, path)


def seconds_taken(root: Path, page: Page) -> float:
    """The processor time of a chapter, top to bottom: what it takes on a machine that does nothing else."""
    return notebooks.read(result_path(root, page)).metadata[RECORD]["seconds"]


async def run(page: Page, root: Path) -> tuple[NotebookNode, float]:
    """Run one chapter from its own folder, and time it; BookError shows the cell that failed."""
    notebook = notebooks.read(page.source)
    for cell in notebooks.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    manager = AsyncKernelManager(kernel_spec_manager=OwnKernel())
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(page.source.parent)}},
    )
    folders = {"DDSP_LITE_REFERENCES": str(root / REFERENCES), "DDSP_LITE_CACHE": str(root / DEMOS)}
    environment = os.environ | THREADS | folders | {"PYTHONHASHSEED": "0"}
    try:
        await client.async_execute(env=environment)
        times = psutil.Process(manager.provisioner.pid).cpu_times()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        where, cause = page.source.relative_to(root), COLOURS.sub("", str(error)).strip()
        advice = "Open it by `make lab`, repair the cell, run `make book`."
        raise BookError(f"{where} does not run. {advice}\n{cause}") from None
    finally:
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
    pictures.lighten(notebook)
    return notebook, times.user + times.system + times.children_user + times.children_system


async def run_all(todo: list[Page], root: Path) -> dict[Page, tuple[NotebookNode, float] | BookError]:
    """Run chapters, `AT_ONCE` at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(page: Page) -> tuple[NotebookNode, float] | BookError:
        async with free:
            print(f"  running {page.name}", flush=True)
            try:
                notebook, seconds = await run(page, root)
            except BookError as error:
                return error
            print(f"  {page.name} took {seconds:.1f} s of processor time", flush=True)
            return notebook, seconds

    AsyncZMQSocketChannel.get_msg = patient_get_msg
    try:
        return dict(zip(todo, await asyncio.gather(*map(one, todo)), strict=True))
    finally:
        AsyncZMQSocketChannel.get_msg = ORIGINAL_GET_MSG


def execute(chapters: list[Page], root: Path) -> None:
    """Bring all results up to date; BookError tells of every chapter that failed."""
    common = package_digest(root)
    references = root / REFERENCES
    found = {page: stored(root, page, cells_digest(notebooks.read(page.source), common)) for page in chapters}
    if not references.is_dir() or not any(found.values()):
        shutil.rmtree(references, ignore_errors=True)
        references.mkdir(parents=True)
        found = dict.fromkeys(chapters)
    results = asyncio.run(run_all([page for page in chapters if found[page] is None], root))
    common = package_digest(root)  # the run itself may have fetched a recording
    for page in chapters:
        source = notebooks.read(page.source)
        result = found[page] or results[page]
        if isinstance(result, BookError):
            result_path(root, page).unlink(missing_ok=True)
            continue
        notebook, seconds = result if isinstance(result, tuple) else (result, seconds_taken(root, page))
        keep(root, page, notebooks.with_outputs(source, notebook), cells_digest(source, common), seconds)
    failures = [str(result) for result in results.values() if isinstance(result, BookError)]
    if failures:
        raise BookError("\n\n".join(failures))
