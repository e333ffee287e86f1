"""The compiled multi-scale loss beside its twin in plain operations, in float64."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.autograd import gradgradcheck

from ddsp_lite import losses
from ddsp_lite.losses import compiled, spectral

SIZES = (256, 64, 33, 2)


def run(x, target, **options):
    """Loss and gradient."""
    x = x.detach().clone().requires_grad_()
    loss = losses.multi_scale_stft(x, target, **{"fft_sizes": SIZES} | options)
    return loss.detach(), torch.autograd.grad(loss, x)[0]


def assert_near(x, target, **options):
    """Compare with float64, where the plain operations work."""
    (loss, gradient), (exact, its_gradient) = run(x, target, **options), run(x.double(), target.double(), **options)
    assert loss.item() == pytest.approx(exact.item(), rel=1e-6)
    assert gradient.dtype == torch.float32
    assert gradient.shape == x.shape
    assert (gradient - its_gradient).norm() <= 2e-3 * its_gradient.norm()


@pytest.mark.parametrize("weights", [(1, 1, 0), (1, 0, 0), (0, 0.5, 0), (0, 0, 2), (0.3, 0.5, 0.7)])
@pytest.mark.parametrize("overlap", [0.75, 0.4, 0.0])
def test_equals_the_twin(weights, overlap):
    a, b = torch.randn(2, 3, 700)
    options = dict(zip(("linear", "log", "convergence"), weights, strict=True))
    assert_near(a, 0.3 * b, overlap=overlap, **options)


@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (127,), (128,), (1000,), (2, 2, 63), (7, 300)])
def test_any_length(shape):
    a, b = torch.randn(2, *shape)
    assert_near(a, b, convergence=1.0)


def test_sizes_of_the_benchmark():
    a, b = torch.randn(2, 2, 16000)
    assert_near(a, b, fft_sizes=(2048, 1024, 512, 256, 128, 64))


@pytest.mark.parametrize("floor", [1e-6, 0.1, 100.0])
def test_loud_and_soft(floor):
    a, b = torch.randn(2, 3, 500) * torch.tensor([1e-4, 1.0, 1e4]).unsqueeze(-1)
    assert_near(a, b, floor=floor)
    assert_near(b, 1e3 * a, floor=floor)


def test_works_in_parts(monkeypatch):
    """Sounds in groups, and one sound in pieces, add up to the same."""
    a, b = torch.randn(2, 5, 3000)
    whole, alone = run(a, b), run(a[0], b[0])
    for threads, size in ((1, 1), (1, 40000), (3, 1 << 20), (8, 1 << 20)):
        monkeypatch.setattr(compiled, "_PART", size)
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            assert len(compiled._parts(a.shape, [(256, 64)])) > 1 or threads == 1
            torch.testing.assert_close(run(a, b), whole, rtol=1e-4, atol=1e-6)
            torch.testing.assert_close(run(a[0], b[0]), alone, rtol=1e-4, atol=1e-6)
            assert torch.equal(run(a, b, convergence=1.0)[1], run(a, b, convergence=1.0)[1])
        finally:
            torch.set_num_threads(before)


def test_two_threads_at_once():
    sounds = torch.randn(8, 2, 4000)
    kept = losses.Against(losses.multi_scale_stft, torch.randn(2, 4000), fft_sizes=SIZES)

    def step(x):
        x = x.clone().requires_grad_()
        loss = kept(x)
        return loss.detach(), torch.autograd.grad(loss, x)[0]

    expected = [step(x) for x in sounds]
    with ThreadPoolExecutor(2) as threads:
        for ours, theirs in zip(threads.map(step, sounds), expected, strict=True):
            assert torch.equal(ours[0], theirs[0])
            assert torch.equal(ours[1], theirs[1])


def test_kept_target_changes_nothing():
    a, b = torch.randn(2, 2, 900)
    x = a.clone().requires_grad_()
    loss = losses.Against(losses.multi_scale_stft, b, fft_sizes=SIZES, convergence=1.0)(x)
    expected = run(a, b, convergence=1.0)
    assert torch.equal(loss, expected[0])
    assert torch.equal(torch.autograd.grad(loss, x)[0], expected[1])


def test_equal_sounds_differ_by_nothing():
    x = torch.randn(3, 5000)
    loss, gradient = run(x, x, convergence=1.0)
    assert loss == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("options", [{}, {"convergence": 1.0}])
def test_silence(options):
    sound, silence = torch.randn(2, 600), torch.zeros(2, 600)
    assert_near(sound, silence, **options)
    loss, gradient = run(silence, sound, **options)
    assert loss > 0
    assert (gradient == 0).all()


def test_gradient_is_scaled_and_added_up():
    a, b = torch.randn(2, 400)
    _, gradient = run(a, b)
    x = a.clone().requires_grad_()
    (3 * losses.multi_scale_stft(2 * x, 2 * b, fft_sizes=SIZES, log=0.0)).backward()
    losses.multi_scale_stft(x, b, fft_sizes=SIZES).backward()
    twice = run(2 * a, 2 * b, log=0.0)[1]
    torch.testing.assert_close(x.grad, gradient + 6 * twice)


def test_second_derivatives_are_the_twin_s():
    a, b = torch.randn(2, 40)
    results = []
    for x, target in ((a, b), (a.double(), b.double())):
        x = x.clone().requires_grad_()
        loss = losses.multi_scale_stft(x, target, fft_sizes=(16,), floor=0.1).square()
        (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
        results.append(torch.autograd.grad(gradient.square().sum(), x)[0].double())
    torch.testing.assert_close(*results, rtol=1e-3, atol=1e-5)
    x = a[:12].double().requires_grad_()
    assert gradgradcheck(lambda x: losses.multi_scale_stft(x, b[:12].double(), fft_sizes=(8,), floor=0.1), x)


def test_what_the_loops_do_not_take():
    a, b = torch.randn(2, 100)
    assert compiled.applies(a, b)
    assert not compiled.applies(a, b.requires_grad_())
    x = a.clone().requires_grad_()
    ours = torch.autograd.grad(losses.multi_scale_stft(x, b, fft_sizes=(16,)), (x, b))
    y, target = a.double().requires_grad_(), b.detach().double().requires_grad_()
    exact = torch.autograd.grad(losses.multi_scale_stft(y, target, fft_sizes=(16,)), (y, target))
    torch.testing.assert_close([g.double() for g in ours], list(exact), rtol=1e-3, atol=1e-6)
    with torch.no_grad():
        assert losses.multi_scale_stft(a, b, fft_sizes=(16,)) == losses.multi_scale_stft(a, b.detach(), fft_sizes=(16,))
    gradient = torch.func.grad(lambda x: losses.multi_scale_stft(x, b.detach(), fft_sizes=(16,)))(a)
    torch.testing.assert_close(gradient, ours[0], rtol=1e-3, atol=1e-6)


def test_default_type_does_not_matter():
    torch.set_default_dtype(torch.float64)
    try:
        loss, gradient = run(torch.randn(90, dtype=torch.float32), torch.randn(90, dtype=torch.float32))
    finally:
        torch.set_default_dtype(torch.float32)
    assert loss.dtype == gradient.dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_gpu_gives_the_same():
    a, b = torch.randn(2, 2, 3000)
    torch.testing.assert_close(
        [x.cpu() for x in run(a.cuda(), b.cuda())], list(run(a, b)), rtol=1e-3, atol=1e-6
    )  # fmt: skip
    assert spectral._plain(a.cuda(), b.cuda(), compiled.Settings(((64, 16),), (1.0, 1.0, 0.0), 1e-3)).is_cuda
