"""Copy as Python: the text of a program that computes what a demo shows, made from the demo's own function.

The program holds the function's source, and that of everything it uses; modules become import lines, functions of
the notebook their source, plain values their repr. Anything else (a tensor, a recording) cannot be written down and
is refused when the demo is made, with what to do instead. The same text tells when two demos are the same, so that
compiled models can be kept.
"""

from __future__ import annotations

import builtins
import inspect
import math
import symtable
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import torch

from ddsp_lite.live.controls import Bars, Choice, Control, Slider

PACKAGE = Path(__file__).resolve().parents[1]
LIBRARIES = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib", "stdlib"))


class Collector:
    """Collects what a function needs: import lines, plain values, functions in the order they must stand in."""

    def __init__(self) -> None:
        self.imports: list[str] = []
        self.constants: list[str] = []
        self.functions: list[str] = []
        self.values: dict[str, Any] = {}
        self.modules: list[ModuleType] = []

    def function(self, name: str, function: FunctionType) -> None:
        """Add a function's source, after everything that the source uses."""
        source = source_of(function)
        scope = inspect.getclosurevars(function).nonlocals
        for used in sorted(free_names(source) - {function.__name__}):
            if used in scope:
                self.add(used, scope[used], function)
            elif used in function.__globals__:
                self.add(used, function.__globals__[used], function)
            elif not hasattr(builtins, used):
                raise ValueError(f"{function.__name__} uses the name {used!r}, which is not defined")
        self.functions.append(source)
        if name != function.__name__:
            self.functions.append(f"{name} = {function.__name__}")

    def add(self, name: str, value: Any, user: FunctionType) -> None:
        """Add one name that `user` uses; raise ValueError when its value cannot be written as source."""
        if name in self.values:
            known = self.values[name]
            if known is not value and not (is_literal(known) and is_literal(value) and known == value):
                raise ValueError(f"the name {name!r} stands for two different things in the demo's functions")
            return
        self.values[name] = value
        if isinstance(value, ModuleType):
            self.modules.append(value)
            self.imports.append(module_import(name, value))
        elif is_library(value):
            module = home(value)
            self.modules.append(module)
            rename = "" if value.__name__ == name else f" as {name}"
            self.imports.append(f"from {module.__name__} import {value.__name__}{rename}")
        elif isinstance(inspect.unwrap(value) if callable(value) else value, FunctionType):
            self.function(name, inspect.unwrap(value))
        elif is_literal(value):
            self.constants.append(f"{name} = {literal(value)}")
            if isinstance(value, torch.dtype):
                self.add("torch", torch, user)
        else:
            raise ValueError(
                f"{user.__name__} uses {name!r}, {described(value)} from outside: a demo must hold all it computes. "
                f"Compute {name!r} inside the function or in a helper function (what does not depend on a control runs "
                f"only once), write it as a plain list of numbers, or make it a control (a recording: Sound)"
            )

    def text(self) -> str:
        """Return import lines and definitions as source."""
        plain = sorted(line for line in set(self.imports) if line.startswith("import "))
        members: dict[str, list[str]] = {}
        for line in sorted(set(self.imports) - set(plain)):
            module, _, name = line.removeprefix("from ").partition(" import ")
            members.setdefault(module, []).append(name)
        grouped = [f"from {module} import {', '.join(names)}" for module, names in sorted(members.items())]
        values = "\n".join(self.constants)
        body = [part for part in ("\n".join([*plain, *grouped]), values) if part]
        return "\n\n".join(body) + "\n\n\n" + "\n\n\n".join(self.functions) + "\n"


def source_of(function: FunctionType) -> str:
    """Return a function's source without indentation; raise ValueError for lambdas and lost source."""
    if function.__name__ == "<lambda>":
        raise ValueError("a demo's function must be named: write it with def, not lambda")
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        raise ValueError(
            f"the source of {function.__name__} cannot be found: define it in a cell or a module"
        ) from None


def free_names(source: str) -> set[str]:
    """Return the names that source needs from outside: globals of its functions, defaults, decorators, annotations.

    >>> sorted(free_names("def f(x, n=count): return scale * x"))
    ['count', 'scale']
    """
    table = symtable.symtable(source, "<demo>", "exec")
    found: set[str] = set()
    defined = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}

    def walk(scope: symtable.SymbolTable) -> None:
        for symbol in scope.get_symbols():
            outside = symbol.is_referenced() if scope is table else symbol.is_global() and symbol.is_referenced()
            if outside and symbol.get_name() not in defined:
                found.add(symbol.get_name())
        for child in scope.get_children():
            walk(child)

    walk(table)
    return found


