"""What holds for every loss: one interface, the least at the target, finite gradients, a target that is kept."""

import functools
import inspect
import math

import pytest
import torch
from torch.autograd import gradcheck
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import losses

RATE = 16000
LOSSES = {
    "waveform": losses.waveform,
    "waveform, p=2": functools.partial(losses.waveform, p=2),
    "multi_scale_stft": functools.partial(losses.multi_scale_stft, fft_sizes=(64, 16), convergence=0.5),
    "mel": functools.partial(losses.mel, sample_rate=RATE, fft_size=64, n_mels=8, linear=1.0, convergence=0.5),
    "loudness": functools.partial(losses.loudness, sample_rate=RATE, fft_size=32, hop_length=16),
    "wasserstein, order=1": functools.partial(losses.wasserstein, fft_size=64),
    "wasserstein, order=2": functools.partial(losses.wasserstein, fft_size=64, order=2),
    "si_sdr": losses.si_sdr,
    "envelope": functools.partial(losses.envelope, frame_length=32, hop_length=16),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def gradient(loss, x):
    return torch.autograd.grad(loss(x), x)[0]


def against(loss, target):
    if isinstance(loss, functools.partial):
        return losses.Against(loss.func, target, **loss.keywords)
    return losses.Against(loss, target)


def test_one_interface():
    """Two sounds by position, the rest by keyword; with the sample rate bound, one loop calls them all."""
    a, b = torch.randn(2, 600)
    functions = [getattr(losses, name) for name in losses.__all__ if name != "Against"]
    assert {getattr(loss, "func", loss) for loss in LOSSES.values()} == set(functions)
    for loss in functions:
        first, second, *others = inspect.signature(loss).parameters.values()
        assert (first.name, second.name) == ("prediction", "target")
        assert all(other.kind is inspect.Parameter.KEYWORD_ONLY for other in others)
        needed = {other.name for other in others if other.default is inspect.Parameter.empty}
        assert needed <= {"sample_rate"}
        options = dict.fromkeys(needed, RATE)
        bound = functools.partial(loss, **options)
        assert bound(a, b).ndim == 0
        assert torch.equal(losses.Against(loss, b, **options)(a), bound(a, b))


@every_loss
def test_is_least_at_the_target(loss):
    a, b = torch.randn(2, 2, 300)
    assert loss(a, b).ndim == 0
    assert loss(a, b).dtype == torch.float32
    assert loss(a, b) > loss(b, b)
    assert loss(b, b).item() == pytest.approx(-100 if loss is losses.si_sdr else 0, abs=1)
    x = b.clone().requires_grad_()
    assert torch.autograd.grad(loss(x, b), x)[0].isfinite().all()


@every_loss
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3, 101)])
def test_batch_is_the_mean(loss, shape):
    a, b = torch.randn(2, *shape, dtype=torch.float64)
    pairs = zip(a.reshape(-1, shape[-1]), b.reshape(-1, shape[-1]), strict=True)
    alone = torch.stack([loss(x, y) for x, y in pairs])
    torch.testing.assert_close(loss(a, b), alone.mean())
    strided = torch.stack([a, b], dim=-1)
    torch.testing.assert_close(loss(strided[..., 0], strided[..., 1]), loss(a, b))


@every_loss
def test_gradient(loss):
    a, b = (x.requires_grad_() for x in torch.randn(2, 2, 70, dtype=torch.float64))
    assert gradcheck(loss, (a, b), fast_mode=True)
    assert gradcheck(loss, (a[0, :20].detach().requires_grad_(), b[0, :20].detach()))


@every_loss
@pytest.mark.parametrize("gain", [0.0, 1e-30, 1e-4, 1.0])
@pytest.mark.parametrize("target_gain", [0.0, 1.0])
def test_finite_at_silence(loss, gain, target_gain):
    x = (gain * torch.randn(400)).requires_grad_()
    result = loss(x, target_gain * torch.randn(400))
    assert result.isfinite()
    assert torch.autograd.grad(result, x)[0].isfinite().all()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_sample(loss, dtype):
    for first, second in ((0.5, -0.25), (0.0, 0.5), (0.5, 0.0), (0.0, 0.0)):
        x = torch.tensor([first], dtype=dtype, requires_grad=True)
        result = loss(x, torch.tensor([second], dtype=dtype))
        assert result.isfinite()
        assert torch.autograd.grad(result, x)[0].isfinite().all()


@every_loss
def test_exact_silence_has_no_slope(loss):
    """Except for the loss of samples: a power is lowest at silence."""
    x = torch.zeros(300, requires_grad=True)
    slope = torch.autograd.grad(loss(x, torch.randn(300)), x)[0]
    assert (slope != 0).all() if getattr(loss, "func", loss) is losses.waveform else (slope == 0).all()


@every_loss
def test_kept_target_changes_nothing(loss):
    b = torch.randn(2, 300)
    kept = against(loss, b)
    for _ in range(2):
        a = torch.randn(2, 300, requires_grad=True)
        ours, theirs = kept(a), loss(a, b)
        assert torch.equal(ours, theirs)
        assert torch.equal(torch.autograd.grad(ours, a)[0], torch.autograd.grad(theirs, a)[0])
    assert torch.equal(kept.target, b)


