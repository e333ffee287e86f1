"""What is measured: the synthesisers of the package as voices with knobs, and its losses by name.

A knob's place u runs from 0 to 1; its range and scale say which value that is. Values come as a tensor (sounds,), and
a voice gives as many sounds. What is random in a voice (its noise) differs between a target and what is compared with
it, since nobody knows a recording's noise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ddsp_lite import filters, losses, noise, oscillators, physical

RATE = 16000
Values = Mapping[str, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, Loss] = {
    "waveform L1": losses.waveform,
    "SI-SDR": losses.si_sdr,
    "multi-scale STFT": losses.multi_scale_stft,
    "STFT, linear": functools.partial(losses.multi_scale_stft, log=0.0),
    "STFT, log": functools.partial(losses.multi_scale_stft, linear=0.0),
    "mel": functools.partial(losses.mel, sample_rate=RATE),
    "loudness": functools.partial(losses.loudness, sample_rate=RATE),
    "envelope": losses.envelope,
    "1-Wasserstein": losses.wasserstein,
    "2-Wasserstein": functools.partial(losses.wasserstein, order=2),
}


@dataclass(frozen=True)
class Knob:
    """A parameter's range, and whether equal steps are equal differences or equal ratios."""

    low: float
    high: float
    log: bool = False

    def value(self, place: Tensor) -> Tensor:
        """Return the value at places from 0 to 1."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + (self.high - self.low) * place


@dataclass(frozen=True)
class Voice:
    """A synthesiser: its knobs, and its sounds for values of them; `take` tells noises apart."""

    knobs: Mapping[str, Knob]
    sound: Callable[[Values, int, int], Tensor]


PITCH = Knob(60, 1000, log=True)


def _noise(count: int, n: int, take: int) -> Tensor:
    return noise.white(n, seed=1 + take, rows=count)


def _pluck(n: int) -> Tensor:
    """A burst of noise of 4 ms, then silence: the same for a target and its copy, as one hand plucks."""
    burst = noise.white(64, seed=7)
    return torch.nn.functional.pad(burst, (0, n - 64))


def _tap(n: int) -> Tensor:
    return torch.nn.functional.pad(torch.hann_window(33), (0, n - 33))


def _bank(v: Values, n: int) -> Tensor:
    levels = torch.arange(1.0, 41) ** (-v["roll-off"][:, None] / 6.0206)
    levels = levels / levels.sum(-1, keepdim=True)
    return oscillators.harmonic_bank(v["f0"][:, None], levels[:, None, :], sample_rate=RATE, n_samples=n)


def _stiff(v: Values, n: int) -> Tensor:
    """A tone of 110 Hz whose partials are as far apart as a stiff string's."""
    levels = 0.3 / torch.arange(1.0, 21)
    f0 = torch.full_like(v["inharmonicity"], 110.0)[:, None]
    return oscillators.harmonic_bank(f0, levels[None], sample_rate=RATE, n_samples=n, inharmonicity=v["inharmonicity"])


def _sinusoid(v: Values, n: int) -> Tensor:
    return oscillators.sinusoid(
        v["frequency"],
        amplitude=v["amplitude"][:, None],
        phase=v["phase"][:, None],
        sample_rate=RATE,
        n_samples=n,
    )


def _pair(v: Values, n: int) -> Tensor:
    """Two sinusoids, 440 Hz and an interval above, and the share of the upper one."""
    frequencies = torch.stack([torch.full_like(v["interval"], 440.0), 440.0 * v["interval"]], -1)
    shares = torch.stack([1 - v["balance"], v["balance"]], -1)
    return oscillators.sinusoid_bank(frequencies[:, None, :], shares[:, None, :], sample_rate=RATE, n_samples=n)


def _fm(v: Values, n: int) -> Tensor:
    ratios = torch.stack([torch.ones_like(v["ratio"]), v["ratio"]], -1)
    levels = torch.stack([torch.full_like(v["index"], 0.5), v["index"]], -1)
    return oscillators.fm_stack(v["f0"][:, None], ratios, levels[:, None, :], sample_rate=RATE, n_samples=n)


def _modes(v: Values, n: int) -> Tensor:
    ratios, levels = torch.tensor([1.0, 2.76, 5.4]), torch.tensor([0.5, 0.3, 0.2])
    return oscillators.damped_modes(
        v["frequency"][:, None] * ratios, v["decay"][:, None] / ratios, levels, sample_rate=RATE, n_samples=n
    )


def _tables() -> Tensor:
    """A sine, a hollow and a bright period."""
    t, k = torch.arange(256) / 256, torch.arange(1.0, 17.0)
    waves = torch.sin(2 * torch.pi * k[:, None] * t)
    return torch.stack([waves[0], (waves[::2] / k[::2, None]).sum(0), (waves / k[:, None]).sum(0)])


def _breath(v: Values, n: int, take: int) -> Tensor:
    """Noise below a cutoff, 65 bands a frame."""
    bands = torch.linspace(0, RATE / 2, 65)
    slope = torch.sigmoid((v["cutoff"][:, None] - bands) / 250)
    return noise.filtered(
        (v["gain"][:, None] * slope)[:, None, :].expand(-1, 32, -1), n_samples=n, noise=_noise(len(slope), n, take)
    )


