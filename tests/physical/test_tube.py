"""The vocal tract: its waves against its matrices and its twin, a tube's resonances, shapes, gradients, the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import physical

F64 = torch.float64
RUNS = [physical.tract, physical.tract_twin]


def naive(x: np.ndarray, diameters: np.ndarray) -> np.ndarray:
    """All junctions twice a sample, with new arrays for what leaves them; heard at the even half-samples."""
    area, sections, y = diameters**2, diameters.shape[1], np.zeros(len(x))
    right, left = np.zeros(sections), np.zeros(sections)
    for step in range(2 * len(x)):
        n = step // 2
        entering = x[n] if step % 2 == 0 else 0.0
        if step % 2 == 0:
            y[n] = 0.15 * right[-1]
        k = (area[n, :-1] - area[n, 1:]) / (area[n, :-1] + area[n, 1:])
        w = k * (right[:-1] + left[1:])
        new_right = np.concatenate([[entering + 0.75 * left[0]], right[:-1] - w])
        new_left = np.concatenate([left[1:] + w, [-0.85 * right[-1]]])
        right, left = 0.999 * new_right, 0.999 * new_left
    return y


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("sections", [2, 4, 10])
def test_equals_all_junctions_run_twice(run, sections: int) -> None:
    x, diameters = torch.randn(60, dtype=F64), 0.3 + torch.rand(60, sections, dtype=F64)
    np.testing.assert_allclose(run(x, diameters), naive(x.numpy(), diameters.numpy()), atol=1e-12)
    still = diameters[:1].expand(60, sections)
    np.testing.assert_allclose(run(x, diameters[:1]), naive(x.numpy(), still.numpy()), atol=1e-12)


@pytest.mark.parametrize("place", [12.0, 20.5, 29.0])
def test_response_is_the_transform_of_a_click(place: float) -> None:
    diameters = physical.tract_diameters(torch.tensor(place, dtype=F64), 2.3)
    y = physical.tract(torch.eye(1, 8192, dtype=F64)[0], diameters.unsqueeze(0))
    frequencies = torch.arange(4097, dtype=F64) * 44100 / 8192
    response = physical.tract_response(diameters, frequencies, sample_rate=44100)
    torch.testing.assert_close(torch.fft.rfft(y), response, rtol=1e-9, atol=1e-9)


def test_a_uniform_tube_resonates_at_odd_quarter_waves() -> None:
    """Closed at the glottis and open at the lips: (2 m - 1) c / (4 length), here (2 m - 1) sample_rate / 88."""
    frequencies = torch.arange(1, 6000, dtype=F64)
    gain = physical.tract_response(torch.ones(44), frequencies, sample_rate=44100).abs()
    peaks = (frequencies[1:-1][(gain[1:-1] > gain[:-2]) & (gain[1:-1] > gain[2:])]).tolist()
    assert peaks == pytest.approx([(2 * m - 1) * 44100 / 88 for m in range(1, 7)], abs=1)


def test_a_mans_vowels() -> None:
    """A high front tongue parts the first two formants, a low back one brings them together."""
    frequencies = torch.arange(100, 3500, dtype=F64)

    def formants(index: float, diameter: float) -> list[float]:
        gain = physical.tract_response(physical.tract_diameters(index, diameter), frequencies, sample_rate=44100).abs()
        return (frequencies[1:-1][(gain[1:-1] > gain[:-2]) & (gain[1:-1] > gain[2:])])[:2].tolist()

    front, back = formants(27.0, 2.1), formants(12.9, 2.43)
    assert front[0] < 420
    assert front[1] > 1900
    assert back[0] > 550
    assert back[1] < 1400


def test_shape_by_hand() -> None:
    shape = physical.tract_diameters(20.0, 2.6).double().numpy()
    assert shape[[0, 6, 7, 9, 39, 43]] == pytest.approx([0.6, 0.6, 1.1, 1.1, 1.5, 1.5])
    assert shape[20] == pytest.approx(1.5 - (1.2 - 0.4))
    assert shape[10] == pytest.approx(1.5 - 0.8 * 0.94 * math.cos(1.1 * math.pi * 10 / 22), abs=1e-6)
    assert shape[38] == pytest.approx(1.5 - 0.8 * 0.8 * math.cos(1.1 * math.pi * -18 / 22), abs=1e-6)
    pressed = physical.tract_diameters(20.0, 2.6, constriction_index=36.0, constriction_diameter=0.2).double().numpy()
    assert pressed[36] == pytest.approx(0.2)
    assert (pressed <= shape + 1e-6).all()
    np.testing.assert_allclose(pressed[:30], shape[:30])
    wide = physical.tract_diameters(20.0, 2.6, constriction_index=36.0, constriction_diameter=9.0)
    np.testing.assert_allclose(wide, shape, rtol=1e-6)


def test_equals_its_twin_on_both_ways() -> None:
    inputs = [torch.randn(2, 40), 0.5 + torch.rand(2, 5, 6), torch.tensor([0.7, 0.2]), torch.tensor(-0.8)]
    inputs, weight = [t.requires_grad_() for t in inputs], torch.randn(2, 40)

    def gradients(run, **options):
        y = run(*inputs[:2], glottal_reflection=inputs[2], lip_reflection=inputs[3])
        return torch.autograd.grad((y * weight).sum(), inputs, **options)

    compiled = gradients(physical.tract)
    for others in (gradients(physical.tract, create_graph=True), gradients(physical.tract_twin)):
        for one, two in zip(compiled, others, strict=True):
            torch.testing.assert_close(one, two)


@pytest.mark.slow
@pytest.mark.parametrize("frames", [1, 2, 12])
def test_gradients(frames: int) -> None:
    x = torch.randn(2, 12, dtype=F64, requires_grad=True)
    diameters = (0.5 + torch.rand(frames, 4, dtype=F64)).requires_grad_()
    ends = [torch.tensor(v, dtype=F64, requires_grad=True) for v in ([0.7, 0.2], -0.8)]

    def run(x, diameters, glottis, lips):
        return physical.tract(x, diameters, glottal_reflection=glottis, lip_reflection=lips, loss=0.9)

    assert gradcheck(run, (x, diameters, *ends))
    assert gradgradcheck(run, (x, diameters, *ends))


def test_response_and_shape_gradients() -> None:
    values = [torch.tensor(v, dtype=F64, requires_grad=True) for v in ([17.3, 22.0], 2.4, 35.2, 0.4, 0.7, -0.8)]
    frequencies = torch.tensor([100.0, 1234.0, 5000.0])

    def run(index, diameter, place, narrow, glottis, lips):
        shape = physical.tract_diameters(index, diameter, constriction_index=place, constriction_diameter=narrow)
        return physical.tract_response(
            shape, frequencies, sample_rate=44100, glottal_reflection=glottis, lip_reflection=lips
        )

    assert run(*values).shape == (2, 3)
    assert gradcheck(run, values)


def test_descent_on_the_log_gain_finds_the_tongue() -> None:
    frequencies = torch.linspace(100, 8000, 200, dtype=F64)

    def level(index, diameter):
        shape = physical.tract_diameters(index, diameter)
        return torch.log(physical.tract_response(shape, frequencies, sample_rate=44100).abs())

    target = level(torch.tensor(20.0, dtype=F64), 2.6)
    values = [torch.tensor(v, dtype=F64, requires_grad=True) for v in (22.0, 2.9)]
    optimiser = torch.optim.Adam(values, lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        (level(*values) - target).square().mean().backward()
        optimiser.step()
    assert [v.item() for v in values] == pytest.approx([20.0, 2.6], abs=0.03)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_operators_keep_the_rules(dtype: torch.dtype) -> None:
    x, k, ends = torch.randn(2, 12, dtype=dtype), torch.rand(2, 1, 3, dtype=F64), torch.rand(2, 2, dtype=F64)
    # What came to the junctions has no gradient of its own, so no generic check of gradients is asked for.
    utilities = ("test_schema", "test_faketensor", "test_autograd_registration")
    torch.library.opcheck(torch.ops.ddsp_lite.tract, (x, k, *ends, 0.9), test_utils=utilities)
    y, *came = torch.ops.ddsp_lite.tract(x, k, *ends, 0.9)
    torch.library.opcheck(torch.ops.ddsp_lite.tract_backward, (y, k, *ends, 0.9, *came))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("narrow", [1e-12, 1.0, 1e12])
def test_finite_at_the_edges(dtype: torch.dtype, narrow: float) -> None:
    for x in (torch.zeros(60, dtype=dtype), torch.ones(1, dtype=dtype), torch.randn(700, dtype=dtype)):
        diameters = torch.tensor([[1.0, 1.0, narrow, 1.0]], dtype=dtype, requires_grad=True)
        ends = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (1.0, -1.0)]
        y = physical.tract(x.requires_grad_(), diameters, glottal_reflection=ends[0], lip_reflection=ends[1], loss=1.0)
        assert y.dtype == dtype
        for result in (y, *torch.autograd.grad(y.sum(), (x, diameters, *ends))):
            assert result.isfinite().all()


def test_tail_reaches_zero_without_denormal_numbers() -> None:
    x = torch.zeros(6000, dtype=F64, requires_grad=True)
    y = physical.tract(torch.cat([torch.ones(1, dtype=F64), x]), torch.ones(1, 4), loss=0.9)
    assert (y[4000:] == 0).all()
    (gradient,) = torch.autograd.grad(y[-1], x)
    assert (gradient[:1500] == 0).all()


def test_batches_equal_loops() -> None:
    x, diameters, lips = torch.randn(3, 1, 40), 0.5 + torch.rand(2, 4, 6), -torch.rand(3, 2)
    y = physical.tract(x, diameters, lip_reflection=lips)
    assert y.shape == (3, 2, 40)
    torch.testing.assert_close(y[2, 1], physical.tract(x[2, 0], diameters[1], lip_reflection=lips[2, 1]))
    frequencies = torch.tensor([100.0, 200.0])
    gain = physical.tract_response(diameters[:, 0], frequencies, sample_rate=8000, lip_reflection=lips)
    assert gain.shape == (3, 2, 2)
    alone = physical.tract_response(diameters[1, 0], frequencies, sample_rate=8000, lip_reflection=lips[2, 1])
    torch.testing.assert_close(gain[2, 1], alone)


@pytest.mark.slow
def test_graph(assert_traces) -> None:
    def run(x, index, diameter):
        return physical.tract(x, physical.tract_diameters(index, diameter).unsqueeze(0))

    x, y = torch.randn(2, 60)
    here, there = ([torch.tensor(v) for v in values] for values in ((20.0, 2.6), (14.0, 3.2)))
    assert_traces(run, [x, *here], [y, *there], operations=150)

    def gain(index, diameter):
        shape = physical.tract_diameters(index, diameter)
        return physical.tract_response(shape, torch.tensor([500.0, 1500.0]), sample_rate=44100).abs()

    assert_traces(gain, here, there, operations=3000)


X, D = torch.ones(2, 8), torch.ones(1, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: physical.tract(X.long(), D), "x must be a float32 or float64 tensor"),
        (
            lambda: physical.tract(X, D[0]),
            r"diameters must be a tensor \(..., frames, sections\), got a tensor of shape",
        ),
        (lambda: physical.tract(X, torch.ones(1, 3)), "diameters must be a tensor .* even number of sections"),
        (lambda: physical.tract(X, 1.0), "diameters must be a tensor .* even number of sections, got 1.0"),
        (lambda: physical.tract(X, 0 * D), "diameters must be above 0, got 0.0"),
        (lambda: physical.tract(X, math.nan * D), "diameters must be finite, got nan"),
        (lambda: physical.tract(X, torch.ones(3, 4)), "n_samples must be a multiple of the 3 frames"),
        (lambda: physical.tract(X, torch.ones(3, 1, 4)), "x and diameters .* must broadcast"),
        (lambda: physical.tract(X, D, loss=1.1), r"loss must lie in \(0, 1\], got 1.1"),
        (lambda: physical.tract(X, D, lip_reflection=-2.0), r"lip_reflection must lie in \[-1, 1\], got -2.0"),
        (
            lambda: physical.tract_response(D[0], torch.ones(1, 2), sample_rate=8000),
            r"frequencies must be .* \(n_freq,\)",
        ),
        (lambda: physical.tract_response(D[0], torch.ones(2), sample_rate=0), "sample_rate must be above 0 Hz"),
        (lambda: physical.tract_diameters(11.0, 2.5), r"tongue_index must lie in \[12, 29\], got 11.0"),
        (lambda: physical.tract_diameters(12.0, 4.0), r"tongue_diameter must lie in \[2.05, 3.5\], got 4.0"),
        (lambda: physical.tract_diameters(12.0, 2.5, constriction_index=9.0), "must be given together"),
        (
            lambda: physical.tract_diameters(12.0, 2.5, constriction_index=9.0, constriction_diameter=0.0),
            "constriction_diameter must be above 0, got 0.0",
        ),
        (lambda: physical.tract_diameters(torch.full((2,), 15.0), torch.full((3,), 2.5)), "must broadcast"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
