"""The pages for teachers: every chapter named in them exists, every link opens a demo in a state that it can take."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from book.tools import exercises, notebooks
from book.tools.toc import ROOT
from book.tools.toc import notebooks as chapters

FOLDER = ROOT / "book/teaching"
PAGE = FOLDER / "for-teachers.md"
LINK = re.compile(r'<a href="(\.\./[^"#]+)\.html(?:#([^"]+))?">')
PARTS = ("**Ask.**", "| they say | behind it | say |", "**Show.**", "**Hand out.**", "**On the board.**",
         "**Without loudspeakers.**")  # fmt: skip
SOURCES = sorted(path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
TITLES = {notebooks.read(path).cells[0].source.splitlines()[0][2:]: path for path in SOURCES}


def sections() -> dict[str, str]:
    """The chapters' entries, by title."""
    _, _, entries = PAGE.read_text(encoding="utf-8").partition("\n---\n")
    parts = [part.partition("\n") for part in re.split(r"^## ", entries, flags=re.MULTILINE)[1:]]
    return {title: body for title, _, body in parts}


def literal(node: ast.AST, known: dict[str, Any]) -> Any:
    """A constant, or a name that stands for one; None where it takes a run to know."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


@cache
def controls(path: Path) -> dict[str, dict[str, ast.Call]]:
    """The sliders, bars and choices of a chapter's demos, by the demo's id."""
    found: dict[str, dict[str, ast.Call]] = {}
    for cell in notebooks.code_cells(notebooks.read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Demo":
                words = {word.arg: word.value for word in node.keywords if word.arg}
                found[words["id"].value] = {name: value for name, value in words.items() if isinstance(value, ast.Call)}
    return found


@cache
def constants(path: Path) -> dict[str, Any]:
    """The names that a chapter gives a literal value."""
    found: dict[str, Any] = {}
    for cell in notebooks.code_cells(notebooks.read(path)):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = literal(node.value, found)
    return found


def links() -> list[tuple[Path, str]]:
    """All links into demos: the chapter, the state."""
    found = []
    for page in sorted(FOLDER.glob("*.md")):
        for target, state in LINK.findall(page.read_text(encoding="utf-8")):
            found.append(((FOLDER / f"{target}.ipynb").resolve(), state))
    return found


@pytest.mark.parametrize("title", sections())
def test_each_entry_has_all_that_a_lesson_needs(title: str) -> None:
    body, source = sections()[title], TITLES[title]
    for part in PARTS:
        assert part in body, f"{title}: no {part}"
    states = LINK.findall(body)
    assert {(FOLDER / f"{target}.ipynb").resolve() for target, _ in states} == {source}
    assert sum(1 for _, state in states if state) >= 2, f"{title}: no link to the surprise, or none to what comes after"
    known = {each.title: each for each in exercises.find(notebooks.read(source))}
    handed = re.findall(r"\*([^*]+)\* \((predict|implement|explore), (\d+) minutes\)", body)
    assert handed
    for name, kind, minutes in handed:
        assert (known[name].kind.lower(), known[name].minutes) == (kind, int(minutes))


def test_each_chapter_has_an_entry() -> None:
    missing = {page.source for page in chapters(ROOT)} - {TITLES[title] for title in sections()}
    assert not missing


@pytest.mark.parametrize(("path", "state"), links())
def test_each_link_opens_a_demo_in_a_state_that_it_can_take(path: Path, state: str) -> None:
    assert path.is_file()
    if not state:
        return
    name, _, values = state.partition("=")
    mine = controls(path)[name]
    for part in values.split(","):
        key, value = (unquote(piece) for piece in part.split(":"))
        control = mine[key]
        words = {word.arg: word.value for word in control.keywords if word.arg}
        if control.func.id == "Slider":
            low, high = (literal(one, constants(path)) for one in control.args[:2])
            assert low <= float(value) <= high
        elif control.func.id == "Bars":
            bars, low, high = (
                [float(one) for one in value.split("_")],
                *(literal(words[one], constants(path)) for one in ("low", "high")),
            )
            assert len(bars) == literal(control.args[0], constants(path))
            assert all(low <= bar <= high for bar in bars)
        else:
            options = literal(control.args[0], constants(path))
            texts = {f"{one:g}" if isinstance(one, float) else str(one) for one in (options or {}).values()}
            assert options is None or value in texts


def test_a_plans_points_are_the_exercises() -> None:
    plan = (FOLDER / "course-plans.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d \|.*\|$", plan, flags=re.M)
    assert len(rows) == 6
    for row in rows[:-1]:
        pages = [(FOLDER / target).resolve() for target in re.findall(r"\]\((\.\./[^)]+\.ipynb)\)", row)]
        total = sum(each.points for page in pages for each in exercises.find(notebooks.read(page)))
        assert int(row.rstrip("| ").split("|")[-1]) == total, row
    for title in re.findall(r"\*([A-Z][^*]+)\*(?= [|and]|\n| \|)", plan):
        if title not in ("Working in the notebooks",):
            known = {each.title for page in chapters(ROOT) for each in exercises.find(notebooks.read(page.source))}
            assert title in known, title
