"""The inputs of a live demo: what a reader may move, and what the demo's function then receives.

A control knows its range and its start, checks a value, turns it into the tensor (or the plain value) that the
function is called with, and describes itself to the page as JSON. It holds no state: the present values live in
`ddsp_lite.live.Demo` (in Python) and in the page.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ddsp_lite.live.sound import Sound, heading

SCALES = ("linear", "log")


def check_range(low: float, high: float, scale: str) -> tuple[float, float]:
    """Return the range as floats; raise ValueError unless low < high, finite, and positive on a log scale."""
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {SCALES}, got {scale!r}")
    low, high = float(low), float(high)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"low and high must be finite with low < high, got low={low!r}, high={high!r}")
    if scale == "log" and low <= 0.0:
        raise ValueError(f"low must be positive on a log scale, got {low!r}")
    return low, high


def check_number(value: Any, low: float, high: float) -> float:
    """Return value as a float in [low, high]; a rounding error of 1e-9 of the range is forgiven."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"must be a number in [{low:g}, {high:g}], got {value!r}") from None
    slack = 1e-9 * (high - low)
    if not low - slack <= number <= high + slack:
        raise ValueError(f"must be in [{low:g}, {high:g}], got {number!r}")
    return min(max(number, low), high)


def between(low: float, high: float, scale: str, position: float) -> float:
    """Return the value at a position in [0, 1] along a range: low + p (high - low), or low (high / low)^p."""
    return low * (high / low) ** position if scale == "log" else low + (high - low) * position


@dataclass(frozen=True)
class Slider:
    """A number that the reader slides; the function receives a 0-d float32 tensor.

    Args:
        low, high, start: range and first value, in `unit`.
        scale: "linear", or "log" for equal ratios over equal distances (frequencies). On a log scale the gradient is
            shown, and followed, per octave.
        unit: such as "Hz"; "" for a plain number.
        label: what stands beside the slider; default: the control's name in words.
        step: the keyboard's step in `unit`; None for one that suits the range (a semitone on a log scale).
        gradient: False for a control that changes the sound but is no parameter of descent, such as a target's setting.
        hidden: True keeps the control off the page, for a setting that the reader has to find.

    Raises:
        ValueError: for an empty or infinite range, a start outside it, an unknown scale.

    Chapter: book/gradients/filter-cutoff.

    >>> Slider(60, 7000, start=4000, scale="log", unit="Hz").tensor(2500)
    tensor(2500.)
    """

    low: float
    high: float
    start: float
    scale: str = "linear"
    unit: str = ""
    label: str | None = None
    step: float | None = None
    gradient: bool = True
    hidden: bool = False
    kind: ClassVar[str] = "slider"

    def __post_init__(self) -> None:
        low, high = check_range(self.low, self.high, self.scale)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        try:
            object.__setattr__(self, "start", check_number(self.start, low, high))
        except ValueError as error:
            raise ValueError(f"start {error}") from None
        if self.step is not None and not 0 < self.step <= high - low:
            raise ValueError(f"step must be in (0, {high - low:g}] or None, got {self.step!r}")

    def check(self, value: Any) -> float:
        """Return value as a float; raise ValueError naming the range when it lies outside."""
        return check_number(value, self.low, self.high)

    def tensor(self, value: Any, *, sample_rate: int | None = None) -> Tensor:
        """Return what the function receives: a 0-d float32 tensor."""
        return torch.tensor(self.check(value), dtype=torch.float32)

    def length(self, *, sample_rate: int | None = None) -> int:
        """Return the number of elements: 1."""
        return 1

    def ends(self) -> list[float]:
        """Return the extreme values."""
        return [self.low, self.high]

    def interior(self, generator: random.Random) -> float:
        """Return a random value away from the ends, uniform on the slider's own scale."""
        return between(self.low, self.high, self.scale, generator.uniform(0.05, 0.95))

    def spec(self, name: str, *, sample_rate: int) -> dict[str, Any]:
        """Return the control's description for the page."""
        return {
            "name": name, "kind": self.kind, "label": heading(name, self.label), "low": self.low, "high": self.high,
            "start": self.start, "scale": self.scale, "unit": self.unit, "step": self.step,
            "gradient": self.gradient, "hidden": self.hidden,
        }  # fmt: skip


