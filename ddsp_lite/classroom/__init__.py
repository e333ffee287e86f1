"""Exercises that check themselves: what a student's answer is compared with, and what it is told. Chapter: index.

An exercise of a chapter ends in a cell of checks. Each prints one line, and a failed one says what was expected, what
came and the likely reason, never the solution:

>>> from ddsp_lite import classroom
>>> def period(frequency):
...     return 1000 / frequency
>>> check = classroom.Exercise("example-1", points=2, names={"period": period})
>>> check.close("period(440.0)", 1 / 440, unit="s")
✗ period(440.0): expected 0.00227273 s, got 2.27273 s: are these milliseconds?
>>> check.score()
example-1: 0 of 1 checks passed, 0 of 2 points
0.0

`Quiz` shows concept questions that answer back.
"""

from ddsp_lite.classroom.exercise import Exercise
from ddsp_lite.classroom.quiz import Question, Quiz
from ddsp_lite.classroom.sealing import seal, seal_source

__all__ = ["Exercise", "Question", "Quiz", "seal", "seal_source"]
