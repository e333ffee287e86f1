"""The compiled bank of harmonics against its float64 twin: sound, both gradients, threads, memory and second order."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from ddsp_lite import controls, oscillators
from ddsp_lite.oscillators import compiled
from ddsp_lite.oscillators.harmonic import plain_sum

SR = 16000
F64 = torch.float64


def error(ours: Tensor, theirs: Tensor) -> float:
    return ((ours.double() - theirs).norm() / theirs.norm()).item()


def both(f0: Tensor, amplitudes: Tensor, n_samples: int, rate: float = SR) -> list[tuple[Tensor, Tensor]]:
    """Sound and gradients by the compiled loop in float32, each beside the twin's in float64."""
    results = []
    for fast in (True, False):
        f = f0.double().requires_grad_()
        a = amplitudes.to(torch.float32 if fast else F64, copy=True).requires_grad_()
        k = torch.arange(1, a.shape[-1] + 1, dtype=F64)
        y = compiled.bank(f, a, rate, n_samples) if fast else plain_sum(f, a, k, rate, n_samples)
        weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype)
        results.append((y.detach(), *torch.autograd.grad((y * weights).sum(), (f, a))))
    return list(zip(*results, strict=True))


@pytest.mark.parametrize("partials", [1, 3, 4, 7, 8, 9, 40, 100])
@pytest.mark.parametrize(("frames", "hop"), [(10, 64), (7, 100), (5, 16), (1, 700), (3, 63)])
def test_sound_and_gradients_equal_the_twins(frames: int, hop: int, partials: int) -> None:
    f0 = (0.2 + 0.7 * torch.rand(2, frames, dtype=F64)) * SR / 2 / partials  # all partials below Nyquist
    for ours, theirs in both(f0, torch.rand(2, frames, partials) / partials, frames * hop):
        assert error(ours, theirs) < 3e-6


@pytest.mark.parametrize("rate", [16000.0, 44100.0])
def test_partials_that_cross_nyquist_come_and_go_sample_by_sample(rate: float) -> None:
    f0 = torch.rand(3, 12, dtype=F64) * rate / 2 * torch.tensor([[1.5], [0.1], [0.02]])
    f0[:, 5] = 0
    amplitudes = torch.rand(3, 12, 30)
    for ours, theirs in both(f0, amplitudes, 12 * 64, rate):
        assert error(ours, theirs) < 3e-6
    _, of_f0, of_amplitudes = (ours for ours, _ in both(f0 + rate, amplitudes, 12 * 64, rate))
    assert (of_f0 == 0).all()
    assert (of_amplitudes == 0).all()


@pytest.mark.parametrize("held", ["f0", "amplitudes", "both"])
def test_a_single_frame_beside_many_and_batches(held: str) -> None:
    f0 = 50 + 30 * torch.rand(3, 1 if held != "amplitudes" else 8, dtype=F64)
    amplitudes = torch.rand(2, 1, 1 if held != "f0" else 8, 20)
    pairs = both(f0, amplitudes, 8 * 40)
    for ours, theirs in pairs:
        assert ours.shape == theirs.shape
        assert error(ours, theirs) < 3e-6
    assert pairs[0][0].shape == (2, 3, 320)
    one = compiled.bank(f0[1], amplitudes[1, 0], SR, 320)
    assert torch.equal(pairs[0][0][1, 1], one)


def test_neither_tiny_nor_large_angles_lose_precision() -> None:
    """Chebyshev's recurrence by itself would: its cosine says little of an angle near 0 or half a turn."""
    for f0 in (0.01, 0.5, 3.0, 7.0, 79.9):
        frequency, amplitudes = torch.full((1, 20), f0, dtype=F64), torch.rand(1, 20, 100)
        (y, exact), _, (of_a, exact_a) = both(frequency, amplitudes, 20 * 64)
        assert error(y, exact) < 5e-6
        assert error(of_a, exact_a) < 5e-6


def test_a_minute_does_not_drift() -> None:
    f0 = 200 + 50 * torch.rand(60 * 250)
    amplitudes = torch.rand(60 * 250, 24)
    y = oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=60 * SR)
    f = controls.resample(f0.double(), 60 * SR)
    phi = (2 * math.pi / SR * (torch.cumsum(f, 0) - f))[-SR:]
    ramps = controls.resample(amplitudes[-251:].double(), 251 * 64, axis=-2)[-SR:]
    expected = (ramps * torch.sin(torch.arange(1, 25) * phi.unsqueeze(1))).sum(1)
    assert error(y[-SR:], expected) < 3e-6


