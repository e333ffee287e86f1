"""What every check of an exercise stands on: running the student's code safely, one line a check, points at the end."""

from __future__ import annotations

import math
import os
import re
import sys
import traceback
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ddsp_lite.classroom import comparing

SEED = "DDSP_LITE_CLASSROOM_SEED"
RIGHT, WRONG = "✓", "✗"
NOT_SOLVED = "not solved yet"


class Unsolved(Exception):
    """Raised inside a check whose answer has not been given."""


class Failed(Exception):
    """Raised inside a check whose answer cannot be looked at; the message says why."""


class Marked:
    """Counts what passed, and evaluates a student's expressions so that no error in them stops the cell."""

    def __init__(self, name: str, *, points: float, names: dict[str, Any] | None = None) -> None:
        if isinstance(points, bool) or not (isinstance(points, int | float) and math.isfinite(points) and points > 0):
            raise ValueError(f"points must be positive and finite, got {points!r}.")
        self.name, self.points = name, float(points)
        self._names = sys._getframe(1).f_globals if names is None else names
        self._passed, self._total, self._checks, self._right = 0.0, 0.0, 0, 0
        self._unsolved, self._expression = False, ""
        seed = zlib.crc32(f"{name} {os.environ.get(SEED, '')}".encode())
        self._random = torch.Generator().manual_seed(seed)

    def random(self, *shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
        """Draw an input: the same at every run, another for every exercise, in float64.

        Args:
            shape: of the tensor.
            low, high: range of its values.

        Returns:
            The tensor. A teacher's DDSP_LITE_CLASSROOM_SEED, any word, gives other values.
        """
        return low + (high - low) * torch.rand(*shape, generator=self._random, dtype=torch.float64)

    def score(self) -> float:
        """Print how many checks passed, and give the points earned.

        Returns:
            The points, from 0 to the exercise's: a finite float, for the cell's last line.
        """
        share = self._passed / self._total if self._total else 0.0
        earned = round(min(max(self.points * share, 0.0), self.points), 2)
        told = f"{self._right} of {self._checks} checks passed, {earned:g} of {self.points:g} points"
        print(f"{self.name}: {told}")
        return earned

    def _check(self, label: str, judge: Callable[[], str], weight: float = 1.0) -> None:
        self._total += weight
        self._checks += 1
        if self._unsolved:
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fault = judge()
        except Unsolved as error:
            self._unsolved = True
            print(
                f"{WRONG} {self.name} is {NOT_SOLVED}: "
                + (str(error) or "write your code in the cell above and run it")
            )
            return
        except Failed as error:
            fault = str(error)
        except Exception as error:  # an answer that a comparison cannot take
            fault = f"cannot be compared: {type(error).__name__}: {error}"
        if not fault:
            self._passed += weight
            self._right += 1
        print(f"{WRONG} {label}: {fault}" if fault else f"{RIGHT} {label}")

    def _value(self, expression: str) -> Any:
        self._expression = expression
        return self._guarded(lambda: eval(expression, self._names))

    def _call(self, function: Any, *arguments: Any) -> Any:
        if not callable(function):
            raise Failed(f"expected a function, got {comparing.number(function)}")
        return self._guarded(lambda: function(*arguments))

    def _guarded(self, compute: Callable[[], Any]) -> Any:
        """What the student's code gives; its exceptions as a message."""
        try:
            value = compute()
        except NotImplementedError:
            raise Unsolved from None
        except NameError as error:
            if error.name not in self._names and re.search(rf"\b{error.name}\b", self._expression):
                raise Unsolved(f"{error.name} has no value. Write it in the cell above and run that cell") from None
            raise Failed(_raised(error, self._names)) from None
        except (Exception, SystemExit) as error:
            raise Failed(_raised(error, self._names)) from None
        if value is Ellipsis:
            raise Unsolved
        return value


def _raised(error: BaseException, names: dict[str, Any]) -> str:
    """What was raised, and the line of the notebook where."""
    text = f"raised {type(error).__name__}" + (f": {str(error).strip().splitlines()[0]}" if str(error).strip() else "")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals is names and frame.f_code.co_filename != "<string>":
            code = traceback.extract_tb(error.__traceback__)
            found = next((c.line for c in reversed(code) if c.lineno == line and c.line), "")
            return f"{text} (in line {line} of your cell{f', {found}' if found else ''})"
    return text
