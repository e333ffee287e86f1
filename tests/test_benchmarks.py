"""The table of the benchmarks: what is not equal is not timed, what is missing is shown, and every row runs."""

import pytest
import torch

from benchmarks import report, table
from benchmarks.table import Figure, Row, peer


def doubled(x):
    return 2 * x


def row(**changes) -> Row:
    fields = {
        "name": "Doubling",
        "setting": "a few samples",
        "inputs": lambda tiny: (torch.ones(3 if tiny else 1000).requires_grad_(),),
        "ours": doubled,
        "others": {"a sum": lambda x: x + x},
        "bars": {"a sum": 1e-9},
        "accuracy": 1e-6,
    }
    return Row(**{**fields, **changes})


def test_equal_functions_are_timed():
    (line,) = table.lines(row(), rounds=1)
    assert line.error == 0
    assert line.ours > 0
    assert line.ratio == pytest.approx(line.theirs / line.ours)
    assert line.met


def test_a_slow_operation_does_not_meet_its_bar():
    (line,) = table.lines(row(bars={"a sum": 1e9}), rounds=1, tiny=True)
    assert line.met is False
    assert "at least 1e+09 (not met)" in report.cells(line)


@pytest.mark.parametrize(
    "other",
    [lambda x: 2.1 * x, lambda x: 2 * x[:2], lambda x: 2 * x.detach() + 0 * x],
    ids=["sound", "shape", "gradient"],
)
def test_unequal_peers_are_not_timed(other):
    (line,) = table.lines(row(others={"other": other}, exact=doubled), rounds=1, tiny=True)
    assert line.ratio is None
    assert line.note.startswith("not timed: its error is")


def test_inexact_ours_is_not_timed_and_not_met():
    (line,) = table.lines(row(ours=lambda x: 2.00001 * x), rounds=1, tiny=True)
    assert line.ratio is None
    assert line.note.startswith("not timed: our error is")
    assert line.met is False


def test_peers_that_are_missing_or_fail_are_shown():
    def missing(x):
        return peer("no_such_peer").double(x)

    def failing(x):
        raise AttributeError("gone since 3.0")

    others = {"a sum": lambda x: x + x, "missing": missing, "failing": failing}
    found = table.lines(row(others=others, bars={"missing": 2.0}), rounds=1, tiny=True)
    assert [line.ratio is None for line in found] == [False, True, True]
    shown = report.text(found)
    assert "cannot be imported (ModuleNotFoundError: No module named 'no_such_peer')" in shown
    assert "fails (AttributeError: gone since 3.0)" in shown
    assert found[1].met is None


def test_figure():
    (line,) = table.lines(Figure("Import", "once", lambda tiny: 0.4, 0.3, "s"))
    assert report.cells(line)[3:7] == ("0.40 s", "", "", "at most 0.3 (not met)")


def test_page_holds_each_line():
    found = table.lines(row(), rounds=1, tiny=True) + table.lines(Figure("Import", "once", lambda tiny: 0.1, 0.3, "s"))
    page = report.page(found)
    assert all(f"| {' | '.join(report.cells(line))} |" in page for line in found)
    assert torch.__version__ in page


@pytest.mark.slow
@pytest.mark.parametrize("real", table.rows(), ids=lambda r: f"{r.name}, {r.setting}")
def test_every_row_is_equal_and_runs(real):
    """On tiny inputs, where ratios mean nothing."""
    for line in table.lines(real, rounds=1, tiny=True):
        assert not line.note.startswith(("not timed", "fails")), line.note
        assert line.note or line.ours is not None
