"""What a reader does in a live demo besides moving controls: predict first, and follow the gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddsp_lite.live.show import Names

OPTIMIZERS = ("adam", "sgd")
STEP_UNITS = ("coordinate", "value")


@dataclass(frozen=True)
class Descend:
    """How the demo follows its gradient.

    Args:
        optimizer: "adam" or "sgd".
        learning_rate: of one step.
        steps: of one descent.
        per: "coordinate" steps in octaves on a log slider and in fractions of the range on a linear one; "value" steps
            in the control's own unit.
    """

    optimizer: str = "adam"
    learning_rate: float = 0.05
    steps: int = 120
    per: str = "coordinate"

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {OPTIMIZERS}, got {self.optimizer!r}")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ValueError(f"learning_rate must be positive, got {self.learning_rate!r}")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise ValueError(f"steps must be a whole number of at least 1, got {self.steps!r}")
        if self.per not in STEP_UNITS:
            raise ValueError(f"per must be one of {STEP_UNITS}, got {self.per!r}")

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the description for the page."""
        names.output("descend", "loss", 0)
        return {
            "optimizer": self.optimizer, "learningRate": self.learning_rate, "steps": self.steps, "per": self.per,
        }  # fmt: skip


@dataclass(frozen=True)
class Prediction:
    """A question that the reader answers before the demo unlocks.

    Args:
        question: the question.
        options: (text, feedback) each.
        answer: index of the right one; None with a mark, where only the reader's own setting tells.
        reveal: what is locked until then, the whole "demo" or the "landscape".
        kind: "choice" among the options, or "mark" to leave the present setting as a mark on the landscape.
        observe: what is asked after playing.
        explain: the explanation, as HTML.
    """

    question: str
    options: Sequence[tuple[str, str]] = ()
    answer: int | None = None
    reveal: str = "demo"
    kind: str = "choice"
    observe: str = ""
    explain: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("choice", "mark"):
            raise ValueError(f"kind must be 'choice' or 'mark', got {self.kind!r}")
        if self.reveal not in ("demo", "landscape"):
            raise ValueError(f"reveal must be 'demo' or 'landscape', got {self.reveal!r}")
        if self.kind == "choice":
            if len(self.options) < 2:
                raise ValueError(f"options must hold at least two (text, feedback) pairs, got {len(self.options)}")
            if self.answer is None or not 0 <= self.answer < len(self.options):
                raise ValueError(f"answer must be an index in [0, {len(self.options) - 1}], got {self.answer!r}")

    def spec(self, names: Names) -> dict[str, Any]:
        """Return the description for the page."""
        return {
            "question": self.question, "options": [{"text": text, "feedback": said} for text, said in self.options],
            "answer": self.answer, "reveal": self.reveal, "kind": self.kind, "observe": self.observe,
            "explain": self.explain,
        }  # fmt: skip
