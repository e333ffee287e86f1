"""The reference pages say what is true: the cheat sheet's lines run, and every recording is named."""

from __future__ import annotations

import re

import pytest
import torch

from book.tools.toc import ROOT
from ddsp_lite import audio

CHEAT_SHEET = (ROOT / "book/reference/cheat-sheet.md").read_text(encoding="utf-8")
PIECES = re.findall(r"```python\n(.*?)```|\| `([^|\n]+)` \|$", CHEAT_SHEET, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def scope() -> dict:
    """The names that the page's blocks have made so far."""
    return {}


def test_the_cheat_sheet_has_lines() -> None:
    assert len([line for _, line in PIECES if line]) >= 25
    assert len([block for block, _ in PIECES if block]) >= 4


def test_every_line_of_the_cheat_sheet_runs(scope: dict) -> None:
    for block, line in PIECES:
        if block:
            exec(compile(block, "<cheat sheet>", "exec"), scope)
            continue
        value = eval(compile(line, "<cheat sheet>", "eval"), scope)
        assert isinstance(value, torch.Tensor), line
        assert value.isfinite().all(), line


@pytest.mark.parametrize("name", audio.EXAMPLES)
def test_every_recording_is_named_with_its_licence_and_its_stand_in(name: str) -> None:
    page = (ROOT / "book/reference/recordings.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 2
    assert "https://creativecommons.org" in rows[0] or "public domain" in rows[0]
