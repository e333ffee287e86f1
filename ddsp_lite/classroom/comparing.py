"""What the checks say of two values: what was expected, what came, where they first differ, and the likely reason."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ddsp_lite.classroom.reasons import likely

WITHIN = 1e-4  # the usual tolerance, relative to the largest expected value


def number(value: object, unit: str = "") -> str:
    """Write a value shortly: a number with its unit, or a tensor's shape.

    >>> number(0.70710678, "s")
    '0.707107 s'
    """
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    if isinstance(value, int | float):
        return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e+") + (f" {unit}" if unit else "")
    text = repr(value)
    return text if len(text) <= 60 else type(value).__name__


def tensor(value: object) -> Tensor | None:
    """Take a number, a sequence of numbers, an array or a tensor as a tensor; None if it is none of these."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, str) or value is None:
        return None
    try:
        return torch.as_tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def shape(expected: tuple[int, ...], value: object, sample_rate: float | None = None) -> str:
    """Say what is wrong with a shape; an empty text if nothing is."""
    got = tensor(value)
    if got is None:
        forgotten = ": is a return missing?" if value is None else ""
        return f"expected a tensor of shape {tuple(expected)}, got {number(value)}{forgotten}"
    expected, came = tuple(expected), tuple(got.shape)
    if expected == came:
        return ""
    meant = ""
    if sample_rate is not None and expected:
        meant = f" (= {expected[-1] / sample_rate:.4g} s at {sample_rate:g} Hz)"
    reason = ""
    if sorted(expected) == sorted(came):
        reason = "the axes are in another order"
    elif tuple(s for s in came if s != 1) == tuple(s for s in expected if s != 1):
        reason = "an axis of length 1 too many or too few"
    elif len(came) == len(expected) and came[:-1] == expected[:-1]:
        missing = expected[-1] - came[-1]
        if abs(missing) == 1:
            reason = f"one {'short' if missing > 0 else 'too many'} along the last axis"
            if missing > 0 and expected[-1] % 2:
                reason += ": does irfft need n=?"
        elif came[-1] == expected[-1] // 2 + 1 or expected[-1] == came[-1] // 2 + 1:
            reason = "half a spectrum (rfft) against a whole one?"
        elif came[-1] and expected[-1] and not came[-1] % expected[-1]:
            reason = "a whole multiple too long along the last axis"
    elif not came:
        reason = "one number: was summed or averaged over all that there is?"
    return f"expected shape {expected}{meant}, got {came}" + (f": {reason}" if reason else "")


def values(
    expected: object, value: object, *, within: float | None = None, unit: str = "",
    sample_rate: float | None = None, count: int | None = None,
    wrong: list[tuple[object, str]] | tuple[tuple[object, str], ...] = (),
) -> str:  # fmt: skip
    """Say where two values differ; an empty text if they do not, beyond ``within`` (see :meth:`Exercise.close`)."""
    e = tensor(expected)
    if fault := shape(tuple(e.shape), value, sample_rate):
        return fault
    g = tensor(value)
    if e.is_complex() != g.is_complex():
        return (
            f"expected {'complex' if e.is_complex() else 'real'} values, got {'real' if e.is_complex() else 'complex'}"
        )
    if e.is_complex():
        e, g = torch.view_as_real(e.resolve_conj()), torch.view_as_real(g.resolve_conj())
    e, g = e.detach().double().cpu(), g.detach().double().cpu()
    if is_same(e, g, within):
        return ""
    for other, words in wrong:
        if is_same(tensor(other).double().expand(g.shape), g, within):
            return f"{_difference(e, g, unit, sample_rate)}: {words}"
    reason = likely(e, g, unit=unit, sample_rate=sample_rate, count=count)
    return _difference(e, g, unit, sample_rate) + (f": {reason}" if reason else "")


def is_same(e: Tensor, g: Tensor, within: float | None) -> bool:
    """Say whether two tensors agree: by default to 1e-4 of the largest expected value."""
    if e.numel() == 0:
        return True
    largest = float(e.abs().max())
    limit = within if within is not None else WITHIN * (largest or 0.01)
    both_infinite = (e == g) & ~e.isfinite()
    return bool((((g - e).abs() <= limit) | both_infinite).all())


def _difference(e: Tensor, g: Tensor, unit: str, sample_rate: float | None) -> str:
    if e.numel() == 1:
        return f"expected {number(e, unit)}, got {number(g, unit)}"
    error = (g - e).abs().nan_to_num(torch.inf, torch.inf)
    limit = WITHIN * (float(e.abs().max()) or 0.01)
    first = (
        error > max(limit, 1e-3 * float(error[error.isfinite()].max()) if error.isfinite().any() else limit)
    ).nonzero()
    worst = torch.unravel_index(error.argmax(), error.shape)
    first = tuple(first[0].tolist()) if len(first) else tuple(int(i) for i in worst)
    worst = tuple(int(i) for i in worst)
    text = f"differs from {_place(first, sample_rate)}" if first != worst else "differs"
    text += f", most at {_place(worst, sample_rate)}" if first != worst else f" most at {_place(worst, sample_rate)}"
    return f"{text}: expected {number(e[worst], unit)}, got {number(g[worst], unit)}"


def _place(index: tuple[int, ...], sample_rate: float | None) -> str:
    if sample_rate is not None:
        row = "" if len(index) == 1 else f"row {', '.join(map(str, index[:-1]))}, "
        return f"{row}sample {index[-1]} ({1000 * index[-1] / sample_rate:.2f} ms)"
    return f"[{', '.join(map(str, index))}]"


