"""Losses on short-time spectra. Chapter: losses/spectral-losses."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ddsp_lite import checks, spectra
from ddsp_lite.losses import compiled
from ddsp_lite.losses.targets import _Kept, _made, _sounds


def multi_scale_stft(
    prediction: Tensor,
    target: Tensor,
    *,
    fft_sizes: Sequence[int] = (2048, 512, 128),
    overlap: float = 0.75,
    linear: float = 1.0,
    log: float = 1.0,
    convergence: float = 0.0,
    floor: float = 1e-3,
) -> Tensor:
    r"""Compare the magnitudes of short-time spectra, linear and logarithmic, at several resolutions.

    .. math:: L = \frac{1}{S} \sum_{F} \frac{1}{I_F B_F} \sum_{i,m} \left(
        \alpha \left| \hat{M}_F - M_F \right| + \beta \left| \ln \hat{M}_F - \ln M_F \right| \right), \qquad
        M_F = \sqrt{|X_F[i, m]|^2 + \epsilon^2}

    with S sizes F, I frames, B = F / 2 + 1 bins, and spectra X from `spectra.stft`: periodic Hann window, centred
    frames with zeros beyond both ends, no normalisation by F or the window. Each size therefore counts alike: by the
    mean over bins and frames, an excess sinusoid of amplitude A costs about alpha A at *every* size, and a change of
    level by 8.7 dB (one neper) costs beta. White noise of standard deviation s costs about 0.54 alpha s sqrt(F), so
    noise weighs more at the larger sizes.

    With `convergence` above zero the mean over sizes also holds gamma times the spectral convergence: the norm of the
    difference of the magnitudes over the norm of the target's, taken over frames and bins, and averaged over the
    leading dimensions. It is relative to the target's energy, and the strongest partials count most.

    Each spectrum is computed once. With `linear`, `log` or `convergence` zero, that part is left out. The gradient is
    finite everywhere, silence included, where it is zero. In float32 on the CPU, compiled loops find it in the same
    pass as the loss; second derivatives, and everything else, go through PyTorch's operations.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape; the mean is taken over the leading dimensions too.
        fft_sizes: frame sizes F in samples, each at least 2, powers of two by preference.
        overlap: share of a frame that the next one repeats, in [0, 1); the hop is round(F (1 - overlap)), at least 1.
        linear: weight alpha of the linear part, at least 0.
        log: weight beta of the logarithmic part, at least 0.
        convergence: weight gamma of the spectral convergence, at least 0; not all three zero.
        floor: epsilon, above 0, in the unit of X: 90 dB under a full-scale sinusoid at F = 128, 114 dB at 2048.
            The smaller it is, the more a float32 gradient follows the rounding errors of near-silent bins:
            for a filtered sawtooth 1e-7 makes its error about a thousand times that at 1e-3.

    Returns:
        The loss, 0-d.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; an option is out of
            range.

    Source: Engel, Hantrakul, Gu and Roberts, DDSP: Differentiable Digital Signal Processing, ICLR 2020, after
    Wang, Takaki and Yamagishi, 2019; convergence after Arik, Jun and Diamos, 2019.
    Chapter: gradients/a-knob-with-a-gradient.

    >>> n = torch.arange(4096)
    >>> target = torch.sin(0.3 * n)
    >>> multi_scale_stft(target, target)
    tensor(0.)
    >>> multi_scale_stft(0.5 * target, target, log=0.0) < multi_scale_stft(0.1 * target, target, log=0.0)
    tensor(True)
    """
    _sounds(prediction, target)
    sizes = list(fft_sizes)
    if not sizes:
        raise ValueError("fft_sizes must hold at least one size, got none.")
    for size in sizes:
        checks.integer(size, "fft_sizes", 2)
    checks.in_range(overlap, "overlap", 0, 1, bounds="[)")
    weights = _weights(linear=linear, log=log, convergence=convergence)
    checks.positive(floor, "floor")
    settings = compiled.Settings(tuple((size, max(1, round(size * (1 - overlap)))) for size in sizes), weights, floor)
    if compiled.applies(prediction, target):
        return compiled.multi_scale(prediction, target, settings, lambda sound: _plain(sound, target, settings))
    return _plain(prediction, target, settings)


def _plain(prediction: Tensor, target: Tensor | _Kept, settings: compiled.Settings) -> Tensor:
    """The loss in PyTorch's operations alone: the reference, and what runs on a GPU and in the browser."""
    total = torch.zeros((), dtype=prediction.dtype, device=prediction.device)
    for size, hop in settings.sizes:

        def magnitudes(sound: Tensor, size: int = size, hop: int = hop) -> Tensor:
            return spectra.magnitude(spectra.stft(sound, fft_size=size, hop_length=hop), floor=settings.floor)

        total = total + _distance(prediction, target, magnitudes, size, settings.weights)
    return total / len(settings.sizes)


def _weights(**weights: float) -> tuple[float, ...]:
    """Check the weights of a loss's parts, of which one at least must count."""
    for name, weight in weights.items():
        checks.non_negative(weight, name)
    if not any(weights.values()):
        raise ValueError(f"{' and '.join(weights)} must not all be 0, since nothing would be compared.")
    return tuple(weights.values())


def _distance(
    prediction: Tensor,
    target: Tensor | _Kept,
    magnitudes: Callable[[Tensor], Tensor],
    key: object,
    weights: tuple[float, ...],
) -> Tensor:
    """Compare what ``magnitudes`` makes of both sounds, (..., frames, bands) above zero: linear, log, convergence."""
    linear, log, convergence = weights

    def parts(sound: Tensor) -> tuple[Tensor, Tensor | None]:
        size = magnitudes(sound)
        return size, size.log() if log else None

    (ours, our_logs), (theirs, their_logs) = parts(prediction), _made(target, key, parts)
    total = torch.zeros((), dtype=prediction.dtype, device=prediction.device)
    if linear:
        total = total + linear * (ours - theirs).abs().mean()
    if log:
        total = total + log * (our_logs - their_logs).abs().mean()
    if convergence:
        error, scale = (torch.linalg.vector_norm(m, dim=(-2, -1)) for m in (ours - theirs, theirs))
        total = total + convergence * (error / scale).mean()
    return total
