"""Checks of predictions: a chosen option or a number, where the right answer is never said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ddsp_lite.classroom import comparing
from ddsp_lite.classroom.marked import Marked
from ddsp_lite.classroom.sealing import unseal


class Predicted(Marked):
    """Checks of what a student chose or estimated."""

    def option(
        self,
        variable: str,
        right: str | Sequence[str] = "",
        wrong: Mapping[Any, str] | None = None,
        *,
        sealed: str = "",
    ) -> None:
        """Check a chosen option; every wrong one has a message of its own, and the right one is never named.

        Args:
            variable: the name that the answer was given to.
            right: the right option; or a list, for an order or several answers at once.
            wrong: messages, by wrong option.
            sealed: both, packed by :func:`seal` (what the released notebook holds).
        """
        if sealed:
            told = unseal(sealed)
            right, wrong = told["right"], {_key(option): words for option, words in told.get("wrong", [])}
        wrong = {_key(option): words for option, words in (wrong or {}).items()}

        def judge() -> str:
            given = _key(self._value(variable))
            if given == _key(right):
                return ""
            if given in wrong:
                return f"not {_said(given)}: {wrong[given]}"
            known = [_said(option) for option in sorted([*wrong, _key(right)], key=_order)]
            if isinstance(right, str):
                return f"{_said(given)} is none of the options {', '.join(known)}"
            return f"not {_said(given)}: look again at each place"

        self._check(variable, judge)

    def number(
        self, variable: str, right: float = math.nan, *, within: float = 0.0, unit: str = "",
        wrong: Mapping[float, str] | None = None, sealed: str = "",
    ) -> None:  # fmt: skip
        """Check a predicted number; likely wrong ones have messages of their own, and the right one is never named.

        Args:
            variable: the name that the answer was given to.
            right: the number.
            within: how far off it may be.
            unit: its unit.
            wrong: messages, by wrong number.
            sealed: all but the name, packed by :func:`seal` (what the released notebook holds).
        """
        if sealed:
            told = unseal(sealed)
            right, within, unit = told["right"], told.get("within", 0.0), told.get("unit", "")
            wrong = dict(told.get("wrong", []))

        def judge() -> str:
            given = comparing.tensor(self._value(variable))
            if given is None or given.numel() != 1 or given.is_complex():
                return f"expected one number{f' in {unit}' if unit else ''}"
            given = float(given)
            if abs(given - right) <= within:
                return ""
            for value, words in (wrong or {}).items():
                if abs(given - value) <= max(within, 1e-6 * abs(value)):
                    return f"{comparing.number(given, unit)}: {words}"
            e, g = torch.tensor([right, given], dtype=torch.float64)
            reason = comparing.likely(e, g, unit=unit)
            side = "too large" if given > right else "too small"
            return f"{comparing.number(given, unit)} is {reason or side if math.isfinite(given) else 'no number'}"

        self._check(variable, judge)


def _key(value: Any) -> Any:
    """An answer in the form in which answers are compared."""
    if isinstance(value, str):
        return " ".join(value.split()).casefold()
    if isinstance(value, list | tuple):
        return tuple(_key(each) for each in value)
    return value


def _order(value: Any) -> str:
    return str(value)


def _said(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)