def slopes(expected: Tensor, got: Tensor, within: float, source: str) -> str:
    """Say where two gradients differ, naming the element; an empty text if they do not."""
    if fault := shape(tuple(expected.shape), got):
        return f"the gradient: {fault}"
    e, g = expected.detach().double(), got.detach().double()
    limit = within * max(float(e.abs().max()), 1e-8)
    error = (g - e).abs().nan_to_num(torch.inf, torch.inf)
    if bool((error <= limit).all()):
        return ""
    worst = tuple(int(i) for i in torch.unravel_index(error.argmax(), error.shape)) if e.ndim else ()
    name = f"d/dx[{', '.join(map(str, worst))}]" if worst else "d/dx"
    reason = likely(e, g) or ("wrong sign" if float(e[worst]) * float(g[worst]) < 0 else "")
    return f"{name}: {source} {number(e[worst])}, yours is {number(g[worst])}" + (f" ({reason})" if reason else "")


def finite_differences(function: Callable[[Tensor], Tensor], at: Tensor, size: float = 1e-5) -> Tensor:
    """The gradient of a function's sum by central differences in float64, element by element.

    >>> finite_differences(lambda x: x.square(), torch.tensor([1.0, 2.0])).round(decimals=6)
    tensor([2., 4.], dtype=torch.float64)
    """
    at = at.detach().double()
    result = torch.zeros_like(at).flatten()
    for k in range(at.numel()):
        step = torch.zeros_like(at).flatten()
        step[k] = size * max(1.0, float(at.flatten()[k].abs()))
        step = step.reshape(at.shape)
        with torch.no_grad():
            change = function(at + step).double().sum() - function(at - step).double().sum()
        result[k] = change / (2 * step.sum())
    return result.reshape(at.shape)


def sounds(expected: Tensor, value: object, sample_rate: float, within: float) -> str:
    """Say how far two sounds are apart to the ear (mean difference of their spectra in dB), and the likely reason."""
    if fault := shape(tuple(expected.shape), value, sample_rate):
        return fault
    e, g = expected.detach().double(), tensor(value).detach().double()
    if not g.isfinite().all():
        return "the sound has values that are not finite: a division by zero or a logarithm of zero?"
    distance = spectral_distance(e, g)
    if distance <= within:
        return ""
    text = f"the spectra differ by {distance:.1f} dB on average, at most {within:g} dB were expected"
    level = 10 * torch.log10(g.square().mean().clamp_min(1e-20) / e.square().mean().clamp_min(1e-20))
    if not g.any():
        return f"{text}: it is silent"
    if abs(float(level)) > 1 and spectral_distance(e, g * 10 ** (-level / 20)) <= within:
        return f"{text}: only the level differs, it is {abs(float(level)):.1f} dB too {'loud' if level > 0 else 'soft'}"
    if spectral_distance(e, g.flip(-1)) <= within:
        return f"{text}: it runs backwards"
    octaves = _pitch_shift(e, g)
    if abs(octaves) > 0.04:
        amount = {1.0: "an octave", 0.5: "half an octave", 2.0: "two octaves"}.get(round(abs(octaves) * 2) / 2)
        amount = amount if amount and abs(abs(octaves) * 2 - round(abs(octaves) * 2)) < 0.08 else ""
        amount = amount or f"{12 * abs(octaves):.1f} semitones"
        return f"{text}: it is {amount} too {'high' if octaves > 0 else 'low'}"
    reason = likely(e, g, sample_rate=sample_rate)
    return text + (f": {reason}" if reason else "")


def spectral_distance(e: Tensor, g: Tensor) -> float:
    """The mean difference of two sounds' magnitudes in dB, over frames of 1024, 256 and 64 samples; 60 dB deep."""
    total = 0.0
    floor = 1e-3 * max(float(e.abs().max()), 1e-9)
    for size in (1024, 256, 64):
        levels = [20 * torch.log10(_magnitudes(x, size) / size + floor) for x in (e, g)]
        total += float((levels[0] - levels[1]).abs().mean()) / 3
    return total


def _magnitudes(x: Tensor, size: int) -> Tensor:
    x = torch.nn.functional.pad(x, (size, size))
    frames = x.unfold(-1, size, size // 4) * torch.hann_window(size, dtype=x.dtype)
    return torch.fft.rfft(frames).abs() * 4


def _pitch_shift(e: Tensor, g: Tensor) -> float:
    """By how many octaves the strongest spectral pattern of `g` lies above that of `e`; 0 where none fits better."""
    n = 1 << max(12, (e.shape[-1] - 1).bit_length())
    axis = torch.exp2(torch.arange(0, 8, 1 / 48, dtype=torch.float64)) * n / 512
    profiles = []
    for x in (e, g):
        window = torch.hann_window(x.shape[-1], dtype=x.dtype)
        power = torch.fft.rfft(x * window, n).abs().square().reshape(-1, n // 2 + 1).sum(0)
        edges = torch.cat([axis, axis[-1:] * 2 ** (1 / 48)]).clamp_max(n // 2)
        sums = torch.cat([torch.zeros(1, dtype=x.dtype), power.cumsum(0)])
        band = sums[edges[1:].ceil().long()] - sums[edges[:-1].floor().long()]
        band = torch.log10(band / band.max().clamp_min(1e-30) + 1e-6) + 6
        profiles.append(band)
    size = 2 * len(axis)
    along = torch.fft.irfft(torch.fft.rfft(profiles[1], size) * torch.fft.rfft(profiles[0], size).conj(), size)
    best = int(along.argmax())
    lag = best if best < len(axis) else best - size
    return lag / 48 if along[best] > 1.05 * along[0] else 0.0