@every_loss
def test_traces(loss):
    target = torch.randn(300)
    for call in (lambda x: loss(x, target), against(loss, target)):
        step = functools.partial(gradient, call)
        graph = make_fx(step)(torch.randn(300, requires_grad=True))
        other = torch.randn(300, requires_grad=True)
        torch.testing.assert_close(graph(other), step(other))


@every_loss
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(4), torch.ones(5)), r"same shape, got prediction \(4,\), target \(5,\)"),
        ((torch.ones(4), torch.ones(4).long()), "target must be a float32 or float64 tensor, got torch.int64"),
        ((torch.ones(4), [1.0]), "target must be a float32 or float64 tensor"),
        ((torch.full((4,), torch.nan), torch.ones(4)), "prediction must be finite"),
        ((torch.ones(4), torch.full((4,), torch.inf)), "target must be finite"),
        ((torch.ones(4).int(), torch.ones(4)), "prediction must be a float32 or float64 tensor, got torch.int32"),
        ((torch.ones(0), torch.ones(0)), "prediction must be a tensor .* with at least one sample"),
        ((torch.tensor(1.0), torch.tensor(1.0)), "prediction must be a tensor .* with at least one sample"),
        ((torch.ones(0, 4), torch.ones(0, 4)), r"prediction must hold at least one sound, got shape \(0, 4\)"),
    ],
)
def test_bad_sounds(loss, arguments, message):
    with pytest.raises(ValueError, match=message):
        loss(*arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (functools.partial(losses.waveform, p=3), "p must lie in"),
        (functools.partial(losses.mel, sample_rate=0), "sample_rate must be above 0"),
        (functools.partial(losses.mel, sample_rate=RATE, log=0.0), "linear and log and convergence must not all be 0"),
        (functools.partial(losses.mel, sample_rate=RATE, overlap=1.0), r"overlap must lie in \[0, 1\)"),
        (functools.partial(losses.mel, sample_rate=RATE, n_mels=0), "n_mels must be at least 1"),
        (functools.partial(losses.mel, sample_rate=RATE, floor=0.0), "floor must be above 0"),
        (functools.partial(losses.loudness, sample_rate=RATE, floor_db=math.nan), "floor_db must be finite"),
        (functools.partial(losses.loudness, sample_rate=RATE, fft_size=1), "fft_size must be at least 2"),
        (
            functools.partial(losses.loudness, sample_rate=1),
            r"sample_rate must lie in \[40, 1.024e\+07\] Hz, got 1.0",
        ),
        (functools.partial(losses.loudness, sample_rate=2e7), r"sample_rate must lie in \[40, 1.024e\+07\] Hz"),
        (functools.partial(losses.loudness, sample_rate=59, fft_size=3), r"sample_rate must lie in \[60, 60000\] Hz"),
        (functools.partial(losses.wasserstein, order=3), r"order must lie in \[1, 2\], got 3"),
        (functools.partial(losses.wasserstein, floor=0.0), "floor must be above 0"),
        (functools.partial(losses.wasserstein, fft_size=1), "fft_size must be at least 2"),
        (functools.partial(losses.wasserstein, overlap=-0.1), r"overlap must lie in \[0, 1\)"),
        (functools.partial(losses.si_sdr, floor=-1.0), "floor must be above 0"),
        (functools.partial(losses.envelope, frame_length=1), "frame_length must be at least 2"),
        (functools.partial(losses.envelope, hop_length=0), "hop_length must be at least 1"),
        (functools.partial(losses.envelope, floor=0.0), "floor must be above 0"),
    ],
)
def test_bad_options(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.ones(4), torch.ones(4))


def test_kept_target_is_not_computed_again(monkeypatch):
    from ddsp_lite import spectra

    calls, stft = [], spectra.stft
    monkeypatch.setattr(spectra, "stft", lambda *args, **options: calls.append(1) or stft(*args, **options))
    kept = losses.Against(losses.multi_scale_stft, torch.randn(400).double(), fft_sizes=(64, 32, 16))
    assert repr(kept) == "Against(multi_scale_stft, target of shape (400,), fft_sizes=(64, 32, 16))"
    calls.clear()
    kept(torch.randn(400).double())
    assert len(calls) == 3


def test_kept_target_is_safe():
    """It is a copy without a gradient, and refuses at once what the loss would refuse."""
    target = torch.randn(100, requires_grad=True)
    kept = losses.Against(losses.waveform, target)
    before = kept(torch.zeros(100)).item()
    with torch.no_grad():
        target += 1
    assert kept(torch.zeros(100)).item() == before
    assert not kept(torch.zeros(100)).requires_grad
    with pytest.raises(ValueError, match="same shape"):
        kept(torch.zeros(99))
    for call in (lambda: losses.Against(losses.waveform, [1.0]), lambda: losses.Against(losses.waveform, target, p=3)):
        with pytest.raises(ValueError, match=r"target must be|p must lie"):
            call()
