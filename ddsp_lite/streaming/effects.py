"""Convolution, reverberation and delays that go on where the last block ended."""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

from ddsp_lite import checks, effects
from ddsp_lite.effects.feedback import SHORTEST
from ddsp_lite.fourier import irfft, rfft
from ddsp_lite.streaming import states

State = tuple | None
_PART = 256  # taps in a part of a response
_ROUNDING = 1 + 1e-6  # a float32 delay as long as the longest is not longer
_REACH = {"linear": 0, "lagrange": 1, "sinc": 15}  # samples after the point that an interpolation takes


def convolve(x: Tensor, taps: Tensor, *, state: State = None) -> tuple[Tensor, tuple]:
    r"""Convolve a block with taps: :func:`ddsp_lite.filters.convolve` with mode "full", or a reverb, without latency.

    .. math:: y[n] = \sum_{m=0}^{M-1} h[m]\, x[n-m]

    The taps are cut into parts of 256, and each part is multiplied with the spectrum of the input as long ago as the
    part is. So a long response costs a product of spectra a part once in 256 samples, not a transform of its own length
    in each block.

    Args:
        x: block (..., time), float32 or float64, of any length.
        taps: h (..., M); leading dimensions broadcast with those of `x`. Used in `x`'s type.
        state: None, or what the block before returned: spectra of the past, the present part, what rings on.

    Returns:
        The block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: `x` or `taps` is empty, not real floating point, or holds NaN; the leading dimensions do not
            broadcast; the state is that of other shapes.

    Source: Gardner (1995), Efficient convolution without input-output delay. Chapter: systems/latency.

    >>> h = torch.tensor([1.0, 0.0, 0.5])
    >>> y, state = convolve(torch.tensor([1.0, 2.0]), h)
    >>> (convolve(torch.tensor([0.0, 0.0]), h, state=state)[0] + 0.0).round(decimals=4)
    tensor([0.5000, 1.0000])
    """
    checks.audio(x, "x")
    checks.audio(taps, "taps")
    leading = checks.broadcast(x=x.shape[:-1], taps=taps.shape[:-1])
    x, parts = x.expand(*leading, x.shape[-1]), math.ceil(taps.shape[-1] / _PART)
    inference = torch.is_inference_mode_enabled() or taps.is_inference()  # such tensors have no version
    plain = not (inference or taps.requires_grad or checks.is_tracing(x, taps))
    spectra = _kept_spectra(taps, taps._version, x.dtype, x.device) if plain else _spectra(taps, 0, x.dtype, x.device)
    shapes = [(*leading, parts - 1, _PART + 1, 2), (*leading, 2 * _PART), (*leading, _PART), int]
    if state is None:
        state = *(x.new_zeros(shape) for shape in shapes[:3]), 0
    past, window, rings, filled = states.given(state, shapes)
    past, out = torch.view_as_complex(past), []
    while x.shape[-1]:
        count = min(_PART - filled, x.shape[-1])
        block, x = x[..., :count], x[..., count:]
        window = torch.cat([window[..., : _PART + filled], block, window[..., _PART + filled + count :]], -1)
        now = rfft(window, 2 * _PART)
        direct = irfft(now * spectra[..., 0, :], 2 * _PART)[..., _PART:]
        out.append((direct + rings)[..., filled : filled + count])
        filled += count
        if filled < _PART:
            continue
        filled = 0
        window = pad(window[..., _PART:], (0, _PART))
        if parts > 1:
            past = torch.cat([now.unsqueeze(-2), past[..., :-1, :]], -2)
            rings = irfft((past * spectra[..., 1:, :]).sum(-2), 2 * _PART)[..., _PART:]
    return torch.cat(out, -1), (torch.view_as_real(past), window, rings, filled)


