"""One table of legal arguments for every public function that computes sound, for the tests that all must pass.

A case is a recipe: given a `Maker`, it returns the function's arguments by name. The maker knows the batch, the length,
the type, the layout in memory, and whether values are to be usual ones or at the ends of what is allowed. A public
function without a case fails `tests/test_every_function.py` by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ddsp_lite import filters

RATE = 16000
MODULES = (
    "units",
    "controls",
    "envelopes",
    "oscillators",
    "noise",
    "filters",
    "effects",
    "physical",
    "streaming",
    "spectra",
    "losses",
)


@dataclass
class Maker:
    """Makes arguments: `maker(low, high, *tail)` is a tensor (*batch, *tail) of values between low and high."""

    batch: tuple[int, ...] = ()
    n: int = 12
    dtype: torch.dtype = torch.float64
    ends: str = ""  # "low" or "high": every value at that end of what is allowed
    level: float = 1.0
    strided: bool = False
    seed: int = 0
    shared: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = torch.Generator().manual_seed(self.seed)

    def laid_out(self, values: Tensor) -> Tensor:
        return torch.stack([values, values], dim=-1)[..., 0] if self.strided else values

    def __call__(self, low: float, high: float, *tail: int, ends: tuple[float, float] | None = None) -> Tensor:
        bottom, top = ends or (low, high)
        shape = (*self.batch, *tail)
        values = low + (high - low) * torch.rand(shape, generator=self.random, dtype=torch.float64)
        if self.ends:
            values = torch.full(shape, bottom if self.ends == "low" else top)
        return self.laid_out(values.to(self.dtype))

    def sound(self, n: int | None = None) -> Tensor:
        values = self.level * torch.randn(*self.batch, n or self.n, generator=self.random, dtype=torch.float64)
        return self.laid_out(values.to(self.dtype))

    def rising(self, low: float, high: float, count: int) -> Tensor:
        steps = torch.linspace(low, high, count, dtype=torch.float64) + self(0, 0.3 * (high - low) / count, count)
        return self.laid_out(steps.to(self.dtype))

    def whole(self, values: Tensor) -> Tensor:
        """Make an argument that the batch shares."""
        self.shared.append(values.to(self.dtype))
        return self.shared[-1]

    @property
    def frames(self) -> int:
        return next(count for count in (4, 3, 2, 1) if self.n % count == 0)

    def alone(self, arguments: dict[str, Any], place: tuple[int, ...]) -> dict[str, Any]:
        """Give the arguments of one member of the batch."""
        return {
            name: value[place].clone()
            if isinstance(value, Tensor) and all(value is not s for s in self.shared)
            else value
            for name, value in arguments.items()
        }


@dataclass(frozen=True)
class Case:
    """How one function is called, and what it promises."""

    name: str
    make: Callable[[Maker], dict[str, Any]]
    least: int = 1  # samples
    wrong: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # values out of range, besides the usual suspects
    wide: bool = False  # the result is float64 or complex whatever goes in
    batched: bool = True
    fixed: tuple[str, ...] = ()  # tensors that have no gradient
    step: float = 1e-6  # of gradcheck, smaller for what is counted in seconds

    @property
    def function(self) -> Callable[..., Any]:
        module, _, name = self.name.partition(".")
        return getattr(importlib.import_module(f"ddsp_lite.{module}"), name)

    def call(self, arguments: dict[str, Any]) -> list[Tensor]:
        """Call the function; its tensors as a list."""
        result = self.function(**arguments)
        return [y for y in (result if isinstance(result, tuple) else (result,)) if isinstance(y, Tensor)]

    def leaves(self, arguments: dict[str, Any]) -> dict[str, Tensor]:
        """The arguments that have a gradient."""
        return {
            name: value
            for name, value in arguments.items()
            if isinstance(value, Tensor)
            and (value.is_floating_point() or value.is_complex())
            and name not in self.fixed
        }


NYQUIST = (0.0, -1.0, RATE / 2, 9000.0)
NEGATIVE, NOT_POSITIVE, UNIT = (-1.0,), (0.0, -1.0), (-0.5, 1.5)
SIGNED = (-1.5, 1.5)


def cutoff(m: Maker, *tail: int) -> Tensor:
    return m(300.0, 5000.0, *tail, ends=(0.01, 7999.0))


def q(m: Maker, *tail: int) -> Tensor:
    return m(0.5, 3.0, *tail, ends=(0.01, 100.0))


def gain_db(m: Maker, *tail: int) -> Tensor:
    return m(-12.0, 12.0, *tail, ends=(-60.0, 60.0))


def design(name: str, frequency: str, gain: bool = False) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        return {frequency: cutoff(m), **({"gain_db": gain_db(m)} if gain else {}), "q": q(m), "sample_rate": RATE}

    return Case(f"filters.{name}", make, wide=True, wrong={frequency: NYQUIST, "q": NOT_POSITIVE})


def ready(name: str, frequency: str) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        return {"x": m.sound(), frequency: cutoff(m), "q": q(m), "sample_rate": RATE}

    return Case(f"filters.{name}", make, wrong={frequency: NYQUIST, "q": NOT_POSITIVE})


def coefficients(m: Maker, *tail: int) -> dict[str, Tensor]:
    """A low-pass filter's b and a."""
    b, a = filters.lowpass_biquad(cutoff(m, *tail), q(m, *tail), sample_rate=RATE)
    return {"b": b, "a": a}


