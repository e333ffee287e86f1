"""Losses that weigh a spectrum as the ear does. Chapter: losses/spectral-losses."""

from torch import Tensor

from ddsp_lite import checks, spectra
from ddsp_lite.losses.spectral import _distance, _weights
from ddsp_lite.losses.targets import _made, _sounds

_HEARD = (20.0, 20000.0)  # Hz: where a bin must lie for the A-weighted level to say anything


def mel(
    prediction: Tensor,
    target: Tensor,
    *,
    sample_rate: float,
    fft_size: int = 1024,
    overlap: float = 0.75,
    n_mels: int = 80,
    linear: float = 0.0,
    log: float = 1.0,
    convergence: float = 0.0,
    floor: float = 1e-3,
) -> Tensor:
    r"""Compare short-time spectra in bands of the mel scale, whose widths are about those that the ear sums over.

    .. math:: L = \frac{1}{J I} \sum_{j,i} \left( \alpha \left| \hat{M} - M \right| + \beta \left| \ln \hat{M} -
        \ln M \right| \right) + \gamma \frac{\lVert \hat{M} - M \rVert}{\lVert M \rVert}, \qquad
        M[j, i] = \sqrt{S[j, i] + \epsilon^2}

    with the power S of `spectra.mel` in J frames and I bands. A band is a mean over its bins, so that two noises of the
    same colour cost about half as much as they do bin by bin.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape.
        sample_rate: in Hz. Up to 2 kHz the scale is linear throughout, and the rate makes no difference.
        fft_size: samples in a frame F, at least 2.
        overlap: share of a frame that the next one repeats, in [0, 1); the hop is round(F (1 - overlap)), at least 1.
        n_mels: number of bands, at least 1. With too many for the frame, low bands hold no bin and never differ.
        linear: weight alpha of the linear part, at least 0.
        log: weight beta of the logarithmic part, at least 0: a change of level by 8.7 dB (one neper) costs beta.
        convergence: weight gamma of the spectral convergence, at least 0; not all three zero.
        floor: epsilon, above 0, the magnitude of silence.

    Returns:
        The loss, 0-d. Its gradient is finite everywhere, and zero where the prediction is exact silence.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; an option is out of
            range.

    Source: Kong, Kim and Bae, HiFi-GAN, NeurIPS 2020. Chapter: losses/spectral-losses.

    >>> import torch
    >>> noise = torch.randn(8000, generator=torch.Generator().manual_seed(0))
    >>> mel(0.1 * noise, noise, sample_rate=16000).round(decimals=2)  # 20 dB are 2.3 nepers
    tensor(2.3000)
    """
    _sounds(prediction, target)
    checks.integer(fft_size, "fft_size", 2)
    checks.in_range(overlap, "overlap", 0, 1, bounds="[)")
    weights = _weights(linear=linear, log=log, convergence=convergence)
    checks.positive(floor, "floor")
    options = {"fft_size": fft_size, "hop_length": max(1, round(fft_size * (1 - overlap))), "n_mels": n_mels}

    def magnitudes(sound: Tensor) -> Tensor:
        return (spectra.mel(sound, sample_rate=sample_rate, **options) + floor**2).sqrt()

    return _distance(prediction, target, magnitudes, "mel", weights)


def loudness(
    prediction: Tensor,
    target: Tensor,
    *,
    sample_rate: float,
    fft_size: int = 512,
    hop_length: int = 128,
    floor_db: float = -80.0,
) -> Tensor:
    r"""Compare how the A-weighted level of two sounds moves.

    .. math:: L = \frac{1}{J} \sum_j \left| \hat{L}[j] - L[j] \right|

    with the levels of `spectra.loudness`: the mean absolute difference in dB, in which frequencies count as they do for
    the ear.

    Args:
        prediction: sound (..., time), float32 or float64.
        target: sound of the same shape.
        sample_rate: in Hz, from about 40 (for even frames) to 20,000 times `fft_size`, so that one bin at least lies
            between 20 Hz and 20 kHz. What lies elsewhere is next to nothing to the curve, and two sounds that differ
            only there are equal to the loss.
        fft_size: samples in a frame, at least 2.
        hop_length: samples from one frame to the next, at least 1.
        floor_db: level of silence in dB full scale; what is softer does not count.

    Returns:
        The loss, 0-d, in dB. Its gradient is finite everywhere, and zero where the prediction is exact silence.

    Raises:
        ValueError: the shapes differ; a sound is empty, not real floating point, or holds NaN; an option is out of
            range.

    Source: IEC 61672-1; as a loss, Engel, Hantrakul, Gu and Roberts, DDSP, ICLR 2020.
    Chapter: losses/spectral-losses.

    >>> import torch
    >>> noise = torch.randn(8000, generator=torch.Generator().manual_seed(0))
    >>> loudness(0.1 * noise, noise, sample_rate=16000).round(decimals=2)
    tensor(20.)
    """
    _sounds(prediction, target)
    checks.integer(fft_size, "fft_size", 2)
    lowest = _HEARD[0] * fft_size / (fft_size // 2)
    checks.in_range(checks.sample_rate(sample_rate), "sample_rate", lowest, _HEARD[1] * fft_size, unit="Hz")

    def level(sound: Tensor) -> Tensor:
        options = {"fft_size": fft_size, "hop_length": hop_length, "floor_db": floor_db}
        return spectra.loudness(sound, sample_rate=sample_rate, **options)

    return (level(prediction) - _made(target, "loudness", level)).abs().mean()
