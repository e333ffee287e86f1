"""A vocal tract's gain at each frequency, and its shape from the tongue's place. Chapter: filters/time-varying."""

import math

import torch
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.physical.tube import GLOTTIS, LIPS, LOSS, ends, reflections

_SECTIONS = 44
_THROAT, _BLADE, _TIP, _LIP = 7, 10, 32, 39  # the first section of each part


def tract_response(
    diameters: Tensor,
    frequencies: Tensor,
    *,
    sample_rate: float,
    glottal_reflection: Tensor | float = GLOTTIS,
    lip_reflection: Tensor | float = LIPS,
    loss: float = LOSS,
) -> Tensor:
    r"""Evaluate the complex gain of a tube of sections that stands still, by a product of 2 x 2 matrices.

    .. math:: \begin{pmatrix} r \\ l \end{pmatrix} = \prod_{j=1}^{S} \begin{pmatrix} \zeta^{-1} & 0 \\ 0 & \zeta
        \end{pmatrix} \frac{1}{1 - k_j} \begin{pmatrix} 1 & k_j \\ k_j & 1 \end{pmatrix} \cdot
        \begin{pmatrix} 1 \\ \rho_L \end{pmatrix}, \qquad \zeta = \lambda e^{-j \pi f / f_s}, \qquad
        H = \frac{1 + \rho_L}{r - \rho_G\, l}

    with :math:`k_S = 0`: from the waves at the lips, section by section, to those at the glottis. It is the transform
    of what `tract` does to a single sample, to the last digit.

    Args:
        diameters: d in any unit, above 0, (..., S), S even.
        frequencies: in Hz, (n_freq,).
        sample_rate: in Hz; a section is c / (2 sample_rate) long, see `tract`.
        glottal_reflection: in [-1, 1]: a number or a tensor that broadcasts with the leading dimensions.
        lip_reflection: in [-1, 1], likewise.
        loss: lambda, what is left of a wave after each section, in (0, 1], a number.

    Returns:
        The complex gain (..., n_freq), complex128, differentiable in shape and ends.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range.

    Source: Sudholt, Camara, Xu and Reiss (2023), Vocal Tract Area Estimation by Gradient Descent.
    Chapter: filters/time-varying.

    >>> tube = torch.ones(44)  # resonances at the odd multiples of c / (4 * length), 500 Hz and so on
    >>> gain = tract_response(tube, torch.tensor([250.0, 501.0, 750.0]), sample_rate=44100).abs()
    >>> bool(gain[1] > 2 * gain[0]) and bool(gain[1] > 2 * gain[2])
    True
    """
    k = reflections(diameters)
    rate = checks.sample_rate(sample_rate)
    checks.audio(frequencies, "frequencies")
    if frequencies.ndim != 1:
        raise ValueError(f"frequencies must be a tensor (n_freq,), got {checks.describe(frequencies)}.")
    glottis, lips = ends(diameters, glottal_reflection, lip_reflection, loss)
    shapes = {"glottal_reflection": glottis.shape, "lip_reflection": lips.shape}
    checks.broadcast(diameters=diameters.shape[:-1], **shapes)

    glottis, lips = glottis.unsqueeze(-1), lips.unsqueeze(-1)
    angle = math.pi / rate * frequencies.to(diameters.device).double()
    ahead = torch.polar(torch.full_like(angle, 1 / loss), angle)
    back = torch.polar(torch.full_like(angle, loss), -angle)
    right, left = ahead, lips * back
    for k_j in reversed(k.unsqueeze(-1).unbind(-2)):
        scale = 1 / (1 - k_j)
        right, left = scale * ahead * (right + k_j * left), scale * back * (k_j * right + left)
    return (1 + lips) / (right - glottis * left)


def tract_diameters(
    tongue_index: Tensor | float,
    tongue_diameter: Tensor | float,
    *,
    constriction_index: Tensor | float | None = None,
    constriction_diameter: Tensor | float | None = None,
) -> Tensor:
    r"""Shape a vocal tract of 44 sections by the place of the tongue, and perhaps one constriction.

    .. math:: d_i = \tfrac32 - \left(1.2 - \frac{\text{tongue\_diameter} - 2}{1.5}\right)
        \cos\left(1.1\, \pi\, \frac{\text{tongue\_index} - i}{22}\right), \qquad 10 \le i < 39

    tapered by 0.94, 0.94 and 0.8 in sections 10, 37 and 38; behind them the throat, 0.6 up to section 7 and 1.1 up to
    10, before them the lips, 1.5. A constriction draws the sections around it, a dozen or so, towards its own
    diameter, where that is less.

    Args:
        tongue_index: section that the tongue is nearest to, in [12, 29]; a number or a tensor (...).
        tongue_diameter: in centimetres, in [2.05, 3.5], small where the tongue is high; likewise.
        constriction_index: section of the constriction, in [2, 43], likewise; None for none.
        constriction_diameter: in centimetres, above 0, likewise.

    Returns:
        The diameters in centimetres (..., 44), from the glottis to the lips, for `tract_response` and `tract`; float64
        if a tensor given is, else float32.

    Raises:
        ValueError: an argument is of the wrong kind, not finite or outside of its range; one of the constriction's two
            is given alone; the shapes do not broadcast.

    Source: Thapen (2017), Pink Trombone. Chapter: filters/time-varying.

    >>> shape = tract_diameters(12.9, 2.43)  # an "a", narrow at the back
    >>> shape.shape, int(shape[10:].argmin()) + 10
    (torch.Size([44]), 13)
    """
    if (constriction_index is None) != (constriction_diameter is None):
        raise ValueError("constriction_index and constriction_diameter must be given together.")
    given = {"tongue_index": tongue_index, "tongue_diameter": tongue_diameter}
    if constriction_index is not None:
        given |= {"constriction_index": constriction_index, "constriction_diameter": constriction_diameter}
    dtype, device = checks.common(*given.values())
    given = {name: checks.floating(v, name, dtype=torch.float64, device=device) for name, v in given.items()}
    ranges = {"tongue_index": (12, 29), "tongue_diameter": (2.05, 3.5), "constriction_index": (2, 43)}
    for name, value in given.items():
        if name in ranges:
            low, high = ranges[name]
            checks.in_range(value, name, low - 1e-6, high + 1e-6)  # 2.05 in float32 is below 2.05
        else:
            checks.positive(value, name)
    checks.broadcast(**{name: value.shape for name, value in given.items()})
    index, diameter, *constriction = (value.double().unsqueeze(-1) for value in given.values())

    section = torch.arange(_SECTIONS, dtype=torch.float64, device=device)
    taper = torch.ones_like(section)
    for place, factor in ((_BLADE, 0.94), (_LIP - 2, 0.94), (_LIP - 1, 0.8)):
        taper = torch.where(section == place, factor * taper, taper)
    height = 1.5 - (2 + (diameter - 2) / 1.5) + 1.7
    tongue = 1.5 - height * taper * torch.cos(1.1 * math.pi / (_TIP - _BLADE) * (index - section))
    rest = torch.where(section < _THROAT, 0.6, torch.where(section < _BLADE, 1.1, 1.5))
    shape = torch.where((section >= _BLADE) & (section < _LIP), tongue, rest)
    if constriction:
        centre, narrow = constriction
        width = (10 - 5 * (centre - 25) / 7).clamp(5, 10)
        near = 0.5 + 0.5 * torch.cos(math.pi * (((section - centre).abs() - 0.5) / width).clamp(0, 1))
        shape = shape - near * (shape - narrow).clamp(min=0)
    return shape.to(dtype)