def reflection(m: Maker, *tail: int) -> Tensor:
    return m(-0.7, 0.7, *tail, ends=(-0.99, 0.99))


def prediction(m: Maker, *tail: int) -> Tensor:
    return filters.reflection_to_coefficients(reflection(m, *tail, 3))


def with_twin(case: Case) -> Iterator[Case]:
    yield case
    yield Case(f"{case.name}_twin", case.make, case.least, case.wrong, case.wide, case.batched, case.fixed, case.step)


def response(name: str) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        frequencies = m.whole(torch.tensor([0.0, 440.0, 3000.0, 7000.0]))
        return {**coefficients(m), "frequencies": frequencies, "sample_rate": RATE}

    return Case(f"filters.{name}", make, wide=True, fixed=("frequencies",))


def wave(name: str) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        given = {"f0": m(500.0, 1500.0, 1, ends=(0.0, 12000.0)), "sample_rate": RATE, "n_samples": m.n, "lowest": 400.0}
        return given | ({"width": m(0.2, 0.8, 1, ends=(0.0, 1.0))} if name == "pulse" else {})

    bounds = {"f0": NEGATIVE, "lowest": (0.0, 8000.0), **({"width": UNIT} if name == "pulse" else {})}
    return Case(f"oscillators.{name}", make, wrong=bounds)


def unit(name: str, argument: str, start: float, end: float, ends: tuple[float, float], wrong=(), **rest: Any) -> Case:
    bounds = {argument: wrong} if wrong else {}
    return Case(f"units.{name}", lambda m: {argument: m(start, end, 3, ends=ends), **rest}, wrong=bounds)


def pair(name: str) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        return {n: m(50.0, 5000.0, 2, ends=(1e-3, 2e4)) for n in ("frequency", "reference")}

    return Case(f"units.{name}", make, wrong={"frequency": NOT_POSITIVE, "reference": NOT_POSITIVE})


def compared(name: str, wrong: dict[str, tuple] | None = None, **options: Any) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        return {"prediction": m.sound(), "target": m.sound(), **options}

    return Case(f"losses.{name}", make, batched=False, wrong=wrong or {})


def modulated(name: str, wrong: dict[str, tuple], **settings: tuple[float, float, tuple[float, float]]) -> Case:
    def make(m: Maker) -> dict[str, Any]:
        return {
            "x": m.sound(), "sample_rate": RATE,
            **{key: m(low, high, ends=ends) for key, (low, high, ends) in settings.items()},
        }  # fmt: skip

    return Case(f"effects.{name}", make, wrong=wrong)


def network(m: Maker) -> dict[str, Any]:
    return {
        "x": m.sound(),
        "taps": m(0.1, 0.4, 3, 2),
        "lag": torch.tensor([2, 3, 5]).expand(*m.batch, 3),
        "matrix": m(-0.3, 0.3, 3, 3),
        "input_gains": m(0.1, 1.0, 3),
        "output_gains": m(0.1, 1.0, 3),
    }


