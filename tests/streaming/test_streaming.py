"""Blocks joined are the sound made at once, wherever the borders lie."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import effects, filters, noise, oscillators, streaming

RATE = 16000


def random(*shape: int, low: float = -1.0, high: float = 1.0, seed: int = 0, dtype=torch.float32) -> Tensor:
    values = torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (low + (high - low) * values).to(dtype)


def moving(n: int, low: float, high: float, dtype=torch.float32) -> Tensor:
    """A control that swings between two values some times a second."""
    time = torch.arange(n, dtype=torch.float64) / RATE
    return (low + (high - low) * (0.5 + 0.5 * torch.sin(30 * time))).to(dtype)


def subject(name: str, n: int, dtype: torch.dtype) -> tuple[dict[str, tuple[Tensor, int]], Callable, Tensor, int, int]:
    """What a block is cut from (with the axis of time), the streaming function, the whole, its hop, its latency."""
    x = random(2, n, dtype=dtype)
    b, a = filters.lowpass_biquad(moving(n, 300.0, 3000.0), 2.0, sample_rate=RATE)
    taps = random(2, 700, seed=1, dtype=dtype) / 20
    delay = moving(n, 2e-3, 8e-3).double()
    if name == "recursion":
        still = (random(3, low=0.1, seed=2), torch.tensor([2.0, -3.0, 1.6, -0.2]))
        return (
            {"x": (x, -1)},
            lambda x, state: streaming.recursion(x, *still, state=state),
            filters.recursion(x, *still),
            1,
            0,
        )
    if name == "cascade":
        rows = filters.lowpass_biquad(torch.tensor([200.0, 900.0, 5000.0]), 3.0, sample_rate=RATE)
        return (
            {"x": (x, -1)},
            lambda x, state: streaming.cascade(x, *rows, state=state),
            filters.cascade(x, *rows),
            1,
            0,
        )
    if name == "varying_biquad":
        given = {"x": (x, -1), "b": (b, -2), "a": (a, -2)}
        return given, streaming.varying_biquad, filters.varying_biquad(x, b, a), 1, 0
    if name == "varying_one_pole":
        pole = moving(n, 0.5, 0.999)
        given = {"x": (x, -1), "gain": (1 - pole, -1), "pole": (pole, -1)}
        return given, streaming.varying_one_pole, filters.varying_one_pole(x, 1 - pole, pole), 1, 0
    if name.startswith("state_variable"):
        options = {"sample_rate": RATE, "output": name.split()[1]}
        cutoff, q = moving(n, 30.0, 6000.0), moving(n, 20.0, 0.6)
        given = {"x": (x, -1), "cutoff": (cutoff, -1), "q": (q, -1)}
        whole = filters.state_variable(x, cutoff, q, **options)
        return given, lambda state, **now: streaming.state_variable(**now, **options, state=state), whole, 1, 0
    if name == "convolve":
        whole = filters.convolve(x, taps, mode="full")[..., :n]
        return {"x": (x, -1)}, lambda x, state: streaming.convolve(x, taps, state=state), whole, 1, 0
    if name.startswith("fractional_delay"):
        options = {"sample_rate": RATE, "method": name.split()[1]}
        whole = effects.fractional_delay(x, delay, **options)
        given = {"x": (x, -1), "delay": (delay, -1)}
        return (
            given,
            lambda state, **now: streaming.fractional_delay(**now, **options, longest=0.01, state=state),
            (whole),
            1,
            0,
        )
    if name == "feedback_delay":
        options = {"sample_rate": RATE, "damping": 0.3}
        whole = effects.feedback_delay(x, delay, 0.9, **options)
        given = {"x": (x, -1), "delay": (delay, -1)}
        return (
            given,
            lambda state, **now: streaming.feedback_delay(**now, **options, feedback=0.9, longest=0.01, state=state),
            whole,
            1,
            0,
        )
    if name == "sinusoid":
        given = {"frequency": (moving(n, 200.0, 4000.0, dtype), -1), "amplitude": (moving(n, 0.1, 0.9, dtype), -1)}
        whole = oscillators.sinusoid(given["frequency"][0], amplitude=given["amplitude"][0], sample_rate=RATE)
        return given, lambda state, **now: streaming.sinusoid(**now, sample_rate=RATE, state=state), whole, 1, 0
    hop = 64
    frames = n // hop
    if name == "harmonic_bank":
        f0 = random(2, frames, low=200.0, high=400.0, seed=3, dtype=dtype)
        amplitudes = random(2, frames, 30, low=0.0, high=1 / 30, seed=4, dtype=dtype)
        whole = oscillators.harmonic_bank(f0, amplitudes, sample_rate=RATE, n_samples=frames * hop)
        given = {"f0": (f0, -1), "amplitudes": (amplitudes, -2)}
        return (
            given,
            lambda state, **now: streaming.harmonic_bank(**now, sample_rate=RATE, hop=hop, state=state),
            (whole),
            hop,
            hop,
        )
    magnitudes = random(2, frames, 65, low=0.0, seed=5, dtype=dtype)
    whole = noise.filtered(magnitudes, n_samples=frames * hop, seed=7)
    return (
        {"magnitudes": (magnitudes, -2)},
        lambda magnitudes, state: streaming.filtered_noise(magnitudes, hop=hop, seed=7, state=state),
        whole,
        hop,
        64,
    )


NAMES = (
    "recursion", "cascade", "varying_biquad", "varying_one_pole", "state_variable lowpass", "state_variable bandpass",
    "state_variable highpass", "convolve", "fractional_delay linear", "fractional_delay lagrange",
    "fractional_delay sinc", "feedback_delay", "sinusoid", "harmonic_bank", "filtered_noise",
)  # fmt: skip


def test_every_function_is_tested_here() -> None:
    assert {name.split()[0] for name in NAMES} == set(streaming.__all__)


def in_blocks(given: dict[str, tuple[Tensor, int]], function: Callable, borders: list[int]) -> Tensor:
    """Call block after block, cut at the borders (counted in frames, or samples)."""
    state, out = None, []
    total = next(value.shape[axis] for value, axis in given.values())
    edges = [0, *sorted({b % total for b in borders} - {0}), total]
    for start, stop in itertools.pairwise(edges):
        now = {name: value.narrow(axis, start, stop - start) for name, (value, axis) in given.items()}
        y, state = function(**now, state=state)
        out.append(y)
    return torch.cat(out, -1)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(borders=st.lists(st.integers(0, 10**6), max_size=9))
def test_random_borders(name: str, borders: list[int]) -> None:
    given, function, whole, _, latency = subject(name, 3200, torch.float32)
    ours = in_blocks(given, function, borders)[..., latency:]
    torch.testing.assert_close(ours, whole[..., : ours.shape[-1]], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [64, 256, 1600, 16000])
def test_even_blocks_up_to_a_second(name: str, size: int) -> None:
    given, function, whole, hop, latency = subject(name, 16000, torch.float32)
    ours = in_blocks(given, function, list(range(0, 16000 // hop, max(1, size // hop))))[..., latency:]
    torch.testing.assert_close(ours, whole[..., : ours.shape[-1]], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("harmonic_bank", "filtered_noise")])
def test_sample_by_sample(name: str) -> None:
    given, function, whole, _, _ = subject(name, 48, torch.float64)
    ours = in_blocks(given, function, list(range(48)))
    torch.testing.assert_close(ours, whole, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_flow_through_the_state(name: str) -> None:
    """The gradient through two blocks is that of the whole, for every input."""
    given, function, _, _, latency = subject(name, 1280, torch.float64)
    leaves = {key: (value.detach().clone().requires_grad_(), axis) for key, (value, axis) in given.items()}
    total = next(value.shape[axis] for value, axis in given.values())

    def run(borders: list[int]) -> list[Tensor]:
        y = in_blocks(leaves, function, borders)[..., latency:]
        weighted = (y * torch.cos(torch.arange(y.shape[-1]))).square().sum()
        return list(torch.autograd.grad(weighted, [leaf for leaf, _ in leaves.values()]))

    for blocks, once in zip(run([total // 3, total // 2]), run([]), strict=True):
        scale = once.abs().max().item()
        assert scale > 0
        torch.testing.assert_close(blocks.double(), once.double(), rtol=1e-5, atol=1e-6 * scale)


def test_gradcheck_over_a_border() -> None:
    b, a = (c.requires_grad_() for c in filters.lowpass_biquad(torch.tensor(900.0), 2.0, sample_rate=RATE))
    x = random(9, dtype=torch.float64).requires_grad_()

    def two(x: Tensor, b: Tensor, a: Tensor) -> Tensor:
        first, state = streaming.recursion(x[:4], b, a)
        return torch.cat([first, streaming.recursion(x[4:], b, a, state=state)[0]])

    assert gradcheck(two, (x, b, a))


@pytest.mark.parametrize("name", NAMES)
def test_a_state_is_not_changed(name: str) -> None:
    given, function, _, _, _ = subject(name, 640, torch.float32)
    now = {key: value.narrow(axis, 0, 4) for key, (value, axis) in given.items()}
    _, state = function(**now, state=None)
    assert torch.equal(function(**now, state=state)[0], function(**now, state=state)[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [3, (), (torch.zeros(7),), "rest", (torch.zeros(2, 99),) * 3])
def test_a_foreign_state_is_refused(name: str, bad: object) -> None:
    given, function, _, _, _ = subject(name, 640, torch.float32)
    now = {key: value.narrow(axis, 0, 4) for key, (value, axis) in given.items()}
    with pytest.raises(ValueError, match="state must be None or what the block before returned"):
        function(**now, state=bad)


def test_a_delay_that_needs_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="delay"):
        streaming.fractional_delay(torch.zeros(8), 5e-5, sample_rate=RATE, longest=0.01)


def test_a_response_that_changed_in_place_is_heard_changed() -> None:
    """The spectra of a response are kept from block to block, and made anew when its values change."""
    x, taps = random(600), random(300, seed=1)
    before, _ = streaming.convolve(x, taps)
    taps.mul_(2)
    torch.testing.assert_close(streaming.convolve(x, taps)[0], 2 * before)
    torch.testing.assert_close(streaming.convolve(x, 0.5 * taps)[0], before)
    with torch.inference_mode():
        torch.testing.assert_close(streaming.convolve(x, taps)[0], 2 * before)
        copy = taps.clone()
    torch.testing.assert_close(streaming.convolve(x, copy)[0], 2 * before)
