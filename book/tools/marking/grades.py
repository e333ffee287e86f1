"""The table of grades: one row for each student and chapter, safe to open in a spreadsheet."""

import csv
from pathlib import Path

from book.tools.marking.score import Result

HEAD = ["student", "chapter", "points", "of"]
TAIL = ["reasons", "remarks", "file"]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line."""
    line = " ".join(text.split())
    return f"'{line}" if text.startswith(FORMULA) or line.startswith(FORMULA) else line


def number(points: float) -> str:
    """Points without superfluous digits."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def row(result: Result, width: int) -> list[str]:
    """One result: points in all and by exercise, then words."""
    each = [number(exercise.points) for exercise in result.exercises]
    reasons = "; ".join(f"{one.name}: {one.reason}" for one in result.exercises if one.reason)
    total = [number(result.points), number(result.maximum)] if result.exercises else ["", ""]
    words = [safe(reasons), safe("; ".join(result.remarks)), safe(result.file)]
    return [safe(result.student), safe(result.chapter), *total, *each, *[""] * (width - len(each)), *words]


def write(results: list[Result], folder: Path) -> Path:
    """Write `grades.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    width = max((len(result.exercises) for result in results), default=0)
    path = folder / "grades.csv"
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        table = csv.writer(file, quoting=csv.QUOTE_ALL)
        table.writerow([*HEAD, *(f"exercise {number + 1}" for number in range(width)), *TAIL])
        table.writerows(row(result, width) for result in results)
    return path
