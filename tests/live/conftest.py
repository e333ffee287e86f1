"""What the tests of live demos share."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def cell() -> Callable[..., dict[str, Any]]:
    """Run source as a notebook's cell does, so that `inspect` finds it; returns the names that it leaves."""
    numbers = itertools.count()

    def run(source: str, **names: Any) -> dict[str, Any]:
        name = f"<cell {next(numbers)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        scope = {"__name__": "__main__", **names}
        exec(compile(source, name, "exec"), scope)
        return scope

    return run
