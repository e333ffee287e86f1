"""Every chapter is committed in normal form, ran as it stands, and hides nothing from nbval's comparison.

`make test` runs the chapters by nbval, which compares what a cell prints with what is committed, but only in cells
that have an execution count. These tests close that door: a cell without one must be a cell that shows a picture, a
player or a demo (its values are asserted in a cell or in the browser), and no tag or comment may switch a comparison
off.
"""

import pytest

from book.tools import notebooks
from book.tools.execute import result_path, seconds_taken
from book.tools.toc import ROOT, Page
from book.tools.toc import notebooks as chapters
from ddsp_lite import audio

CHAPTERS = chapters(ROOT)
every_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)
LONGEST = 60


@every_chapter
def test_is_committed_in_normal_form(page: Page) -> None:
    committed = page.source.read_text(encoding="utf-8")
    wanted = notebooks.text(notebooks.normalise(notebooks.read(page.source)))
    assert committed == wanted, f"{page.name} is not in the committed form: run `make notebooks`"


@every_chapter
def test_every_cell_ran_and_is_compared(page: Page) -> None:
    path = result_path(ROOT, page)
    assert path.is_file(), f"{page.name} has not been run: run `make book`"
    assert notebooks.faults(notebooks.read(page.source), notebooks.read(path), compared=True) == []


@every_chapter
def test_outputs_are_those_of_the_last_run(page: Page) -> None:
    source, executed = notebooks.read(page.source), notebooks.read(result_path(ROOT, page))
    fresh = notebooks.normalise(notebooks.with_outputs(source, executed))
    assert [bool(cell.outputs) for cell in notebooks.code_cells(source)] == [
        bool(cell.outputs) for cell in notebooks.code_cells(fresh)
    ]


@every_chapter
def test_runs_within_a_minute(page: Page) -> None:
    """By the processor's clock, so that what else the machine does is not counted."""
    assert seconds_taken(ROOT, page) <= LONGEST


@every_chapter
def test_asserts_what_it_claims(page: Page) -> None:
    assert any("assert" in cell.source for cell in notebooks.code_cells(notebooks.read(page.source)))


def test_no_notebook_is_left_out_of_the_book() -> None:
    found = {path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert found == {page.source for page in CHAPTERS}


def test_the_recordings_are_at_hand() -> None:
    """Without them the chapters run on bundled clips, and print other numbers than the committed ones."""
    for name in ("trumpet",):
        assert not audio.example(name).bundled, (
            f"the recording {name!r} could not be had, so the chapters that use it print other numbers: "
            "connect to the network once, or point LIBROSA_DATA_DIR at a folder of librosa's recordings"
        )
