"""The compiled model equals PyTorch: every operation, shape trick and gradient, run in WebAssembly by wasmtime."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ddsp_lite import filters, losses
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Bars, Choice, Slider
from ddsp_lite.live.trace import UnsupportedOperation

X = [0.37, -1.2, 2.5, 0.01, -0.6, 1.0, 3.3, -2.2]


def vector(values=tuple(X)):
    return Bars(len(values), start=list(values), low=-10.0, high=10.0)


def compare(function, controls, values=None, *, tolerance=2e-6):
    """Compile, run at ``values`` and compare outputs and gradients with autograd, relative to each one's peak."""
    values = values or {name: c.start for name, c in controls.items()}
    agree(compile_model(function, controls), function, controls, values, tolerance)


def agree(model, function, controls, values, tolerance):
    got = model.run(values)
    tensors = {
        name: values[name] if c.kind == "choice" else torch.tensor(values[name], requires_grad=True)
        for name, c in controls.items()
    }
    wanted = function(**tensors)
    for name, tensor in wanted.items():
        expected = tensor.detach().float().numpy()
        scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
        np.testing.assert_allclose(got["outputs"][name], expected, rtol=0, atol=tolerance * scale, err_msg=name)
    if "loss" in wanted:
        leaves = {name: t for name, t in tensors.items() if isinstance(t, Tensor)}
        gradients = torch.autograd.grad(wanted["loss"], list(leaves.values()), allow_unused=True)
        for name, gradient in zip(leaves, gradients, strict=True):
            expected = np.zeros(1) if gradient is None else gradient.numpy()
            scale = max(1.0, float(np.abs(expected).max()))
            np.testing.assert_allclose(
                got["gradients"][name].reshape(expected.shape if gradient is not None else -1),
                expected,
                rtol=0,
                atol=10 * tolerance * scale,
                err_msg=f"gradient of {name}",
            )


@pytest.mark.slow
def test_elementwise_functions_equal_torch():
    def function(x):
        p = x.abs() + 0.1
        results = {
            "exp": x.exp(),
            "log": p.log(),
            "sin": (40 * x).sin(),
            "cos": (40 * x).cos(),
            "tan": x.tan(),
            "tanh": x.tanh(),
            "sigmoid": x.sigmoid(),
            "expm1": x.expm1(),
            "log1p": p.log1p(),
            "log2": p.log2(),
            "log10": p.log10(),
            "exp2": x.exp2(),
            "sinh": x.sinh(),
            "cosh": x.cosh(),
            "atan": x.atan(),
            "atan2": torch.atan2(x, x.flip(0)),
            "sqrt": p.sqrt(),
            "rsqrt": p.rsqrt(),
            "reciprocal": 1 / x,
            "floor": x.floor(),
            "round": (x * 1.3).round(),
            "sign": x.sign(),
            "relu": x.relu(),
            "neg": -x,
            "square": x**2,
            "cube": x**3,
            "power": p**1.7,
            "inverse": p**-1,
            "base": 1.5**x,
            "powers": p**x,
            "remainder": x % 0.7,
            "integer remainder": (torch.arange(-4, 4) % 3) * x,
            "maximum": torch.maximum(x, x.flip(0)),
            "minimum": torch.minimum(x, x.flip(0)),
            "clamp": x.clamp(-1, 2),
            "where": torch.where(x > 0, x, 2 * x),
            "logic": ((x > 0) & (x < 1)).float(),
            "softplus": torch.nn.functional.softplus(x),
            "integers": torch.arange(8) * x,
            "fill": torch.full((8,), 2.5) * x,
        }
        return {
            **results,
            "loss": sum(v.sum() for k, v in results.items() if k not in ("powers", "tan", "cosh", "sinh")),
        }

    compare(function, {"x": vector()}, tolerance=3e-6)


