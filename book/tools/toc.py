"""The pages of the book, as `_toc.yml` lists them."""

from dataclasses import dataclass
from pathlib import Path

from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = (".ipynb", ".md")


class BookError(Exception):
    """Something that stops the build; the message says what to do."""


@dataclass(frozen=True)
class Page:
    """One page: its name in Sphinx (`book/index`) and the file that it is made from."""

    name: str
    source: Path

    @property
    def is_notebook(self) -> bool:
        """Whether the page is a chapter that is executed."""
        return self.source.suffix == ".ipynb"


def pages(root: Path = ROOT) -> list[Page]:
    """All pages in reading order; BookError names those that do not exist."""
    toc = root / "_toc.yml"
    try:
        names = [str(name) for name in parse_toc_yaml(toc)]
    except (MalformedError, OSError) as error:
        raise BookError(f"_toc.yml cannot be read: {error}") from error
    found, missing = [], []
    for name in names:
        sources = [root / f"{name}{suffix}" for suffix in SUFFIXES if (root / f"{name}{suffix}").is_file()]
        if sources:
            found.append(Page(name, sources[0]))
        else:
            missing.append(name)
    if missing:
        lines = "\n".join(f"  {name}.ipynb (or .md)" for name in missing)
        raise BookError(f"_toc.yml lists pages that do not exist:\n{lines}\nWrite them, or take them out of _toc.yml.")
    return found


def notebooks(root: Path = ROOT) -> list[Page]:
    """The pages that are executed."""
    return [page for page in pages(root) if page.is_notebook]
