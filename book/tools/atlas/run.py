"""Measures all cells: several at a time, here or on other machines, each kept as soon as it is done."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import joblib
from tqdm import tqdm

from book.tools.atlas.measures import Cell, Settings, cells, measure
from book.tools.fingerprint import digest


class AtlasError(Exception):
    """The atlas cannot be measured as asked."""


def folder(root: Path, settings: Settings) -> Path:
    """Return where results of these settings and this code are kept: of other code they say nothing."""
    apart = {"classroom", "live", "plots", "systems"}
    package = [path for path in (root / "ddsp_lite").rglob("*.py") if not apart & set(path.relative_to(root).parts)]
    files = [*sorted(package), *sorted((root / "book/tools/atlas").glob("[mv]*.py"))]
    return root / "_build/atlas" / digest(root, files, json.dumps(asdict(settings)))[:16]


def place(folder: Path, cell: Cell) -> Path:
    """Return the file of a cell's result."""
    return folder / f"{hashlib.sha256(cell.name.encode()).hexdigest()[:20]}.json"


def keep(path: Path, result: dict[str, object]) -> None:
    """Write a result whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(result), encoding="utf-8")
    draft.replace(path)


@contextlib.contextmanager
def engine(workers: int, dask: str | None) -> Iterator[None]:
    """Choose where cells are measured, in processes of this machine, or by a Dask cluster at an address."""
    if dask is None:
        with joblib.parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
            yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise AtlasError("--dask needs Dask on this machine and its workers: pip install distributed") from error
    try:
        client = Client(dask, timeout=20)
    except (OSError, ValueError) as error:
        raise AtlasError(f"no Dask scheduler answers at --dask {dask}: {error}") from error
    with client, joblib.parallel_config(backend="dask", n_jobs=-1):
        yield


def run(
    root: Path, settings: Settings, chosen: list[Cell] | None = None, *, workers: int = 2, dask: str | None = None
) -> list[dict[str, object]]:
    """Measure the cells that are not yet measured, and return all results in the order of the cells."""
    chosen = cells() if chosen is None else chosen
    kept = folder(root, settings)
    waiting = [cell for cell in chosen if not place(kept, cell).is_file()]
    with engine(workers, dask), tqdm(total=len(chosen), initial=len(chosen) - len(waiting), unit="cell") as progress:
        for result in joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(measure)(cell, settings) for cell in waiting
        ):
            cell = Cell(str(result["voice"]), str(result["knob"]), str(result["loss"]))
            keep(place(kept, cell), result)
            progress.update()
            progress.set_postfix_str(cell.name)
    return [json.loads(place(kept, cell).read_text(encoding="utf-8")) for cell in chosen]
