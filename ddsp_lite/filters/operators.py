"""What the compiled operations of the filters share. Chapter: gradients/filter-cutoff."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor


def array(x: Tensor) -> np.ndarray:
    """Give a tensor's values as the contiguous NumPy array on the CPU that a kernel takes.

    Args:
        x: tensor of any shape, on any device.

    Returns:
        The array, which shares the tensor's memory where it can.

    Raises:
        TypeError: `x` has a type that NumPy does not know.

    Source: none; a conversion. Chapter: gradients/filter-cutoff.

    >>> array(torch.zeros(2, 3).T).flags["C_CONTIGUOUS"]
    True
    """
    return x.detach().cpu().contiguous().numpy()


def matching(x: Tensor, **coefficients: Tensor) -> list[Tensor]:
    """Bring coefficients to one type, in which their filter is computed: float64 unless all of them are float32.

    Args:
        x: the sound; a float64 sound takes float64 coefficients.
        coefficients: tensors, by the arguments' names, float32 or float64.

    Returns:
        The coefficients, on `x`'s device.

    Raises:
        TypeError: a coefficient is no tensor.

    Source: none; a conversion. Chapter: gradients/filter-cutoff.

    >>> [c.dtype for c in matching(torch.ones(1), b=torch.ones(1), a=torch.ones(1).double())]
    [torch.float64, torch.float64]
    """
    wide = any(t.dtype == torch.float64 for t in (x, *coefficients.values()))
    return [c.to(x.device, torch.float64 if wide else torch.float32) for c in coefficients.values()]


def twin_gradient(twin: Callable[..., Tensor], inputs: Sequence[Tensor], grad: Tensor) -> tuple[Tensor | None, ...]:
    """Take a gradient through an operation's plain PyTorch twin, so that it can itself be differentiated.

    Args:
        twin: the twin, which takes the operation's inputs and gives its result.
        inputs: tensors, some of which require a gradient.
        grad: gradient of the result.

    Returns:
        The gradient of each input, differentiable to any order; None where none is required.

    Raises:
        RuntimeError: no input requires a gradient.

    Source: none; automatic differentiation. Chapter: gradients/filter-cutoff.

    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (gradient,) = twin_gradient(torch.square, [x], torch.ones(2))
    >>> torch.autograd.grad(gradient.sum(), x)
    (tensor([2., 2.]),)
    """
    with torch.enable_grad():
        result = twin(*inputs)
    wanted = [t for t in inputs if t.requires_grad]
    found = iter(torch.autograd.grad(result, wanted, grad, create_graph=True))
    return tuple(next(found) if t.requires_grad else None for t in inputs)