def test_double_precision_is_kept():
    def function(x):
        wide = x.double()
        results = [
            wide.exp(),
            wide.abs().log(),
            (1e5 * wide).sin(),
            (1e5 * wide).cos(),
            wide.tanh(),
            wide.atan(),
            wide.expm1(),
        ]
        exact = torch.tensor(X, dtype=torch.float32).double()
        truth = [
            exact.exp(),
            exact.abs().log(),
            (1e5 * exact).sin(),
            (1e5 * exact).cos(),
            exact.tanh(),
            exact.atan(),
            exact.expm1(),
        ]
        return {
            f"difference{k}": 1e10 * (a - b) / (1 + b.abs())
            for k, (a, b) in enumerate(zip(results, truth, strict=True))
        }

    got = compile_model(function, {"x": vector()}).run({"x": X})
    assert max(float(np.abs(v).max()) for v in got["outputs"].values()) < 1.0  # 1e-10 in the units of the values


def test_elementary_functions_at_their_edges():
    edges = [0.0, 1e-30, 88.0, -88.0, -120.0, 120.0, 1e6, 1e-7]

    def function(x):
        return {
            "exp": x.exp().clamp(max=1e30),
            "tanh": x.tanh(),
            "sigmoid": x.sigmoid(),
            "log": torch.where(x > 0, x, torch.ones(8)).log(),
            "zero": torch.zeros(8).log().exp() * x,
        }

    control = {"x": Bars(8, start=edges, low=-1e7, high=1e7)}
    compare(function, control, tolerance=2e-6)


@pytest.mark.slow
def test_shapes_views_and_sums():
    def function(x):
        m = (x.exp()).view(2, 4)
        results = {
            "reshape": m.T.reshape(8),
            "transpose": m.T,
            "slice": m[:, 1:3],
            "step": x[1::3],
            "flip": x.flip(0),
            "select": m[1],
            "expand": m[:, None, :] * torch.ones(2, 3, 4),
            "unfold": (x * x).unfold(0, 4, 2),
            "cat": torch.cat([x[:3].sin(), x[5:]]),
            "stack": torch.stack([x, x.cos()], dim=1),
            "pad": torch.nn.functional.pad(m, (1, 2, 1, 0)),
            "crop": torch.nn.functional.pad(x, (-2, -1)),
            "sum": m.sum(0),
            "mean": m.mean(1),
            "total": (m * m).mean(),
            "amax": m.amax(1),
            "cumsum": x.cumsum(0),
            "columns": m.cumsum(1),
            "roll": torch.roll(x, 3),
            "diff": x[1:] - x[:-1],
            "outer": x[:, None] * x[None, :],
            "norm": torch.linalg.vector_norm(m, dim=1),
            "matmul": m @ m.T,
            "matvec": m @ m[0],
            "vector": m[:, 0] @ m,
            "dot": x @ x.cos(),
            "batched": torch.bmm(m[None].expand(3, 2, 4), m.T[None].expand(3, 4, 2)),
            "index": x[torch.tensor([3, 1, -1, 0])],
            "gather": m.gather(1, torch.tensor([[0, 3], [2, 2]])),
            "prod": m.prod(1),
            "merged": (x[:, None] + x[None, :]).reshape(-1),
        }
        return {**results, "loss": sum((v * v.detach().tanh()).sum() for v in results.values())}

    compare(function, {"x": vector()}, tolerance=3e-6)