@pytest.mark.slow
def test_gradients_of_a_minute_stay_exact() -> None:
    """The gradient of the first frames' f0 comes from all 60 s after it."""
    f0 = (200 + 50 * torch.rand(60 * 250, dtype=F64)).unsqueeze(0)
    for ours, theirs in both(f0, torch.rand(1, 60 * 250, 8), 60 * SR):
        assert error(ours, theirs) < 5e-5


def test_it_is_what_float32_sounds_are_made_by() -> None:
    calls = []
    f0, amplitudes = torch.rand(10, requires_grad=True), torch.rand(10, 5)
    options = {"sample_rate": SR, "n_samples": 640}
    for y in (
        oscillators.harmonic_bank(f0 * 900, amplitudes, **options),
        oscillators.square(f0 * 900, **options),
        oscillators.harmonic_bank((f0 * 900).double(), amplitudes, **options),
        oscillators.harmonic_bank(f0 * 900, amplitudes, phase=torch.ones(5), **options),
        oscillators.harmonic_bank(f0 * 900, amplitudes, inharmonicity=1e-3, **options),
    ):
        names, waiting = [], [y.grad_fn]
        while waiting:
            node = waiting.pop()
            names.append(node.name())
            waiting += [n for n, _ in node.next_functions if n is not None]
        calls.append(any("harmonic_bank" in name for name in names))
    assert calls == [True, True, False, False, False]


@pytest.mark.parametrize("oscillator", [oscillators.sawtooth, oscillators.square, oscillators.triangle])
def test_classic_waveforms_by_the_loop(oscillator) -> None:
    f0 = 300 + 100 * torch.rand(10)
    y, exact = (oscillator(f0.to(t), sample_rate=SR, n_samples=640) for t in (torch.float32, F64))
    assert error(y, exact) < 3e-6


def test_traced_functions_hold_the_twin(gradient_graph) -> None:
    graph = gradient_graph(
        lambda f, a: oscillators.harmonic_bank(f, a, sample_rate=SR, n_samples=640), torch.rand(10), torch.rand(10, 5)
    )
    assert not any("ddsp_lite" in str(node.target) for node in graph.graph.nodes)


def test_nothing_is_kept_but_the_arguments() -> None:
    f0, amplitudes = torch.rand(1000, requires_grad=True), torch.rand(1000, 100, requires_grad=True)
    kept = []

    def keep(x: Tensor) -> Tensor:
        kept.append(x.numel() * x.element_size())
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        oscillators.harmonic_bank(f0 * 80, amplitudes, sample_rate=SR, n_samples=4 * SR)
    assert sum(kept) < 1e6


def test_second_derivatives_are_the_twins() -> None:
    found = []
    weights = torch.randn(96, dtype=F64)
    for dtype in (torch.float32, F64):
        torch.manual_seed(3)
        f0 = (300 + 200 * torch.rand(3, dtype=F64)).to(dtype).requires_grad_()
        amplitudes = torch.rand(3, 4, dtype=F64).to(dtype).requires_grad_()
        y = oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=96)
        first = torch.autograd.grad((y.square() * weights).sum(), (f0, amplitudes), create_graph=True)
        found.append(torch.autograd.grad(sum(g.square().sum() for g in first), (f0, amplitudes)))
    for ours, theirs in zip(*found, strict=True):
        assert error(ours, theirs) < 1e-4


def test_threads_change_nothing() -> None:
    f0, amplitudes = 70 + 30 * torch.rand(4, 33, dtype=F64), torch.rand(4, 33, 20)
    alone = [ours for ours, _ in both(f0, amplitudes, 33 * 32)]
    try:
        torch.set_num_threads(3)
        shared = [ours for ours, _ in both(f0, amplitudes, 33 * 32)]
    finally:
        torch.set_num_threads(1)
    assert all(torch.equal(a, b) for a, b in zip(alone, shared, strict=True))
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda _: compiled.bank(f0, amplitudes, SR, 33 * 32), range(8)))
    assert all(torch.equal(y, alone[0]) for y in at_once)


def test_the_operation_keeps_pytorchs_rules() -> None:
    f0, amplitudes = torch.rand(2, 3, dtype=F64) * 900, torch.rand(2, 3, 5)
    for grad in (False, True):
        arguments = f0.requires_grad_(grad), amplitudes.requires_grad_(grad), float(SR), 20
        torch.library.opcheck(
            torch.ops.ddsp_lite.harmonic_bank.default,
            arguments,
            test_utils=("test_schema", "test_faketensor", "test_autograd_registration"),
        )
    strided = torch.rand(5, 3, 2).permute(2, 1, 0)
    wide = f0.detach().repeat(1, 2)[:, ::2]
    np.testing.assert_array_equal(
        compiled.bank(wide, strided, SR, 60), compiled.bank(wide.contiguous(), strided.contiguous(), SR, 60)
    )
