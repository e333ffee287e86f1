"""The vocal tract as a tube of short sections, run exactly. Chapter: filters/time-varying."""

import torch
from torch import Tensor

from ddsp_lite import checks, controls
from ddsp_lite.operators import array, operation, twin_gradient

GLOTTIS, LIPS, LOSS = 0.75, -0.85, 0.999


@operation("tract(Tensor x, Tensor k, Tensor glottis, Tensor lips, float loss) -> (Tensor, Tensor, Tensor)")
def _tract(x: Tensor, k: Tensor, glottis: Tensor, lips: Tensor, loss: float) -> tuple[Tensor, Tensor, Tensor]:
    """Run rows: x [B, N]; k [B, F, S - 1], glottis and lips [B] float64.

    Gives the sound [B, N] and what came to each junction, twice [B, N, S + 1], all float64; the latter are kept for the
    backward pass, and have no gradient of their own.
    """
    from ddsp_lite.kernels import tract as kernels

    shape = (*x.shape, k.shape[2] + 2)
    results = [torch.empty(s, dtype=torch.float64) for s in (x.shape, shape, shape)]
    kernels.forward(*(array(t) for t in (x, k, glottis, lips)), loss, *(t.numpy() for t in results))
    return tuple(t.to(x.device) for t in results)


@operation(
    "tract_backward(Tensor grad, Tensor k, Tensor glottis, Tensor lips, float loss, Tensor came_right,"
    " Tensor came_left) -> (Tensor, Tensor, Tensor, Tensor)"
)
def _tract_backward(
    grad: Tensor, k: Tensor, glottis: Tensor, lips: Tensor, loss: float, came_right: Tensor, came_left: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Give the gradients of x, k, glottis and lips, all float64."""
    from ddsp_lite.kernels import tract as kernels

    results = [torch.zeros(t.shape, dtype=torch.float64) for t in (grad, k, glottis, lips)]
    given = [array(t) for t in (grad, k, glottis, lips)]
    kernels.backward(*given, loss, array(came_right), array(came_left), *(t.numpy() for t in results))
    return tuple(t.to(grad.device) for t in results)


@_tract.register_fake
def _(x: Tensor, k: Tensor, glottis: Tensor, lips: Tensor, loss: float) -> tuple[Tensor, Tensor, Tensor]:
    shape = (*x.shape, k.shape[2] + 2)
    return tuple(x.new_empty(s, dtype=torch.float64) for s in (x.shape, shape, shape))


@_tract_backward.register_fake
def _(grad: Tensor, k: Tensor, glottis: Tensor, lips: Tensor, loss: float, came_right: Tensor, came_left: Tensor):
    return tuple(grad.new_empty(t.shape, dtype=torch.float64) for t in (grad, k, glottis, lips))


def _save(ctx, inputs, output):
    ctx.save_for_backward(*inputs[:4], *output[1:])
    ctx.loss = inputs[4]


def _differentiate(ctx, grad: Tensor, _right: Tensor, _left: Tensor):
    x, k, glottis, lips, came_right, came_left = ctx.saved_tensors
    if torch.is_grad_enabled():  # create_graph=True: the gradient must itself be differentiable
        return *twin_gradient(lambda *inputs: _loop(*inputs, ctx.loss), (x, k, glottis, lips), grad), None
    found = _tract_backward(grad, k, glottis, lips, ctx.loss, came_right, came_left)
    return found[0].to(x.dtype), *found[1:], None


_tract.register_autograd(_differentiate, setup_context=_save)


def _loop(x: Tensor, k: Tensor, glottis: Tensor, lips: Tensor, loss: float) -> Tensor:
    sections = k.shape[2] + 1
    nothing = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    right, left, y = [nothing] * sections, [nothing] * sections, []
    for n, x_n in enumerate(x.double().unbind(1)):
        k_n = k[:, n if k.shape[1] > 1 else 0].unbind(1)
        right[0] = loss * (x_n + glottis * left[0])
        y.append((1 + lips) * right[-1])
        left[-1] = loss * lips * right[-1]
        for half in range(2):
            for j in range(2 - half, sections, 2):
                w = k_n[j - 1] * (right[j - 1] + left[j])
                right[j], left[j - 1] = loss * (right[j - 1] - w), loss * (left[j] + w)
    return torch.stack(y, 1)


_tract.register_twin(_loop)


def tract(
    x: Tensor,
    diameters: Tensor,
    *,
    glottal_reflection: Tensor | float = GLOTTIS,
    lip_reflection: Tensor | float = LIPS,
    loss: float = LOSS,
) -> Tensor:
    r"""Send a sound through a tube of many short sections, from the glottis to the lips, while its shape moves.

    .. math:: k_j = \frac{A_{j-1} - A_j}{A_{j-1} + A_j}, \quad A = d^2, \quad w = k_j (r_{j-1} + l_j), \quad
        r_j \leftarrow \lambda (r_{j-1} - w), \quad l_{j-1} \leftarrow \lambda (l_j + w)

    Kelly and Lochbaum's model: waves of flow travel to the right, r, and to the left, l, half a sample for each
    section, and are scattered where the area changes. At the glottis what comes back is reflected and the sound added;
    at the lips what is not reflected is heard, S / 2 samples later. S sections make a tube of S c / (2 sample_rate): 44
    at 44.1 kHz are 17.5 cm long, a man's tract. What the tube does to each frequency is `tract_response`.

    The state is float64. The gradient is exact, by one adjoint pass; a second derivative is taken through `tract_twin`.
    On an accelerator the signal is carried to the CPU and back.

    Args:
        x: the glottis's flow (..., time), float32 or float64.
        diameters: d in any unit, above 0, (..., frames, S) with S even, at least 2; one frame for a shape that stands
            still, else frames that divide the time, between which the shape moves linearly
            (:func:`ddsp_lite.controls.resample`). Leading dimensions broadcast with those of `x`.
        glottal_reflection: in [-1, 1]: a number or a tensor that broadcasts with `x`'s leading dimensions.
        lip_reflection: in [-1, 1], likewise.
        loss: lambda, what is left of a wave after each section, in (0, 1], a number.

    Returns:
        The flow at the lips (..., time), of `x`'s type.

    Raises:
        ValueError: an argument is of the wrong kind or shape, not finite or outside of its range; the shapes do not
            broadcast.

    Source: Kelly and Lochbaum (1962), Speech Synthesis; Thapen (2017), Pink Trombone, for the constants.
    Chapter: filters/time-varying.

    >>> narrow = torch.tensor([[1.0, 1.0, 0.5, 0.5]])  # what comes is 1 - 0.6 of the flow, and the lips add theirs
    >>> tract(torch.eye(1, 4)[0], narrow, glottal_reflection=0.0, lip_reflection=0.0, loss=1.0)
    tensor([0.0000, 0.0000, 0.4000, 0.0000])
    """
    return _run(_tract, x, diameters, glottal_reflection, lip_reflection, loss)


def tract_twin(
    x: Tensor,
    diameters: Tensor,
    *,
    glottal_reflection: Tensor | float = GLOTTIS,
    lip_reflection: Tensor | float = LIPS,
    loss: float = LOSS,
) -> Tensor:
    r"""Run the tube by a plain loop of PyTorch operations: the reference for `tract`, far slower.

    Args:
        x: the glottis's flow (..., time), float32 or float64.
        diameters: d, above 0, (..., frames, S), S even.
        glottal_reflection: in [-1, 1].
        lip_reflection: in [-1, 1].
        loss: what is left of a wave after each section, in (0, 1].

    Returns:
        The flow at the lips (..., time), of `x`'s type.

    Raises:
        ValueError: as `tract`.

    Source: Kelly and Lochbaum (1962), Speech Synthesis. Chapter: filters/time-varying.

    >>> tract_twin(torch.eye(1, 3)[0], torch.ones(1, 2), glottal_reflection=1.0, lip_reflection=-1.0, loss=1.0)
    tensor([0., 0., 0.])
    """
    return _run(lambda *given: (_loop(*given),), x, diameters, glottal_reflection, lip_reflection, loss)


def reflections(diameters: Tensor) -> Tensor:
    """Give what part of a wave each junction between two sections turns back, positive where the tube narrows.

    Args:
        diameters: d above 0, (..., S).

    Returns:
        The coefficients (..., S - 1), in (-1, 1), float64.

    Raises:
        ValueError: `diameters` is no float tensor of an even number of sections, or a value is not above 0.

    Source: Kelly and Lochbaum (1962), Speech Synthesis. Chapter: filters/time-varying.

    >>> reflections(torch.tensor([1.0, 0.5]))
    tensor([0.6000], dtype=torch.float64)
    """
    if not isinstance(diameters, Tensor) or diameters.ndim == 0 or diameters.shape[-1] < 2 or diameters.shape[-1] % 2:
        raise ValueError(
            f"diameters must be a tensor (..., sections) with an even number of sections, "
            f"got {checks.describe(diameters)}."
        )
    checks.positive(checks.floating(diameters, "diameters"), "diameters")
    area = diameters.double() ** 2
    return (area[..., :-1] - area[..., 1:]) / (area[..., :-1] + area[..., 1:])


def ends(x: Tensor, glottal_reflection: Tensor | float, lip_reflection: Tensor | float, loss: float) -> list[Tensor]:
    """Check what the tube's ends reflect, and its loss.

    Args:
        x: a tensor on the device of the result.
        glottal_reflection: in [-1, 1].
        lip_reflection: in [-1, 1].
        loss: in (0, 1].

    Returns:
        Both reflections as float64 tensors.

    Raises:
        ValueError: a value is of the wrong kind, not finite or outside of its range.

    Source: none; a check. Chapter: filters/time-varying.

    >>> ends(torch.zeros(1), 0.75, -0.85, 0.999)
    [tensor(0.7500, dtype=torch.float64), tensor(-0.8500, dtype=torch.float64)]
    """
    checks.in_range(loss, "loss", 0, 1, bounds="(]")
    found = []
    for name, value in (("glottal_reflection", glottal_reflection), ("lip_reflection", lip_reflection)):
        value = checks.floating(value, name, dtype=torch.float64, device=x.device)
        found.append(checks.in_range(value, name, -1, 1).to(x.device).double())
    return found


def _run(operation, x: Tensor, diameters: Tensor, glottal_reflection, lip_reflection, loss: float) -> Tensor:
    checks.audio(x, "x")
    glottis, lips = ends(x, glottal_reflection, lip_reflection, loss)
    if isinstance(diameters, Tensor) and diameters.ndim < 2:
        raise ValueError(f"diameters must be a tensor (..., frames, sections), got {checks.describe(diameters)}.")
    reflections(diameters)  # checks all that is given, before it is brought to the sound's rate
    shapes = {"diameters": diameters.shape[:-2], "glottal_reflection": glottis.shape, "lip_reflection": lips.shape}
    leading = checks.broadcast(x=x.shape[:-1], **shapes)
    n_samples = x.shape[-1]
    if diameters.shape[-2] > 1:
        diameters = controls.resample(diameters, n_samples, axis=-2)
    k = reflections(diameters).to(x.device)
    k = k.expand(*leading, *k.shape[-2:]).reshape(-1, *k.shape[-2:])
    rows = x.expand(*leading, n_samples).reshape(-1, n_samples)
    y = operation(rows, k, glottis.expand(leading).reshape(-1), lips.expand(leading).reshape(-1), float(loss))[0]
    return y.to(x.dtype).reshape(*leading, n_samples)
