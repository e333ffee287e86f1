"""Compile a demo's function and its gradient to WebAssembly, and run it here or in a browser.

`compile_model` traces the function once for every combination of its choices, lowers the graphs to C and has LLVM
(the Zig tool chain of the package ``ziglang``, from PyPI) turn them into one WebAssembly module with 128-bit vectors.
The module imports nothing; the page and Jupyter instantiate it in a few milliseconds.
"""

from __future__ import annotations

import base64
import functools
import itertools
import math
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import creation, moving, pointwise, scatters, sums, transforms, views  # noqa: F401 - register the operations
from .ir import Storage, Value
from .lowering import Lowering, is_supported
from .trace import FAST, Input, trace

_RUNTIME = Path(__file__).parent / "runtime"
_FLAGS = (
    "--target=wasm32-freestanding",
    "-O3",
    "-msimd128",
    "-mbulk-memory",
    "-mnontrapping-fptoint",
    "-nostdlib",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-fno-builtin",
    "-w",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    "-Wl,-z,stack-size=65536",
)


@dataclass
class Model:
    """A compiled function: ``engine`` is what a page needs (JSON), `run` does the same work here."""

    engine: dict[str, object]

    @property
    def wasm(self) -> bytes:
        """The WebAssembly module, which the engine holds deflated, in base64."""
        return _unpacked(self.engine["wasm"])

    def run(self, values: Mapping[str, object]) -> dict[str, object]:
        """Run the module here (wasmtime) at these control values: outputs, loss and gradients, as a page computes them.

        Sliders take numbers, vectors and sounds take arrays of their length, choices take their values.
        Returns ``{"outputs": {name: array}, "loss": float or None, "gradients": {name: array}}``.
        """
        return _Instance.of(self.engine["wasm"]).run(self.engine, values)


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


