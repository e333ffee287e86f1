"""Strings: tuning and decay as asked, the waveguide against two travelling waves, gradients, edges and the graph."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import physical

F64 = torch.float64
CLICK = torch.ones(1, dtype=F64)
STRINGS = ["karplus_strong", "waveguide_string"]


def partial(y: torch.Tensor, turns: float) -> torch.Tensor:
    """The complex amplitude of a partial, given in turns a sample, in the first and the second half of a sound."""
    halves = (y * torch.exp(-2j * math.pi * turns * torch.arange(len(y), dtype=F64))).reshape(2, -1)
    return (halves * torch.hann_window(halves.shape[1], periodic=False, dtype=F64)).sum(-1)


@pytest.mark.parametrize("f0", [55.0, 110.3, 220.7, 399.9])
def test_is_in_tune(f0: float) -> None:
    y = physical.karplus_strong(CLICK, f0, 20.0, sample_rate=16000, damping=0.3, n_samples=16000)
    first, second = partial(y, f0 / 16000)
    cents = 1200 * torch.log2(1 + torch.angle(second / first) / (2 * math.pi * 0.5) / f0)
    assert cents.abs() < 1e-3


@pytest.mark.parametrize("damping", [0.0, 0.2])
def test_partials_decay_as_the_equation_says(damping: float) -> None:
    y = physical.karplus_strong(CLICK, 200.0, 1.5, sample_rate=8000, damping=damping, n_samples=16000)
    for k in (1, 3, 9):
        first, second = partial(y, k * 200 / 8000).abs()
        each = 10 ** (-3 / (200 * 1.5)) * (1 - damping * math.sin(math.pi * k * 200 / 8000) ** 2)  # a period
        assert (second / first).item() == pytest.approx(each**200, rel=0.02, abs=1e-6)


def two_waves(x: np.ndarray, half: int, p: int, q: int, gain: float) -> np.ndarray:
    """A string of `half` samples between its ends: waves to the right and to the left, excited at p, heard at q."""
    right, left, y = np.zeros(half + 1), np.zeros(half + 1), np.zeros(len(x))
    for n, value in enumerate(x):
        right, left = np.roll(right, 1), np.roll(left, -1)  # place 0 and `half` are the ends
        right[0], left[half] = -left[0], -gain * right[half]
        # The wave that arrives at an end has been turned over there, and counts as the one that leaves.
        right[p] += value / 2
        left[p] += value / 2
        y[n] = right[q] + left[q]
    return y


@pytest.mark.parametrize(("p", "q"), [(3, 7), (7, 3), (5, 6), (1, 19), (10, 4)])
def test_waveguide_is_two_travelling_waves(p: int, q: int) -> None:
    x = np.zeros(300)
    x[:30] = np.random.randn(30)
    expected = two_waves(x, 20, p, q, 0.9)
    decay = -3 / (200 * math.log10(0.9))  # at 8000 / 40 Hz
    y = physical.waveguide_string(
        torch.from_numpy(x), 200.0, decay, sample_rate=8000, position=p / 20, pickup=q / 20, damping=0.0
    )
    np.testing.assert_allclose(y, expected, atol=1e-9)


def test_a_place_silences_its_partials() -> None:
    y = physical.waveguide_string(CLICK, 100.0, 8.0, sample_rate=8000, position=1 / 3, pickup=0.07, n_samples=16000)
    level = [partial(y, k * 100 / 8000).abs().sum().item() for k in (1, 2, 3, 4, 6)]
    assert max(level[2], level[4]) < 0.03 * min(level[0], level[1], level[3])


@pytest.mark.slow
@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("shape", [(), (2, 1), (2, 24)])
def test_gradients(name: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(2, 24, dtype=F64, requires_grad=True)
    values = [150 + 80 * torch.rand(shape, dtype=F64), 0.01 + 0.05 * torch.rand(shape, dtype=F64)]
    values.append(0.2 + 0.5 * torch.rand(shape, dtype=F64))
    if name == "waveguide_string":
        values += [0.3 + 0.1 * torch.rand(shape, dtype=F64), 0.7 + 0.1 * torch.rand(shape, dtype=F64)]
    values = [v.requires_grad_() for v in values]

    def run(x, f0, decay, damping, *places):
        options = dict(zip(("position", "pickup"), places, strict=False))
        return getattr(physical, name)(x, f0, decay, sample_rate=1000, damping=damping, **options)

    assert gradcheck(run, (x, *values))
    if not shape:
        assert gradgradcheck(run, (x, *values))


def test_pitch_is_found_by_its_gradient() -> None:
    """From 3 cents off, descent on the squared error of a damped string comes home."""
    x = torch.randn(80, dtype=F64)
    options = {"sample_rate": 8000, "n_samples": 800}
    target = physical.karplus_strong(x, 110.0, 0.3, **options)
    f0 = torch.tensor(110.0 * 2 ** (3 / 1200), dtype=F64, requires_grad=True)
    optimiser = torch.optim.Adam([f0], lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        (physical.karplus_strong(x, f0, 0.3, **options) - target).square().sum().backward()
        optimiser.step()
    assert f0.item() == pytest.approx(110.0, abs=0.02)


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("f0", [1e-20, 1.0, 250.0])
@pytest.mark.parametrize("decay", [1e-20, 1e20])
@pytest.mark.parametrize("damping", [0.0, 1.0])
def test_finite_at_the_edges(name: str, dtype: torch.dtype, f0: float, decay: float, damping: float) -> None:
    for x in (torch.zeros(30, dtype=dtype), torch.randn(1, dtype=dtype)):
        values = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (f0, decay, damping)]
        options = {"sample_rate": 1000, "n_samples": 100, "damping": values[2]}
        if name == "waveguide_string":
            options |= {"position": 0.0, "pickup": 1.0}
        y = getattr(physical, name)(x.requires_grad_(), *values[:2], **options)
        assert y.dtype == dtype
        for result in (y, *torch.autograd.grad(y.sum(), (x, *values))):
            assert result.isfinite().all()


@pytest.mark.parametrize("name", STRINGS)
def test_batches_equal_loops(name: str) -> None:
    run = getattr(physical, name)
    x, f0, decay = torch.randn(3, 1, 20), torch.tensor([[100.0], [133.0]]), 0.1 + torch.rand(3, 2, 1)
    y = run(x, f0, decay, sample_rate=1000, n_samples=60)
    assert y.shape == (3, 2, 60)
    torch.testing.assert_close(y[2, 1], run(x[2, 0], 133.0, decay[2, 1], sample_rate=1000, n_samples=60))
    glide = run(x[0, 0], torch.linspace(100, 120, 60), 0.5, sample_rate=1000, n_samples=60)
    assert glide.shape == (60,)


@pytest.mark.slow
@pytest.mark.parametrize("name", STRINGS)
def test_graph(name: str, assert_traces) -> None:
    def run(x, f0, decay):
        return getattr(physical, name)(x, f0, decay, sample_rate=1000)

    x, y = torch.randn(2, 60)
    here, there = ([torch.tensor(v) for v in values] for values in ((110.0, 0.2), (141.0, 0.1)))
    assert_traces(run, [x, *here], [y, *there], operations=650)


@pytest.mark.parametrize("name", STRINGS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"excitation": torch.ones(4).long()}, "excitation must be a float32 or float64 tensor"),
        ({"f0": 0.0}, r"f0 must lie in \(0, 250\] Hz, got 0.0"),
        ({"f0": torch.tensor([[100.0], [251.0]])}, r"f0 must lie in \(0, 250\] Hz, got 251.0"),
        ({"decay": 0.0}, "decay must be above 0 s, got 0.0"),
        ({"decay": math.nan}, "decay must be finite, got nan"),
        ({"damping": 1.5}, r"damping must lie in \[0, 1\], got 1.5"),
        ({"n_samples": 7}, "n_samples must be at least 8, got 7"),
        ({"f0": torch.full((3,), 100.0)}, "excitation and f0 and decay and damping must broadcast"),
        (
            {"excitation": torch.ones(1), "f0": torch.full((3,), 100.0)},
            "f0, decay and damping must have 1 or 1 samples",
        ),
        ({"sample_rate": math.inf}, "sample_rate must be finite, got inf"),
    ],
)
def test_bad_input(name: str, options, message: str) -> None:
    given = {"excitation": torch.ones(2, 8), "f0": 100.0, "decay": 1.0, "sample_rate": 1000}
    with pytest.raises(ValueError, match=message):
        getattr(physical, name)(**given | options)


@pytest.mark.parametrize("place", ["position", "pickup"])
def test_bad_place(place: str) -> None:
    with pytest.raises(ValueError, match=rf"{place} must lie in \[0, 1\], got 1.1"):
        physical.waveguide_string(torch.ones(8), 100.0, 1.0, sample_rate=1000, **{place: 1.1})
