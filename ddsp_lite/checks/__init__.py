"""Checks on arguments, shared by the whole package.

Each check returns the argument in the form in which it is used, or raises a ``ValueError`` that names the argument, the
value that was given and what is allowed. Type and shape are always checked. Values can only be looked at when there
are any: while a function is traced (``make_fx``, ``torch.compile``, ``torch.func``) the checks of values are left out,
so that they leave no operation in the graph. In every check ``name`` is the argument's name, for the message.
"""

from ddsp_lite.checks.shapes import (
    audio,
    broadcast,
    common,
    hop,
    mono,
    same_frames,
    same_shape,
)
from ddsp_lite.checks.tracing import (
    as_traced,
    is_tracing,
    is_transformed,
)
from ddsp_lite.checks.values import (
    FLOATS as FLOATS,
)
from ddsp_lite.checks.values import (
    describe,
    floating,
    in_range,
    integer,
    non_negative,
    one_of,
    positive,
    sample_rate,
)

__all__ = [
    "as_traced",
    "audio",
    "broadcast",
    "common",
    "describe",
    "floating",
    "hop",
    "in_range",
    "integer",
    "is_tracing",
    "is_transformed",
    "mono",
    "non_negative",
    "one_of",
    "positive",
    "same_frames",
    "same_shape",
    "sample_rate",
]