class _Instance:
    """A running WebAssembly module."""

    def __init__(self, wasm: bytes) -> None:
        import wasmtime

        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        self.last_slow: dict[int, list[bytes]] = {}  # by variant: the slow inputs that its stages 0 and 1 have run with
        self.exports = wasmtime.Instance(self.store, wasmtime.Module(engine, wasm), []).exports(self.store)

    @classmethod
    @functools.lru_cache(maxsize=4)
    def of(cls, text: str) -> _Instance:
        return cls(_unpacked(text))

    def numbers(self, slot: int, length: int) -> np.ndarray:
        start = self.exports["address"](self.store, slot)
        memory = self.exports["memory"]
        pointer = memory.data_ptr(self.store)
        buffer = np.ctypeslib.as_array(pointer, (memory.data_len(self.store),))
        return buffer[start : start + 4 * length].view(np.float32)

    def run(self, engine: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
        index, variant = next(
            (k, v) for k, v in enumerate(engine["variants"]) if all(values[c] == o for c, o in v["choices"].items())
        )
        slow = []
        for entry in variant["inputs"]:
            numbers = np.asarray(values[entry["name"]], dtype=np.float32).ravel()
            self.numbers(entry["slot"], entry["length"])[:] = numbers
            if entry["stage"] == "slow":
                slow.append(numbers.tobytes())
        last = self.last_slow.get(index)
        for stage in (2,) if last == slow else (1, 2) if last is not None else (0, 1, 2):
            self.exports["run"](self.store, index, stage)
        self.last_slow[index] = slow

        def read(entry: Mapping[str, object]) -> np.ndarray:
            shape = entry.get("shape", [entry.get("length", 1)])
            return self.numbers(entry["slot"], math.prod(shape)).reshape(shape).copy()

        outputs = {e["name"]: read(e) for e in variant["outputs"]}
        gradients = {e["name"]: read(e) for e in variant["gradients"]}
        return {
            "outputs": outputs,
            "loss": float(outputs["loss"]) if "loss" in outputs else None,
            "gradients": gradients,
        }


def compile_model(
    function: Callable[..., dict[str, torch.Tensor]], controls: Mapping[str, object], sample_rate: int = 16000
) -> Model:
    """Compile ``function(**controls)`` and the gradient of its ``"loss"`` for the browser.

    Each control is one of `ddsp_lite.live`'s (`Slider`, `Bars`, `Choice`, `Sound`). Choices are Python values at
    tracing time: the function is traced once for each combination.
    Raises `UnsupportedOperation`, naming it, where the graph holds an operation that does not compile, and
    ``ValueError`` where the function does not return what a demo needs.
    """
    transforms.register_recursions()
    moving.register_moving_filters()
    choices = {name: c for name, c in controls.items() if c.kind == "choice"}
    tensors = {name: c for name, c in controls.items() if c.kind != "choice"}
    combinations = [
        dict(zip(choices, picked, strict=True)) for picked in itertools.product(*(c.values for c in choices.values()))
    ]
    inputs = [
        Input(name, c.tensor(c.start, sample_rate=sample_rate).detach().clone().float(), c.gradient)
        for name, c in tensors.items()
    ]
    shared = {
        name: Storage(f"in_{k}", torch.float32, i.example.numel())
        for k, (name, i) in enumerate(zip(tensors, inputs, strict=True))
    }
    slots: list[str] = []
    bodies: list[str] = [f"static float {s.name}[{max(s.elements, 1)}] ALIGNED;" for s in shared.values()]
    variants = [
        _variant(function, inputs, shared, combination, f"v{k}_", slots, bodies)
        for k, combination in enumerate(combinations)
    ]
    wasm = _assemble("\n".join([*bodies, _entry_points(len(variants), slots)]))
    return Model({"wasm": base64.b64encode(zlib.compress(wasm, 9)).decode(), "variants": variants})


def _variant(
    function: Callable,
    inputs: list[Input],
    shared: dict[str, Storage],
    combination: dict[str, object],
    prefix: str,
    slots: list[str],
    bodies: list[str],
) -> dict[str, object]:
    """Translate one combination of choices: append its C text to ``bodies`` and return its description."""
    traced = trace(lambda **tensors: function(**tensors, **combination), inputs, is_supported)
    low = Lowering(traced, prefix, shared)
    low.run()

    def slot(name: str) -> int:
        slots.append(name)
        return len(slots) - 1

    def result(node: torch.fx.Node) -> tuple[int, list[int]]:
        value: Value = low.values[node]
        stage = low.stages[node]
        if value.dtype != torch.float32:
            value = low.cast(value, torch.float32)
        target = low.allocate(value.shape, torch.float32, keep=True)
        low.fill(stage, target, value)
        return slot(target.storage.name), list(value.shape)

    outputs, gradients = [], []
    for k, node in enumerate(traced.results):
        number, shape = result(node)
        if k < len(traced.outputs):
            outputs.append({"name": traced.outputs[k], "slot": number, "shape": shape})
        else:
            gradients.append(
                {"name": traced.gradients[k - len(traced.outputs)], "slot": number, "length": math.prod(shape)}
            )
    entries = [
        {
            "name": i.name,
            "slot": slot(shared[i.name].name),
            "length": i.example.numel(),
            "stage": "fast" if traced.stages[n] == FAST else "slow",
        }
        for i, n in zip(inputs, (n for n in traced.graph.nodes if n.op == "placeholder"), strict=True)
    ]
    bodies.extend(low.declarations)
    bodies.extend(
        f"static void {prefix}{stage}(void){{\n{chr(10).join(lines)}\n}}" for stage, lines in low.code.items()
    )
    loss = next((o["slot"] for o in outputs if o["name"] == "loss"), None)
    return {"choices": combination, "inputs": entries, "outputs": outputs, "gradients": gradients, "loss": loss}


def _entry_points(variants: int, slots: list[str]) -> str:
    cases = "".join(f"case {3 * v + s}:v{v}_{s}();break;" for v in range(variants) for s in range(3))
    places = "".join(f"case {k}:return {name};" for k, name in enumerate(slots))
    return (
        '__attribute__((export_name("run"))) void run(int variant,int stage){'
        "static int ready;if(!ready){ready=1;PREPARE}"
        f"switch(3*variant+stage){{{cases}}}}}\n"
        f'__attribute__((export_name("address"))) void*address(int slot){{switch(slot){{{places}}}return 0;}}\n'
    )


def _assemble(body: str) -> bytes:
    """C text to WebAssembly; the runtime's transforms and recursions are included where they are called."""
    sizes = [int(size) for size in re.findall(r"\b(?:i?r|i?c)fft_[fd]\(\S+,\S+,\d+,(\d+),", body)]
    orders = [int(count) for count in re.findall(r"\brecursion(?:_backward)?_[fd]\(\S+,(\d+)\);", body)]
    parts = ['#include "math.h"', f"#define PREPARE {'prepare_transforms();' if sizes else ''}"]
    if sizes:
        parts += [f"#define FFT_MAX {max(sizes)}", '#include "transforms.h"']
    if orders:
        parts += [f"#define ORDER_MAX {max(orders)}", '#include "recursion.h"']
    if re.search(moving.FUNCTIONS, body):
        parts.append('#include "varying.h"')
    with tempfile.TemporaryDirectory(prefix="ddsp_lite") as folder:
        source, out = Path(folder) / "model.c", Path(folder) / "model.wasm"
        source.write_text("\n".join([*parts, body]))
        done = subprocess.run(
            [sys.executable, "-m", "ziglang", "cc", *_FLAGS, f"-I{_RUNTIME}", str(source), "-o", str(out)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "ZIG_LOCAL_CACHE_DIR": folder, "ZIG_GLOBAL_CACHE_DIR": folder},
        )
        if done.returncode:
            errors = [line[:300] for line in done.stderr.splitlines() if "error" in line]
            raise RuntimeError("the C compiler refused the generated code:\n" + "\n".join(errors))
        return out.read_bytes()


__all__ = ["Model", "compile_model"]
