"""Whether a function is being traced or transformed, so that no values may be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.autograd import forward_ad

_as_traced: ContextVar[bool] = ContextVar("as_traced", default=False)


@contextmanager
def as_traced() -> Iterator[None]:
    """Compute, inside a ``with`` block, by the operations that a traced function has, without compiled loops.

    A traced function can then be compared with the same operations of PyTorch. In float32 two ways to one gradient
    may differ by 1e-3, where a loss takes logarithms, however right both are.

    >>> with as_traced():
    ...     is_tracing()
    True
    """
    token = _as_traced.set(True)
    try:
        yield
    finally:
        _as_traced.reset(token)


def is_tracing(*tensors: Tensor) -> bool:
    """Say whether the tensors' values must not be looked at, because a function is being traced or has no values.

    Args:
        tensors: the tensors about to be examined; with none, only the tracing of the whole function is looked for.

    Returns:
        True under ``make_fx``, ``torch.compile``, ``torch.export`` and :func:`as_traced`, and for fake, functional
        and meta tensors and those of :func:`is_transformed`.

    >>> is_tracing(torch.zeros(3))
    False
    >>> is_tracing(torch.zeros(3, device="meta"))
    True
    """
    if torch.compiler.is_compiling() or _as_traced.get():
        return True
    if torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None:
        return True
    return any(
        isinstance(t, FakeTensor) or t.is_meta or torch._is_functional_tensor(t) for t in tensors
    ) or is_transformed(*tensors)


def is_transformed(*tensors: Tensor) -> bool:
    """Say whether only plain operations of PyTorch may touch the tensors, because more than their values is computed.

    Args:
        tensors: the tensors about to be used.

    Returns:
        True if one belongs to a transformation of ``torch.func`` or carries a tangent of
        ``torch.autograd.forward_ad``.

    >>> is_transformed(torch.zeros(3)), torch.func.vmap(lambda x: x + is_transformed(x))(torch.zeros(3))
    (False, tensor([1., 1., 1.]))
    """
    if torch.compiler.is_compiling():
        return False
    if any(torch._C._functorch.is_functorch_wrapped_tensor(t) for t in tensors):
        return True
    if forward_ad._current_level < 0:
        return False
    return any(forward_ad.unpack_dual(t).tangent is not None for t in tensors)
