"""The Demo: a widget whose traits are its controls, compiled from the function that Python runs."""

from __future__ import annotations

import json
import math
import os
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets

from ddsp_lite.live import (
    Bars,
    Choice,
    Demo,
    Descend,
    Landscape,
    Player,
    Slider,
    Spectrum,
    UnsupportedOperation,
    Wave,
    cache,
    reference,
)  # fmt: skip
from ddsp_lite.live import demo as demo_module

RATE, LENGTH = 8000, 512


def tone(frequency, gain, partials, shape):
    time = torch.arange(LENGTH) / RATE
    phase = 2 * math.pi * frequency * time
    wave = torch.sin(phase) if shape == "sine" else torch.tanh(3 * torch.sin(phase))
    audio = gain * wave * partials.mean()
    target = 0.25 * torch.sin(2 * math.pi * 200.0 * time)
    return {"audio": audio, "target": target, "loss": (audio - target).square().mean()}


CONTROLS = {
    "frequency": Slider(50, 2000, start=300, scale="log", unit="Hz"),
    "gain": Slider(0, 1, start=0.5),
    "partials": Bars(3, start=[0.2, 0.4, 0.6]),
    "shape": Choice(["sine", "square"], "sine"),
}


def make(function=tone, **changes):
    arguments = {
        "id": "tone", "title": "A tone", "alt": "One line: a spectrum with a peak at 300 Hz.", "sample_rate": RATE,
        "show": [Spectrum("audio", "target"), Landscape(over="frequency", n_points=21), Player("audio", "target")],
        "descend": Descend(steps=5), **CONTROLS,
    }  # fmt: skip
    return Demo(function, **{**arguments, **changes})


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDSP_LITE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("DDSP_LITE_REFERENCES", raising=False)
        yield


@pytest.fixture
def demo() -> Demo:
    return make()


def test_controls_are_traits(demo: Demo) -> None:
    assert (demo.frequency, demo.gain, demo.partials, demo.shape) == (300.0, 0.5, [0.2, 0.4, 0.6], "sine")
    seen = []
    demo.observe(lambda change: seen.append(change["new"]), "frequency")
    demo.frequency = 440
    assert seen == [440.0]
    assert {"frequency", "gain", "partials", "shape", "spec", "_esm", "_css"} <= set(demo.keys)
    assert demo.values == {"frequency": 440.0, "gain": 0.5, "partials": [0.2, 0.4, 0.6], "shape": "sine"}


def test_two_demos_do_not_share_their_values() -> None:
    one, other = make(), make()
    one.gain = 0.75
    one.partials = [1, 1, 1]
    assert other.gain == 0.5
    assert other.partials == [0.2, 0.4, 0.6]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("frequency", 2001, r"frequency must be in \[50, 2000\], got 2001"),
        ("frequency", float("nan"), r"\[50, 2000\], got nan"),
        ("gain", "loud", r"gain must be a number in \[0, 1\]"),
        ("partials", [1, 2, 3], r"partials must be in \[0, 1\], got 2"),
        ("partials", [1], "partials must hold 3 numbers"),
        ("shape", "noise", r"shape must be one of \['sine', 'square'\]"),
    ],
)
def test_bad_values_name_the_range(demo: Demo, name: str, value: object, message: str) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(demo, name, value)


def test_the_page_moves_a_control_as_python_does(demo: Demo) -> None:
    demo.set_state({"frequency": 880, "partials": [0, 0.5, 1]})
    assert demo.frequency == 880.0
    assert demo.partials == [0.0, 0.5, 1.0]


def test_outputs_and_gradients_are_pytorchs(demo: Demo) -> None:
    demo.frequency, demo.shape = 220, "square"
    frequency = torch.tensor(220.0, requires_grad=True)
    expected = tone(frequency, torch.tensor(0.5), torch.tensor([0.2, 0.4, 0.6]), "square")
    (slope,) = torch.autograd.grad(expected["loss"], frequency)
    assert torch.equal(demo.outputs()["audio"], expected["audio"])
    loss, gradients = demo.loss_and_gradients()
    assert loss.item() == expected["loss"].item()
    assert gradients["frequency"].item() == slope.item()
    assert gradients["partials"].shape == (3,)
    assert set(gradients) == {"frequency", "gain", "partials"}


