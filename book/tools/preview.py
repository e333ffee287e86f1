"""Build one chapter beside the reference pages, without the rest of the book: `make page PAGE=book/filters/fir`.

For an author's quick look: the pages lie in `_build/preview/<name>/_build/html`. Links to chapters that are left out
are not followed, so warnings are shown here and do not stop the build; `make book` is the judge.
"""

import argparse
import shutil
import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

from book.tools import notebooks
from book.tools.build import SITE
from book.tools.execute import DEMOS, execute
from book.tools.toc import ROOT, BookError, Page, pages

API = "book/reference/api/"
TOC = "format: jb-book\nroot: {page}\nparts:\n  - caption: Reference\n    chapters:\n{others}"


def stage(page: Page) -> Path:
    """Copy the sources to a folder of its own, with a table of contents of this page and the reference pages."""
    root = ROOT / "_build/preview" / page.name.replace("/", "-")
    shutil.rmtree(root / "book", ignore_errors=True)
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for name in ("_config.yml", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copyfile(ROOT / name, root / name)
    if not (root / "ddsp_lite").exists():
        (root / "ddsp_lite").symlink_to(ROOT / "ddsp_lite", target_is_directory=True)
    (root / DEMOS.parent).mkdir(exist_ok=True)
    if not (root / DEMOS).exists():
        (root / DEMOS).symlink_to(ROOT / DEMOS, target_is_directory=True)
    among = page.name.startswith(API)  # such a page links to its neighbours
    others = [o.name for o in pages(ROOT) if "/reference/" in o.name and (among or not o.name.startswith(API))]
    lines = "".join(f"      - file: {name}\n" for name in others if name != page.name)
    (root / "_toc.yml").write_text(TOC.format(page=page.name, others=lines), encoding="utf-8")
    return root


def main() -> None:
    """Run the chapter, write its page, and tell what is wrong with its cells."""
    parser = argparse.ArgumentParser(description="Build one chapter into a folder of its own.")
    parser.add_argument("page", help="its name, such as book/filters/fir")
    parser.add_argument("--keep", action="store_true", help="also bring the notebook into the form that is committed")
    options = parser.parse_args()
    name = options.page.removesuffix(".ipynb").removesuffix(".md")
    source = next((p for p in (ROOT / f"{name}.ipynb", ROOT / f"{name}.md") if p.is_file()), None)
    if source is None:
        sys.exit(f"There is no page {name}: PAGE is a name below book/, such as book/filters/fir.")
    root = stage(Page(name, source))
    listed = pages(root)
    try:
        execute([page for page in listed if page.is_notebook], root)
    except BookError as error:
        sys.exit(f"\n{error}")
    if source.suffix == ".ipynb":
        ran = notebooks.read(root / "_build/executed" / f"{name}.ipynb")
        for fault in notebooks.faults(notebooks.read(root / f"{name}.ipynb"), ran, compared=False):
            print(f"  {fault}")
        if options.keep:
            kept = notebooks.with_outputs(notebooks.read(source), ran)
            source.write_text(notebooks.text(notebooks.normalise(kept)), encoding="utf-8")
    build_sphinx(
        str(root), str(root / SITE), noconfig=True, path_config=str(root / "_config.yml"), force_all=True,
        confoverrides={
            "external_toc_path": str(root / "_toc.yml"), "latex_individualpages": False,
            "suppress_warnings": ["myst.domains", "ref.doc"],  # the chapters that are left out
        }, freshenv=True,
        keep_going=True, quiet=True,
    )  # fmt: skip
    built = root / SITE / f"{name}.html"
    if not built.is_file():
        sys.exit(f"{built.relative_to(ROOT)} was not written: see the messages above.")
    print(f"\nOpen {built.as_uri()}")
    build = (root / "_build").relative_to(ROOT)
    print(f"Its demos' tests: BOOK_BUILD={build} python -m pytest tests/book/test_browser.py")


if __name__ == "__main__":
    main()
