"""The table as text for the terminal and as a page of the book."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import torch

from benchmarks.table import PEERS, ROOT, Line

PAGE = ROOT / "book" / "reference" / "benchmarks.md"
_HEADINGS = ("operation", "size of the work", "beside", "ours", "theirs", "ratio", "asked", "error")


def cells(line: Line) -> tuple[str, ...]:
    """Give one line of the table as words."""
    name = {None: "", True: "", False: " (not met)"}[line.met]
    show = (
        _time
        if not line.unit
        else lambda value: f"{value:.2f} {line.unit}" if value < 10 else f"{value:.0f} {line.unit}"
    )
    ours, theirs = ("" if value is None else show(value) for value in (line.ours, line.theirs))
    ratio = line.note or ("" if line.ratio is None else f"{line.ratio:.1f}" if line.ratio < 20 else f"{line.ratio:.0f}")
    asked = "" if line.bar is None else f"{'at most' if line.unit else 'at least'} {line.bar:g}{name}"
    return (
        line.name,
        line.setting,
        line.beside,
        ours,
        theirs,
        ratio,
        asked,
        "" if line.error is None else f"{line.error:.0e}",
    )


def _time(seconds: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def text(lines: list[Line]) -> str:
    """Give the table in columns for the terminal; the words of a row that has several lines are not repeated."""
    rows = [_HEADINGS, *(cells(line) for line in lines)]
    rows = [
        rows[0],
        *(("", "", *row[2:]) if row[:2] == last[:2] else row for last, row in pairwise(rows)),
    ]
    # A note in the place of the ratio may be long, and stands outside of its column.
    widths = [max(len(r[i]) for r in rows if i != 5 or len(r[i]) < 12) for i in range(len(_HEADINGS))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(r, widths, strict=True)).rstrip() for r in rows)


def page(lines: list[Line]) -> str:
    """Give the page of the book."""
    body = "\n".join(f"| {' | '.join(cells(line))} |" for line in lines)
    threads = os.cpu_count()
    return f"""# Benchmarks

How fast are the operations of `ddsp_lite`, beside other ways of doing the same work? Each row runs forward and backward
in float32, on one thread unless it says otherwise. Before anything is timed, the sounds and all gradients of both sides
are compared with a computation in float64; the last column is our largest relative error, and what does not do the same
work is not timed. Both sides then run by turns in one process, several rounds; the ratio is the median over the rounds
of theirs to ours, and it varies far less from machine to machine than the times do. A bar that is not met says so, and
a peer that cannot be installed or that fails is shown as such.

To measure on your own machine, run `make bench`; `make bench WRITE=1` also writes this page.

Measured on {datetime.date.today():%d %B %Y}: {_processor()}, {threads} cores, {platform.system()}, Python
{platform.python_version()}; {", ".join(f"{name} {version}" for name, version in _versions())}.

| {" | ".join(_HEADINGS)} |
|{"|".join("---" for _ in _HEADINGS)}|
{body}
"""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _versions() -> list[tuple[str, str]]:
    found = [("PyTorch", torch.__version__), *((n, metadata.version(n)) for n in ("numpy", "numba"))]
    peers = {d.metadata["Name"]: d.version for d in metadata.distributions(path=[str(PEERS)])}
    return found + sorted(peers.items())
