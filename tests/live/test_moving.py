"""Moving filters in WebAssembly beside PyTorch: sound and gradients."""

import pytest
import torch

from ddsp_lite import filters
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Bars, Slider

pytestmark = pytest.mark.slow  # each test compiles a model
RATE = 16000
SOUND = torch.sin(torch.arange(64) ** 1.5 * 0.1)
SWEEP = torch.linspace(1.0, 4.0, 64)


def vector(*values):
    return Bars(len(values), start=list(values), low=-10.0, high=10.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_moving_biquad(dtype, assert_compiles):
    def function(cutoff, x):
        b, a = filters.lowpass_biquad(cutoff * SWEEP, 2.0, sample_rate=RATE)
        y = filters.varying_biquad(SOUND * x[:, None].expand(4, 16).flatten(), b.to(dtype), a.to(dtype))
        wide = filters.varying_biquad(y.double(), b.flip(-1), 1.5 * a)
        return {"audio": y, "wide": wide, "loss": y.square().sum() + wide.square().mean()}

    assert_compiles(function, {"cutoff": Slider(100, 2000, 500.0), "x": vector(0.3, -1.0, 0.7, 1.2)})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_moving_one_pole(dtype, assert_compiles):
    def function(cutoff, x):
        gain, pole = filters.one_pole_lowpass(cutoff * SWEEP, sample_rate=RATE)
        y = filters.varying_one_pole(
            (SOUND * x[:, None].expand(4, 16).flatten())[None].expand(2, 64), gain.to(dtype), pole.to(dtype)
        )
        wide = filters.varying_one_pole(y.double(), gain, -pole)
        return {"audio": y, "wide": wide, "loss": y.square().sum() + wide.square().mean()}

    assert_compiles(function, {"cutoff": Slider(100, 2000, 500.0), "x": vector(0.3, -1.0, 0.7, 1.2)})


@pytest.mark.parametrize("output", ["lowpass", "bandpass", "highpass", "notch", "allpass"])
def test_state_variable(output, assert_compiles):
    def function(cutoff, q, x):
        options = {"sample_rate": RATE, "output": output}
        y = filters.state_variable(SOUND * x[:, None].expand(4, 16).flatten(), cutoff * SWEEP, q, **options)
        wide = filters.state_variable(y.double(), cutoff, q * SWEEP, **options)
        return {"audio": y, "wide": wide, "loss": y.square().sum() + wide.square().mean()}

    controls = {"cutoff": Slider(100, 2000, 500.0), "q": Slider(0.3, 12, 2.0), "x": vector(0.3, -1.0, 0.7, 1.2)}
    assert_compiles(function, controls)


@pytest.mark.parametrize("frames", [1, 4, 64])
def test_all_pole(frames, assert_compiles):
    def function(reflection, x):
        k = reflection * torch.linspace(0.5, 1.0, frames)[:, None]
        a = filters.reflection_to_coefficients(k)
        y = filters.all_pole(SOUND * x[:, None].expand(4, 16).flatten(), a)
        wide = filters.all_pole(y.double(), a)
        return {"audio": y, "wide": wide, "loss": y.square().sum() + wide.square().mean()}

    controls = {"reflection": vector(0.3, -0.5, 0.7), "x": vector(0.3, -1.0, 0.7, 1.2)}
    assert_compiles(function, controls)


def test_cascade_and_prediction(assert_compiles):
    def function(cutoff, x):
        b, a = filters.peaking_biquad(cutoff * torch.tensor([1.0, 2.0, 3.0]), 6.0, sample_rate=RATE)
        y = filters.cascade(SOUND * x[:, None].expand(4, 16).flatten(), b, a)
        predictor, gain = filters.lpc(y, 3)
        return {"audio": y, "predictor": predictor, "loss": y.square().sum() + predictor.square().sum() + gain}

    assert_compiles(function, {"cutoff": Slider(100, 2000, 500.0), "x": vector(0.3, -1.0, 0.7, 1.2)})


def test_a_long_tail_ends_in_zero():
    def function(x):
        long = torch.nn.functional.pad(x.double(), (0, 8000))
        still = torch.tensor([[1.0, -0.9, 0.0]], dtype=torch.float64)
        tails = [
            filters.varying_biquad(long, torch.ones_like(still).expand(8256, 3), still.expand(8256, 3)),
            filters.varying_one_pole(long, 1.0, 0.9),
            filters.all_pole(long, still),
            filters.state_variable(long, 1000.0, 0.5, sample_rate=RATE),
        ]
        tail = 1e300 * torch.stack(tails)[:, -200:]
        return {"tail": tail, "loss": tail[:, -1].sum()}

    got = compile_model(function, {"x": Bars(256, start=1.0)}).run({"x": [1.0] * 256})
    assert (got["outputs"]["tail"] == 0).all()
    assert (got["gradients"]["x"] == 0).all()