ENDS01 = (0.0, 1.0)
SPAN = {"low": -2.0, "high": 5.0}
RATIO = {"low": 20.0, "high": 5000.0}
SWINGS = {"rate": (0.2, 3.0, (0.0, 8000.0)), "mix": (0.2, 0.8, ENDS01)}
STRING = {"f0": (*NOT_POSITIVE, 4001.0), "decay": NOT_POSITIVE, "damping": UNIT}
CASES = [
    unit("bounded", "x", -3, 3, (-1e4, 1e4), **SPAN),
    unit("bounded_log", "x", -3, 3, (-1e4, 1e4), **RATIO),
    unit("unbounded", "value", -1, 4, (-1.999, 4.999), (-2.0, 5.0, 6.0), **SPAN),
    unit("unbounded_log", "value", 30, 3000, (20.01, 4999.0), (20.0, 5000.0, 0.0), **RATIO),
    unit("exp_sigmoid", "x", -3, 3, (-1e4, 1e4)),
    unit("inverse_exp_sigmoid", "amplitude", 0.1, 1.9, (1e-6, 1.999), (0.0, 2.1)),
    unit("db_to_gain", "level", -60, 6, (-700, 300)),
    unit("gain_to_db", "gain", 0.1, 2, (0.0, 1e6)),
    unit("hz_to_midi", "frequency", 50, 5000, (1e-3, 1e5), NOT_POSITIVE),
    unit("midi_to_hz", "note", 20, 100, (-200, 300)),
    unit("hz_to_mel", "frequency", 50, 5000, (0.0, 1e5), NEGATIVE),
    unit("mel_to_hz", "mel", 1, 60, (0.0, 100.0), NEGATIVE),
    unit("hz_to_erb", "frequency", 50, 5000, (0.0, 1e5), NEGATIVE),
    unit("erb_to_hz", "erb", 1, 30, (0.0, 45.0), NEGATIVE),
    unit("erb_width", "frequency", 50, 5000, (0.0, 1e5), NEGATIVE),
    pair("hz_to_cents"),
    pair("semitones"),
    *(
        Case(
            "controls.resample",
            lambda m, method=method: {"control": m.sound(m.frames), "n_samples": m.n, "method": method},
        )
        for method in ("linear", "window", "hold")
    ),
    Case(
        "envelopes.adsr",
        lambda m: {
            "attack": m(1e-4, 2e-4, ends=(0.0, 10.0)), "decay": m(1e-4, 2e-4, ends=(0.0, 10.0)),
            "sustain": m(0.3, 0.7, ends=ENDS01), "release": m(1e-4, 2e-4, ends=(0.0, 10.0)),
            "note_off": m(4e-4, 5e-4, ends=(0.0, 10.0)), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={**dict.fromkeys(("attack", "decay", "release", "note_off"), NEGATIVE), "sustain": UNIT, "curve": (-1.0,
            21.0)},
    ),
    Case(
        "envelopes.exponential_decay",
        lambda m: {"decay_time": m(1e-3, 1.0, ends=(0.0, 100.0)), "sample_rate": RATE, "n_samples": m.n},
        wrong={"decay_time": NEGATIVE},
    ),
    Case(
        "envelopes.breakpoints",
        lambda m: {"times": m.rising(1e-4, 6e-4, 3), "levels": m(-1, 1, 3), "sample_rate": RATE, "n_samples": m.n},
    ),
    Case(
        "oscillators.sinusoid",
        lambda m: {
            "frequency": m(100, 3000, ends=(0.0, 8000.0)), "amplitude": m(0.1, 1, 1, ends=ENDS01),
            "phase": m(-3, 3, 1), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={"frequency": (-1.0, 8001.0)},
    ),
    Case(
        "oscillators.sinusoid_bank",
        lambda m: {
            "frequencies": m(100, 3000, m.frames, 3, ends=(0.0, 9000.0)), "amplitudes": m(0.1, 1, m.frames, 3),
            "phase": m(-3, 3, 3), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={"frequencies": NEGATIVE},
    ),
    Case(
        "oscillators.harmonic_bank",
        lambda m: {
            "f0": m(100, 900, m.frames, ends=(0.0, 9000.0)), "amplitudes": m(0.1, 1, m.frames, 5), "phase": m(-3, 3, 5),
            "inharmonicity": m(1e-4, 1e-3, ends=(0.0, 1.0)), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={"f0": NEGATIVE, "inharmonicity": NEGATIVE},
    ),
    Case(
        "oscillators.harmonic_bank",
        lambda m: {
            "f0": m(100, 900, m.frames, ends=(0.0, 9000.0)), "amplitudes": m(0.1, 1, m.frames, 5),
            "sample_rate": RATE, "n_samples": m.n,
        },
    ),
    Case(
        "oscillators.damped_modes",
        lambda m: {
            "frequencies": m(100, 3000, 3, ends=(0.0, 9000.0)), "decay_times": m(0.01, 1, 3, ends=(0.0, 100.0)),
            "amplitudes": m(0.1, 1, 3), "phase": m(-3, 3, 3), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={"frequencies": NEGATIVE, "decay_times": NEGATIVE},
    ),
    *map(wave, ("sawtooth", "square", "triangle", "pulse")),
    Case(
        "oscillators.wavetable",
        lambda m: {
            "f0": m(100, 900, m.frames, ends=(0.0, 9000.0)), "tables": m(-1, 1, 3, 8),
            "position": m(0.1, 0.4, m.frames, ends=ENDS01), "phase": m(0.1, 0.2, 1), "sample_rate": RATE,
            "n_samples": m.n,
        },
        wrong={"f0": NEGATIVE, "position": UNIT},
    ),
    Case(
        "oscillators.fm_stack",
        lambda m: {
            "f0": m(100, 900, m.frames, ends=(0.0, 9000.0)), "ratios": m(0.5, 3, 3, ends=(0.0, 16.0)),
            "amplitudes": m(0.1, 1, m.frames, 3, ends=(0.0, 10.0)), "sample_rate": RATE, "n_samples": m.n,
        },
        wrong={"f0": NEGATIVE, "ratios": NEGATIVE},
    ),
    Case(
        "oscillators.complex_surrogate",
        lambda m: {
            "real": m(0.3, 0.7, ends=(0.0, 1.0)), "imaginary": m(0.2, 0.7, ends=(0.0, 0.0)),
            "amplitude": m(0.1, 1), "n_samples": m.n,
        },
    ),
    Case(
        "oscillators.surrogate_of",
        lambda m: {"frequency": m(100, 3000, ends=(0.0, 8000.0)), "radius": m(0.5, 1, ends=ENDS01),
            "sample_rate": RATE},
        wrong={"frequency": (-1.0, 8001.0), "radius": NEGATIVE},
    ),
    Case(
        "oscillators.surrogate_frequency",
        lambda m: {"real": m(0.3, 0.7, ends=(0.0, 1.0)), "imaginary": m(0.2, 0.7, ends=(0.0, 0.0)),
            "sample_rate": RATE},
    ),
    Case("noise.white", lambda m: {"n_samples": m.n, "seed": 3, "dtype": m.dtype}, batched=False,
        wrong={"start": (-1,)}),
    Case(
        "noise.filtered",
        lambda m: {"magnitudes": m(0.1, 1, m.frames, 5, ends=(0.0, 10.0)), "noise": m.sound(), "n_samples": m.n},
    ),
    Case(
        "noise.bands",
        lambda m: {
            "gains": m(0.1, 1, m.frames, 4, ends=(0.0, 10.0)), "sample_rate": RATE, "n_samples": m.n, "seed": 1,
            "lowest": 100.0,
        },
        wrong={"lowest": (0.0, 8000.0), "seed": (-1,)},
    ),
    ready("lowpass", "cutoff"),
    ready("highpass", "cutoff"),
    ready("bandpass", "centre"),
    design("lowpass_biquad", "cutoff"),
    design("highpass_biquad", "cutoff"),
    design("bandpass_biquad", "centre"),
    design("notch_biquad", "centre"),
    design("allpass_biquad", "centre"),
    design("peaking_biquad", "centre", gain=True),
    design("low_shelf_biquad", "cutoff", gain=True),
    design("high_shelf_biquad", "cutoff", gain=True),
    Case(
        "filters.one_pole_lowpass",
        lambda m: {"cutoff": cutoff(m), "sample_rate": RATE}, wide=True, wrong={"cutoff": NYQUIST},
    ),
    Case(
        "filters.windowed_sinc",
        lambda m: {"cutoff": cutoff(m), "n_taps": 7, "sample_rate": RATE}, wide=True, wrong={"cutoff": NYQUIST,
            "n_taps": (1, 6)},
    ),
    *(
        Case("filters.convolve", lambda m, mode=mode: {"x": m.sound(), "taps": m(-1, 1, 5), "mode": mode})
        for mode in ("same", "full")
    ),
    *with_twin(Case("filters.recursion", lambda m: {"x": m.sound(), **coefficients(m)})),
    *with_twin(Case("filters.cascade", lambda m: {"x": m.sound(), **coefficients(m, 3)})),
    *with_twin(Case("filters.varying_biquad", lambda m: {"x": m.sound(), **coefficients(m, m.n)})),
    *with_twin(
        Case(
            "filters.varying_one_pole",
            lambda m: {"x": m.sound(), "gain": m(0.1, 1, m.n), "pole": m(-0.9, 0.9, m.n, ends=(-1.0, 1.0))},
        )
    ),
    *with_twin(
        Case(
            "filters.state_variable",
            lambda m: {"x": m.sound(), "cutoff": cutoff(m, m.n), "q": q(m, m.n), "sample_rate": RATE},
            wrong={"cutoff": NYQUIST, "q": NOT_POSITIVE},
        )
    ),
    *with_twin(Case("filters.all_pole", lambda m: {"x": m.sound(), "a": prediction(m, m.frames)})),
    Case("filters.frequency_sampling", lambda m: {"x": m.sound(), **coefficients(m)}, wrong={"padding": NEGATIVE}),
    Case("filters.lpc", lambda m: {"x": m.sound(), "order": 3}, wide=True, wrong={"regularisation": NEGATIVE}),
    Case("filters.autocorrelation", lambda m: {"x": m.sound(), "order": 3}, wide=True),
    Case(
        "filters.levinson_durbin",
        lambda m: {"r": torch.cat([m(2, 3, 1), m(-0.5, 0.5, 3)], dim=-1)}, wide=True,
    ),
    Case("filters.reflection_to_coefficients", lambda m: {"reflection": reflection(m, 3)}, wide=True,
        wrong={"reflection": SIGNED}),
    Case("filters.coefficients_to_reflection", lambda m: {"a": prediction(m)}, wide=True),
    Case("filters.lsf_to_coefficients", lambda m: {"lsf": m.rising(0.3, 2.5, 4)}, wide=True, wrong={"lsf": (-1.0,
        4.0)}),
    *map(response, ("frequency_response", "magnitude_db", "phase", "group_delay")),
    Case(
        "effects.convolution_reverb",
        lambda m: {"x": m.sound(), "response": m(-1, 1, 5), "dry": m(0, 1, 1), "wet": m(0, 1, 1)},
    ),
    Case(
        "effects.noise_response",
        lambda m: {
            "gain": m(0.1, 1, 3, ends=(0.0, 10.0)), "decay": m(0.1, 1, 3, ends=(1e-3, 100.0)), "sample_rate": RATE,
            "n_samples": m.n, "seed": 1,
        },
        wrong={"decay": NOT_POSITIVE, "lowest": (0.0, 8000.0)},
    ),
    Case(
        "effects.noise_reverb",
        lambda m: {
            "x": m.sound(), "gain": m(0.1, 1, 3, ends=(0.0, 10.0)), "decay": m(0.1, 1, 3, ends=(1e-3, 100.0)),
            "sample_rate": RATE, "seconds": 1e-3, "seed": 1,
        },
        wrong={"decay": NOT_POSITIVE, "seconds": NOT_POSITIVE, "lowest": (0.0, 8000.0)},
    ),
    Case(
        "effects.feedback_delay_network",
        lambda m: {
            "x": m.sound(), "delays": m(3.2e-4, 3.6e-4, 4, ends=(2e-4, 0.1)), "decay": m(0.1, 1, ends=(1e-3, 100.0)),
            "decay_high": m(0.01, 0.1, ends=(1e-3, 100.0)), "matrix": m(-0.4, 0.4, 4, 4), "input_gains": m(0.1, 1, 4),
            "output_gains": m(0.1, 1, 4), "sample_rate": RATE,
        },
        wrong={"delays": NOT_POSITIVE, "decay": NOT_POSITIVE, "decay_high": NOT_POSITIVE},
    ),
    Case("effects.orthogonal_matrix", lambda m: {"free": m(-1, 1, 3, 3, ends=(-100.0, 100.0))}),
    *(
        Case(
            "effects.fractional_delay",
            lambda m, method=method: {
                "x": m.sound(), "delay": m(1.31e-4, 1.34e-4, 1, ends=(0.0, 1.0)), "sample_rate": RATE, "method": method,
            },
            wrong={"delay": NEGATIVE}, step=1e-8,
        )
        for method in ("linear", "lagrange", "sinc")
    ),
    Case(
        "effects.feedback_delay",
        lambda m: {
            "x": m.sound(), "delay": m(2.55e-4, 2.7e-4, 1, ends=(2e-4, 1.0)), "feedback": m(-0.8, 0.8, 1, ends=(-1.0,
            1.0)),
            "damping": m(0.1, 0.9, 1, ends=ENDS01), "sample_rate": RATE,
        },
        wrong={"feedback": SIGNED, "damping": UNIT, "delay": NOT_POSITIVE}, step=1e-8,
    ),
    modulated(
        "chorus", {"rate": (-1.0, 8001.0), "mix": UNIT, "depth": NEGATIVE, "delay": NEGATIVE},
        depth=(1e-4, 2e-4, (0.0, 2e-4)), delay=(4e-4, 5e-4, (2e-4, 0.1)), **SWINGS,
    ),
    modulated(
        "flanger", {"rate": (-1.0, 8001.0), "mix": UNIT, "depth": NEGATIVE, "feedback": SIGNED},
        depth=(1e-5, 2e-5, (0.0, 2e-3)), delay=(4.1e-4, 4.2e-4, (2e-3, 0.1)),
        feedback=(-0.7, 0.7, (-1.0, 1.0)), **SWINGS,
    ),
    modulated(
        "phaser", {"rate": (-1.0, 8001.0), "mix": UNIT, "low": NYQUIST, "high": NYQUIST, "feedback": SIGNED},
        low=(100, 300, (0.01, 7999.0)), high=(1000, 3000, (0.01, 7999.0)), feedback=(-0.7, 0.7, (-1.0, 1.0)), **SWINGS,
    ),
    *(
        Case(
            "effects.waveshaper",
            lambda m, shape=shape: {
                "x": m.sound(), "drive": m(0.2, 0.4, 1, ends=(0.0, 100.0)), "bias": m(0.01, 0.1, 1, ends=(-1.0, 1.0)),
                "shape": shape,
            },
        )
        for shape in ("tanh", "cubic", "hard", "fold")
    ),
    Case(
        "effects.compressor",
        lambda m: {
            "x": m.sound(), "threshold": m(-30, -20, ends=(-100.0, 0.0)), "ratio": m(2, 8, ends=(1.0, 100.0)),
            "attack": m(1e-3, 1e-2, ends=(0.0, 10.0)), "release": m(1e-2, 1e-1, ends=(0.0, 10.0)),
            "makeup": m(0, 6), "sample_rate": RATE,
        },
        wrong={"ratio": (0.5,), "attack": NEGATIVE, "release": NEGATIVE, "knee": NEGATIVE},
    ),
    *with_twin(
        Case(
            "effects.ballistics",
            lambda m: {
                "x": m.sound(), "attack": m(1e-3, 1e-2, ends=(0.0, 10.0)), "release": m(1e-2, 1e-1, ends=(0.0, 10.0)),
                "sample_rate": RATE,
            },
            wrong={"attack": NEGATIVE, "release": NEGATIVE},
        )
    ),
    *with_twin(
        Case(
            "effects.allpass_chain",
            lambda m: {"x": m.sound(), "a": m(-0.9, 0.9, m.n, ends=(-0.999, 0.999)), "feedback": m(-0.7, 0.7,
                ends=(-1.0, 1.0)), "stages": 3},
            wrong={"feedback": SIGNED},
        )
    ),
    *with_twin(Case("effects.lagged_recursion", lambda m: {"x": m.sound(), "taps": m(-0.4, 0.4, 1, 2), "lag": 3})),
    Case(
        "effects.loop_taps",
        lambda m: {
            "delay": m(4.2, 4.8, 1, ends=(3.0, 1e4)), "gain": m(-0.8, 0.8, 1, ends=(-1.0, 1.0)),
            "damping": m(0.1, 0.9, 1, ends=ENDS01),
        },
        wide=True,
    ),
    *with_twin(Case("effects.delay_network", network)),
    Case("effects.weights", lambda m: {"fraction": m(0.1, 0.9, 3, ends=(0.0, 0.999))}, wide=True),
    Case(
        "physical.karplus_strong",
        lambda m: {
            "excitation": m.sound(), "f0": m(3400, 3600, 1, ends=(0.01, 4000.0)), "decay": m(0.1, 1, 1, ends=(1e-3,
            100.0)),
            "damping": m(0.1, 0.9, 1, ends=ENDS01), "sample_rate": RATE,
        },
        wrong=STRING,
    ),
    Case(
        "physical.waveguide_string",
        lambda m: {
            "excitation": m.sound(), "f0": m(2200, 2300, 1, ends=(0.01, 4000.0)), "decay": m(0.1, 1, 1, ends=(1e-3,
            100.0)),
            "damping": m(0.1, 0.9, 1, ends=ENDS01), "position": m(0.11, 0.12, 1, ends=ENDS01),
            "pickup": m(0.21, 0.22, 1, ends=ENDS01), "sample_rate": RATE,
        },
        wrong={**STRING, "position": UNIT, "pickup": UNIT},
    ),
    Case(
        "physical.modal_bank",
        lambda m: {
            "excitation": m.sound(), "frequencies": m(100, 3000, 3, ends=(0.0, 9000.0)),
            "decay_times": m(0.01, 1, 3, ends=(0.0, 100.0)), "gains": m(-1, 1, 3), "sample_rate": RATE,
        },
        wrong={"frequencies": NEGATIVE, "decay_times": NEGATIVE},
    ),
    Case(
        "physical.struck_bar",
        lambda m: {
            "excitation": m.sound(), "f0": m(100, 300, ends=(0.01, 9000.0)), "decay": m(0.1, 1, ends=(1e-3, 100.0)),
            "position": m(0.3, 0.4, ends=ENDS01), "pickup": m(0.1, 0.2, ends=ENDS01), "damping": m(0.1, 0.9,
            ends=ENDS01),
            "sample_rate": RATE,
        },
        wrong={"f0": NOT_POSITIVE, "decay": NOT_POSITIVE, "position": UNIT, "pickup": UNIT, "damping": UNIT},
    ),
    *(
        Case(
            "physical.bar_modes",
            lambda m, ends=ends: {"n_modes": 3, "position": m(0.2, 0.7, ends=ENDS01), "ends": ends},
            wide=True, batched=False, wrong={"position": UNIT},
        )
        for ends in ("free", "clamped", "hinged")
    ),
    Case(
        "physical.mass_spring",
        lambda m: {
            "force": m.sound(), "mass": m(0.1, 1, ends=(1e-3, 1e3)), "stiffness": m(1e4, 1e6, ends=(1e-3, 1e9)),
            "damping": m(1, 10, ends=(0.0, 1e5)), "position": m(-1, 1), "velocity": m(-1, 1), "sample_rate": RATE,
        },
        wrong={"mass": NOT_POSITIVE, "stiffness": NOT_POSITIVE, "damping": NEGATIVE},
    ),
    *with_twin(
        Case(
            "physical.tract",
            lambda m: {
                "x": m.sound(), "diameters": m(0.5, 2, m.frames, 4, ends=(1e-3, 100.0)),
                "glottal_reflection": m(0.5, 0.8, ends=(-1.0, 1.0)), "lip_reflection": m(-0.9, -0.5, ends=(-1.0, 1.0)),
            },
            wrong={"diameters": NOT_POSITIVE, "glottal_reflection": SIGNED, "lip_reflection": SIGNED, "loss": (0.0,
                1.5)},
        )
    ),
    Case(
        "physical.tract_diameters",
        lambda m: {
            "tongue_index": m(14, 27, ends=(12.0, 29.0)), "tongue_diameter": m(2.1, 3.4, ends=(2.05, 3.5)),
            "constriction_index": m(10, 30, ends=(2.0, 43.0)), "constriction_diameter": m(0.5, 1.5, ends=(0.01, 5.0)),
        },
        wrong={"tongue_index": (11.0, 30.0), "tongue_diameter": (2.0, 4.0), "constriction_index": (1.0, 44.0),
            "constriction_diameter": NOT_POSITIVE},
    ),
    Case(
        "physical.tract_response",
        lambda m: {
            "diameters": m(0.5, 2, 4, ends=(1e-3, 100.0)), "frequencies": m.whole(torch.tensor([0.0, 500.0, 3000.0])),
            "glottal_reflection": m(0.5, 0.8, ends=(-0.99, 0.99)), "lip_reflection": m(-0.9, -0.5, ends=(-0.99, 0.99)),
            "sample_rate": RATE,
        },
        wide=True, fixed=("frequencies",),
        wrong={"diameters": NOT_POSITIVE, "glottal_reflection": SIGNED, "lip_reflection": SIGNED, "loss": (0.0, 1.5)},
    ),
    Case("spectra.stft", lambda m: {"x": m.sound(), "fft_size": 8, "hop_length": 4}, wide=True),
    Case("spectra.magnitude", lambda m: {"spectrum": torch.complex(m.sound(), m.sound())}, wide=True,
        wrong={"floor": NOT_POSITIVE}),
    Case("spectra.log_magnitude", lambda m: {"spectrum": torch.complex(m.sound(), m.sound())}, wide=True,
        wrong={"floor": NOT_POSITIVE}),
    Case(
        "spectra.mel",
        lambda m: {"x": m.sound(), "sample_rate": RATE, "fft_size": 16, "hop_length": 4, "n_mels": 4},
        wrong={"low": NEGATIVE, "high": (0.0,)},
    ),
    Case(
        "spectra.mel_filters", lambda m: {"n_mels": 4, "fft_size": 16, "sample_rate": RATE}, wide=True, batched=False,
        wrong={"low": NEGATIVE, "high": (0.0, 9000.0)},
    ),
    Case("spectra.mfcc", lambda m: {"x": m.sound(), "sample_rate": RATE, "n_mfcc": 3, "fft_size": 16, "hop_length": 4,
        "n_mels": 4}),
    Case("spectra.loudness", lambda m: {"x": m.sound(), "sample_rate": RATE, "fft_size": 8, "hop_length": 4}),
    Case("spectra.a_weighting", lambda m: {"frequencies": m(50, 5000, 3, ends=(0.0, 1e5))},
        wrong={"frequencies": NEGATIVE}),
    Case("spectra.pqmf_analysis", lambda m: {"x": m.sound(), "n_bands": 2}),
    Case("spectra.pqmf_filters", lambda m: {"n_bands": 2}, wide=True, batched=False),
    Case("spectra.pqmf_synthesis", lambda m: {"bands": m(-1, 1, 2, 18)}),
    compared("waveform", {"p": (0, 3)}),
    compared("waveform", p=2),
    compared("si_sdr", {"floor": NOT_POSITIVE}),
    compared("envelope", {"floor": NOT_POSITIVE}, frame_length=8, hop_length=4),
    compared(
        "multi_scale_stft", {"overlap": (-0.1, 1.0), "linear": NEGATIVE, "log": NEGATIVE, "convergence": NEGATIVE,
        "floor": NOT_POSITIVE},
        fft_sizes=(8, 4), convergence=0.5,
    ),
    compared("mel", {"overlap": (-0.1, 1.0), "floor": NOT_POSITIVE}, sample_rate=RATE, fft_size=16, n_mels=4),
    compared("loudness", sample_rate=RATE, fft_size=8, hop_length=4),
    compared("wasserstein", {"floor": NOT_POSITIVE}, fft_size=8),
    compared("wasserstein", {"order": (0, 3)}, fft_size=8, order=2),
    Case("streaming.recursion", lambda m: {"x": m.sound(), **coefficients(m)}),
    Case("streaming.cascade", lambda m: {"x": m.sound(), **coefficients(m, 3)}),
    Case("streaming.varying_biquad", lambda m: {"x": m.sound(), **coefficients(m, m.n)}),
    Case(
        "streaming.varying_one_pole",
        lambda m: {"x": m.sound(), "gain": m(0.1, 1, m.n), "pole": m(-0.9, 0.9, m.n, ends=(-1.0, 1.0))},
    ),
    Case(
        "streaming.state_variable",
        lambda m: {"x": m.sound(), "cutoff": cutoff(m, m.n), "q": q(m, m.n), "sample_rate": RATE},
        wrong={"cutoff": NYQUIST, "q": NOT_POSITIVE},
    ),
    Case("streaming.convolve", lambda m: {"x": m.sound(), "taps": m(-1, 1, 5)}),
    *(
        Case(
            "streaming.fractional_delay",
            lambda m, method=method: {
                "x": m.sound(), "delay": m(9.7e-4, 9.9e-4, 1, ends=(9.7e-4, 9.9e-4)), "sample_rate": RATE,
                "longest": 1e-3, "method": method,
            },
            wrong={"delay": NEGATIVE, "longest": NOT_POSITIVE}, step=1e-8,
        )
        for method in ("linear", "lagrange", "sinc")
    ),
    Case(
        "streaming.feedback_delay",
        lambda m: {
            "x": m.sound(), "delay": m(2.55e-4, 2.7e-4, 1, ends=(2e-4, 1e-3)), "feedback": m(-0.8, 0.8, 1, ends=(-1.0,
            1.0)),
            "damping": m(0.1, 0.9, 1, ends=ENDS01), "sample_rate": RATE, "longest": 1e-3,
        },
        wrong={"feedback": SIGNED, "damping": UNIT, "delay": (0.0, -1.0, 2.0), "longest": NOT_POSITIVE}, step=1e-8,
    ),
    Case(
        "streaming.sinusoid",
        lambda m: {"frequency": m(100, 3000, m.n, ends=(0.0, 8000.0)), "amplitude": m(0.1, 1, 1, ends=ENDS01),
            "sample_rate": RATE},
        wrong={"frequency": (-1.0, 8001.0)},
    ),
    Case(
        "streaming.harmonic_bank",
        lambda m: {
            "f0": m(100, 900, m.n, ends=(0.0, 9000.0)), "amplitudes": m(0.1, 1, m.n, 5), "sample_rate": RATE, "hop": 4,
        },
        wrong={"f0": NEGATIVE, "hop": (0,)},
    ),
    Case(
        "streaming.filtered_noise",
        lambda m: {"magnitudes": m(0.1, 1, m.n, 5, ends=(0.0, 10.0)), "noise": m.sound(4 * m.n), "hop": 4},
        wrong={"hop": (0,)},
    ),
]  # fmt: skip
