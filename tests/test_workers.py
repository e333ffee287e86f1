"""Work is shared, its results keep their order, and PyTorch's number of threads stays as it was."""

from __future__ import annotations

import os
import threading

import pytest
import torch

from ddsp_lite import workers


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def in_a_new_thread(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def test_parts_run_side_by_side_each_on_one_thread(three_threads) -> None:
    meeting = threading.Barrier(3)

    def part(i: int):
        meeting.wait(timeout=30)
        return i, torch.get_num_threads(), threading.get_ident()

    results = workers.share([lambda i=i: part(i) for i in range(3)])
    assert [r[:2] for r in results] == [(0, 1), (1, 1), (2, 1)]
    assert len({r[2] for r in results}) == 3
    assert torch.get_num_threads() == 3
    assert in_a_new_thread(torch.get_num_threads) == 3  # what a new thread starts with is as before


def test_alone_there_is_no_other_thread() -> None:
    here = threading.get_ident()
    assert workers.share([threading.get_ident] * 4) == [here] * 4


def test_errors_are_passed_on(three_threads) -> None:
    with pytest.raises(ZeroDivisionError):
        workers.share([lambda: 1, lambda: 1 / 0])
    assert workers.share([lambda: 1, lambda: 2]) == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork(three_threads) -> None:
    assert workers.share([lambda: 1, lambda: 2]) == [1, 2]
    child = os.fork()
    if child == 0:
        os._exit(0 if workers.share([lambda: 1, lambda: 2]) == [1, 2] else 1)
    assert os.waitpid(child, 0)[1] == 0
