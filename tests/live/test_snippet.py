"""The copied program holds all that the demo's function uses, and computes the same."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ddsp_lite.live import Bars, Choice, Slider, Sound
from ddsp_lite.live.snippet import collect, free_names, literal, snippet

CONTROLS = {"gain": Slider(0, 1, 0.5), "fixed": Slider(0, 1, 0.5, gradient=False), "bars": Bars(2, start=0.5),
            "shape": Choice(["flat", "ramp"], "flat")}  # fmt: skip

NOTEBOOK = '''
import math
import functools
import torch
import torch.nn.functional as F
from math import pi
from torch import nn, sin
from ddsp_lite import units
from ddsp_lite.units import db_to_gain
from collections.abc import Callable as Function

N_SAMPLES = 8
TABLE = [0.5, -1.0, 2.0]
NAMES = {"flat": (1,), "ramp": (0.5, float("inf"))}

@functools.cache
def steps(n=N_SAMPLES):
    """Steps from 0 to 1."""
    return torch.linspace(0, 1, n)

def even(n: int) -> bool:
    return n == 0 or odd(n - 1)

def odd(n: int) -> bool:
    return n != 0 and even(n - 1)

def level(gain):
    return gain * db_to_gain(torch.tensor(-6.0)) * units.db_to_gain(torch.tensor(0.0))

def demo(gain, fixed, bars, shape):
    scale = NAMES[shape][0] * sum(TABLE) * pi / math.pi
    ramp = steps() if shape == "ramp" else torch.ones(N_SAMPLES)
    audio = F.relu(level(gain) * ramp * scale * bars.sum()) + sin(fixed) * even(4)
    return {"audio": audio, "loss": (audio - 0.1).square().mean()}
'''


def filled(text: str, **values: str) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], text)


def run(text: str, **names: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "copied", **names}
    exec(compile(text, "<copied>", "exec"), scope)
    return scope


@pytest.mark.parametrize(("gain", "shape"), [("0.25", "'ramp'"), ("1", "'flat'")])
def test_the_copied_program_computes_the_same(cell, capsys: pytest.CaptureFixture, gain: str, shape: str) -> None:
    demo = cell(NOTEBOOK)["demo"]
    text = filled(
        snippet(demo, CONTROLS, sample_rate=16000, loss=True), gain=gain, fixed="0.5", bars="[0.25, 1]", shape=shape
    )
    scope = run(text)
    level = torch.tensor(float(gain), requires_grad=True)
    expected = demo(level, torch.tensor(0.5), torch.tensor([0.25, 1.0]), shape.strip("'"))
    expected["loss"].backward()
    assert torch.equal(scope["outputs"]["audio"], expected["audio"])
    assert torch.equal(scope["settings"]["gain"].grad, level.grad)
    assert scope["settings"]["fixed"].grad is None
    printed = capsys.readouterr().out
    assert f"loss {expected['loss'].item()}" in printed
    assert "gradient of gain tensor(" in printed
    assert "gradient of bars tensor([" in printed
    assert "gradient of fixed" not in printed


def test_what_is_not_used_is_not_copied(cell) -> None:
    text = snippet(cell(NOTEBOOK)["demo"], CONTROLS, sample_rate=16000, loss=True)
    assert "Function" not in text
    assert "nn" not in re.findall(r"\w+", text.replace("torch.nn.functional", ""))
    assert text.count("def steps") == 1
    assert text.startswith("import functools\nimport math\nimport torch\nimport torch.nn.functional as F\n")
    assert "from ddsp_lite import units\nfrom ddsp_lite.units import db_to_gain\n" in text


def test_a_demo_without_loss_prints_its_outputs(cell, capsys: pytest.CaptureFixture) -> None:
    demo = cell("import torch\ndef demo(gain):\n    return {'audio': gain * torch.ones(3)}\n")["demo"]
    run(filled(snippet(demo, {"gain": CONTROLS["gain"]}, sample_rate=8000, loss=False), gain="0.5"))
    assert capsys.readouterr().out == "{'audio': (3,)}\n"


def test_names_of_the_program_do_not_hide_the_demos(cell) -> None:
    source = "import torch\nsettings = 2.0\ndef demo(outputs):\n    return {'loss': (outputs * settings).square()}\n"
    text = snippet(cell(source)["demo"], {"outputs": CONTROLS["gain"]}, sample_rate=8000, loss=True)
    assert run(filled(text, outputs="0.5"))["settings_"]["outputs"].grad == 4.0


def test_a_sound_is_loaded_and_cut(cell, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = SimpleNamespace(
        samples=torch.ones(9), sample_rate=8, name="trumpet", title="t", source="s", licence="l", bundled=False
    )
    sound = Sound(2.0, [clip])
    demo = cell("def demo(voice):\n    return {'audio': voice * 2}\n")["demo"]
    text = snippet(demo, {"voice": sound}, sample_rate=8, loss=False)
    load = sound.spec("voice", sample_rate=8)["clips"][0]["python"]
    assert "from ddsp_lite import audio" in text
    stub = SimpleNamespace(example=lambda name, *, sample_rate: {"trumpet": clip}[name])
    scope = run(filled(text, voice=load).replace("from ddsp_lite import audio", ""), audio=stub)
    assert scope["outputs"]["audio"].tolist() == [2.0] * 9 + [0.0] * 7


@pytest.mark.parametrize(
    ("setup", "message"),
    [
        ("target = torch.ones(100)", r"demo uses 'target', a Tensor of shape \(100,\) from outside.*make it a control"),
        ("target = np.ones(3)", r"'target', a ndarray of shape \(3,\)"),
        ("target = object()", "'target', a object"),
        ("target = [torch.ones(1)]", "'target', a list"),
        ("", "'target', which is not defined"),
        ("target = lambda: 1", "must be named"),
    ],
)
def test_what_cannot_be_copied_is_refused(cell, setup: str, message: str) -> None:
    demo = cell(f"{setup}\ndef demo(gain):\n    return {{'loss': gain + target}}\n", torch=torch, np=np)["demo"]
    with pytest.raises(ValueError, match=message):
        collect(demo)


def test_one_name_for_two_things_is_refused(cell) -> None:
    helper = cell("LEVEL = 1.0\ndef helper():\n    return LEVEL\n")["helper"]
    demo = cell("LEVEL = 2.0\ndef demo(gain):\n    return {'loss': gain * helper() * LEVEL}\n", helper=helper)["demo"]
    with pytest.raises(ValueError, match="'LEVEL' stands for two different things"):
        collect(demo)


def test_closures_are_copied(cell) -> None:
    inner = "    def demo(gain):\n        return {'loss': gain * level}\n"
    source = f"def outer(level):\n{inner}    return demo\ndemo = outer(3.0)\n"
    text = collect(cell(source)["demo"]).text()
    assert text.startswith("level = 3.0\n")
    assert run(text)["demo"](2.0) == {"loss": 6.0}


def test_methods_and_other_callables_are_refused() -> None:
    with pytest.raises(ValueError, match="plain function"):
        collect("text".upper)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x): return [x * k for k in table]", {"table"}),
        ("def f(x, n=count): return lambda y: x + y + z", {"count", "z"}),
        ("@decorate\ndef f(x: Kind) -> Kind: return x.size", {"decorate", "Kind"}),
        ("def f(x):\n    import math\n    return math.sin(x)", set()),
        ("def f(x):\n    def g(): return h\n    h = 1\n    return g()", set()),
        ("def f(n): return f(n - 1)", {"f"} - {"f"}),
    ],
)
def test_free_names(source: str, names: set[str]) -> None:
    assert free_names(source) - {"f"} == names


@pytest.mark.parametrize(
    "value",
    [
        1,
        -2.5,
        True,
        None,
        "it's",
        [0.1] * 60,
        (1,),
        (),
        [],
        {},
        {"a": [1, (2.0, "x  y")]},
        float("inf"),
        1e-300,
        2 + 3j,
    ],
)
def test_literals_come_back(value: object) -> None:
    text = literal(value)
    assert eval(text) == value
    assert max(len(line) for line in text.splitlines()) <= 110


def test_numpys_float_is_written_plainly() -> None:
    assert literal(np.float64(0.5)) == "0.5"


def test_dtype_brings_its_import(cell) -> None:
    demo = cell("KIND = torch.float32\ndef demo(gain):\n    return {'loss': gain.to(KIND)}\n", torch=torch)["demo"]
    assert run(collect(demo).text())["KIND"] is torch.float32
