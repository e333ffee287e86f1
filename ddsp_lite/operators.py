"""What the compiled operations share: one node of a graph, plain calls at little cost, the twin under torch.func.

Chapter: filters/iir.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ddsp_lite import checks


class Operation:
    """A compiled operation that is one node of a traced graph, and costs little to call when nothing is traced.

    It is registered with PyTorch as ``torch.ops.ddsp_lite.NAME``, which ``make_fx``, ``torch.compile`` and fake tensors
    see. A plain call goes by ``torch.autograd.Function`` instead, in a third of the time. (``torch.library.custom_op``
    would do the first, but imports ``torch._dynamo`` at its first call, which takes a second or two.) Under
    ``torch.func``, and for inputs with a forward-mode tangent, the plain twin does the work.

    Args:
        schema: name, arguments and results, as PyTorch writes them.
        function: computes the results from tensors on any device.

    Raises:
        RuntimeError: the schema is not one, or the name is taken.

    Source: none; registration. Chapter: filters/iir.

    >>> double = Operation("example_of_an_operation(Tensor x) -> Tensor", lambda x: 2 * x)
    >>> double.register_fake(torch.empty_like)
    >>> double(torch.ones(2)), torch.ops.ddsp_lite.example_of_an_operation(torch.ones(2))
    (tensor([2., 2.]), tensor([2., 2.]))
    """

    def __init__(self, schema: str, function: Callable) -> None:
        name, arguments = schema.split("(", 1)
        self._name, self._function, self._autograd, self._twin = f"ddsp_lite::{name}", function, None, None
        self._several = "-> (" in arguments
        torch.library.define(self._name, f"({arguments}")
        torch.library.impl(self._name, "default", function)
        self._traced = getattr(torch.ops.ddsp_lite, name).default

    def register_fake(self, function: Callable) -> None:
        """Say which shapes and types the results have."""
        torch.library.register_fake(self._name, function)

    def register_autograd(self, differentiate: Callable, *, setup_context: Callable) -> None:
        """Say how gradients are computed; of several results only the first may have one."""
        torch.library.register_autograd(self._name, differentiate, setup_context=setup_context)
        function = self._function

        class Plain(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                output = function(*inputs)
                setup_context(ctx, inputs, output)
                if isinstance(output, tuple):
                    ctx.mark_non_differentiable(*output[1:])
                    ctx.set_materialize_grads(False)  # no zeros are made for what has no gradient
                return output

            @staticmethod
            def backward(ctx, grad, *none):
                return (None,) * len(ctx.needs_input_grad) if grad is None else differentiate(ctx, grad, *none)

        self._autograd = Plain.apply

    def register_twin(self, function: Callable) -> None:
        """Say which plain function of the same inputs gives the result, the first where there are several."""
        self._twin = function

    def __call__(self, *inputs):
        """Compute the results; where the twin does it, the first one alone."""
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        if checks.is_tracing(*tensors):
            if self._twin is None or not checks.is_transformed(*tensors):
                return self._traced(*inputs)
            result = self._twin(*inputs)
            return (result,) if self._several else result
        if self._autograd is not None and torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
            return self._autograd(*inputs)
        return self._function(*inputs)


def operation(schema: str) -> Callable[[Callable], Operation]:
    """Make a function into an `Operation`: a decorator.

    Args:
        schema: name, arguments and results, as PyTorch writes them.

    Returns:
        The decorator.

    Raises:
        RuntimeError: the schema is not one, or the name is taken.

    Source: none; registration. Chapter: filters/iir.

    >>> @operation("example_of_a_decorator(Tensor x) -> Tensor")
    ... def triple(x):
    ...     return 3 * x
    >>> triple(torch.ones(2))
    tensor([3., 3.])
    """
    return lambda function: Operation(schema, function)


def array(x: Tensor) -> np.ndarray:
    """Give a tensor's values as the contiguous NumPy array on the CPU that a kernel takes.

    Args:
        x: tensor of any shape, on any device.

    Returns:
        The array, which shares the tensor's memory where it can.

    Raises:
        TypeError: `x` has a type that NumPy does not know.

    Source: none; a conversion. Chapter: filters/iir.

    >>> array(torch.zeros(2, 3).T).flags["C_CONTIGUOUS"]
    True
    """
    x = x.detach()
    return (x if x.is_cpu and x.is_contiguous() else x.cpu().contiguous()).numpy()


def empty(*like: Tensor) -> list[Tensor]:
    """Allocate contiguous results on the CPU, for a kernel to write into.

    Args:
        like: tensors whose shapes and types the results have.

    Returns:
        One tensor for each.

    Raises:
        RuntimeError: there is not enough memory.

    Source: none; an allocation. Chapter: filters/iir.

    >>> [t.shape for t in empty(torch.zeros(2, 3).T, torch.ones(1))]
    [torch.Size([3, 2]), torch.Size([1])]
    """
    return [torch.empty(t.shape, dtype=t.dtype) for t in like]


def as_rows(x: Tensor, *leading: int) -> Tensor:
    """Broadcast all dimensions but the last, and make rows of them, by no more operations than it takes.

    Args:
        x: tensor (..., N).
        leading: the dimensions to which the leading ones of `x` broadcast.

    Returns:
        The rows [B, N].

    Raises:
        RuntimeError: the dimensions do not broadcast.

    Source: none; a view. Chapter: filters/iir.

    >>> as_rows(torch.zeros(5), 2, 3).shape
    torch.Size([6, 5])
    """
    if x.shape[:-1] != leading:
        x = x.expand(*leading, x.shape[-1])
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def matching(x: Tensor, **coefficients: Tensor) -> list[Tensor]:
    """Bring coefficients to one type, in which their filter is computed: float64 unless all of them are float32.

    Args:
        x: the sound; a float64 sound takes float64 coefficients.
        coefficients: tensors, by the arguments' names, float32 or float64.

    Returns:
        The coefficients, on `x`'s device.

    Raises:
        TypeError: a coefficient is no tensor.

    Source: none; a conversion. Chapter: filters/iir.

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

    Source: none; automatic differentiation. Chapter: filters/iir.

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
