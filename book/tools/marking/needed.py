"""Which of a chapter's cells its exercises need: marking runs those, and neither demos nor pictures.

A cell is needed when it binds or changes a name that a needed cell uses. What a cell does to an imported module (a
seed, a plot's style) does not count: a check seeds what it needs itself.
"""

import ast
import re
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

DEMOS = {"Demo", "display"}
STAR = "*"


@dataclass(frozen=True)
class Names:
    """What a cell's code binds, what it uses, what it changes in place, which names it imports."""

    binds: frozenset[str]
    uses: frozenset[str]
    changes: frozenset[str]
    imports: frozenset[str]


def parse(source: str) -> ast.Module | None:
    """The syntax tree of a cell, magics included; None where it has none."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def base(node: ast.AST) -> str | None:
    """The name that an attribute, item or call hangs on."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def names(source: str) -> Names:
    """The names in a cell; of code that does not parse, every word counts as used."""
    tree = parse(source)
    if tree is None:
        return Names(frozenset(), frozenset(re.findall(r"[^\W\d]\w*", source)), frozenset(), frozenset())
    binds: set[str] = set()
    uses: set[str] = set()
    changes: set[str] = set()
    imports: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                uses.add(name)
            case ast.Name(id=name):
                binds.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                binds.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                imports.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.Global(names=several):
                changes.update(several)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                changes.add(base(method) or "")
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changes.add(base(node) or "")
        if isinstance(node, ast.AugAssign):
            uses.add(base(node.target) or "")
    return Names(frozenset(binds | imports), frozenset(uses), frozenset(changes), frozenset(imports))


def without_demos(source: str) -> str:
    """Blank the lines that build a demo: they take seconds and bind nothing."""
    tree = parse(source)
    lines = source.split("\n")
    for node in tree.body if tree else []:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and base(node.value.func) in DEMOS:
            for number in range(node.lineno - 1, node.end_lineno):
                lines[number] = ""
    return "\n".join(lines).rstrip()


def select(cells: list[NotebookNode], wanted: set[int]) -> set[int]:
    """The places of the code cells that the `wanted` ones need, these included."""
    found = {place: names(cell.source) for place, cell in enumerate(cells) if cell.cell_type == "code"}
    modules = frozenset().union(*(one.imports for one in found.values()))
    chosen = {place for place in found if place in wanted or STAR in found[place].imports}
    while True:
        used = frozenset().union(*(found[place].uses for place in chosen))
        more = {
            place
            for place, one in found.items()
            if place not in chosen and (one.binds | (one.changes - modules)) & used
        }
        if not more:
            return chosen
        chosen |= more
