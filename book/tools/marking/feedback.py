"""A page for each student: points, reasons, what the checks said, the answer as it was handed in.

Everything in it that comes from a student is text: nothing is run where the page is opened.
"""

import hashlib
import re
from collections import defaultdict
from html import escape
from pathlib import Path

from book.tools.marking.grades import number
from book.tools.marking.score import Exercise, Result

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid; margin-top: 1.5rem; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid; border-radius: .3rem; white-space: pre-wrap; }
img { max-width: 100%; background: white; }
.points { float: right; }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Feedback for {student}</title><style>{style}</style></head>
<body><main><h1>Feedback for {student}</h1>
{body}
</main></body></html>
"""
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")


def block(title: str, text: str, *, folded: bool = False) -> str:
    """A titled piece of literal text, or nothing where there is none."""
    if not text.strip():
        return ""
    literal = f'<pre tabindex="0">{escape(text)}</pre>'
    if folded:
        return f"<details><summary>{title}</summary>{literal}</details>"
    return f"<p>{title}</p>{literal}"


def exercise(one: Exercise) -> str:
    """One exercise."""
    points = f"{number(one.points)} of {number(one.maximum)}"
    pictures = [picture for picture in one.pictures if BASE64.match(picture)]
    return "\n".join(
        [
            f'<section><h3>{escape(one.title or one.name)} <span class="points">{points}</span></h3>',
            f"<p>{escape(one.reason[:1].upper() + one.reason[1:])}</p>" if one.reason else "",
            block("The check says:", one.checked),
            block("Your answer", one.answer, folded=True),
            block("What it printed", one.printed, folded=True),
            *(f'<img alt="A picture that your answer shows" src="data:image/png;base64,{p}">' for p in pictures),
            "</section>",
        ]
    )


def chapter(result: Result) -> str:
    """One chapter."""
    title = escape(result.chapter or result.file or "Nothing handed in")
    total = f": {number(result.points)} of {number(result.maximum)} points" if result.exercises else ""
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in result.remarks)
    return "\n".join(
        [f"<h2>{title}{total}</h2>", f"<ul>{remarks}</ul>" if remarks else "", *map(exercise, result.exercises)]
    )


def file_name(student: str) -> str:
    """A file name for a student's page: readable, and never another student's."""
    plain = re.sub(r"[^\w.-]+", "-", student).strip(".-")[:80]
    if plain == student:
        return f"{plain}.html"
    return f"{plain}-{hashlib.sha256(student.encode(errors='surrogateescape')).hexdigest()[:8]}.html"


def write(results: list[Result], folder: Path) -> list[Path]:
    """Write a page for each student."""
    folder.mkdir(parents=True, exist_ok=True)
    by_student: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_student[result.student].append(result)
    pages = []
    for student, theirs in by_student.items():
        name = student.encode(errors="surrogateescape").decode(errors="replace")
        page = PAGE.format(student=escape(name), style=STYLE, body="\n".join(map(chapter, theirs)))
        pages.append(folder / file_name(student))
        pages[-1].write_text(page, encoding="utf-8", errors="replace")
    return pages
