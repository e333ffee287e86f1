"""What is measured of one loss on one parameter: direction, valley, success of descent, and time.

All is counted in places of the knob's range, from 0 to 1. The voice's other knobs are drawn for each sound, the same
for a target and what is compared with it. Every number but the time depends on the settings' seed and the cell's name
alone, so that it comes out the same in whatever order and on whatever machine cells are measured.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from book.tools.atlas.voices import LOSSES, VOICES
from ddsp_lite import losses

CLOSEST = 0.02


@dataclass(frozen=True)
class Settings:
    """How much is measured. A descent has found its target when it ends closer than `CLOSEST` of the range."""

    pairs: int = 200
    targets: int = 16
    points: int = 41
    starts: int = 100
    steps: int = 60
    learning_rate: float = 0.05
    evaluations: int = 15
    n_samples: int = 4096
    seed: int = 0


SMALL = Settings(pairs=12, targets=2, points=9, starts=4, steps=5, evaluations=2, n_samples=1024)


@dataclass(frozen=True)
class Cell:
    """One loss on one knob of one voice."""

    voice: str
    knob: str
    loss: str

    @property
    def name(self) -> str:
        """Return voice, knob and loss."""
        return f"{self.voice}/{self.knob}/{self.loss}"


def cells() -> list[Cell]:
    """Every loss × every voice × every knob."""
    return [Cell(voice, knob, loss) for voice, made in VOICES.items() for knob in made.knobs for loss in LOSSES]


class Bench:
    """A cell with its random numbers: sounds for places of the knob, and the loss's slopes."""

    def __init__(self, cell: Cell, settings: Settings) -> None:
        self.cell, self.settings = cell, settings
        self.voice, self.loss = VOICES[cell.voice], LOSSES[cell.loss]
        # The same places for every loss: they are compared on equal pairs.
        name = f"{settings.seed}/{cell.voice}/{cell.knob}".encode()
        self.random = torch.Generator().manual_seed(zlib.crc32(name))

    def places(self, count: int) -> Tensor:
        """Draw places of a knob."""
        return torch.rand(count, generator=self.random)

    def others(self, count: int) -> dict[str, Tensor]:
        """Draw places of all other knobs."""
        return {name: self.places(count) for name in self.voice.knobs if name != self.cell.knob}

    def sound(self, places: Tensor, others: dict[str, Tensor], take: int) -> Tensor:
        """Return a sound for each place; targets take another noise than what is compared with them."""
        values = {
            name: knob.value(places if name == self.cell.knob else others[name])
            for name, knob in self.voice.knobs.items()
        }
        return self.voice.sound(values, self.settings.n_samples, take)

    def against(self, target: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the loss of a sound against a target, whose spectra are computed once."""
        return losses.Against(getattr(self.loss, "func", self.loss), target, **getattr(self.loss, "keywords", {}))

    def slopes(self, places: Tensor, against: Callable[[Tensor], Tensor], others: dict[str, Tensor]) -> Tensor:
        """Return each sound's slope of its own loss; every loss is a mean over sounds."""
        places = places.detach().requires_grad_()
        loss = against(self.sound(places, others, 0)) * len(places)
        (slopes,) = torch.autograd.grad(loss, places)
        return slopes


def direction(bench: Bench) -> float:
    """Return the share of random pairs in which the way down leads towards the target; a slope of 0 leads nowhere."""
    count = bench.settings.pairs
    at, target, others = bench.places(count), bench.places(count), bench.others(count)
    with torch.no_grad():
        heard = bench.sound(target, others, 1)
    slopes = bench.slopes(at, bench.against(heard), others)
    return float((-slopes.sign() == (target - at).sign()).float().mean())


def valley(bench: Bench) -> float:
    """Return the mean share of the range, around a target, from all of which the way down leads there."""
    s = bench.settings
    targets, others = bench.places(s.targets), bench.others(s.targets)
    with torch.no_grad():
        heard = bench.sound(targets, others, 1)
    grid = torch.linspace(0, 1, s.points)
    widths = []
    for k in range(s.targets):
        alone = {name: values[k].expand(s.points) for name, values in others.items()}
        slopes = bench.slopes(grid, bench.against(heard[k].expand(s.points, -1)), alone)
        right = (-slopes.sign() == (targets[k] - grid).sign()).tolist()
        first = int((grid < targets[k]).sum())  # the first point above the target
        low, high = first, first - 1
        while low > 0 and right[low - 1]:
            low -= 1
        while high + 1 < s.points and right[high + 1]:
            high += 1
        widths.append(max(high - low, 0) / (s.points - 1))
    return float(np.mean(widths))


def success(bench: Bench) -> float:
    """Return the share of descents (Adam, falling to a tenth of its step) that end within `CLOSEST` of the target."""
    s = bench.settings
    at, target, others = bench.places(s.starts), bench.places(s.starts), bench.others(s.starts)
    with torch.no_grad():
        heard = bench.sound(target, others, 1)
    against, places = bench.against(heard), at.clone()
    first, second = torch.zeros_like(places), torch.zeros_like(places)
    for step in range(1, s.steps + 1):
        slopes = torch.nan_to_num(bench.slopes(places, against, others), 0.0, 0.0, 0.0)
        first, second = 0.9 * first + 0.1 * slopes, 0.99 * second + 0.01 * slopes**2
        scaled = (first / (1 - 0.9**step)) / ((second / (1 - 0.99**step)).sqrt() + 1e-12)
        rate = s.learning_rate * 10 ** (-(step - 1) / s.steps)
        places = (places - rate * scaled).clamp(0, 1)
    return float(((places - target).abs() < CLOSEST).float().mean())


def milliseconds(bench: Bench) -> float:
    """Return the median processor time of the loss and its gradient for one sound, target's spectra included."""
    at, target, others = bench.places(1), bench.places(1), bench.others(1)
    with torch.no_grad():
        heard = bench.sound(target, others, 1)
        sound = bench.sound(at, others, 0)
    times = []
    for _ in range(bench.settings.evaluations + 1):
        leaf = sound.clone().requires_grad_()
        start = time.thread_time()
        torch.autograd.grad(bench.loss(leaf, heard), leaf)
        times.append(time.thread_time() - start)
    return 1000 * float(np.median(times[1:]))


def measure(cell: Cell, settings: Settings) -> dict[str, object]:
    """Measure a cell, on one thread."""
    torch.set_num_threads(1)
    shares = {"direction": direction, "valley": valley, "success": success}
    return {
        **asdict(cell),
        **{name: round(share(Bench(cell, settings)), 4) for name, share in shares.items()},
        "milliseconds": round(milliseconds(Bench(cell, settings)), 2),
    }
