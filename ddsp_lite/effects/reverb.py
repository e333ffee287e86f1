"""Reverberation by convolution, with a room's response or one shaped from noise. Chapter: filters/effects."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from ddsp_lite import checks, noise
from ddsp_lite.filters.fir import power_of_two

_FEW = 1 << 19  # products of a sample and a tap, which take no longer than the calls of a transform


def convolution_reverb(
    x: Tensor,
    response: Tensor,
    *,
    dry: Tensor | float = 1.0,
    wet: Tensor | float = 1.0,
    tail: bool = False,
) -> Tensor:
    r"""Place a sound in a room, given by its impulse response.

    .. math:: y[n] = \text{dry}\, x[n] + \text{wet} \sum_{m} h[m]\, x[n - m]

    By one product of spectra, padded so that nothing wraps around, at the smallest length without a prime factor above
    5, which costs no more than any other. In a traced function the length is a power of two, as the page needs it.
    Short sounds on the CPU are convolved tap by tap, in a compiled loop.

    Args:
        x: sound (..., time), float32 or float64.
        response: h (..., M); leading dimensions broadcast with those of `x`. Used in `x`'s type.
        dry, wet: gains, a number or a tensor that broadcasts with the result: 0-d, (..., 1) or (..., time).
        tail: whether the M - 1 samples that ring on are given too.

    Returns:
        The sound in the room, (..., time) or with its tail (..., time + M - 1), of `x`'s type.

    Raises:
        ValueError: an argument is empty, of the wrong kind, or holds NaN; the shapes do not broadcast.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, on convolution by the DFT.
    Chapter: filters/effects.

    >>> echo = torch.tensor([0.0, 0.0, 0.5])
    >>> convolution_reverb(torch.tensor([1.0, 0.0]), echo, tail=True).round(decimals=4) + 0.0
    tensor([1.0000, 0.0000, 0.5000, 0.0000])
    """
    checks.audio(x, "x")
    checks.audio(response, "response")
    for gain, name in ((dry, "dry"), (wet, "wet")):
        if not (isinstance(gain, float) and math.isfinite(gain)):
            checks.floating(gain, name)
    leading = checks.broadcast(x=x.shape[:-1], response=response.shape[:-1])
    n_samples, length = x.shape[-1], x.shape[-1] + response.shape[-1] - 1
    shape = (*leading, length if tail else n_samples)
    gains = {name: getattr(gain, "shape", ()) for name, gain in (("dry", dry), ("wet", wet))}
    if checks.broadcast(sound=shape, **gains)[-1] != shape[-1]:
        raise ValueError(f"dry and wet must have 1 or {shape[-1]} samples, as the result has.")
    response = response.to(x)
    if checks.is_tracing(x, response):
        room = _convolved(x, response, power_of_two(length), shape[-1])
    elif n_samples * response.shape[-1] <= _FEW and x.device.type == "cpu":
        rows = (t.expand(*leading, t.shape[-1]).reshape(-1, t.shape[-1]) for t in (x, response))
        room = _Short.apply(*rows, shape[-1]).reshape(shape)
    else:
        room = _convolved(x, response, _smooth_size(length), shape[-1])
    direct = torch.nn.functional.pad(x, (0, length - n_samples)) if tail else x
    return _times(dry, direct) + _times(wet, room)


def _times(gain: Tensor | float, x: Tensor) -> Tensor:
    if isinstance(gain, Tensor):
        return gain.to(x) * x
    return x if gain == 1 else float(gain) * x


def _convolved(x: Tensor, response: Tensor, size: int, length: int) -> Tensor:
    """Convolve by a product of spectra, in PyTorch's operations."""
    return torch.fft.irfft(torch.fft.rfft(x, size) * torch.fft.rfft(response, size), size)[..., :length]


class _Short(torch.autograd.Function):
    """The same for few samples, x [B, N] and response [B, M], by a compiled loop."""

    @staticmethod
    def forward(ctx, x, response, length):
        from ddsp_lite.kernels import convolution as kernels  # compiles on its first call only

        ctx.save_for_backward(x, response)
        y = torch.empty((x.shape[0], length), dtype=x.dtype)
        kernels.forward(_array(x), _array(response), y.numpy())
        return y

    @staticmethod
    def backward(ctx, grad):
        x, response = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
            size = _smooth_size(x.shape[-1] + response.shape[-1] - 1)
            wanted = [t for t in (x, response) if t.requires_grad]
            y = _convolved(x, response, size, grad.shape[-1])
            found = iter(torch.autograd.grad(y, wanted, grad, create_graph=True))
            return *(next(found) if t.requires_grad else None for t in (x, response)), None

        from ddsp_lite.kernels import convolution as kernels

        found = []
        for own, other, needed in ((x, response, ctx.needs_input_grad[0]), (response, x, ctx.needs_input_grad[1])):
            found.append(torch.empty(own.shape, dtype=own.dtype) if needed else None)
            if needed:
                kernels.backward(_array(grad), _array(other), found[-1].numpy())
        return *found, None


def _array(x: Tensor):
    return x.detach().contiguous().numpy()


