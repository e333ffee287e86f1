"""Which of a chapter's statements its exercises need: marking runs those, and neither demos nor pictures.

A statement is needed when it gives a value to a name, or changes what a name stands for, that a needed one uses. What
is done to an imported module (a seed, a plot's style) does not count: a check seeds what it needs itself.
"""

import ast
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

STAR = "*"


@dataclass(frozen=True)
class Names:
    """What code binds, what it uses, what it changes in place, which names it imports."""

    binds: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()


def base(node: ast.AST) -> str:
    """The name that an attribute, item or call hangs on, or nothing."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """A scope and all within it."""
    yield table
    for child in table.get_children():
        yield from scopes(child)


def names(source: str, *, quoted: bool = False) -> Names:
    """The global names in a cell; of code that does not parse, every word counts as used.

    A check is given a student's expression in quotes: with `quoted`, the names in it count too.
    """
    try:
        text = TransformerManager().transform_cell(source)
        tree, top = ast.parse(text), symtable.symtable(text, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(uses=frozenset(re.findall(r"[^\W\d]\w*", source)))
    mine = top.get_symbols()
    imports = {symbol.get_name() for symbol in mine if symbol.is_imported()}
    binds = {symbol.get_name() for symbol in mine if symbol.is_assigned() or symbol.is_namespace()} | imports
    uses = {symbol.get_name() for symbol in mine if symbol.is_referenced()}
    for table in list(scopes(top))[1:]:
        outer = [symbol for symbol in table.get_symbols() if symbol.is_global()]
        uses |= {symbol.get_name() for symbol in outer if symbol.is_referenced()}
        binds |= {symbol.get_name() for symbol in outer if symbol.is_assigned()}
    changes: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changes.add(base(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "." in ast.unparse(node.value.func):
            changes.add(base(node.value))
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == STAR:
            imports.add(STAR)
        elif quoted and isinstance(node, ast.Call):
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            uses |= names(first).uses if isinstance(first, str) and is_expression(first) else set()
    return Names(frozenset(binds), frozenset(uses), frozenset(changes - {""}), frozenset(imports))


def is_expression(text: str) -> bool:
    """Whether a text is one Python expression."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def statements(source: str) -> list[str]:
    """The top-level statements of a cell; a cell with magics stays whole."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return [source]
    lines, found, last = source.split("\n"), [], 0
    for node in tree.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        if first > last:  # not the second of two on one line
            found.append("\n".join(lines[first - 1 : node.end_lineno]))
        last = node.end_lineno
    return found


def select(cells: list[NotebookNode]) -> set[int]:
    """The places of the cells that the answers and checks among `cells` need, these included."""
    found = [names(cell.source, quoted=cell.metadata.kind == "check") for cell in cells]
    modules = frozenset().union(*(one.imports for one in found))
    chosen = {
        place
        for place, cell in enumerate(cells)
        if cell.metadata.kind in ("answer", "check") or STAR in found[place].imports
    }
    while True:
        used = frozenset().union(*(found[place].uses for place in chosen))
        more = {
            place
            for place, one in enumerate(found)
            if place not in chosen and (one.binds | (one.changes - modules)) & used
        }
        if not more:
            return chosen
        chosen |= more
