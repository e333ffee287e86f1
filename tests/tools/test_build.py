"""The parts of the build that need no Sphinx: which pages, which keys, which repository."""

from pathlib import Path

import pytest

from book.tools import check_build
from book.tools.build import repository_options
from book.tools.fingerprint import BUILD_FILES, build_digest, package_digest, recordings
from book.tools.toc import ROOT, BookError, pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that digests and the list of pages are made from."""
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/words\n")
    for name in ("book/index.ipynb", "book/words.md", "ddsp_lite/a.py", *BUILD_FILES):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if not (tmp_path / name).exists():
            (tmp_path / name).write_text("x = 1\n")
    return tmp_path


def test_pages_come_in_reading_order(folder: Path) -> None:
    assert [page.name for page in pages(folder)] == ["book/index", "book/words"]
    assert [page.is_notebook for page in pages(folder)] == [True, False]


def test_a_missing_page_is_named(folder: Path) -> None:
    (folder / "book/words.md").unlink()
    with pytest.raises(BookError, match=r"do not exist:\n  book/words\.ipynb \(or \.md\)"):
        pages(folder)


def test_a_table_of_contents_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"_toc\.yml cannot be read"):
        pages(tmp_path)


@pytest.mark.parametrize("name", ["ddsp_lite/a.py", "requirements.txt", "constraints.txt"])
def test_a_change_below_the_chapters_changes_their_key(folder: Path, name: str) -> None:
    before = package_digest(folder)
    (folder / name).write_text("x = 2\n")
    assert package_digest(folder) != before


def test_caches_do_not_count(folder: Path) -> None:
    before = package_digest(folder), build_digest(folder, "")
    (folder / "ddsp_lite/__pycache__").mkdir()
    (folder / "ddsp_lite/__pycache__/a.pyc").write_text("")
    (folder / "book/.ipynb_checkpoints").mkdir()
    (folder / "book/.ipynb_checkpoints/index.ipynb").write_text("")
    assert (package_digest(folder), build_digest(folder, "")) == before


@pytest.mark.parametrize("name", ["book/words.md", "_toc.yml", "_config.yml", "ddsp_lite/a.py"])
def test_a_change_of_any_source_changes_the_build(folder: Path, name: str) -> None:
    before = build_digest(folder, "")
    (folder / name).write_text("other\n")
    assert build_digest(folder, "") != before


def test_the_repository_is_part_of_the_build(folder: Path) -> None:
    assert build_digest(folder, "") != build_digest(folder, "https://github.com/a/b")


def test_recordings_at_hand_are_part_of_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = folder / "recordings"
    sounds.mkdir()
    monkeypatch.setenv("LIBROSA_DATA_DIR", str(sounds))
    assert recordings() == ""
    before = package_digest(folder)
    (sounds / "trumpet.ogg").write_bytes(b"abc")
    assert recordings() == "trumpet.ogg 3"
    assert package_digest(folder) != before


@pytest.mark.parametrize("address", ["github.com/a/b", "https://github.com/a", "https://example.org/a/b", "x"])
def test_an_address_that_is_no_repository_is_refused(address: str) -> None:
    with pytest.raises(BookError, match="is not the address of a repository"):
        repository_options(address)


def test_a_repository_is_known_by_its_plain_address() -> None:
    for address in ("https://github.com/a/b", "https://github.com/a/b/", "https://github.com/a/b.git"):
        assert repository_options(address)["repository_url"] == "https://github.com/a/b"
    assert repository_options("") == {}


def test_addresses_out_of_the_book_are_known() -> None:
    assert all(check_build.is_external(address) for address in ("https://a.b/c", "http://a.b", "//a.b/c.js"))
    assert not any(
        check_build.is_external(address) for address in ("../a.js", "#x", "data:image/png;base64,AA", "a.html")
    )


def test_every_page_of_the_book_exists() -> None:
    assert len(pages(ROOT)) >= 9
