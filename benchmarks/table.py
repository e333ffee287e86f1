"""The package's operations beside their peers: what a row of the table is, and how it is checked and timed.

A module of this folder that is named in ``MODULES`` holds a list ``ROWS``. Most rows are a ``Row``: some functions that
do the same work on the same inputs. Each is first checked, sound and gradients, against float64; what is not equal is
not timed. Then they run by turns, forward and backward, in this one process, and what counts is the median over the
rounds of the ratio. A ``Figure`` is any other number with a bar, such as the time of an import.

A new row: functions take the inputs and return one tensor, they take lengths from the inputs' shapes, and a peer is
imported inside of its function by ``peer("name")``, so that one that is missing is shown as such.
``python -m benchmarks WORD`` runs the rows whose name or setting holds the word.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType

import torch
from torch import Tensor

MODULES = ("harmonic", "recursions", "spectral", "startup")
ROOT = Path(__file__).parent.parent
PEERS = ROOT / "_build" / "peers"  # where `make bench` installs benchmarks/requirements.txt
_SHARE = 0.1  # seconds that a function gets in each round, to run as often as fits, at least once

Function = Callable[..., Tensor]


@dataclass
class Row:
    """Functions that do the same work.

    Args:
        name: the operation.
        setting: size of the work, in words; no two rows share name and setting.
        inputs: makes the functions' arguments, float32; ``inputs(True)`` makes tiny ones, for tests and to warm up.
            Gradients are taken for all tensors that require one.
        ours: the package's way.
        others: the peers' ways by name, such as "plain PyTorch" and "torchlpc".
        bars: by peer, how many times as long it should take at least.
        accuracy: largest relative error (L2) of our result and of each of our gradients against `exact`.
        agreement: the same for the others, which need not be as exact, but must do the same work.
        exact: computes the truth from float64 inputs; the first of the others if not given.
        threads: how many PyTorch may use.
        memory: most megabytes by which one run of ours may raise the process's memory; not measured if not given.
    """

    name: str
    setting: str
    inputs: Callable[[bool], tuple]
    ours: Function
    others: dict[str, Function]
    bars: dict[str, float]
    accuracy: float
    agreement: float = 1e-2
    exact: Function | None = None
    threads: int = 1
    memory: float | None = None


@dataclass
class Figure:
    """Any other number that has a bar: ``measure(tiny)`` gives it, in ``unit``, and it should be at most ``bar``."""

    name: str
    setting: str
    measure: Callable[[bool], float]
    bar: float
    unit: str


@dataclass
class Line:
    """One line of the table: an operation beside one peer, or a figure.

    Args:
        name, setting: of the row.
        beside: the peer.
        error: ours against float64.
        ours, theirs: times in seconds, or what else is measured, in ``unit``.
        ratio: theirs to ours, for times.
        bar: what is asked for, at least for a ratio, at most for a figure.
        unit: of a figure.
        note: why there is no number.
    """

    name: str
    setting: str
    beside: str = ""
    error: float | None = None
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    bar: float | None = None
    unit: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None where there is none, or where a peer is not there to be compared with."""
        if self.bar is None or (self.note and not self.note.startswith("not timed: our")):
            return None
        if self.unit:
            return self.ours <= self.bar
        return self.ratio is not None and self.ratio >= self.bar


class PeerMissing(Exception):
    """A peer cannot be imported."""


def peer(name: str) -> ModuleType:
    """Import a peer, from where `make bench` has installed it or from the environment."""
    if str(PEERS) not in sys.path:
        sys.path.append(str(PEERS))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(name)
    except Exception as reason:  # whatever a peer raises, the table goes on
        raise PeerMissing(f"cannot be imported ({type(reason).__name__}: {reason})") from reason


def rows() -> list[Row | Figure]:
    """Collect the rows of all modules."""
    return [row for name in MODULES for row in import_module(f"benchmarks.{name}").ROWS]


