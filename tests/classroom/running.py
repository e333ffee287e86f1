"""Runs an exercise's cells without a kernel: only the statements before it that define what it uses, then the cells.

Names are found by Python's own symbol table, statement by statement, so that demos, plots and players are never made.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import runpy
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from book.tools import exercises, notebooks
from book.tools.toc import ROOT
from book.tools.toc import notebooks as chapters

WRONG_ANSWERS = Path(__file__).parent / "wrong_answers"
CHAPTERS = {page.source.stem: page for page in chapters(ROOT)}


@dataclass(frozen=True)
class Statement:
    """A top-level statement: its text, the names that it gives a value or changes, and those that it needs."""

    text: str
    binds: frozenset[str]
    uses: frozenset[str]


def quoted(source: str) -> set[str]:
    """The names in the expressions that a check cell holds in quotes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        of_check = isinstance(node.func.value, ast.Name) and node.func.value.id == "check"
        if of_check and node.args and isinstance(node.args[0], ast.Constant):
            with contextlib.suppress(SyntaxError, TypeError):
                found |= names(node.args[0].value)[1]
    return found


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from scopes(child)


def names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The global names that a piece of code binds, and those that it uses."""
    top = symtable.symtable(text, "cell", "exec")
    binds = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    uses = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    for table in scopes(top):
        uses |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return frozenset(binds), frozenset(uses)


def changed(node: ast.stmt) -> set[str]:
    """The names whose objects a statement may change: `x.append(1)`, `x[0] = 1`."""
    calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)] if isinstance(node, ast.Expr | ast.For) else []
    stores = [
        n for n in ast.walk(node) if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store)
    ]
    bases = [n.value for n in [*calls, *stores] if isinstance(n, ast.Attribute | ast.Subscript)]
    return {n.id for n in bases if isinstance(n, ast.Name)}


def statements(source: str) -> list[Statement]:
    lines, found = source.splitlines(), []
    for node in ast.parse(source).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        binds, uses = names(text)
        found.append(Statement(text, binds | changed(node), uses))
    return found


def needed(before: Iterable[Statement], wanted: set[str]) -> list[str]:
    """The statements, in order, that the wanted names come from."""
    before, chosen = list(before), set()
    modules = {name for s in before if s.text.startswith(("import ", "from ")) for name in s.binds}
    while True:
        more = {
            k for k, s in enumerate(before)
            if k not in chosen and s.binds & wanted
            and (s.text.startswith(("import ", "from ")) or s.binds & wanted - modules)
        }  # fmt: skip
        if not more:
            return [before[k].text for k in sorted(chosen)]
        chosen |= more
        wanted = wanted | {name for k in more for name in before[k].uses}


@functools.cache
def notebook(chapter: str) -> NotebookNode:
    return notebooks.read(CHAPTERS[chapter].source)


@functools.cache
def found(chapter: str) -> list[exercises.Exercise]:
    return exercises.find(notebook(chapter))


def ordinary(chapter: str) -> list[NotebookNode]:
    """The code cells that belong to no exercise."""
    return [cell for cell in notebooks.code_cells(notebook(chapter)) if not exercises.grade_id(cell)]


@functools.cache
def base(chapter: str) -> dict[str, Any]:
    """What the chapter defines and its exercises use."""
    wanted: set[str] = set()
    for each in found(chapter):
        own, uses = set(), set()
        for cell in (each.solution, each.check):
            binds, used = names(cell.source)
            own, uses = own | binds, uses | used
        wanted |= (uses | quoted(each.check.source)) - own
    before = [statement for cell in ordinary(chapter) for statement in statements(cell.source)]
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile("\n".join(needed(before, wanted)), chapter, "exec"), space)
    return space


def mark(chapter: str, exercise: exercises.Exercise, answer: str | None) -> tuple[float, str]:
    """The points that an answer earns and what the checks say; None stands for the chapter's own solution."""
    space, printed = dict(base(chapter)), io.StringIO()
    source = exercise.solution.source if answer is None else exercises.replaced(exercise.solution.source, answer)
    *body, last = ast.parse(exercise.check.source).body
    with contextlib.redirect_stdout(printed):
        with contextlib.suppress(NotImplementedError):
            exec(compile(source, f"{exercise.name}, answer", "exec"), space)
        exec(compile(ast.Module(body, []), f"{exercise.name}, check", "exec"), space)
        score = eval(compile(ast.Expression(last.value), f"{exercise.name}, check", "eval"), space)
    return score, printed.getvalue()


@functools.cache
def wrong_answers(chapter: str) -> dict[str, list[tuple[str, str]]]:
    path = WRONG_ANSWERS / f"{chapter.replace('-', '_')}.py"
    return runpy.run_path(str(path))["WRONG"] if path.is_file() else {}