def test_scatters_and_overlap_add():
    def function(x):
        frames = (x.sin()).unfold(0, 4, 2)
        index = torch.tensor([0, 2, 2, 1, 5, 4, 4, 0])
        results = {
            "added": torch.zeros(6).index_add(0, index, x),
            "put": torch.zeros(6).index_put((index,), x, accumulate=True),
            "scatter": torch.zeros(6).scatter_add(0, index, x * x),
            "slices": torch.slice_scatter(torch.zeros(8), x[:4], 0, 2, 6),
            "selects": torch.select_scatter(torch.zeros(2, 8), x, 0, 1),
        }
        return {
            **results,
            "loss": (frames * torch.hann_window(4)).pow(2).sum() + sum((v**3).sum() for v in results.values()),
        }

    compare(function, {"x": vector()}, tolerance=3e-6)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_transforms_of_every_size(dtype):
    sizes, rows = (4, 8, 32, 2048), 5
    bases = {size: torch.randn(rows, size, generator=torch.Generator().manual_seed(size)).to(dtype) for size in sizes}

    def function(x):
        shown, total = {}, torch.zeros((), dtype=dtype)
        for size, base in bases.items():
            signal = base * x.to(dtype)
            spectrum = torch.fft.rfft(signal)
            one = torch.fft.rfft(signal[0])
            turn = torch.polar(torch.ones_like(spectrum.real), spectrum.real)
            back = torch.fft.irfft(spectrum * turn, n=size)
            full = torch.fft.fft(torch.complex(signal, signal.flip(-1)))
            results = {
                "spectrum": torch.view_as_real(spectrum),
                "one": torch.view_as_real(one),
                "back": back,
                "full": torch.view_as_real(full),
                "inverse": torch.view_as_real(torch.fft.ifft(full * (1 + 0.5j))),
                "ortho": torch.fft.rfft(signal, norm="ortho").abs(),
                "power": (spectrum * spectrum.conj()).real,
            }
            shown.update({f"{name} {size}": value for name, value in results.items()})
            total = total + back.pow(2).mean() + spectrum.abs().mean() + (1 + full.abs()).log().mean()
        return {**shown, "loss": total}

    compare(function, {"x": Slider(0.0, 2.0, 0.7)}, tolerance=2e-5 if dtype == torch.float32 else 3e-6)


def test_complex_arithmetic():
    def function(x):
        z = torch.complex(x, x.flip(0) + 0.3)
        w = torch.polar(x.abs() + 0.5, x)
        results = {
            "product": z * w,
            "quotient": z / w,
            "sum": z + w,
            "difference": z - 2 * w,
            "inverse": 1 / z,
            "conj": z.conj() * w,
        }
        shown = {k: torch.view_as_real(v) for k, v in results.items()}
        return {
            **shown,
            "abs": z.abs(),
            "angle": z.angle(),
            "loss": sum(v.abs().sum() for v in results.values()) + z.angle().sum(),
        }

    compare(function, {"x": vector()}, tolerance=3e-6)


@pytest.mark.slow
def test_recursion_of_any_order_and_its_adjoint():
    noise = torch.randn(3, 400, generator=torch.Generator().manual_seed(0))

    def function(x):
        a = torch.stack([torch.ones(()), *(0.1 * x[:4])]).double()
        b = torch.stack([*(0.5 * x[4:7]), torch.zeros(()), x[7]]).double()
        y = filters.recursion(noise, b, a)
        second = filters.recursion(noise[0], b[:3], a[:3])
        return {"y": y, "second": second, "loss": y.pow(2).mean() + second.abs().mean()}

    compare(function, {"x": vector()}, tolerance=3e-6)


@pytest.mark.parametrize("order", [1, 3])
def test_tail_of_a_recursion_reaches_zero_without_denormal_numbers(order):
    """Left alone, both would end in numbers of about 1e-323 that never reach zero, at a fiftieth of the speed."""

    def function(x):
        a = torch.tensor([1.0, -0.9] + [0.0] * (order - 1), dtype=torch.float64)
        long = torch.nn.functional.pad(x.double(), (0, 8000))
        tail = filters.recursion(long, torch.ones(1), a)[-200:]
        return {"tail": 1e300 * tail, "loss": 1e300 * tail[-1]}

    got = compile_model(function, {"x": Bars(100, start=1.0)}).run({"x": [1.0] * 100})
    assert (got["outputs"]["tail"] == 0).all()
    assert (got["gradients"]["x"] == 0).all()


@pytest.mark.slow
def test_the_whole_path_of_the_cutoff_demo():
    time = torch.arange(8000) / 16000
    saw = 2 * ((110 * time) % 1) - 1

    def function(cutoff, q):
        target = filters.lowpass(saw, 800.0, 2.0, sample_rate=16000)
        y = filters.lowpass(saw, cutoff, q, sample_rate=16000)
        return {"audio": y, "loss": losses.multi_scale_stft(y, target)}

    controls = {"cutoff": Slider(60.0, 7000.0, 3000.0, scale="log"), "q": Slider(0.3, 12.0, 1.0, scale="log")}
    model = compile_model(function, controls)
    for cutoff, q in ((3000.0, 1.0), (60.0, 12.0), (7000.0, 0.3)):
        agree(model, function, controls, {"cutoff": cutoff, "q": q}, 1e-5)