def home(value: Any) -> ModuleType | None:
    """Return the module from which a function or class can be imported by its name, packages first, or None."""
    name = getattr(value, "__name__", None)
    own = inspect.getmodule(value)
    parts = own.__name__.split(".") if own is not None else []
    packages = [sys.modules.get(".".join(parts[:depth])) for depth in range(2, len(parts))]
    for module in (*packages, own, torch):
        if module is not None and isinstance(name, str) and getattr(module, name, None) is value:
            return module
    return None


def is_library(value: Any) -> bool:
    """Tell whether value is a function or class of this package, of an installed one, or of the standard library."""
    module = home(value) if callable(value) else None
    if module is None:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__name__ in sys.builtin_module_names
    path = Path(file).resolve()
    return PACKAGE in path.parents or any(library in path.parents for library in LIBRARIES)


def module_import(name: str, module: ModuleType) -> str:
    """Return the line that imports module under name.

    >>> module_import("nn", torch.nn), module_import("torch", torch)
    ('from torch import nn', 'import torch')
    """
    full = module.__name__
    parent, _, last = full.rpartition(".")
    if full == name:
        return f"import {full}"
    return f"from {parent} import {name}" if parent and last == name else f"import {full} as {name}"


def is_literal(value: Any) -> bool:
    """Tell whether value can be written as plain source."""
    if isinstance(value, list | tuple):
        return all(is_literal(item) for item in value)
    if isinstance(value, dict):
        return all(is_literal(item) for pair in value.items() for item in pair)
    return value is None or isinstance(value, bool | int | float | complex | str | bytes | torch.dtype)


def literal(value: Any) -> str:
    """Return source whose value is value.

    >>> literal([1, 2.5, float("inf")])
    "[1, 2.5, float('inf')]"
    """
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else f"float('{value}')"
    if isinstance(value, dict):
        return enclosed("{", [f"{literal(key)}: {literal(item)}" for key, item in value.items()], "}")
    if isinstance(value, list):
        return enclosed("[", [literal(item) for item in value], "]")
    if isinstance(value, tuple):
        return enclosed("(", [literal(item) for item in value], ",)" if len(value) == 1 else ")")
    return repr(value)


def enclosed(opening: str, items: list[str], closing: str, width: int = 100) -> str:
    """Return items between brackets, broken between items into lines of about width characters."""
    lines = [opening]
    for number, item in enumerate(items, 1):
        word = item + (", " if number < len(items) else "")
        if len(lines[-1]) + len(word) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("    ")
        lines[-1] += word
    return "\n".join(lines) + closing


def described(value: Any) -> str:
    """Return a short description of a value for a message."""
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")


def collect(function: Callable[..., Any]) -> Collector:
    """Return everything that a demo's function needs; raise ValueError when something cannot be written down."""
    if not isinstance(function, FunctionType):
        raise ValueError(f"a demo needs a plain function, written with def, got {function!r}")
    collector = Collector()
    collector.values[function.__name__] = function
    collector.function(function.__name__, function)
    return collector


def snippet(function: Callable[..., Any], controls: Mapping[str, Control], *, sample_rate: int, loss: bool) -> str:
    """Return a program that calls function at {{control}} tokens and prints its loss and gradients.

    The page replaces each {{name}} by the control's present value, written in Python.
    """
    collector = collect(function)
    collector.add("torch", torch, function)
    clips: list[str] = []
    settings: list[str] = []
    for name, control in controls.items():
        value = f"{{{{{name}}}}}"
        if isinstance(control, Slider | Bars):
            gradient = ", requires_grad=True" if control.gradient and loss else ""
            settings.append(f'    "{name}": torch.tensor({value}, dtype=torch.float32{gradient}),')
        elif isinstance(control, Choice):
            settings.append(f'    "{name}": {value},')
        else:
            clip, length = unused(f"{name}_clip", collector), control.length(sample_rate=sample_rate)
            clips.append(f"{clip} = {value}")
            settings.append(f'    "{name}": torch.nn.functional.pad({clip}, (0, {length} - len({clip}))),')
    if clips:
        collector.imports.append("from ddsp_lite import audio")
    moved = [name for name, control in controls.items() if control.gradient] if loss else []
    inputs, outputs = unused("settings", collector), unused("outputs", collector)
    lines = [*clips, f"{inputs} = {{", *settings, "}", f"{outputs} = {function.__name__}(**{inputs})"]
    if loss:
        lines.append(f'{outputs}["loss"].backward()' if moved else "")
        lines.append(f'print("loss", {outputs}["loss"].item())')
        lines += [f'print("gradient of {name}", {inputs}["{name}"].grad)' for name in moved]
    else:
        lines.append(f"print({{name: tuple(value.shape) for name, value in {outputs}.items()}})")
    return collector.text() + "\n\n" + "\n".join(line for line in lines if line) + "\n"


def unused(name: str, collector: Collector) -> str:
    """Return name, with underscores behind it until nothing else is called so."""
    while name in collector.values:
        name += "_"
    return name
