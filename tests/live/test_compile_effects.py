"""Effects and physical models of plain operations compile for the browser; the others say which do not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ddsp_lite import effects, noise, physical
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Slider
from ddsp_lite.live.trace import UnsupportedOperation

pytestmark = pytest.mark.slow  # each test compiles a model
RATE, N = 8000, 256
CLICK = torch.eye(1, N)[0]


def judged(**sounds: Tensor) -> dict[str, Tensor]:
    """The sounds and a loss in which every sample has another weight."""
    weights = torch.cos(torch.arange(N) * 0.37)
    loss = sum((y * weights[: y.shape[-1]]).sum() + y.square().sum() for y in sounds.values())
    return {**sounds, "loss": loss}


def test_delays_and_curves(assert_compiles) -> None:
    x = noise.white(N, seed=0)

    def function(delay: Tensor, drive: Tensor) -> dict[str, Tensor]:
        return judged(
            linear=effects.fractional_delay(x, delay, sample_rate=RATE, method="linear"),
            lagrange=effects.fractional_delay(x, delay, sample_rate=RATE),
            sinc=effects.fractional_delay(x, delay, sample_rate=RATE, method="sinc"),
            chorus=effects.chorus(x, sample_rate=RATE, depth=delay / 2, delay=delay),
            tanh=effects.waveshaper(x, drive),
            hard=effects.waveshaper(x, drive, shape="hard"),
            cubic=effects.waveshaper(x, drive, shape="cubic"),
            fold=effects.waveshaper(x, drive, shape="fold", bias=0.3),
        )

    assert_compiles(function, {"delay": Slider(0, 0.02, 0.00312), "drive": Slider(0.1, 10, 3.0)}, tolerance=3e-5)


def test_rooms(assert_compiles) -> None:
    x = noise.white(N, seed=0)

    def function(decay: Tensor, wet: Tensor) -> dict[str, Tensor]:
        gain = torch.linspace(1, 0.3, 4)
        return judged(
            room=effects.noise_reverb(
                x, gain, decay * gain, sample_rate=RATE, seconds=0.02, seed=1, wet=wet, lowest=100.0
            )
        )

    assert_compiles(function, {"decay": Slider(0.01, 1, 0.02), "wet": Slider(0, 1, 0.4)})


def test_bodies(assert_compiles) -> None:
    def function(f0: Tensor, damping: Tensor) -> dict[str, Tensor]:
        return judged(
            bar=physical.struck_bar(CLICK, f0, 0.05, sample_rate=RATE, damping=damping, n_modes=4),
            spring=physical.mass_spring(CLICK, 1.0, f0**2, 10 * damping, sample_rate=RATE, position=1e-3),
        )

    assert_compiles(function, {"f0": Slider(100, 1000, 441.3), "damping": Slider(0, 2, 0.4)})


def test_a_tract_of_few_sections(assert_compiles) -> None:
    frequencies = torch.linspace(100, 3500, N)

    def function(narrow: Tensor, wide: Tensor) -> dict[str, Tensor]:
        diameters = torch.stack([narrow, narrow, wide, wide, wide, narrow])
        return judged(gain=physical.tract_response(diameters, frequencies, sample_rate=RATE).abs().float())

    assert_compiles(function, {"narrow": Slider(0.3, 2, 0.6), "wide": Slider(0.3, 2, 1.5)})


@pytest.mark.parametrize(
    ("operation", "function"),
    [
        ("ballistics", lambda v: effects.compressor(CLICK, -20.0, 1 + v, attack=0.01, release=0.1, sample_rate=RATE)),
        ("lagged_recursion", lambda v: physical.karplus_strong(CLICK, 100 + v, 1.0, sample_rate=RATE)),
        ("allpass_chain", lambda v: effects.phaser(CLICK, sample_rate=RATE, feedback=v)),
        (
            "delay_network",
            lambda v: effects.feedback_delay_network(CLICK, torch.tensor([0.003, 0.005]), v, sample_rate=RATE),
        ),
        ("tract", lambda v: physical.tract(CLICK, v * torch.ones(1, 4))),
    ],
)
def test_what_does_not_compile_says_so(operation: str, function) -> None:
    with pytest.raises(
        UnsupportedOperation, match=rf"ddsp_lite\.{operation}\.default does not compile for the browser"
    ):
        compile_model(lambda v: judged(y=function(v)), {"v": Slider(0.1, 1, 0.5)})
