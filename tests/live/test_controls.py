"""Controls check what they are given, and describe themselves to the page."""

from __future__ import annotations

import base64
import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ddsp_lite.live import Bars, Choice, Slider, Sound


def recording(samples: np.ndarray | torch.Tensor, sample_rate: int = 8000, name: str = "trumpet") -> SimpleNamespace:
    return SimpleNamespace(
        samples=torch.as_tensor(samples),
        sample_rate=sample_rate,
        name=name,
        title="A note",
        source="here",
        licence="CC0",
    )


def test_slider_describes_itself() -> None:
    spec = Slider(60, 7000, start=4000, scale="log", unit="Hz").spec("cutoff", sample_rate=16000)
    assert spec == {
        "name": "cutoff", "kind": "slider", "label": "Cutoff", "low": 60.0, "high": 7000.0, "start": 4000.0,
        "scale": "log", "unit": "Hz", "step": None, "gradient": True, "hidden": False,
    }  # fmt: skip
    assert Slider(0, 1, 0.5).spec("attack_time", sample_rate=16000)["label"] == "Attack time"


def test_slider_gives_a_single_float32_number() -> None:
    tensor = Slider(0, 1, 0.5).tensor(0.25)
    assert tensor.dtype == torch.float32
    assert tensor.shape == ()


@pytest.mark.parametrize("value", [59.0, 7001, float("nan"), float("inf"), "high", None, [1, 2]])
def test_slider_refuses_what_is_outside_and_names_the_range(value: object) -> None:
    with pytest.raises(ValueError, match=r"\[60, 7000\]"):
        Slider(60, 7000, start=4000).check(value)


def test_slider_forgives_the_pages_rounding_at_its_ends() -> None:
    slider = Slider(60, 7000, start=4000, scale="log")
    assert slider.check(7000 * (1 + 1e-12)) == 7000
    assert slider.check(60 * (1 - 1e-12)) == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 1, "high": 1, "start": 1}, "low < high"),
        ({"low": 0, "high": float("inf"), "start": 1}, "finite"),
        ({"low": 0, "high": 1, "start": 2}, r"start must be in \[0, 1\], got 2"),
        ({"low": 0, "high": 1, "start": 0.5, "scale": "log"}, "low must be positive"),
        ({"low": 0, "high": 1, "start": 0.5, "scale": "mel"}, "scale must be one of"),
        ({"low": 0, "high": 1, "start": 0.5, "step": 0}, "step must be"),
    ],
)
def test_slider_refuses_bad_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Slider(**arguments)


def test_bars_hold_n_numbers() -> None:
    bars = Bars(3, start=[0.1, 0.2, 0.3], labels=["a", "b", "c"])
    assert bars.check(np.array([0, 0.5, 1])) == [0.0, 0.5, 1.0]
    assert bars.check(torch.tensor([0.0, 0.5, 1.0])) == [0.0, 0.5, 1.0]
    assert bars.tensor([0, 0.5, 1]).tolist() == [0.0, 0.5, 1.0]
    assert bars.length() == 3
    assert Bars(3, start=0.5).start == (0.5, 0.5, 0.5)
    drawn = Bars(3, gradient=False).spec("drawn", sample_rate=16000)
    assert bars.spec("bars", sample_rate=16000)["gradient"] and not drawn["gradient"]
    assert bars.spec("partials", sample_rate=16000)["start"] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("value", "message"), [([0, 1], "must hold 3 numbers, got 2"), ([0, 1, 2], r"\[0, 1\], got 2"), (0.5, "3 numbers")]
)
def test_bars_refuse_what_does_not_fit(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bars(3, start=0.5).check(value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be"),
        ({"n": 2.0}, "n must be"),
        ({"n": 2, "start": [1, 2, 3]}, "start must hold 2"),
        ({"n": 2, "start": 3.0}, "start must be in"),
        ({"n": 2, "labels": ["a"]}, "labels must hold n=2"),
    ],
)
def test_bars_refuse_bad_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bars(**arguments)


def test_choice_gives_the_plain_value() -> None:
    choice = Choice({"Sawtooth": "saw", "Five": 5, "Yes": True}, start="saw")
    assert choice.values == ("saw", 5, True)
    assert choice.tensor(5) == 5
    assert choice.spec("input", sample_rate=16000)["options"] == [
        {"label": "Sawtooth", "value": "saw", "python": "'saw'"},
        {"label": "Five", "value": 5, "python": "5"},
        {"label": "Yes", "value": True, "python": "True"},
    ]
    assert Choice(["linear", "log"], "log").options == {"Linear": "linear", "Log": "log"}


