"""The book's Markdown in words that a plain JupyterLab shows: no directives, no roles.

A page has numbered equations, folds, terms and citations; in a notebook they become tags, `<details>` and names in
brackets. Links to other chapters lead to their folders beside this one; links to other pages become words.
"""

import copy
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath

from nbformat import NotebookNode
from pybtex.database import parse_file

from book.tools.toc import ROOT

FENCE = re.compile(
    r"^(?P<fence>`{3,})\{(?P<kind>[\w:-]+)\} ?(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence) *$", re.MULTILINE | re.DOTALL
)
OPTION = re.compile(r"\A(?::[\w-]+:[^\n]*\n)+\n?")
LABEL = re.compile(r"^:label: *(\S+)", re.MULTILINE)
DOLLARS = re.compile(r"\$\$(?P<body>.+?)\$\$ *\((?P<label>[\w-]+)\)", re.DOTALL)
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]+)`")
SPAN = re.compile(r"\[(?P<text>[^\]]+)\]\{\.[\w-]+\}")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+\.(?:ipynb|md))(?:#[^)]*)?\)")
NAMED = re.compile(r"^(?P<text>.*?) *<(?P<target>[^>]+)>$", re.DOTALL)


@cache
def works() -> dict[str, tuple[str, str]]:
    """Authors and year of every work in the bibliography, by key."""
    found = {}
    for key, entry in parse_file(str(ROOT / "book/references.bib")).entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in people]
        who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        found[key] = who, entry.fields.get("year", "n. d.")
    return found


class Plain:
    """Rewrites the Markdown of one notebook."""

    def __init__(self, notebook: NotebookNode) -> None:
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        labels = [
            found[1] or found[2]
            for found in re.finditer(r"^`{3,}\{math\}[^`]*?^:label: *(\S+)|\$\$ *\(([\w-]+)\)", text, re.MULTILINE)
        ]
        self.equations = {label: number for number, label in enumerate(labels, start=1)}
        figures = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in notebook.cells]
        self.figures = [name for name in figures if name]
        self.exercises = {
            found[2]: found[1].strip()
            for found in re.finditer(r"^`{3,}\{exercise\} (.*)\n:label: *(\S+)", text, re.MULTILINE)
        }

    def __call__(self, source: str) -> str:
        """One cell's Markdown."""
        text = FENCE.sub(self.block, source)
        text = DOLLARS.sub(lambda found: self.equation(found["body"], found["label"]), text)
        text = SPAN.sub(lambda found: found["text"], ROLE.sub(self.role, text))
        return LINK.sub(self.link, text)

    def block(self, found: re.Match) -> str:
        """A directive."""
        kind, body = found["kind"], OPTION.sub("", found["body"])
        if kind == "math":
            label = LABEL.search(found["body"])
            return self.equation(body, label[1] if label else "")
        body = FENCE.sub(self.block, body).strip()
        if kind == "exercise":
            return f"### Exercise: {found['title']}\n\n{body}"
        return f"<details>\n<summary>{found['title'] or kind.capitalize()}</summary>\n\n{body}\n\n</details>"

    def equation(self, body: str, label: str) -> str:
        """An equation with its number."""
        tag = f" \\tag{{{self.equations[label]}}}" if label in self.equations else ""
        return f"$$\n{body.strip()}{tag}\n$$"

    def role(self, found: re.Match) -> str:
        """A term, citation or reference."""
        text, role = " ".join(found["text"].split()), found["role"]
        named = NAMED.match(text)
        if role == "eq":
            return f"({self.equations.get(text, '?')})"
        if role == "numref":
            return "the figure" if text in self.figures else "the table"
        if role.startswith("cite"):
            keys = [key.strip() for key in text.split(",")]
            listed = [works().get(key, (key, "")) for key in keys]
            form: Callable = (lambda w: f"{w[0]} ({w[1]})") if role == "cite:t" else (lambda w: f"{w[0]}, {w[1]}")
            joined = "; ".join(form(work) for work in listed)
            return joined if role == "cite:t" else f"({joined})"
        if named:
            return named["text"]
        return self.exercises.get(text, text)

    def link(self, found: re.Match) -> str:
        """A link to another page."""
        target = PurePosixPath(found["target"])
        if target.suffix == ".ipynb":
            return f"[{found['text']}](../{target.stem}/{target.name})"
        return found["text"]


def plain(notebook: NotebookNode) -> NotebookNode:
    """The notebook with plain Markdown."""
    result, rewrite = copy.deepcopy(notebook), Plain(notebook)
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = rewrite(cell.source)
    return result


def pictures(notebook: NotebookNode, folder: Path) -> list[Path]:
    """The picture files that a notebook shows, below the chapter's folder."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    names = re.findall(r'<img[^>]*\bsrc="([^":]+)"|!\[[^\]]*\]\(([^):\s]+)\)', text)
    return [folder / (first or second) for first, second in names]