@dataclass(frozen=True)
class Bars:
    """A row of n numbers that the reader draws; the function receives a float32 tensor of shape (n,).

    Args:
        n: number of bars, at least 1.
        start: one number for all bars, or n numbers.
        low, high, scale, unit: range of every bar.
        label: the row's name.
        labels: n names, one a bar; default: 1, 2, 3, …
        gradient: False for bars that change the sound but are no parameter of descent, such as a target that is drawn.

    Raises:
        ValueError: for a wrong count or a start outside the range.

    Chapter: book/oscillators/harmonic-bank.

    >>> Bars(3, start=0.5).tensor([0.0, 0.5, 1.0])
    tensor([0.0000, 0.5000, 1.0000])
    """

    n: int
    start: Any = 0.5
    low: float = 0.0
    high: float = 1.0
    scale: str = "linear"
    label: str | None = None
    labels: Sequence[str] | None = None
    unit: str = ""
    gradient: bool = True
    hidden: ClassVar[bool] = False
    kind: ClassVar[str] = "bars"

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
            raise ValueError(f"n must be a whole number of at least 1, got {self.n!r}")
        low, high = check_range(self.low, self.high, self.scale)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        single = isinstance(self.start, int | float)
        try:
            object.__setattr__(self, "start", tuple(self.check([self.start] * self.n if single else self.start)))
        except ValueError as error:
            raise ValueError(f"start {error}") from None
        if self.labels is not None:
            object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
            if len(self.labels) != self.n:
                raise ValueError(f"labels must hold n={self.n} names, got {len(self.labels)}")

    def check(self, value: Any) -> list[float]:
        """Return value as a list of n floats; raise ValueError naming count or range when it does not fit."""
        try:
            numbers = list(value.tolist() if hasattr(value, "tolist") else value)
        except TypeError:
            raise ValueError(f"must hold {self.n} numbers, got {value!r}") from None
        if len(numbers) != self.n:
            raise ValueError(f"must hold {self.n} numbers, got {len(numbers)}")
        return [check_number(number, self.low, self.high) for number in numbers]

    def tensor(self, value: Any, *, sample_rate: int | None = None) -> Tensor:
        """Return what the function receives: a float32 tensor of shape (n,)."""
        return torch.tensor(self.check(value), dtype=torch.float32)

    def length(self, *, sample_rate: int | None = None) -> int:
        """Return the number of elements: n."""
        return self.n

    def ends(self) -> list[list[float]]:
        """Return the extreme values: all bars down, all bars up."""
        return [[self.low] * self.n, [self.high] * self.n]

    def interior(self, generator: random.Random) -> list[float]:
        """Return random values away from the ends, uniform on the bars' own scale."""
        return [between(self.low, self.high, self.scale, generator.uniform(0.05, 0.95)) for _ in range(self.n)]

    def spec(self, name: str, *, sample_rate: int) -> dict[str, Any]:
        """Return the control's description for the page."""
        return {
            "name": name, "kind": self.kind, "label": heading(name, self.label), "n": self.n, "low": self.low,
            "high": self.high, "start": list(self.start), "scale": self.scale, "unit": self.unit,
            "labels": list(self.labels) if self.labels is not None else None, "gradient": self.gradient,
        }  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One of several plain values; the function receives the value itself and may branch on it.

    One variant of the demo is compiled for each combination of choices, so keep the options few.

    Args:
        options: a list of values (str, int, float, bool), or a dict from label to value.
        start: the first value.
        label: what stands beside the choice; default: the control's name in words.

    Raises:
        ValueError: for fewer than two options, repeated values, values of another type, an unknown start.

    Chapter: book/gradients/filter-cutoff.

    >>> Choice({"Sawtooth": "saw", "Sine": "sine"}, start="saw").values
    ('saw', 'sine')
    """

    options: Any
    start: Any
    label: str | None = None
    gradient: ClassVar[bool] = False
    hidden: ClassVar[bool] = False
    kind: ClassVar[str] = "choice"

    def __post_init__(self) -> None:
        given = self.options
        pairs = given.items() if isinstance(given, Mapping) else [(str(v).capitalize(), v) for v in given]
        object.__setattr__(self, "options", {str(label): value for label, value in pairs})
        if len(self.options) < 2:
            raise ValueError(f"options must hold at least two values, got {self.options!r}")
        for value in self.values:
            if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
                raise ValueError(f"options must be strings, finite numbers or booleans, got {value!r}")
        if len({str(value) for value in self.values}) < len(self.values) or len(set(self.values)) < len(self.values):
            raise ValueError(f"options must differ from each other, got {self.values!r}")
        self.check(self.start)

    @property
    def values(self) -> tuple[Any, ...]:
        """The possible values, in order."""
        return tuple(self.options.values())

    def check(self, value: Any) -> Any:
        """Return value when it is one of the options; raise ValueError naming them otherwise."""
        for option in self.values:
            if isinstance(option, bool) == isinstance(value, bool) and option == value:
                return option
        raise ValueError(f"must be one of {list(self.values)!r}, got {value!r}")

    def tensor(self, value: Any, *, sample_rate: int | None = None) -> Any:
        """Return what the function receives: the plain value."""
        return self.check(value)

    def ends(self) -> list[Any]:
        """Return all values."""
        return list(self.values)

    def interior(self, generator: random.Random) -> Any:
        """Return a random option."""
        return generator.choice(self.values)

    def spec(self, name: str, *, sample_rate: int) -> dict[str, Any]:
        """Return the control's description for the page."""
        options = [{"label": label, "value": value, "python": repr(value)} for label, value in self.options.items()]
        return {
            "name": name, "kind": self.kind, "label": heading(name, self.label), "options": options,
            "start": self.start,
        }  # fmt: skip


Control = Slider | Bars | Choice | Sound  # what a Demo takes
