"""The atlas of losses: its cells, that they come out the same however they are measured, and its page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup

from book.tools.atlas import page, run
from book.tools.atlas.measures import SMALL, Bench, Cell, Settings, cells, direction, measure, success, valley
from book.tools.atlas.voices import LOSSES, VOICES
from ddsp_lite import losses

SOME = [
    Cell("sinusoid", "amplitude", "waveform L1"),
    Cell("sawtooth", "f0", "1-Wasserstein"),
    Cell("FM", "index", "mel"),
]
NUMBERS = ("direction", "valley", "success")


def numbers(results: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [tuple(result[name] for name in NUMBERS) for result in results]


def test_every_loss_of_the_package_is_in_it() -> None:
    used = {getattr(loss, "func", loss).__name__ for loss in LOSSES.values()}
    assert used == set(losses.__all__) - {"Against"}
    assert len(cells()) == len(LOSSES) * sum(len(voice.knobs) for voice in VOICES.values())


@pytest.mark.parametrize("name", VOICES)
def test_each_knob_is_heard_and_has_a_gradient(name: str) -> None:
    voice = VOICES[name]
    places = {knob: torch.tensor([0.3, 0.6], requires_grad=True) for knob in voice.knobs}
    y = voice.sound({knob: voice.knobs[knob].value(place) for knob, place in places.items()}, 2048, 0)
    assert y.shape == (2, 2048)
    assert 0.01 < y.abs().max() < 10
    weights = torch.cos(torch.arange(y.numel())).reshape(y.shape)
    for slope in torch.autograd.grad((weights * y).sum(), list(places.values())):
        assert (slope != 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_each_sound_of_a_batch_has_its_own_slope(name: str) -> None:
    bench = Bench(Cell("low-passed sawtooth", "cutoff", name), SMALL)
    places, targets, others = bench.places(3), bench.places(3), bench.others(3)
    heard = bench.sound(targets, others, 1)
    together = bench.slopes(places, bench.against(heard), others)
    for k in range(3):
        one = {knob: values[k : k + 1] for knob, values in others.items()}
        alone = bench.slopes(places[k : k + 1], bench.against(heard[k : k + 1]), one)
        torch.testing.assert_close(together[k : k + 1], alone, rtol=1e-3, atol=1e-6)


def test_what_is_known_comes_out() -> None:
    """A gain is found by its waveform; a pitch is found by transport, and not by the waveform."""
    settings = Settings(pairs=100, targets=8, points=21, starts=20, steps=60)
    gain = Cell("sinusoid", "amplitude", "waveform L1")
    assert direction(Bench(gain, settings)) == 1
    assert valley(Bench(gain, settings)) == 1
    assert success(Bench(gain, settings)) > 0.9
    assert direction(Bench(Cell("sinusoid", "frequency", "1-Wasserstein"), settings)) > 0.95
    assert 0.3 < direction(Bench(Cell("sinusoid", "frequency", "waveform L1"), settings)) < 0.7


def test_the_numbers_are_the_same_however_they_are_measured(tmp_path: Path) -> None:
    alone = numbers([measure(cell, SMALL) for cell in reversed(SOME)])[::-1]
    assert numbers(run.run(tmp_path, SMALL, SOME, workers=2)) == alone
    assert (Bench(SOME[0], SMALL).places(4) != Bench(SOME[0], replace(SMALL, seed=1)).places(4)).all()


def test_a_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = run.folder(tmp_path, SMALL)
    marked = measure(SOME[0], SMALL) | {"direction": 0.125}
    run.keep(run.place(kept, SOME[0]), marked)
    assert run.run(tmp_path, SMALL, SOME[:2], workers=1)[0]["direction"] == 0.125
    assert run.folder(tmp_path, replace(SMALL, seed=1)) != kept
    assert sorted(kept.iterdir()) == sorted(run.place(kept, cell) for cell in SOME[:2])


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(run.AtlasError, match="--dask"):
        run.run(tmp_path, SMALL, SOME[:1], dask="tcp://127.0.0.1:9")


def test_the_page_shows_every_number() -> None:
    results = [
        {"voice": c.voice, "knob": c.knob, "loss": c.loss, "direction": 0.75, "valley": 0.5, "success": 0.25,
         "milliseconds": 1.5}
        for c in cells()
    ]  # fmt: skip
    html = BeautifulSoup(page.text(SMALL, results), "html.parser")
    assert [len(table.select("tbody td")) for table in html.select("table.atlas-map")] == [len(results)] * 3
    assert len(html.select("table.sortable tbody tr")) == len(results)


def test_the_committed_page_is_of_the_committed_numbers() -> None:
    told = json.loads(page.DATA.read_text(encoding="utf-8"))
    assert {(r["voice"], r["knob"], r["loss"]) for r in told["cells"]} == {(c.voice, c.knob, c.loss) for c in cells()}
    assert page.PAGE.read_text(encoding="utf-8") == page.text(Settings(**told["settings"]), told["cells"])