@pytest.mark.parametrize("value", ["noise", 1, None, [1]])
def test_choice_refuses_other_values_and_names_the_options(value: object) -> None:
    with pytest.raises(ValueError, match=r"\['saw', 'sine'\]"):
        Choice(["saw", "sine"], "saw").check(value)


@pytest.mark.parametrize(
    ("options", "start", "message"),
    [
        (["a"], "a", "at least two"),
        (["a", "a"], "a", "differ|at least two"),
        ({"x": 1, "y": "1"}, 1, "differ"),
        (["a", None], "a", "must be strings"),
        (["a", float("nan")], "a", "finite"),
        (["a", "b"], "c", "must be one of"),
    ],
)
def test_choice_refuses_bad_arguments(options: object, start: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Choice(options, start)


def test_sound_gives_python_and_page_the_same_samples() -> None:
    samples = np.sin(np.arange(10000) * 0.1)
    sound = Sound(1.0, [recording(samples)])
    spec = sound.spec("voice", sample_rate=8000)
    page = np.frombuffer(base64.b64decode(spec["clips"][0]["data"]), "<i2").astype(np.float32) / 32768
    assert spec["length"] == page.size == 8000
    assert np.array_equal(page, sound.tensor(0, sample_rate=8000).numpy())
    assert np.abs(page - samples[:8000]).max() <= 1 / 32768  # full scale itself is one step too high for 16 bits
    assert spec["clips"][0]["python"] == 'audio.example("trumpet", sample_rate=8000).samples'
    json.dumps(spec, allow_nan=False)


def test_sound_ends_in_silence_when_its_clip_is_short() -> None:
    tensor = Sound(1.0, [recording(np.ones(10) * 0.5)]).tensor(0, sample_rate=8000)
    assert tensor.shape == (8000,)
    assert tensor[:10].eq(0.5).all()
    assert tensor[10:].eq(0).all()


def test_sound_begins_where_it_is_told() -> None:
    ramp = np.arange(8000) / 8192
    sound = Sound(0.5, [recording(ramp), recording(ramp)], begin=[0.0, 0.75])
    assert sound.tensor(1, sample_rate=8000)[:2000].tolist() == pytest.approx(ramp[6000:].tolist(), abs=1e-4)
    assert sound.tensor(1, sample_rate=8000)[2000:].eq(0).all()
    clips = sound.spec("voice", sample_rate=8000)["clips"]
    assert [clip["python"].rpartition(".")[2] for clip in clips] == ["samples", "samples[6000:]"]


@pytest.mark.parametrize("value", [-1, 1, 0.0, True, "trumpet"])
def test_sound_refuses_what_is_no_clip(value: object) -> None:
    with pytest.raises(ValueError, match=r"in \[0, 0\]"):
        Sound(1.0, [recording(np.ones(10))]).check(value)


@pytest.mark.parametrize(
    ("seconds", "clips", "message"),
    [(0, [recording(np.ones(9))], "seconds"), (1, [], "at least one"), (1, [np.ones(9)], "audio.example")],
)
def test_sound_refuses_bad_arguments(seconds: float, clips: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sound(seconds, clips)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (recording(np.ones(10), sample_rate=16000), "sample rate of 8000 Hz, got 16000"),
        (recording(np.ones((2, 10))), "mono"),
        (recording(np.array([])), "mono"),
        (recording(np.array([np.nan])), "finite"),
    ],
)
def test_sound_refuses_clips_that_do_not_fit(clip: SimpleNamespace, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sound(1.0, [clip]).spec("voice", sample_rate=8000)


def test_random_values_lie_inside() -> None:
    generator = random.Random(1)
    slider, bars = Slider(10, 1000, 100, scale="log"), Bars(4, start=0.5, low=-1, high=1)
    drawn = [slider.interior(generator) for _ in range(200)]
    assert min(drawn) > 10
    assert max(drawn) < 1000
    assert 70 < float(np.median(drawn)) < 140  # half of them in the lower half of the log scale
    assert all(-1 < bar < 1 for bar in bars.interior(generator))
    assert bars.ends() == [[-1.0] * 4, [1.0] * 4]


@pytest.mark.parametrize("begin", [-1, float("nan"), [0.0], [0, 1, 2]])
def test_sound_refuses_bad_beginnings(begin: object) -> None:
    with pytest.raises(ValueError, match="begin must be one time"):
        Sound(1.0, [recording(np.ones(9))] * 2, begin=begin)


def test_sound_refuses_to_begin_behind_the_end() -> None:
    with pytest.raises(ValueError, match="begin must lie in the clip"):
        Sound(1.0, [recording(np.ones(8000))], begin=1.0).tensor(0, sample_rate=8000)
