"""Threads that share a piece of work, each of which runs PyTorch's operations alone.

PyTorch and a compiled loop each have threads of their own, and PyTorch's keep a core busy for some milliseconds after
they have finished, in case more comes. Where a piece of work is both, by turns, each takes the cores from the other.
So here it is cut into parts instead, and every part runs on one thread, from its first operation to its last.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


def share(parts: Sequence[Callable[[], T]]) -> list[T]:
    """Run the parts of a piece of work on as many threads as PyTorch uses.

    Args:
        parts: functions without arguments, independent of each other.

    Returns:
        What each gave, in their order.

    Raises:
        Exception: the first that a part raised.

    Source: none; bookkeeping. Chapter: inference/by-gradient-descent.

    >>> share([lambda: 1, lambda: 2])
    [1, 2]
    """
    threads = torch.get_num_threads()
    if threads == 1 or len(parts) == 1:
        return [part() for part in parts]
    waiting = [_threads(threads).submit(part) for part in parts]
    return [other.result() for other in waiting]


_starting = threading.Lock()


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    with _starting:
        pool = ThreadPoolExecutor(count, "ddsp_lite", initializer=_work_alone)
        all_there = threading.Barrier(count)
        for started in [pool.submit(all_there.wait) for _ in range(count)]:
            started.result()
        torch.set_num_threads(count)  # a thread's setting is its own, but also what threads that start later begin with
    return pool


def _work_alone() -> None:
    torch.get_num_threads()  # at the first use in a thread PyTorch sets its number, and would undo what was set before
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # a forked process, such as a data loader's, has none of its parent's threads
    os.register_at_fork(after_in_child=_threads.cache_clear)
