"""The reference of the package: every public name once, and nothing that is not public."""

import importlib
import re
import sys

import pytest

import ddsp_lite
from book.tools.toc import ROOT, pages
from ddsp_lite import systems

sys.path.insert(0, str(ROOT / "book/extensions"))

import api_pages

FOLDER = ROOT / "book/reference/api"
MODULES = sorted({*ddsp_lite.__all__, "classroom"})
SYSTEMS = [f"systems.{name}" for name in systems.__all__]
KERNELS = sorted(path.stem for path in (ROOT / "ddsp_lite/kernels").glob("[!_]*.py"))


@pytest.mark.parametrize("name", [*(name for name in MODULES if name != "systems"), *SYSTEMS])
def test_every_public_name_has_one_entry(name: str) -> None:
    text = (FOLDER / f"{name.partition('.')[0]}.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^\.\. currentmodule:: (\S+)", text, flags=re.MULTILINE)
    own = [part for module, part in zip(parts[::2], parts[1::2], strict=True) if module == f"ddsp_lite.{name}"]
    assert own
    entries = re.findall(r"^\.\. (?:auto|py:)(?:function|class|exception|data):: (\w+)", "".join(own), re.MULTILINE)
    assert sorted(entries) == sorted(importlib.import_module(f"ddsp_lite.{name}").__all__)


def test_every_module_has_a_page_in_the_book() -> None:
    listed = {page.name.rpartition("/")[2] for page in pages(ROOT) if page.name.startswith("book/reference/api/")}
    assert listed == {"index", "kernels", *MODULES}
    assert {path.stem for path in FOLDER.glob("*")} == listed
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE)) == listed - {"index"}


def test_every_kernel_is_shown() -> None:
    text = (FOLDER / "kernels.md").read_text(encoding="utf-8")
    assert re.findall(r"automodule:: ddsp_lite\.kernels\.(\w+)", text) == KERNELS


@pytest.mark.parametrize(
    ("written", "made"),
    [
        (["Source: A book. Chapter: filters/iir.", ""], [":Source: A book.", ":Chapter: :doc:`/book/filters/iir`", ""]),
        (
            ["Source: A book,", "by two. Chapter: filters/iir.", ""],
            [":Source: A book,", "   by two.", ":Chapter: :doc:`/book/filters/iir`", ""],
        ),
        (["Source: A.", "    B.", "Chapter: a/b-c."], [":Source: A.", "       B.", ":Chapter: :doc:`/book/a/b-c`"]),
        (["Chapter: book/a/b.", "no Chapter here"], [":Chapter: :doc:`/book/a/b`", "no Chapter here"]),
    ],
)  # fmt: skip
def test_source_and_chapter_become_fields(written: list[str], made: list[str]) -> None:
    api_pages.name_the_origin(None, "function", "f", None, None, written)
    assert written == made
