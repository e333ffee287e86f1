"""The check that all streaming functions share: a state comes from the same function, for the same shape of sound."""

from collections.abc import Sequence

from torch import Tensor

from ddsp_lite import checks


def given(state: object, shapes: Sequence[Sequence[int] | type]) -> tuple:
    """Return a state whose parts have these shapes; a shape ``int`` stands for a whole number from 0.

    Args:
        state: what the last block returned.
        shapes: a shape for each tensor, ``int`` for a count.

    Returns:
        The state.

    Raises:
        ValueError: if it is no tuple of such parts.

    Source: none; a check. Chapter: systems/latency.

    >>> given((3,), [int])
    (3,)
    """
    right = isinstance(state, tuple) and len(state) == len(shapes)
    for part, shape in zip(state, shapes, strict=True) if right else ():
        if shape is int:
            right = right and isinstance(part, int) and part >= 0
        else:
            right = right and isinstance(part, Tensor) and tuple(part.shape) == tuple(shape)
    if not right:
        parts = [checks.describe(part) for part in state] if isinstance(state, tuple) else checks.describe(state)
        wanted = ["a whole number" if shape is int else tuple(shape) for shape in shapes]
        raise ValueError(
            f"state must be None or what the block before returned, for the same shapes {wanted}, got {parts}."
        )
    return state
