"""The complex surrogate: a sinusoid whose frequency gradient descent can find.

The gradient of a loss with respect to a sinusoid's frequency mostly points nowhere: between target and estimate lie
many small minima. Let z be any complex number instead of a point on the unit circle. Then z^n is a sinusoid that may
also decay; descent makes it short, turns it where there is nothing in the way, and lets it ring again.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ddsp_lite import checks

_LOUDEST = 30.0  # decades to which |z|^n may grow


def complex_surrogate(
    real: Tensor | float, imaginary: Tensor | float, *, n_samples: int, amplitude: Tensor | float = 1.0
) -> Tensor:
    r"""Make the surrogate of a cosine, ``y[n] = amplitude * Re(z^n)`` with ``z = real + j imaginary``.

    Its angle is the frequency, as :func:`surrogate_frequency` tells, and its size the decay from one sample to the
    next. The powers are found by repeated squaring, so that the gradient, ``n z^(n-1)``, is exact everywhere, also at
    ``z = 0``. Normalise it for descent: it is large where z is, and tiny where it is small.

    Args:
        real, imaginary: the two parts of z, 0-d or ``(...)``; ``|z|^(n_samples - 1)`` at most 1e30.
        n_samples: length of the sound in samples.
        amplitude: at the first sample, full scale 1; 0-d or ``(...)``.

    Returns:
        The sound, ``(..., time)``; float64 if any tensor given is, else float32.

    Raises:
        ValueError: if z is so large that the sound would grow beyond 1e30, a value is not finite, an argument is no
            float tensor, or the shapes do not broadcast.

    Source: Hayes, Saitis, Fazekas (2023), Sinusoidal Frequency Estimation by Gradient Descent.
    Chapter: oscillators/why-pitch-is-hard.

    >>> complex_surrogate(torch.tensor(0.6), torch.tensor(0.8), n_samples=4)
    tensor([ 1.0000,  0.6000, -0.2800, -0.9360])
    """
    n_samples = checks.integer(n_samples, "n_samples")
    dtype, device = checks.common(real, imaginary, amplitude)
    real, imaginary = _parts(real, imaginary, device)
    amplitude = checks.floating(amplitude, "amplitude", dtype=dtype, device=device)
    checks.broadcast(real=real.shape, imaginary=imaginary.shape, amplitude=amplitude.shape)
    if not checks.is_tracing(real, imaginary) and n_samples > 1 and real.numel() and imaginary.numel():
        largest = 10 ** (_LOUDEST / (n_samples - 1))
        radius = torch.hypot(real.detach(), imaginary.detach()).max().item()
        if radius > largest:
            raise ValueError(f"real and imaginary must make a z of size at most {largest:g}, got {radius:g}.")
    power = torch.complex(*torch.broadcast_tensors(real, imaginary)).unsqueeze(-1)
    powers = torch.ones_like(power)
    while powers.shape[-1] < n_samples:  # z^0 ... z^(m-1), then as many again by one product with z^m
        powers = torch.cat([powers, powers * power], -1)
        power = power * power
    return amplitude.to(dtype).unsqueeze(-1) * powers.real[..., :n_samples].to(dtype)


def surrogate_of(
    frequency: Tensor | float, *, sample_rate: float, radius: Tensor | float = 1.0
) -> tuple[Tensor, Tensor]:
    r"""Find the z of a frequency, ``radius * exp(j 2 pi frequency / sample_rate)``: a start for descent.

    Args:
        frequency: in Hz, in [0, sample_rate / 2], any shape.
        sample_rate: sample rate in Hz.
        radius: size of z, at least 0; 1 rings for ever, less decays; broadcasts with ``frequency``.

    Returns:
        Real and imaginary part, each of the shape to which both broadcast; float64 if any tensor given is.

    Raises:
        ValueError: if a frequency lies outside [0, sample_rate / 2], ``radius`` is negative, a value is not finite, or
            the shapes do not broadcast.

    Source: Hayes, Saitis, Fazekas (2023), Sinusoidal Frequency Estimation by Gradient Descent.
    Chapter: oscillators/why-pitch-is-hard.

    >>> surrogate_of(torch.tensor(0.0), sample_rate=16000, radius=0.9)
    (tensor(0.9000), tensor(0.))
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = checks.common(frequency, radius)
    frequency = checks.floating(frequency, "frequency", dtype=torch.float64, device=device)
    checks.in_range(frequency, "frequency", 0, rate / 2, unit="Hz")
    radius = checks.non_negative(checks.floating(radius, "radius", dtype=torch.float64, device=device), "radius")
    checks.broadcast(frequency=frequency.shape, radius=radius.shape)
    angle = frequency.double() * (2 * math.pi / rate)
    return (radius * torch.cos(angle)).to(dtype), (radius * torch.sin(angle)).to(dtype)


def surrogate_frequency(real: Tensor | float, imaginary: Tensor | float, *, sample_rate: float) -> Tensor:
    r"""Read the frequency of z, ``|angle(z)| sample_rate / 2 pi``.

    Args:
        real, imaginary: the two parts of z, any shape; 0 has no angle and counts as 0 Hz.
        sample_rate: sample rate in Hz.

    Returns:
        Frequency in Hz, in [0, sample_rate / 2], of the shape to which both broadcast.

    Raises:
        ValueError: if a value is not finite, an argument is no float tensor, or the shapes do not broadcast.

    Source: Hayes, Saitis, Fazekas (2023), Sinusoidal Frequency Estimation by Gradient Descent.
    Chapter: oscillators/why-pitch-is-hard.

    >>> surrogate_frequency(torch.tensor(0.0), torch.tensor(0.5), sample_rate=16000)
    tensor(4000.)
    """
    rate = checks.sample_rate(sample_rate)
    dtype, device = checks.common(real, imaginary)
    real, imaginary = _parts(real, imaginary, device)
    checks.broadcast(real=real.shape, imaginary=imaginary.shape)
    return (torch.atan2(imaginary, real).abs() * (rate / (2 * math.pi))).to(dtype)


def _parts(real: Tensor | float, imaginary: Tensor | float, device: torch.device | None) -> tuple[Tensor, Tensor]:
    parts = {"real": real, "imaginary": imaginary}
    return tuple(checks.floating(x, name, dtype=torch.float64, device=device).double() for name, x in parts.items())