def noise_response(
    gain: Tensor, decay: Tensor, *, sample_rate: float, n_samples: int, seed: int, lowest: float = 50.0
) -> Tensor:
    r"""Shape a room's response from noise: each band of fixed, seeded noise has a gain and a decay.

    .. math:: h[n] = \sqrt{18 \ln 10 / f_s}\; \sum_b g_b\, \nu_b[n]\, 10^{-3 n / (f_s T_b)}

    with the bands :math:`\nu_b` of :func:`ddsp_lite.noise.bands`, evenly spaced in pitch. The factor makes the
    response's energy that of its decay: with all gains 1 and all decays T seconds, a steady noise comes out with about
    T times its power, and with as much the longer the room rings. A dozen numbers make a room, with smooth gradients,
    where a response given tap by tap has tens of thousands.

    Args:
        gain: g, the level at which each band begins (..., bands), at least 2 bands.
        decay: T, the time in which each band falls by 60 dB, in seconds, above 0; (..., bands), leading dimensions
            broadcast with those of `gain`.
        sample_rate: in Hz.
        n_samples: length of the response in samples.
        seed: of the noise.
        lowest: centre of the lowest band in Hz, in (0, Nyquist).

    Returns:
        The response (..., n_samples), for `convolution_reverb`; float64 if a tensor given is, else float32.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the numbers of bands differ.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing, whose reverb is a
        learned response; Moorer (1979), About This Reverberation Business, on decaying noise.
    Chapter: filters/effects.

    >>> gain, decay = torch.ones(6), torch.linspace(2.0, 0.5, 6)
    >>> noise_response(gain, decay, sample_rate=16000, n_samples=24000, seed=0).shape
    torch.Size([24000])
    """
    rate = checks.sample_rate(sample_rate)
    n_samples = checks.integer(n_samples, "n_samples")
    for value, name in ((gain, "gain"), (decay, "decay")):
        if not isinstance(value, Tensor) or value.ndim == 0 or value.shape[-1] < 2:
            raise ValueError(
                f"{name} must be a tensor (..., bands) with at least 2 bands, got {checks.describe(value)}."
            )
        checks.floating(value, name)
    checks.positive(decay, "decay", unit="s")
    if gain.shape[-1] != decay.shape[-1]:
        raise ValueError(
            f"gain and decay must have the same number of bands, got gain {gain.shape[-1]}, decay {decay.shape[-1]}."
        )
    checks.broadcast(gain=gain.shape, decay=decay.shape)
    dtype, device = checks.common(gain, decay)
    time = torch.arange(n_samples, dtype=dtype, device=device).unsqueeze(-1) * (-3 * math.log(10) / rate)
    lasting = decay.to(dtype).clamp(min=1e-3 / rate).unsqueeze(-2)  # shorter is gone by the second sample too
    scale = math.sqrt(18 * math.log(10) / rate)
    gains = scale * gain.to(dtype).unsqueeze(-2) * torch.exp(time / lasting)
    return noise.bands(gains, sample_rate=rate, n_samples=n_samples, seed=seed, lowest=lowest)


def noise_reverb(
    x: Tensor,
    gain: Tensor,
    decay: Tensor,
    *,
    sample_rate: float,
    seconds: float,
    seed: int,
    lowest: float = 50.0,
    dry: Tensor | float = 1.0,
    wet: Tensor | float = 1.0,
    tail: bool = False,
) -> Tensor:
    r"""Place a sound in a room shaped from noise: `noise_response` and `convolution_reverb`.

    .. math:: y = \text{dry}\, x + \text{wet}\, (h * x)

    Args:
        x: sound (..., time), float32 or float64.
        gain: level at which each band of the room begins (..., bands); leading dimensions broadcast with `x`'s.
        decay: time in which each band falls by 60 dB, in seconds, likewise.
        sample_rate: in Hz.
        seconds: length of the room's response in seconds; at least one sample.
        seed: of the noise.
        lowest: centre of the lowest band in Hz, in (0, Nyquist).
        dry, wet: gains, a number or a tensor that broadcasts with the result.
        tail: whether what rings on after the sound is given too.

    Returns:
        The sound in the room, (..., time) or with its tail, of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; the shapes do not broadcast.

    Source: as `noise_response`. Chapter: filters/effects.

    >>> click = torch.eye(1, 16000)[0]
    >>> y = noise_reverb(click, torch.ones(6), torch.full((6,), 0.5), sample_rate=16000, seconds=0.5, seed=0)
    >>> y[:8000].square().sum() > 1000 * y[8000:].square().sum()
    tensor(True)
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    checks.positive(seconds, "seconds", unit="s")
    n_samples = max(1, round(seconds * rate))
    response = noise_response(gain, decay, sample_rate=rate, n_samples=n_samples, seed=seed, lowest=lowest)
    return convolution_reverb(x, response, dry=dry, wet=wet, tail=tail)


@lru_cache(maxsize=64)
def _smooth_size(length: int) -> int:
    """The smallest even product of powers of 2, 3 and 5 that is at least `length`."""
    best, fives = max(power_of_two(length), 2), 1
    while fives < best:
        odd = fives
        while odd < best:
            best = min(best, odd * max(power_of_two(-(-length // odd)), 2))
            odd *= 3
        fives *= 5
    return best