def test_the_compiled_function_is_the_same(demo: Demo) -> None:
    from ddsp_lite.live.compile import Model

    model = Model(demo.spec["engine"])
    for shape in ("sine", "square"):
        demo.shape = shape
        compiled, (loss, gradients) = model.run(demo.values), demo.loss_and_gradients()
        assert np.abs(compiled["outputs"]["audio"] - demo.outputs()["audio"].numpy()).max() < 1e-5
        assert compiled["loss"] == pytest.approx(loss.item(), rel=1e-4)
        for name, gradient in gradients.items():
            assert compiled["gradients"][name].ravel() == pytest.approx(gradient.numpy().ravel(), rel=1e-3, abs=1e-6)


def test_the_landscape_is_the_loss_along_the_control(demo: Demo) -> None:
    panel = next(panel for panel in demo.spec["show"] if panel["kind"] == "landscape")
    assert len(panel["xs"]) == len(panel["ys"]) == 21
    for position in (0, 7, 20):
        demo.frequency = panel["xs"][position]
        assert panel["ys"][position] == pytest.approx(demo.loss_and_gradients()[0].item(), rel=1e-6)


class Page(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1][0] == "script":
            self.data += data


def test_html_holds_the_model_and_a_picture(demo: Demo) -> None:
    page = Page(demo.html())
    tags = dict(page.tags)
    assert tags["div"] == {"class": "ddsp-demo", "id": "demo-tone", "data-id": "tone"}
    assert json.loads(page.data) == demo.spec
    assert tags["img"]["alt"] == "One line: a spectrum with a peak at 300 Hz."
    assert tags["img"]["src"].startswith("data:image/svg+xml,%3C")
    assert "JavaScript" in demo.html()
    assert len(demo.html()) < 400_000


def test_html_is_the_same_each_time_and_cannot_be_broken_out_of() -> None:
    title = 'A </script><script>alert("x")</script> & <b>'
    one, other = make(title=title, alt='A "quoted" <alt>'), make(title=title, alt='A "quoted" <alt>')
    assert one.html() == other.html()
    page = Page(one.html())
    assert [tag for tag, _ in page.tags] == ["div", "script", "figure", "img", "figcaption"]
    assert json.loads(page.data)["title"] == title
    assert dict(page.tags)["img"]["alt"] == 'A "quoted" <alt>'


def test_mime_bundle_serves_both_hosts(demo: Demo) -> None:
    data, _ = demo._repr_mimebundle_()
    assert data["text/html"] == demo.html()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == demo.model_id
    assert data["text/plain"] == repr(demo)
    assert repr(demo) == "Demo(id='tone', frequency=300, gain=0.5, partials=[0.2, 0.4, 0.6], shape='sine')"


def test_making_a_demo_again_takes_it_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    first = make()
    monkeypatch.setattr(demo_module, "make", lambda *args, **keywords: pytest.fail("made twice"))
    assert make().html() == first.html()


def test_a_changed_constant_makes_a_new_model(cell) -> None:
    source = "def f(gain):\n    return {'audio': gain * LEVEL * torch.ones(8), 'loss': (gain * LEVEL).square()}\n"
    made = [
        Demo(
            cell(source, torch=torch, LEVEL=level)["f"], id="level", title="Level", alt="A line.", show=[Wave("audio")],
            gain=Slider(0, 1, 0.5),
        )
        for level in (1.0, 2.0)
    ]  # fmt: skip
    assert made[0].spec["engine"] != made[1].spec["engine"]
    assert [one.loss_and_gradients()[0].item() for one in made] == [0.25, 1.0]


def test_a_cache_that_cannot_be_read_or_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DDSP_LITE_CACHE", str(tmp_path / "file"))
    cache.store("record", {"a": 1})
    assert cache.load("record") is None
    monkeypatch.setenv("DDSP_LITE_CACHE", str(tmp_path))
    cache.store("record", {"a": 1})
    assert cache.load("record") == {"a": 1}
    (tmp_path / "live" / "record.json").write_text("half a rec")
    assert cache.load("record") is None


def test_the_cache_forgets_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDSP_LITE_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "KEPT", 2)
    for age, name in enumerate(("old", "middle", "new")):
        cache.store(name, {})
        os.utime(tmp_path / "live" / f"{name}.json", (1e9 + age, 1e9 + age))
    cache.store("newest", {})
    assert sorted(path.stem for path in (tmp_path / "live").glob("*.json")) == ["new", "newest"]


def silent(frequency, gain, partials, shape):
    return {"audio": torch.zeros(LENGTH) * gain}


def infinite(frequency, gain, partials, shape):
    return {"audio": gain / torch.zeros(LENGTH)}


def two_losses(frequency, gain, partials, shape):
    return {"loss": partials}


def matrix(frequency, gain, partials, shape):
    return {"audio": gain * torch.ones(2, 8)}


