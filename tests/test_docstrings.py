"""Every example in the package runs, and every public function says what a reader needs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import ddsp_lite

ROOT = Path(__file__).parent.parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(ddsp_lite.__path__, "ddsp_lite."))
# Where sound is computed: here a function names its shapes' and equation's source and the chapter that explains it.
NUMERICAL = (
    "units",
    "controls",
    "envelopes",
    "oscillators",
    "noise",
    "filters",
    "effects",
    "physical",
    "spectra",
    "losses",
    "features",
    "fit",
)


def public_functions(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name, value in vars(module).items():
        if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == module.__name__:
            yield name, value


def is_numerical(name: str) -> bool:
    return name.split(".")[1] in NUMERICAL


def test_modules_are_found() -> None:
    assert {"ddsp_lite.checks", "ddsp_lite.units", "ddsp_lite.oscillators", "ddsp_lite.filters.iir"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_say_what_is_needed(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getdoc(module), f"{name} has no docstring"
    missing = []
    for function_name, function in public_functions(module):
        text = inspect.getdoc(function) or ""
        first = text.split("\n\n")[0]
        if not re.search(r"[.:]$", first.strip()):
            missing.append(f"{function_name}: one sentence of purpose")
        if not is_numerical(name):
            continue
        for argument in inspect.signature(function).parameters:
            if not re.search(rf"\b{argument}\b", text.split("Args:")[-1].split("Returns:")[0]):
                missing.append(f"{function_name}: the argument {argument} under Args")
        for part in ("Args:", "Returns:", "Raises:", "Source:", "Chapter:", ">>>"):
            if part not in text:
                missing.append(f"{function_name}: {part}")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("name", [name for name in MODULES if is_numerical(name)])
def test_chapters_are_in_the_book(name: str) -> None:
    chapters = set(re.findall(r"file: book/(\S+)", (ROOT / "_toc.yml").read_text()))
    for function_name, function in public_functions(importlib.import_module(name)):
        for chapter in re.findall(r"Chapter: (\S+?)\.?$", inspect.getdoc(function) or "", re.MULTILINE):
            assert chapter in chapters, f"{name}.{function_name} points to {chapter}, which _toc.yml does not have"
