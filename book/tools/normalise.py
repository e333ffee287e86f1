"""Run the chapters and bring them into the form that is committed: `make notebooks`.

See `book/tools/notebooks.py` for that form.
"""

import sys

from book.tools import notebooks
from book.tools.execute import execute, result_path
from book.tools.toc import ROOT, BookError
from book.tools.toc import notebooks as chapters


def main() -> None:
    """Rewrite the chapters that are not in normal form, and say which."""
    try:
        pages = chapters(ROOT)
        execute(pages, ROOT)
    except BookError as error:
        sys.exit(f"\n{error}")
    for page in pages:
        executed = notebooks.read(result_path(ROOT, page))
        wanted = notebooks.text(notebooks.normalise(notebooks.with_outputs(notebooks.read(page.source), executed)))
        changed = wanted != page.source.read_text(encoding="utf-8")
        if changed:
            page.source.write_text(wanted, encoding="utf-8")
        print(f"  {page.source.relative_to(ROOT)}: {'rewritten' if changed else 'already in order'}")


if __name__ == "__main__":
    main()