def steep(frequency, gain, partials, shape):
    return {"audio": torch.ones(LENGTH), "loss": torch.sqrt(gain - 0.5)}


def poles(frequency, gain, partials, shape):
    return {"audio": torch.ones(LENGTH), "loss": 1 / (gain - 0.25)}


def unknown(frequency, gain, partials, shape):
    return {"audio": torch.ones(LENGTH), "loss": torch.special.bessel_j1(gain)}


@pytest.mark.parametrize(
    ("function", "changes", "message"),
    [
        (tone, {"id": "A Tone"}, "id must be lower-case words"),
        (tone, {"title": ""}, "title must be a text"),
        (tone, {"alt": " "}, "alt must be a text"),
        (tone, {"pitch": Slider(0, 1, 0.5)}, "got an unexpected keyword argument 'pitch'"),
        (tone, {"gain": 0.5}, "gain must be a Slider"),
        (tone, {"show": ["spectrum"]}, "show must hold panels"),
        (tone, {"show": [Spectrum("music")]}, "Spectrum names the output 'music'"),
        (silent, {"show": []}, "descend"),
        (silent, {"descend": None}, "Spectrum names the output 'target'"),
        (infinite, {}, "'audio' is not finite"),
        (two_losses, {}, r"loss must be a single number .*shape \(3,\)"),
        (matrix, {}, r"'audio' must be a float tensor.*\(2, 8\)"),
        (steep, {"show": []}, "gradient of the loss for 'gain' is not finite"),
        (poles, {"show": [Landscape(over="gain", n_points=5)]}, r"'loss' is inf at gain = 0.25"),
    ],
)
def test_a_wrong_demo_says_what_is_wrong(function, changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(function, **changes)


def test_a_control_must_not_take_the_widgets_names() -> None:
    with pytest.raises(ValueError, match="must not be called 'layout'"):
        Demo(lambda layout: {}, id="a", title="b", alt="c", layout=Slider(0, 1, 0.5))


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(UnsupportedOperation, match="bessel_j1"):
        make(unknown, show=[])


def test_references_are_written_for_the_pages_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDSP_LITE_REFERENCES", str(tmp_path))
    demo = make()
    told = json.loads((tmp_path / "tone.json").read_text())
    arrays = np.load(tmp_path / "tone.npz")
    settings = [each["values"] for each in told["settings"]]
    assert settings[0] == demo.values
    assert len(settings) >= 6
    assert sum(each["smooth"] for each in told["settings"]) >= 5
    assert {each["shape"] for each in settings} == {"sine", "square"}
    assert {50.0, 2000.0} <= {each["frequency"] for each in settings}
    last = len(settings) - 1
    for name, value in settings[last].items():
        setattr(demo, name, value)
    loss, gradients = demo.loss_and_gradients()
    assert arrays[f"{last}/output/loss"] == loss.item()
    assert np.array_equal(arrays[f"{last}/output/audio"], demo.outputs()["audio"].numpy())
    assert np.array_equal(arrays[f"{last}/gradient/partials"], gradients["partials"].numpy())
    assert len(told["descent"]) == 6
    assert told["descent"][-1] < told["descent"][0]
    stamp = (tmp_path / "tone.npz").stat().st_mtime_ns
    make()
    assert (tmp_path / "tone.npz").stat().st_mtime_ns == stamp


def test_a_kink_is_told_from_a_smooth_place() -> None:
    controls = {"x": Slider(-1, 1, start=0.5)}

    def kinked(x):
        return {"loss": (x - 0.5).abs() + (x + 0.5).square()}

    gradient = reference.evaluate(kinked, controls, {"x": 0.5}, RATE)[1]["x"]
    beside = [reference.nudged(controls["x"], 0.5, direction) for direction in (-1, 1)]
    slopes = [reference.evaluate(kinked, controls, {"x": x}, RATE)[1]["x"] for x in beside]
    assert [round(slope.item(), 2) for slope in (*slopes, gradient)] == [1.0, 3.0, 2.0]


def test_descent_is_adams() -> None:
    def bowl(x):
        return {"loss": (x.log2() - 3).square()}

    controls = {"x": Slider(1, 1024, start=256, scale="log")}
    losses = reference.descend(bowl, controls, Descend("adam", 0.1, steps=60), RATE)
    octave = torch.tensor(8.0, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([octave], lr=0.1)
    for loss in losses:
        adam.zero_grad()
        expected = (octave - 3).square()
        assert loss == pytest.approx(expected.item(), rel=1e-4)
        expected.backward()
        adam.step()
