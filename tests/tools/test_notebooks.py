"""The normal form of notebooks, and the guard over what nbval compares: each fault is made once, and found."""

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.tools import notebooks

PICTURE = {"image/png": "iVBORw0=", "text/plain": "<Figure size 640x480>"}
BAR = " 50%|█████     | 5/10 [00:01<00:01]\n"


def printed(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", name=name, text=text)


def shown(data: dict[str, str]) -> NotebookNode:
    return new_output("display_data", data=data)


def cell(source: str, *outputs: NotebookNode, count: int | None = 1, tags: tuple[str, ...] = ()) -> NotebookNode:
    return new_code_cell(
        source, outputs=list(outputs), execution_count=count, metadata={"tags": list(tags)} if tags else {}
    )


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


def faults(committed: NotebookNode, executed: NotebookNode) -> list[str]:
    return notebooks.faults(notebook(committed), notebook(executed), compared=True)


def test_keeps_text_and_clears_pictures() -> None:
    made = notebooks.normalise(
        notebook(cell("print(1)", printed("1\n"), count=7), cell("plot()", shown(PICTURE), count=9))
    )
    text, picture = made.cells
    assert (text.execution_count, text.outputs[0].text) == (1, "1\n")
    assert (picture.execution_count, picture.outputs) == (None, [])


@pytest.mark.parametrize(
    "kind", ["image/png", "image/svg+xml", "text/html", "application/vnd.jupyter.widget-view+json"]
)
def test_clears_whatever_is_not_text(kind: str) -> None:
    made = notebooks.normalise(notebook(cell("show()", shown({kind: "x", "text/plain": "y"}))))
    assert made.cells[0].outputs == []


def test_drops_what_changes_between_runs_and_editors() -> None:
    untidy = notebook(cell("1", new_output("execute_result", data={"text/plain": "1"}, execution_count=5), count=5))
    untidy.cells[0].metadata.update(
        {"execution": {"iopub.execute_input": "2026"}, "scrolled": True, "tags": ["hide-input"]}
    )
    untidy.metadata.update(
        {"widgets": {"state": {}}, "kernelspec": {"name": "my-env", "display_name": "My environment"}}
    )
    made = notebooks.normalise(untidy)
    assert dict(made.cells[0].metadata) == {"tags": ["hide-input"]}
    assert set(made.metadata) == {"kernelspec", "language_info"}
    assert made.metadata.kernelspec.name == "python3"
    assert made.cells[0].outputs[0].execution_count == 1


def test_joins_the_pieces_of_a_stream_and_numbers_cells_in_order() -> None:
    made = notebooks.normalise(
        notebook(cell("a", printed("1"), printed("2"), count=4), new_markdown_cell("b"), cell("c", count=8))
    )
    assert made.cells[0].outputs[0].text == "12"
    assert [each.execution_count for each in notebooks.code_cells(made)] == [1, 2]


def test_normal_form_is_valid_and_stays_as_it_is() -> None:
    made = notebooks.normalise(
        notebook(cell("a  \n\n", printed("1\n")), cell("plot()", shown(PICTURE)), cell("", count=None))
    )
    nbformat.validate(made)
    assert notebooks.text(notebooks.normalise(made)) == notebooks.text(made)
    assert len({each.id for each in made.cells}) == 3


def test_outputs_move_to_the_same_cells() -> None:
    source = notebook(new_markdown_cell("new words"), cell("print(1)", count=None))
    made = notebooks.with_outputs(source, notebook(cell("print(1)", printed("1\n"), count=3)))
    assert made.cells[0].source == "new words"
    assert made.cells[1].outputs[0].text == "1\n"


def test_a_good_chapter_has_no_faults() -> None:
    committed = notebook(cell("print(1)", printed("1\n")), cell("plot()", count=None), cell("x = 1", count=3))
    executed = notebook(
        cell("print(1)", printed("1\n")), cell("plot()", shown(PICTURE), count=2), cell("x = 1", count=3)
    )
    assert notebooks.faults(committed, executed, compared=True) == []


@pytest.mark.parametrize(
    ("executed", "told"),
    [
        (cell("a", count=None), "was not executed"),
        (
            cell("a", new_output("error", ename="ZeroDivisionError", evalue="no", traceback=[])),
            "raised ZeroDivisionError",
        ),
        (cell("a", printed("/x.py:1: UserWarning: beware\n  f()\n", "stderr")), "warned: /x.py:1: UserWarning: beware"),
    ],
)
def test_finds_cells_that_did_not_run_well(executed: NotebookNode, told: str) -> None:
    found = notebooks.faults(notebook(cell("a")), notebook(executed), compared=False)
    assert [told in fault for fault in found] == [True]


def test_finds_results_of_other_cells() -> None:
    assert "other cells" in faults(cell("a = 1"), cell("a = 2"))[0]


@pytest.mark.parametrize("tag", sorted(notebooks.ESCAPES))
def test_finds_tags_that_switch_the_comparison_off(tag: str) -> None:
    assert any(
        tag in fault for fault in faults(cell("print(1)", printed("1"), tags=(tag,)), cell("print(1)", printed("1")))
    )


@pytest.mark.parametrize("comment", ["# NBVAL_SKIP", "#NBVAL_IGNORE_OUTPUT", "## PYTEST_VALIDATE_IGNORE_OUTPUT"])
def test_finds_comments_that_switch_the_comparison_off(comment: str) -> None:
    source = f"{comment}\nprint(1)"
    assert any("hides it" in fault for fault in faults(cell(source, printed("1")), cell(source, printed("1"))))


def test_finds_text_that_is_not_compared_for_want_of_a_count() -> None:
    assert "no execution count" in faults(cell("print(1)", count=None), cell("print(1)", printed("1\n")))[0]


def test_finds_text_that_hides_behind_a_picture() -> None:
    found = faults(cell("plot(); print(1)", count=None), cell("plot(); print(1)", shown(PICTURE), printed("1\n")))
    assert "not compared" in found[0]


def test_finds_a_picture_that_was_committed() -> None:
    found = faults(cell("plot()", shown(PICTURE)), cell("plot()", shown(PICTURE)))
    assert "make notebooks" in found[0]


def test_ignoring_outputs_is_for_progress_bars_only() -> None:
    ignored = ("nbval-ignore-output",)
    assert faults(cell("fit()", count=None, tags=ignored), cell("fit()", printed(BAR, "stderr"))) == []
    assert "no progress bar" in faults(cell("a", count=None, tags=ignored), cell("a", printed("1")))[0]
    assert "tag it" in faults(cell("fit()"), cell("fit()", printed(BAR, "stderr")))[0]