def _spectra(taps: Tensor, version: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The spectra of a response's parts; the version tells a tensor's values before a change from those after it."""
    parts = math.ceil(taps.shape[-1] / _PART)
    padded = pad(taps.to(device, dtype), (0, parts * _PART - taps.shape[-1]))
    return rfft(padded.unflatten(-1, (parts, _PART)), 2 * _PART)


_kept_spectra = lru_cache(maxsize=4)(_spectra)  # a stream has the same response at each block


def fractional_delay(
    x: Tensor,
    delay: Tensor | float,
    *,
    sample_rate: float,
    longest: float,
    method: str = "lagrange",
    state: State = None,
) -> tuple[Tensor, tuple]:
    r"""Delay a block by any time: :func:`ddsp_lite.effects.fractional_delay` in blocks, without latency of its own.

    .. math:: y[n] = x(n - D[n]), \qquad D = f_s \cdot \text{delay}

    A stream does not know later samples, so that the delay must be at least the reach of the interpolation.

    Args:
        x: block (..., time), float32 or float64, of any length.
        delay: in seconds, from the method's reach (0 samples for "linear", 1 for "lagrange", 15 for "sinc") to
            `longest`: a number, 0-d, (..., 1) or (..., time).
        sample_rate: in Hz.
        longest: the longest delay of all blocks, in seconds; the state holds so much of the past.
        method: "linear", "lagrange" or "sinc".
        state: None, or what the block before returned.

    Returns:
        The delayed block (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.effects.fractional_delay`; a delay is shorter than the reach or longer than
            `longest`; the state is that of other shapes.

    Source: Laakso, Valimaki, Karjalainen and Laine (1996), Splitting the Unit Delay. Chapter: systems/latency.

    >>> options = {"sample_rate": 1, "longest": 4.0, "method": "linear"}
    >>> y, state = fractional_delay(torch.tensor([1.0, 2.0]), 1.5, **options)
    >>> fractional_delay(torch.tensor([3.0, 4.0]), 1.5, state=state, **options)[0]
    tensor([1.5000, 2.5000])
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    checks.positive(longest, "longest", unit="s")
    reach = _REACH[checks.one_of(method, "method", tuple(_REACH))]
    delay = checks.floating(delay, "delay", dtype=torch.float64, device=x.device)
    checks.in_range(delay, "delay", (reach - 1e-6) / rate if reach else 0.0, longest * _ROUNDING, unit="s")
    delay = delay.reshape(1) if delay.ndim == 0 else delay
    leading = checks.broadcast(x=x.shape[:-1], delay=delay.shape[:-1])
    held = math.ceil(longest * rate) + 17
    past = (*leading, held)
    (before,) = (x.new_zeros(past),) if state is None else states.given(state, [past])
    sound = torch.cat([before, x.expand(*leading, x.shape[-1])], -1)
    if delay.shape[-1] > 1 and delay.shape[-1] == x.shape[-1]:
        delay = torch.cat([delay[..., :1].expand(*delay.shape[:-1], held), delay], -1)
    y = effects.fractional_delay(sound, delay, sample_rate=rate, method=method)
    return y[..., held:], (sound[..., -held:],)


def feedback_delay(
    x: Tensor,
    delay: Tensor | float,
    feedback: Tensor | float,
    *,
    sample_rate: float,
    longest: float,
    damping: Tensor | float = 0.0,
    state: State = None,
) -> tuple[Tensor, tuple]:
    r"""Feed a block back into itself: :func:`ddsp_lite.effects.feedback_delay` in blocks, without latency of its own.

    .. math:: y[n] = x[n] + g\, \big(h_d * y\big)(n - D), \qquad D = f_s \cdot \text{delay}

    Args:
        x: block (..., time), float32 or float64, of any length.
        delay: in seconds, from 3 samples to `longest`: a number, 0-d, (..., 1) or (..., time).
        feedback: g in [-1, 1], likewise.
        sample_rate: in Hz.
        longest: the longest delay of all blocks, in seconds; the state holds so much of the past, in float64.
        damping: d in [0, 1], likewise.
        state: None, or what the block before returned.

    Returns:
        The block with its echoes (..., time), of `x`'s type, and the state.

    Raises:
        ValueError: as :func:`ddsp_lite.effects.feedback_delay`; a delay is longer than `longest`; the state is that of
            other shapes.

    Source: Smith, Physical Audio Signal Processing, on feedback comb filters and damping. Chapter: systems/latency.

    >>> options = {"sample_rate": 1, "longest": 8.0}
    >>> y, state = feedback_delay(torch.tensor([1.0, 0.0, 0.0]), 4.0, 0.5, **options)
    >>> feedback_delay(torch.zeros(3), 4.0, 0.5, state=state, **options)[0]
    tensor([0.0000, 0.5000, 0.0000])
    """
    checks.audio(x, "x")
    rate = checks.sample_rate(sample_rate)
    checks.positive(longest, "longest", unit="s")
    values = {}
    for name, value in (("delay", delay), ("feedback", feedback), ("damping", damping)):
        value = checks.floating(value, name, dtype=torch.float64, device=x.device).to(x.device).double()
        values[name] = value if value.ndim else value.reshape(1)
    checks.in_range(values["delay"], "delay", (SHORTEST - 1e-6) / rate, longest * _ROUNDING, unit="s")
    checks.in_range(values["feedback"], "feedback", -1, 1)
    checks.in_range(values["damping"], "damping", 0, 1)
    shape = checks.broadcast(x=x.shape, **{name: value.shape for name, value in values.items()})
    n_samples = x.shape[-1]
    if shape[-1] != n_samples:
        raise ValueError(f"delay, feedback and damping must have 1 or {n_samples} samples, as x has.")
    taps, lag = effects.loop_taps(values["delay"] * rate, values["feedback"], values["damping"])
    held = math.ceil(longest * rate) + 4
    past = (*shape[:-1], held)
    zeros = x.new_zeros(past, dtype=torch.float64)
    (before,) = (zeros,) if state is None else states.given(state, [past])
    # What the past sends into this block; a place in the block itself reads the zero behind the past.
    n = torch.arange(n_samples, device=x.device).unsqueeze(-1)
    places = (held + n - lag.unsqueeze(-1) - torch.arange(taps.shape[-1], device=x.device)).clamp(0, held)
    places = places.expand(*shape, taps.shape[-1]).flatten(-2)
    ago = torch.gather(pad(before, (0, 1)), -1, places).unflatten(-1, (n_samples, taps.shape[-1]))
    fed = x.double() + (taps * ago).sum(-1)
    y = effects.lagged_recursion(fed, taps, lag)
    return y.to(x.dtype), (torch.cat([before, y], -1)[..., -held:],)
