"""An exercise's checks: a line each with what was expected, what came and the likely reason, and points at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ddsp_lite.classroom import comparing
from ddsp_lite.classroom.marked import Unsolved
from ddsp_lite.classroom.predicted import Predicted


class Exercise(Predicted):
    """The checks of one exercise.

    Each check is a line of its own, and prints one: what was looked at and that it is right, or what was expected, what
    came and the likely reason. What the student wrote is named by *expressions*, pieces of code in quotes, so that an
    error inside them becomes a line too and the next check goes on. ``score()`` ends the cell: the share of the checks
    that passed, times the points.

    Args:
        name: the exercise's name, chapter and number, such as "filter-cutoff-2".
        points: what the whole exercise is worth.
        names: where the expressions are evaluated; the notebook's own names if not given.

    Raises:
        ValueError: for points that are not positive and finite.

    >>> def octaves_between(low, high):
    ...     return math.log2(low / high)
    >>> check = Exercise("example-1", points=2, names={**globals(), "octaves_between": octaves_between})
    >>> check.close("octaves_between(220.0, 880.0)", 2.0, unit="octaves")
    ✗ octaves_between(220.0, 880.0): expected 2 octaves, got -2 octaves: the sign is turned round
    >>> check.score()
    example-1: 0 of 1 checks passed, 0 of 2 points
    0.0
    """

    def close(
        self, expression: str, expected: object, *, within: float | None = None, unit: str = "",
        sample_rate: float | None = None, count: int | None = None, wrong: Sequence[tuple[object, str]] = (),
        says: str = "", weight: float = 1.0,
    ) -> None:  # fmt: skip
        """Check a number or tensor against the expected one: shape first, then every value.

        Args:
            expression: code that gives the value, such as "dbfs(x)".
            expected: number, list or tensor.
            within: the largest difference allowed; 1e-4 of the largest expected value if not given.
            unit: "Hz", "dB", "semitones", "cents", "octaves", "s", "ms", "rad": helps to find the likely reason.
            sample_rate: Hz, if the last axis is time.
            count: of how many values a sum or mean is taken, if there is one.
            wrong: pairs of a value that a likely mistake gives, and what to say then.
            says: what is checked, in words, instead of the expression.
            weight: how much it counts.
        """

        def judge() -> str:
            value = self._value(expression)
            return comparing.values(
                expected, value, within=within, unit=unit, sample_rate=sample_rate, count=count, wrong=wrong
            )

        self._check(says or expression, judge, weight)

    def shape(
        self, expression: str, expected: Sequence[int], *, sample_rate: float | None = None, weight: float = 1.0
    ) -> None:
        """Check a tensor's shape.

        Args:
            expression: code that gives the tensor.
            expected: the shape.
            sample_rate: Hz, if the last axis is time.
            weight: how much it counts.
        """
        self._check(
            f"the shape of {expression}",
            lambda: comparing.shape(tuple(expected), self._value(expression), sample_rate),
            weight,
        )

    def between(
        self, expression: str, low: float = -math.inf, high: float = math.inf, *, unit: str = "", says: str = "",
        below: str = "", above: str = "", weight: float = 1.0,
    ) -> None:  # fmt: skip
        """Check that a number lies in a range: for a claim that is computed from what the student handed in.

        Args:
            expression: code that gives the number.
            low, high: the range, both ends allowed.
            unit: of the number.
            says: what the number is, in words, instead of the expression.
            below, above: what to say when it lies outside, on either side.
            weight: how much it counts.
        """

        def judge() -> str:
            value = comparing.tensor(self._value(expression))
            if value is None or value.numel() != 1 or value.is_complex():
                return "expected one number"
            given = float(value)
            if low <= given <= high:
                return ""
            wanted = (
                f"at least {comparing.number(low, unit)}" if given < low else f"at most {comparing.number(high, unit)}"
            )
            if not math.isfinite(given) and math.isnan(given):
                return "it is not a number (NaN)"
            reason = below if given < low else above
            return f"expected {wanted}, got {comparing.number(given, unit)}" + (f": {reason}" if reason else "")

        self._check(says or expression, judge, weight)

    def true(self, expression: str, *, says: str, otherwise: str = "", weight: float = 1.0) -> None:
        """Check a claim that is either true or not.

        Args:
            expression: code that gives True or False.
            says: the claim, in words.
            otherwise: what to say if it does not hold.
            weight: how much it counts.
        """
        self._check(says, lambda: "" if bool(self._value(expression)) else otherwise or "this does not hold", weight)

    def slope(
        self, expression: str, of: Callable[[Tensor], Tensor], at: Tensor | float, *, within: float = 1e-3,
        says: str = "", weight: float = 1.0,
    ) -> None:  # fmt: skip
        """Check a gradient that the student computed, against autograd.

        Args:
            expression: code that gives the gradient, shaped like `at`.
            of: the function whose gradient it should be; of several values, their sum is differentiated.
            at: where.
            within: the largest difference allowed, relative to the largest slope.
            says: what is checked, in words, instead of the expression.
            weight: how much it counts.
        """

        def judge() -> str:
            point = torch.as_tensor(at, dtype=torch.float64).detach().clone().requires_grad_()
            (expected,) = torch.autograd.grad(of(point).sum(), point)
            got = comparing.tensor(self._value(expression))
            if got is None:
                return "expected a gradient, a number or tensor"
            return comparing.slopes(expected, got, within, "autograd says")

        self._check(says or expression, judge, weight)

    def differentiable(
        self, function: str, at: Tensor | float, *, within: float = 1e-3, says: str = "", weight: float = 1.0
    ) -> None:
        """Check that a gradient passes through the student's function, against finite differences in float64.

        Args:
            function: code that gives a function of one tensor, such as "dbfs" or "lambda x: mix(x, 0.5)".
            at: where; a few elements are enough.
            within: the largest difference allowed, relative to the largest slope.
            says: what is checked, in words.
            weight: how much it counts.
        """

        def judge() -> str:
            f = self._value(function)
            point = torch.as_tensor(at, dtype=torch.float64).detach().clone().requires_grad_()
            result = self._call(f, point)
            if not isinstance(result, Tensor):
                return (
                    f"expected a tensor, got {comparing.number(result)}: does .item() or float() cut the gradient off?"
                )
            if not result.requires_grad:
                return "no gradient comes through: is there a detach, .item(), no_grad or a new tensor on the way?"
            (got,) = torch.autograd.grad(result.sum(), point, allow_unused=True)
            if got is None:
                return "no gradient comes through: the result does not depend on the argument"
            expected = comparing.finite_differences(lambda x: self._call(f, x), point)
            return comparing.slopes(expected, got, within, "finite differences say")

        self._check(says or f"the gradient through {_plain(function)}", judge, weight)

    def finite(self, function: str, at: Tensor | float, *, says: str = "", weight: float = 1.0) -> None:
        """Check that a function's value and its gradient are finite, for instance at silence.

        Args:
            function: code that gives a function of one tensor.
            at: where.
            says: what is checked, in words.
            weight: how much it counts.
        """

        def judge() -> str:
            point = torch.as_tensor(at).detach().clone().requires_grad_()
            result = comparing.tensor(self._call(self._value(function), point))
            if result is None:
                return "expected a tensor"
            if not result.isfinite().all():
                return f"the value is {comparing.number(result)}: the logarithm of zero, or a division by it?"
            if result.requires_grad:
                (slope,) = torch.autograd.grad(result.sum(), point, allow_unused=True)
                if slope is not None and not slope.isfinite().all():
                    return (
                        "the value is finite, but its gradient is not: a root or logarithm at zero? Add a small number"
                    )
            return ""

        self._check(says or f"{_plain(function)}, value and gradient, at {_place(at)}", judge, weight)

    def batch(self, function: str, x: Tensor, *, within: float | None = None, weight: float = 1.0) -> None:
        """Check that a function of a batch gives what it gives for each row alone.

        Args:
            function: code that gives a function of one tensor.
            x: the batch, (rows, ...).
            within: the largest difference allowed, as in :meth:`close`.
            weight: how much it counts.
        """

        def judge() -> str:
            f = self._value(function)
            rows = [comparing.tensor(self._call(f, row)) for row in x]
            if any(row is None for row in rows):
                return "expected a tensor for each row"
            together = self._call(f, x)
            fault = comparing.values(torch.stack(rows), together, within=within)
            return fault and f"{fault} (expected: row by row; does an operation mix the rows? Give it dim=-1)"

        self._check(f"{_plain(function)} of a batch", judge, weight)

    def sound(
        self, expression: str, expected: Tensor, *, sample_rate: float, within: float = 1.0, says: str = "",
        weight: float = 1.0,
    ) -> None:  # fmt: skip
        """Check a sound against a reference by ear's measure: mean difference of the short-time spectra in dB.

        Args:
            expression: code that gives the sound.
            expected: the reference, (..., time).
            sample_rate: Hz.
            within: the largest mean difference allowed, in dB.
            says: what is checked, in words.
            weight: how much it counts.
        """
        self._check(
            says or expression,
            lambda: comparing.sounds(expected, self._value(expression), sample_rate, within),
            weight,
        )

    def refuses(self, expression: str, naming: str = "", *, says: str = "", weight: float = 1.0) -> None:
        """Check that bad input is refused by a ValueError.

        Args:
            expression: code that must raise it.
            naming: a word that its message must hold, such as the argument's name.
            says: what is checked, in words.
            weight: how much it counts.
        """

        def judge() -> str:
            try:
                value = eval(expression, self._names)
            except NotImplementedError:
                raise Unsolved from None
            except ValueError as error:
                return "" if naming in str(error) else f"its message does not name {naming}: {error}"
            return f"expected a ValueError, got {comparing.number(value)}"

        self._check(says or f"{expression} is refused", judge, weight)


def _plain(function: str) -> str:
    """A function as it is spoken of: the body of a lambda."""
    return function.split(":", 1)[1].strip() if function.startswith("lambda") else function


def _place(at: Any) -> str:
    if isinstance(at, Tensor):
        return "silence" if at.numel() > 1 and not at.any() else f"a tensor {tuple(at.shape)}"
    return comparing.number(at)
