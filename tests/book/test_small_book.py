"""`make book` from end to end on a book of two pages: what it makes, when it works again, what it refuses."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book.tools import check_build, notebooks
from book.tools.build import SITE, STAMP
from book.tools.toc import ROOT

TOC = "format: jb-book\nroot: book/index\nchapters:\n  - file: book/words\n"
BUILD = """
import sys
from pathlib import Path
from book.tools.build import build
from book.tools.toc import BookError
try:
    build(Path(sys.argv[1]), sys.argv[2])
except BookError as error:
    sys.exit(str(error))
"""


def write_chapter(root: Path, *sources: str) -> None:
    cells = [new_markdown_cell("# A chapter\n\nWith a word."), *(new_code_cell(source) for source in sources)]
    text = notebooks.text(notebooks.normalise(new_notebook(cells=cells)))
    (root / "book/index.ipynb").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built book of one chapter and one page of text, with our configuration and extensions."""
    root = tmp_path_factory.mktemp("small")
    for name in ("book/extensions", "book/assets"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copyfile(ROOT / name, root / name)
    settings = (ROOT / "_config.yml").read_text(encoding="utf-8")
    # Without the demos' extension, which there is no demo for and which takes seconds to load.
    (root / "_config.yml").write_text(settings.replace("      - ddsp_lite.live.page\n", ""), encoding="utf-8")
    (root / "_toc.yml").write_text(TOC)
    (root / "book/references.bib").write_text("")
    (root / "book/words.md").write_text("# Words\n\nAn equation, $x^2$, and [a link](index.ipynb).\n")
    (root / "ddsp_lite").mkdir()
    (root / "ddsp_lite/a.py").write_text("value = 1\n")
    write_chapter(root, "x = 1", "print('x is', x)")
    code, told = run(root)
    assert code == 0, told
    assert "running book/index" in told
    assert told.rstrip().endswith((root / SITE / "book/index.html").resolve().as_uri())
    return root


@pytest.fixture
def book(finished: Path, tmp_path: Path) -> Path:
    """A copy of the built book, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "book"))


def run(root: Path, repository: str = "") -> tuple[int, str]:
    """Build; return the exit code and all that was said."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(root), repository], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def page(root: Path, name: str) -> str:
    return (root / SITE / f"{name}.html").read_text(encoding="utf-8")


def test_pages_hold_results_and_equations(finished: Path) -> None:
    assert "x is 1" in page(finished, "book/index")
    assert "mjx-container" in page(finished, "book/words")
    assert "book/index.html" in page(finished, "index")
    assert check_build.check(finished) == []


def test_does_nothing_when_nothing_changed_and_writes_pages_that_are_missing(book: Path) -> None:
    run(book)  # its folder is another, so the first run may write anew
    assert "Nothing has changed" in run(book)[1]
    (book / SITE / "book/words.html").unlink()
    code, told = run(book)
    assert code == 0
    assert "running" not in told
    assert (book / SITE / "book/words.html").is_file()


def test_a_change_of_words_runs_no_chapter(book: Path) -> None:
    source = book / "book/index.ipynb"
    source.write_text(source.read_text().replace("With a word.", "With another word."))
    code, told = run(book)
    assert code == 0
    assert "running" not in told
    assert "With another word." in page(book, "book/index")
    assert "x is 1" in page(book, "book/index")


def test_a_change_of_the_package_leaves_no_stale_output(book: Path) -> None:
    code = "from pathlib import Path\nprint('value', Path('../ddsp_lite/a.py').read_text())"
    write_chapter(book, code)
    run(book)
    assert "value value = 1" in page(book, "book/index")
    (book / "ddsp_lite/a.py").write_text("value = 2\n")
    assert "running book/index" in run(book)[1]
    assert "value value = 2" in page(book, "book/index")


def test_a_warning_fails_the_build(book: Path) -> None:
    (book / "book/words.md").write_text("# Words\n\nA {term}`word that nobody explains`, and $\\frac{x$.\n")
    code, told = run(book)
    assert code == 1
    assert "word that nobody explains" in told
    assert "Missing close brace" in told
    assert "each of which counts as an error" in told
    assert not (book / STAMP).exists()


def test_a_missing_page_fails_the_build(book: Path) -> None:
    (book / "book/words.md").unlink()
    code, told = run(book)
    assert code == 1
    assert "book/words.ipynb (or .md)" in told


def test_a_cell_that_raises_fails_the_build_with_what_to_do(book: Path) -> None:
    write_chapter(book, "x = 1", "raise KeyError('no such partial')")
    code, told = run(book)
    assert code == 1
    for words in ("book/index.ipynb does not run", "make lab", "no such partial"):
        assert words in told
    assert not (book / "_build/executed/book/index.ipynb").exists()


def test_a_cell_that_warns_fails_the_build(book: Path) -> None:
    write_chapter(book, "import warnings", "warnings.warn('too loud')")
    code, told = run(book)
    assert code == 1
    assert "code cell 2: warned:" in told
    assert "UserWarning: too loud" in told


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js from another host"),
        ('<style>@import url("//fonts.example/f.css");</style>', "loads //fonts.example/f.css from another host"),
        ('<img src="gone.png" alt="">', "leads to gone.png, which does not exist"),
        ('<a href="index.html#nowhere">x</a>', "leads to index.html#nowhere, where nothing has that name"),
        ('<a href="index.html#gone=q:2">x</a>', "leads to index.html#gone=q:2, where nothing has that name"),
        ('<span class="fas fa-trumpet"></span>', "uses the icon trumpet"),
        ('<div class="system-message">bad directive</div>', "shows a build error: bad directive"),
    ],
)
def test_the_look_at_the_pages_finds_what_is_wrong(book: Path, broken: str, told: str) -> None:
    path = book / SITE / "book/words.html"
    path.write_text(page(book, "book/words").replace("</article>", f"{broken}</article>", 1))
    assert any(told in fault for fault in check_build.check(book))


def test_a_page_or_cell_that_is_missing_is_found(book: Path) -> None:
    (book / SITE / "book/index.html").write_text(
        page(book, "book/index").replace('class="cell docutils', 'class="docutils', 1)
    )
    assert check_build.check(book) == ["book/index: shows 1 of its 2 code cells"]
    (book / SITE / "book/words.html").unlink()
    assert "book/words: was not built: _build/html/book/words.html is missing" in check_build.check(book)


def test_repository_gives_buttons_and_none_gives_none(book: Path) -> None:
    address = "https://github.com/someone/hear-the-gradient"
    assert "mybinder" not in page(book, "book/index")
    code, told = run(book, f"{address}.git")
    assert code == 0, told
    for link in (f'href="{address}"', f"{address}/issues/new", "mybinder.org/v2/gh/someone/hear-the-gradient/main"):
        assert link in page(book, "book/index")