def test_choices_make_variants_and_slow_controls_a_stage_of_their_own():
    def function(level, target, shape):
        y = level * torch.ones(32) if shape == "flat" else level * torch.linspace(0, 1, 32)
        return {"audio": y, "loss": (y - target).pow(2).mean()}

    controls = {
        "level": Slider(0, 1, 0.4),
        "target": Slider(0, 1, 0.9, gradient=False),
        "shape": Choice(["flat", "ramp"], "flat"),
    }
    model = compile_model(function, controls)
    assert [v["choices"] for v in model.engine["variants"]] == [{"shape": "flat"}, {"shape": "ramp"}]
    assert {i["name"]: i["stage"] for i in model.engine["variants"][0]["inputs"]} == {"level": "fast", "target": "slow"}
    assert [g["name"] for g in model.engine["variants"][0]["gradients"]] == ["level"]
    flat = model.run({"level": 0.5, "target": 1.0, "shape": "flat"})
    ramp = model.run({"level": 0.5, "target": 1.0, "shape": "ramp"})
    assert flat["loss"] == pytest.approx(0.25)
    assert flat["gradients"]["level"] == pytest.approx(-1.0)
    assert ramp["loss"] == pytest.approx(float((0.5 * torch.linspace(0, 1, 32) - 1).pow(2).mean()), rel=1e-6)


def test_a_constant_used_first_by_a_fast_and_then_by_a_slow_stage():
    def function(level, target):
        ramp = torch.arange(64).float() / 64
        moved = torch.fft.rfft(ramp[None] * 2).abs() * level
        aimed = torch.fft.rfft((ramp * 2)[None] + 0 * target).abs() * target
        return {"moved": moved, "aimed": aimed, "loss": (moved - aimed).pow(2).mean()}

    compare(function, {"level": Slider(0, 1, 0.4), "target": Slider(0, 1, 0.9)})
    slow = {"level": Slider(0, 1, 0.4), "target": Slider(0, 1, 0.9, gradient=False)}
    got = compile_model(function, slow).run({"level": 0.4, "target": 0.9})["outputs"]
    np.testing.assert_allclose(got["aimed"] * 0.4, got["moved"] * 0.9, rtol=1e-5)


def test_what_does_not_compile_is_named():
    def function(x):
        return {"loss": torch.linalg.det(x.view(2, 4) @ x.view(4, 2))}

    with pytest.raises(UnsupportedOperation, match=r"det|lu"):
        compile_model(function, {"x": vector()})
    with pytest.raises(UnsupportedOperation, match="1000 points"):
        compile_model(lambda x: {"audio": torch.fft.rfft(torch.ones(1000) * x).abs()}, {"x": Slider(0, 1, 0.5)})
    with pytest.raises(UnsupportedOperation, match="random"):
        compile_model(lambda x: {"audio": torch.rand(8) * x}, {"x": Slider(0, 1, 0.5)})


def test_a_demo_function_must_return_tensors_by_name():
    with pytest.raises(ValueError, match="dictionary of tensors"):
        compile_model(lambda x: x * 2, {"x": Slider(0, 1, 0.5)})
    with pytest.raises(ValueError, match=r"'loss' must be a single number.*\(3,\)"):
        compile_model(lambda x: {"loss": x * torch.ones(3)}, {"x": Slider(0, 1, 0.5)})


def test_recordings_travel_as_sixteen_bits():
    recording = (torch.sin(torch.arange(16000) * 0.1) * 30000).round() / 32768
    model = compile_model(lambda gain: {"audio": gain * recording}, {"gain": Slider(0, 1, 0.5)})
    assert len(model.wasm) < 34_000
    np.testing.assert_allclose(model.run({"gain": 1.0})["outputs"]["audio"], recording.numpy(), atol=1e-7)


def test_the_same_function_gives_the_same_bytes():
    def function(x):
        return {"loss": (math.pi * x).sin()}

    assert (
        compile_model(function, {"x": Slider(0, 1, 0.5)}).wasm == compile_model(function, {"x": Slider(0, 1, 0.5)}).wasm
    )