def _bands(v: Values, n: int, take: int) -> Tensor:
    """Eight fixed bands of noise at a tenth of full scale, but for one."""
    gains = torch.full((len(v["gain of a band"]), 8), 0.1).index_copy(
        1, torch.tensor([5]), v["gain of a band"][:, None]
    )
    return noise.bands(gains[:, None, :], sample_rate=RATE, n_samples=n, seed=1 + take)


def _subtractive(v: Values, n: int) -> Tensor:
    saw = oscillators.sawtooth(torch.full((1,), 110.0), sample_rate=RATE, n_samples=n)
    cutoff = v["cutoff"][:, None].expand(-1, n)
    return filters.state_variable(saw, cutoff, v["Q"][:, None].expand(-1, n), sample_rate=RATE)


def _tract(v: Values, n: int) -> Tensor:
    buzz = oscillators.sawtooth(torch.full((1,), 110.0), sample_rate=RATE, n_samples=n)
    shape = physical.tract_diameters(v["tongue index"], v["tongue diameter"])
    return physical.tract(buzz.expand(len(shape), -1), shape[:, None, :])


def _wave(make: Callable[..., Tensor]) -> Voice:
    return Voice({"f0": PITCH}, lambda v, n, take: make(v["f0"][:, None], sample_rate=RATE, n_samples=n))


VOICES: dict[str, Voice] = {
    "sinusoid": Voice(
        {"frequency": Knob(80, 4000, log=True), "amplitude": Knob(0.05, 1, log=True), "phase": Knob(0, 3.1416)},
        lambda v, n, take: _sinusoid(v, n),
    ),
    "two sinusoids": Voice(
        {"interval": Knob(1.05, 3, log=True), "balance": Knob(0, 1)}, lambda v, n, take: _pair(v, n)
    ),
    "harmonic bank": Voice({"f0": PITCH, "roll-off": Knob(3, 24)}, lambda v, n, take: _bank(v, n)),
    "stiff string": Voice({"inharmonicity": Knob(1e-5, 1e-2, log=True)}, lambda v, n, take: _stiff(v, n)),
    "sawtooth": _wave(oscillators.sawtooth),
    "square": _wave(oscillators.square),
    "triangle": _wave(oscillators.triangle),
    "pulse": Voice(
        {"f0": Knob(200, 1000, log=True), "width": Knob(0.05, 0.5)},
        lambda v, n, take: oscillators.pulse(
            v["f0"][:, None], v["width"][:, None], sample_rate=RATE, n_samples=n, lowest=200.0
        ),
    ),
    "wavetable": Voice(
        {"f0": PITCH, "position": Knob(0, 1)},
        lambda v, n, take: oscillators.wavetable(
            v["f0"][:, None], _tables(), v["position"][:, None], sample_rate=RATE, n_samples=n
        ),
    ),
    "FM": Voice(
        {"f0": Knob(60, 500, log=True), "ratio": Knob(0.5, 5), "index": Knob(0, 6)}, lambda v, n, take: _fm(v, n)
    ),
    "damped modes": Voice(
        {"frequency": Knob(100, 1200, log=True), "decay": Knob(0.05, 2, log=True)}, lambda v, n, take: _modes(v, n)
    ),
    "filtered noise": Voice({"cutoff": Knob(200, 7000, log=True), "gain": Knob(0.05, 1, log=True)}, _breath),
    "noise bands": Voice({"gain of a band": Knob(0.01, 1, log=True)}, _bands),
    "low-passed sawtooth": Voice(
        {"cutoff": Knob(150, 6000, log=True), "Q": Knob(0.5, 10, log=True)}, lambda v, n, take: _subtractive(v, n)
    ),
    "Karplus–Strong": Voice(
        {"f0": PITCH, "decay": Knob(0.1, 3, log=True), "damping": Knob(0, 1)},
        lambda v, n, take: physical.karplus_strong(
            _pluck(n), v["f0"][:, None], v["decay"][:, None], damping=v["damping"][:, None], sample_rate=RATE
        ),
    ),
    "waveguide string": Voice(
        {"f0": PITCH, "decay": Knob(0.1, 3, log=True), "position": Knob(0.05, 0.5)},
        lambda v, n, take: physical.waveguide_string(
            _pluck(n), v["f0"][:, None], v["decay"][:, None], position=v["position"][:, None], sample_rate=RATE
        ),
    ),
    "struck bar": Voice(
        {"f0": Knob(100, 1000, log=True), "decay": Knob(0.1, 3, log=True), "position": Knob(0.05, 0.5)},
        lambda v, n, take: (
            0.05 * physical.struck_bar(_tap(n), v["f0"], v["decay"], position=v["position"], sample_rate=RATE)
        ),
    ),
    "mass and spring": Voice(
        {"stiffness": Knob(1e5, 1e8, log=True), "damping": Knob(1, 100, log=True)},
        lambda v, n, take: (
            1e3
            * physical.mass_spring(
                100 * _tap(n), torch.ones_like(v["stiffness"]), v["stiffness"], v["damping"], sample_rate=RATE
            )
        ),
    ),
    "vocal tract": Voice(
        {"tongue index": Knob(12, 29), "tongue diameter": Knob(2.05, 3.5)}, lambda v, n, take: _tract(v, n)
    ),
}
