"""The compiled noise beside its twins in plain operations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.autograd import gradgradcheck

from ddsp_lite import noise
from ddsp_lite.noise import compiled

F64 = torch.float64


def run(magnitudes, x, function=None):
    """Sound and gradients."""
    leaves = [t.detach().clone().requires_grad_() for t in (magnitudes, x)]
    y = noise.filtered(leaves[0], n_samples=x.shape[-1], noise=leaves[1]) if function is None else function(*leaves)
    return y.detach(), *torch.autograd.grad((y * torch.cos(torch.arange(y.numel())).reshape(y.shape)).sum(), leaves)


@pytest.mark.parametrize(("frames", "hop", "bands"), [(1, 1, 2), (6, 64, 65), (9, 7, 30), (3, 100, 2), (40, 3, 129)])
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_filtered_equals_the_twin(frames, hop, bands, dtype):
    magnitudes, x = torch.rand(2, frames, bands, dtype=dtype), torch.randn(3, 1, frames * hop, dtype=dtype)
    ours, exact = run(magnitudes, x), run(magnitudes.double(), x.double(), noise._filtered)
    for a, b in zip(ours, exact, strict=True):
        assert a.shape == b.shape
        assert a.dtype == dtype
        assert (a - b).norm() <= (1e-6 if dtype == torch.float32 else 1e-14) * b.norm()


def test_work_is_cut_into_parts(monkeypatch):
    magnitudes, x = torch.rand(2, 50, 9), torch.randn(2, 800)
    expected = run(magnitudes, x)
    monkeypatch.setattr(compiled, "_PART", 4)
    before = torch.get_num_threads()
    torch.set_num_threads(5)
    try:
        torch.testing.assert_close(run(magnitudes, x), expected)
        torch.testing.assert_close(run(magnitudes[:1], x[:1])[0], expected[0][:1])
    finally:
        torch.set_num_threads(before)


def test_two_threads_at_once():
    magnitudes = torch.rand(6, 50, 65)
    expected = [noise.filtered(m, n_samples=3200, seed=1) for m in magnitudes]
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda m: noise.filtered(m, n_samples=3200, seed=1), magnitudes))
    assert all(torch.equal(a, b) for a, b in zip(results, expected, strict=True))


def test_second_derivatives_are_the_twin_s():
    magnitudes, x = torch.rand(2, 3, dtype=F64, requires_grad=True), torch.randn(6, dtype=F64, requires_grad=True)
    assert gradgradcheck(lambda m, x: noise.filtered(m, n_samples=6, noise=x).square(), (magnitudes, x))


@pytest.mark.parametrize("start", [0, 2**26 - 3, 2**32 - 50])
def test_white_equals_the_twin(start):
    for rows in (None, 3):
        for dtype in (torch.float32, F64):
            ours = noise.white(50, seed=2**70 + 5, rows=rows, start=start, dtype=dtype)
            assert torch.equal(ours, noise._white(50, rows, start, 2**70 + 5, dtype, torch.device("cpu")))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_gpu_filters_the_same():
    magnitudes = torch.rand(2, 5, 65)
    ours = noise.filtered(magnitudes.cuda(), n_samples=320, seed=0).cpu()
    torch.testing.assert_close(ours, noise.filtered(magnitudes, n_samples=320, seed=0))
