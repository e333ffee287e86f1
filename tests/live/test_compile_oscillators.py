"""Oscillators, envelopes and noise compile for the browser and there equal PyTorch, sound and gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ddsp_lite import envelopes, noise, oscillators
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Bars, Slider

pytestmark = pytest.mark.slow  # each test compiles a model
OPTIONS = {"sample_rate": 16000, "n_samples": 512}


def compare(function, controls, *, tolerance: float = 1e-5) -> None:
    """Compile, run at the start, and compare all outputs and gradients with autograd, relative to each one's peak.

    A gradient is a sum over all samples, of which much cancels: it may differ by ten times as much.
    """
    values = {name: c.start for name, c in controls.items()}
    got = compile_model(function, controls).run(values)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    wanted = function(**leaves)
    gradients = torch.autograd.grad(wanted["loss"], list(leaves.values()))
    pairs = [(name, got["outputs"][name], value, 1) for name, value in wanted.items()]
    pairs += [(f"gradient of {n}", got["gradients"][n], g, 10) for n, g in zip(leaves, gradients, strict=True)]
    for name, ours, theirs, times in pairs:
        theirs = theirs.detach().numpy()
        scale = np.abs(theirs).max()
        assert scale > 0, f"{name} is zero: nothing is compared"
        limit = times * tolerance * scale
        np.testing.assert_allclose(np.reshape(ours, theirs.shape), theirs, rtol=0, atol=limit, err_msg=name)


def judged(**sounds: Tensor) -> dict[str, Tensor]:
    """The sounds and a loss in which every sample has another weight."""
    weights = torch.cos(torch.arange(OPTIONS["n_samples"]) * 0.37)
    return {**sounds, "loss": sum((y * weights).sum() + y.square().sum() for y in sounds.values())}


def test_band_limited_waves_and_stiff_strings() -> None:
    def function(f0: Tensor, width: Tensor, stiffness: Tensor, levels: Tensor) -> dict[str, Tensor]:
        return judged(
            triangle=oscillators.triangle(f0, lowest=200.0, **OPTIONS),
            pulse=oscillators.pulse(f0, width, lowest=200.0, **OPTIONS),
            swept=oscillators.pulse(f0, width * torch.linspace(0.5, 1, 8), lowest=200.0, **OPTIONS),
            string=oscillators.harmonic_bank(f0, levels, inharmonicity=stiffness, **OPTIONS),
        )

    compare(
        function,
        {
            "f0": Slider(200, 1000, 431.7),
            "width": Slider(0, 1, 0.3),
            "stiffness": Slider(0, 0.01, 1e-3),
            "levels": Bars(5, start=[1.0, 0.5, 0.3, 0.2, 0.1]),
        },
    )


def test_banks_modes_and_frequency_modulation() -> None:
    def function(frequencies: Tensor, levels: Tensor, times: Tensor) -> dict[str, Tensor]:
        ramp = torch.linspace(0.5, 1, 8).unsqueeze(1)
        return judged(
            constant=oscillators.sinusoid_bank(frequencies, levels, **OPTIONS),
            gliding=oscillators.sinusoid_bank(frequencies * ramp, levels * ramp, **OPTIONS),
            modes=oscillators.damped_modes(frequencies, times, levels, **OPTIONS),
            fm=oscillators.fm_stack(frequencies[0], frequencies / 300, levels * ramp, **OPTIONS),
        )

    compare(
        function,
        {
            "frequencies": Bars(3, start=[300.0, 1234.5, 5000.0], low=0.0, high=16000.0),
            "levels": Bars(3, start=[1.0, 0.5, 0.3]),
            "times": Bars(3, start=[0.02, 0.01, 0.1]),
        },
    )


def test_wavetable_and_surrogate() -> None:
    def function(f0: Tensor, position: Tensor, table: Tensor, real: Tensor, imaginary: Tensor) -> dict[str, Tensor]:
        tables = torch.stack([table, table.flip(0), table.square()])
        return judged(
            constant=oscillators.wavetable(f0, tables, position, **OPTIONS),
            gliding=oscillators.wavetable(f0 * torch.linspace(1, 9, 512), tables, position, sample_rate=16000),
            surrogate=oscillators.complex_surrogate(real, imaginary, n_samples=OPTIONS["n_samples"]),
        )

    table = np.random.default_rng(0).uniform(-1, 1, 32).tolist()
    compare(
        function,
        {
            "f0": Slider(50, 900, 431.7),
            "position": Slider(0, 1, 0.3),
            "table": Bars(32, start=table, low=-1.0),
            "real": Slider(-1, 1, 0.7),
            "imaginary": Slider(-1, 1, -0.69),
        },
    )


def test_envelopes() -> None:
    options = {"sample_rate": 16000, "n_samples": 512}

    def function(times: Tensor, sustain: Tensor, points: Tensor) -> dict[str, Tensor]:
        attack, decay, release, end = times.unbind()
        return judged(
            straight=envelopes.adsr(attack, decay, sustain, release, note_off=end, **options),
            curved=envelopes.adsr(attack, decay, sustain, release, note_off=end, curve=4.0, **options),
            decay=envelopes.exponential_decay(decay, **options),
            points=envelopes.breakpoints(torch.cumsum(points[:4], 0), points[4:], **options),
        )

    compare(
        function,
        {
            "times": Bars(4, start=[0.0041, 0.0083, 0.0071, 0.0203]),
            "sustain": Slider(0, 1, 0.4),
            "points": Bars(8, start=[0.0021, 0.0053, 0.0031, 0.0087, 0.3, 1.0, 0.1, 0.7]),
        },
    )


@pytest.mark.parametrize("samples", [512, 4096], ids=["shipped", "made in the page"])
def test_noise(samples: int) -> None:
    def function(level: Tensor, magnitudes: Tensor) -> dict[str, Tensor]:
        frames = magnitudes * torch.linspace(1, 0.1, 8).unsqueeze(1)
        white = level * noise.white(samples, seed=3)
        hiss = noise.filtered(frames, n_samples=samples, seed=3)
        bands = noise.bands(frames, sample_rate=16000, n_samples=samples, seed=3)
        return {"white": white, "hiss": hiss, "bands": bands, "loss": (white + hiss + bands).square().mean()}

    compare(function, {"level": Slider(0, 1, 0.5), "magnitudes": Bars(9, start=np.linspace(1, 0.2, 9).tolist())})