def lines(row: Row | Figure, *, rounds: int = 5, tiny: bool = False) -> list[Line]:
    """Measure a row: one line for each peer, one for the memory if it has a bar; or a figure's one line."""
    if isinstance(row, Figure):
        return [Line(row.name, row.setting, ours=row.measure(tiny), bar=row.bar, unit=row.unit)]
    before = torch.get_num_threads()
    torch.set_num_threads(row.threads)
    try:
        result, equal, inputs, weights = _compare(row, tiny)
        if equal:
            functions = (row.ours, *(row.others[line.beside] for line in equal))
            times = [[_seconds(f, inputs, weights) for f in functions] for _ in range(rounds)]
            for place, line in enumerate(equal, start=1):
                line.ours, line.theirs = median(t[0] for t in times), median(t[place] for t in times)
                line.ratio = median(t[place] / t[0] for t in times)
    finally:
        torch.set_num_threads(before)
    if row.memory is not None:
        name = next(iter(row.others))
        line = Line(row.name, f"{row.setting}, memory growth", name, bar=row.memory, unit="MB")
        if Path("/proc/self/clear_refs").exists():
            line.ours, line.theirs = (_growth_alone(row, which, tiny) for which in ("", name))
        else:
            line.note = "only measured on Linux"
        result.append(line)
    return result


def _compare(row: Row, tiny: bool) -> tuple[list[Line], list[Line], tuple, Tensor]:
    """Check all functions of a row; give its lines, those whose functions are equal, the inputs and the weights."""
    torch.manual_seed(0)
    inputs = row.inputs(tiny)
    with torch.no_grad():
        weights = torch.randn_like(row.ours(*inputs))
    truth = _run(row.exact or next(iter(row.others.values())), tuple(_wide(x) for x in inputs), weights)
    ours = _error(row.ours, inputs, weights, truth)
    result, equal = [], []
    for name, function in row.others.items():
        line = Line(row.name, row.setting, name, ours, bar=row.bars.get(name))
        result.append(line)
        try:
            theirs = _error(function, inputs, weights, truth)
        except PeerMissing as reason:
            line.note = str(reason)
        except Exception as reason:  # a peer that has not kept up with PyTorch
            line.note = f"fails ({type(reason).__name__}: {reason})"
        else:
            if not ours <= row.accuracy:
                line.note = f"not timed: our error is {ours:.0e}, allowed is {row.accuracy:.0e}"
            elif not theirs <= row.agreement:
                line.note = f"not timed: its error is {theirs:.0e}, which is not the same work"
            else:
                equal.append(line)
    return result, equal, inputs, weights


def _wide(x: object) -> object:
    if isinstance(x, Tensor) and x.is_floating_point():
        return x.detach().double().requires_grad_(x.requires_grad)
    return x


def _run(function: Function, inputs: tuple, weights: Tensor) -> tuple[Tensor, ...]:
    """Give a function's result and the gradients of ``sum(weights * result)`` in all inputs that require one."""
    y = function(*inputs)
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    return y, *torch.autograd.grad(y, leaves, weights.to(y.dtype))


def _error(function: Function, inputs: tuple, weights: Tensor, truth: tuple[Tensor, ...]) -> float:
    """Find the largest relative error of a function's result and gradients."""
    if function(*inputs).shape != truth[0].shape:
        return float("inf")
    found = _run(function, inputs, weights)
    return max(((a.double() - b).norm() / b.norm()).item() for a, b in zip(found, truth, strict=True))


def _seconds(function: Function, inputs: tuple, weights: Tensor) -> float:
    """Time one forward and backward pass: the median of as many as fit into this function's share of the round."""
    times, began = [], perf_counter()
    while not times or perf_counter() - began < _SHARE:
        start = perf_counter()
        _run(function, inputs, weights)
        times.append(perf_counter() - start)
    return median(times)


def _growth_alone(row: Row, which: str, tiny: bool) -> float:
    code = "import sys; from benchmarks import table; table.print_growth(*sys.argv[1:])"
    command = [sys.executable, "-c", code, row.name, row.setting, which, "tiny" if tiny else ""]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)


def print_growth(name: str, setting: str, which: str, tiny: str) -> None:
    """Print by how many MB one run raises the memory of this fresh process, beyond what tiny inputs need."""
    row = next(r for r in rows() if (r.name, r.setting) == (name, setting))
    torch.set_num_threads(row.threads)
    function = row.others[which] if which else row.ours
    y = function(*row.inputs(True))
    _run(function, row.inputs(True), torch.ones_like(y))
    inputs = row.inputs(bool(tiny))
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest memory so far
    before = _memory("VmRSS")
    y = function(*inputs)
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    torch.autograd.grad(y, leaves, torch.ones_like(y))
    print((_memory("VmHWM") - before) / 1024)


def _memory(what: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))
