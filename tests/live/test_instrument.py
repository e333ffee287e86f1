"""An instrument's step, compiled: the same sound as PyTorch's, block after block, in few bytes."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from torch import Tensor

from ddsp_lite import noise, streaming
from ddsp_lite.live import Instrument, Slider, UnsupportedOperation, blocks, bundle, page, round_to_half

RATE, BLOCK = 16000, 256
PITCH = Slider(110, 880, start=220, scale="log", unit="Hz")
LOUDNESS = Slider(-60, 0, start=-20, unit="dB")
REST = {"brightness": Slider(0, 1, start=0.5), "breath": Slider(0, 1, start=0.3)}


def network() -> tuple[torch.nn.Module, ...]:
    torch.manual_seed(0)
    layers = torch.nn.Linear(4, 64), torch.nn.GRUCell(64, 64), torch.nn.Linear(64, 60 + 65)
    return tuple(round_to_half(layer) for layer in layers)


def instrument_step() -> tuple[blocks.Step, dict[str, Tensor]]:
    """A recurrent decoder with harmonics and noise, as the chapters'."""
    into, cell, out = network()

    def step(state: dict[str, Tensor], **given: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        pitch, loudness, brightness, breath = (given[name] for name in ("pitch", "loudness", "brightness", "breath"))
        x = torch.stack([torch.log2(pitch / 440), loudness / 40, brightness, breath])
        hidden = cell(torch.nn.functional.leaky_relu(into(x))[None], state["hidden"])
        made, gain = out(hidden)[0], 10 ** (loudness / 20)
        kept = state["turns"].double(), state["f0"], state["amplitudes"]
        amplitudes = gain * torch.softmax(made[:60], -1)
        tone, (turns, f0, last) = streaming.harmonic_bank(
            pitch.reshape(1), amplitudes[None], sample_rate=RATE, hop=BLOCK, state=kept
        )
        white = noise._white(BLOCK, None, state["place"].double(), 3, torch.float32, tone.device)
        bands = gain * breath * torch.sigmoid(made[60:])
        hiss, (_, rings) = streaming.filtered_noise(bands[None], hop=BLOCK, noise=white, state=(0, state["rings"]))
        after = {"hidden": hidden, "turns": turns.float(), "f0": f0, "amplitudes": last, "rings": rings}
        return tone + hiss, {**after, "place": torch.remainder(state["place"] + BLOCK, 2.0**20)}

    state = {
        "hidden": torch.zeros(1, 64), "turns": torch.zeros(1), "f0": torch.full((1,), 220.0),
        "amplitudes": torch.zeros(1, 60), "rings": torch.zeros(128), "place": torch.zeros(()),
    }  # fmt: skip
    return step, state


def made(**changed: Any) -> Instrument:
    step, state = instrument_step()
    given = {"step": step, "state": state, "id": "trial", "title": "A trial", "alt": "Five notes."}
    return Instrument(**{**given, "pitch": PITCH, "loudness": LOUDNESS, **REST, **changed})


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return made()


def test_a_phrase_of_two_seconds_is_that_of_pytorch(instrument: Instrument) -> None:
    ours = blocks.run(instrument.spec["engine"], list(instrument.controls), instrument.rows())
    expected = instrument.phrase_sound()
    assert ours.shape == expected.shape == (32000,)
    assert expected.abs().max() > 0.05
    assert (ours - expected).abs().max() <= 1e-4


def test_every_control_is_heard(instrument: Instrument) -> None:
    rows = np.array(instrument.rows())[:20]
    engine, names = instrument.spec["engine"], list(instrument.controls)
    plain = blocks.run(engine, names, rows.tolist())
    for k in range(rows.shape[1]):
        moved = rows.copy()
        moved[:, k] *= 0.8
        assert (blocks.run(engine, names, moved.tolist()) - plain).abs().max() > 1e-4, names[k]


def test_weights_take_sixteen_bits() -> None:
    weights = torch.nn.Linear(200, 200)

    def step(state: dict, pitch: Tensor, loudness: Tensor) -> tuple[Tensor, dict]:
        return weights(pitch.expand(200)) * loudness, state

    def size() -> int:
        engine = blocks.compile_step(step, {}, {"pitch": 1.0, "loudness": 1.0})
        return len(gzip.compress(engine["wasm"].encode(), 9))

    wide = size()
    round_to_half(weights)
    assert size() < 0.6 * wide


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, -0.333, 6e-8, 5e-5, 65504.0, -1e-4])
def test_every_half_number_is_widened_exactly(value: float) -> None:
    weight = torch.linspace(-1, 1, 600).half().float()
    weight[7] = torch.tensor(value).half().float()

    def step(state: dict, pitch: Tensor) -> tuple[Tensor, dict]:
        return pitch * weight, state

    engine = blocks.compile_step(step, {}, {"pitch": 1.0})
    assert torch.equal(blocks.run(engine, ["pitch"], [[1.0]]), weight)


def test_the_page_is_small(instrument: Instrument) -> None:
    assert len(gzip.compress(instrument.html().encode(), 9)) <= 600_000


def test_controls_are_traits(instrument: Instrument) -> None:
    instrument.pitch = 330
    assert instrument.pitch == 330
    with pytest.raises(traitlets.TraitError, match="pitch"):
        instrument.pitch = 5000
    instrument.pitch = 220


def test_the_page_holds_picture_and_model_once(instrument: Instrument) -> None:
    html = instrument.html()
    assert page.INSTRUMENT_MARK in html
    assert page.DEMO_MARK not in html
    assert html.count(instrument.spec["engine"]["wasm"]) == 1
    assert '<figure class="ddsp-fallback"><img' in html
    assert "Five notes." in html


def test_front_end_is_one_module_and_one_script() -> None:
    assert bundle.instrument_module().count("export default { render };") == 1
    assert "class BlockCore" in bundle.instrument_script()
    assert ".ddsp-surface" in bundle.instrument_style()


def silence(state: dict, **given: Tensor) -> tuple[Tensor, dict]:
    return torch.zeros(BLOCK), state


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": "Two Words"}, "id"),
        ({"title": ""}, "title"),
        ({"alt": " "}, "alt"),
        ({"pitch": Slider(110, 880, start=220)}, "pitch must have a log scale"),
        ({"breath": 3}, "breath must be a Slider"),
        ({"step": Slider(0, 1, start=0)}, None),
        ({"phrase": [[1.0]]}, "phrase"),
        ({"step": lambda state, **given: torch.zeros(4)}, "a block of sound and a dict"),
        ({"step": lambda state, **given: (torch.zeros(2, 4), state)}, "block"),
        ({"step": lambda state, **given: (torch.zeros(4) / 0, state)}, "finite"),
        ({"step": lambda state, **given: (torch.zeros(4), {})}, "shapes"),
        ({"state": {"x": torch.zeros(3).double()}, "step": silence}, "state"),
        ({"state": {"x": torch.full((3,), torch.nan)}, "step": silence}, "state"),
    ],
)
def test_bad_arguments_are_refused(changed: dict[str, Any], message: str | None) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        made(**changed)


def test_an_operation_that_does_not_compile_is_named() -> None:
    def step(state: dict, **given: Tensor) -> tuple[Tensor, dict]:
        return torch.linalg.eigvalsh(given["pitch"] * torch.eye(4)), state

    with pytest.raises(UnsupportedOperation, match="eigh"):
        made(step=step, state={})


def test_weights_beyond_half_are_refused() -> None:
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(layer.weight, 1e5)
    with pytest.raises(ValueError, match="weight must be finite"):
        round_to_half(layer)
