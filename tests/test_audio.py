"""Files there and back, example recordings with and without a network, levels, and the player."""

from __future__ import annotations

import base64
import io
import logging
import math
import os
import re
import socket
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path

import librosa
import numpy as np
import pooch
import pytest
import soundfile
import torch
from torch import Tensor

from ddsp_lite import audio, clips
from ddsp_lite.audio import recordings

ROOT = Path(__file__).parent.parent
SR = 16_000


def sine(f: float = 440.0, duration: float = 0.5, level: float = 0.5, sample_rate: float = SR) -> Tensor:
    time = torch.arange(round(duration * sample_rate), dtype=torch.float64) / sample_rate
    return (level * torch.sin(2 * math.pi * f * time)).float()


# files


@pytest.mark.parametrize(("suffix", "tolerance"), [(".wav", 1e-4), (".flac", 1e-4), (".ogg", 0.02), (".mp3", 0.02)])
def test_a_file_comes_back(tmp_path: Path, suffix: str, tolerance: float) -> None:
    x = audio.fade(sine(), 0.05, sample_rate=SR)
    audio.save(tmp_path / f"tone{suffix}", x, sample_rate=SR)
    y = audio.load(tmp_path / f"tone{suffix}", sample_rate=SR)
    assert (y.dtype, y.shape) == (torch.float32, x.shape)
    assert (x - y).abs().max() < tolerance


def test_channels_are_mixed_or_kept(tmp_path: Path) -> None:
    x = torch.stack([sine(300.0), sine(500.0)])
    audio.save(tmp_path / "stereo.wav", x, sample_rate=SR)
    torch.testing.assert_close(audio.load(tmp_path / "stereo.wav", mono=False), x, atol=1e-4, rtol=0)
    torch.testing.assert_close(audio.load(str(tmp_path / "stereo.wav")), x.mean(0), atol=1e-4, rtol=0)


def test_loading_resamples_as_librosa_does(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tone.wav", sine(sample_rate=22_050).numpy(), 22_050, subtype="FLOAT")
    expected = librosa.resample(sine(sample_rate=22_050).numpy(), orig_sr=22_050, target_sr=SR)
    np.testing.assert_allclose(audio.load(tmp_path / "tone.wav", sample_rate=SR).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(("original", "wanted"), [(44_100, 16_000), (16_000, 44_100), (8000, 7777)])
def test_resampling_keeps_a_tone(original: int, wanted: int) -> None:
    x = torch.stack([sine(f, sample_rate=original) for f in (200.0, 1500.0)]).double()
    y = audio.resample(x, original_rate=original, sample_rate=wanted)
    expected = torch.stack([sine(f, sample_rate=wanted, duration=0.5) for f in (200.0, 1500.0)]).double()
    assert y.shape[-1] == math.ceil(x.shape[-1] * wanted / original)
    inner = slice(300, min(y.shape[-1], expected.shape[-1]) - 300)
    torch.testing.assert_close(y[:, inner], expected[:, inner], atol=2e-4, rtol=0)
    assert audio.resample(x, original_rate=wanted, sample_rate=wanted) is x


def corrupt_files() -> dict[str, bytes]:
    wav, ogg = io.BytesIO(), io.BytesIO()
    soundfile.write(wav, np.zeros(1000), SR, format="WAV")
    soundfile.write(ogg, np.zeros(SR), SR, format="OGG")
    return {
        "text.wav": b"this is no sound at all, but a line of text",
        "nothing.wav": b"",
        "half-a-header.wav": wav.getvalue()[:30],
        "cut.ogg": ogg.getvalue()[: len(ogg.getvalue()) // 2],
        "headerless.raw": b"\0" * 100,
    }


@pytest.mark.parametrize("name", corrupt_files())
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(corrupt_files()[name])
    with pytest.raises(ValueError, match=f"path must name a sound file that can be read, got '.*{name}'"):
        audio.load(tmp_path / name)


def test_a_file_without_samples_or_with_nan_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), SR)
    with pytest.raises(ValueError, match=r"at least one sample, got '.*empty\.wav'"):
        audio.load(tmp_path / "empty.wav")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), SR, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"without NaN or infinity, got '.*nan\.wav'"):
        audio.load(tmp_path / "nan.wav")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.wav", tmp_path):
        with pytest.raises(FileNotFoundError, match=f"path must name a sound file, got '.*{path.name}'"):
            audio.load(path)


@pytest.mark.parametrize(
    ("name", "x", "options", "message"),
    [
        ("a.aiff", sine(), {}, "the suffix of path must be one of '.wav', '.flac', '.ogg', '.mp3', got '.aiff'"),
        ("a.wav", 3 * sine(), {}, r"x must lie in \[-1, 1\], got"),
        ("a.wav", torch.zeros(0), {}, "x must be a tensor"),
        (
            "a.wav",
            torch.zeros(1, 2, 3),
            {},
            r"x must be a tensor \(time,\) or \(channels, time\), got shape \(1, 2, 3\)",
        ),
        ("a.wav", sine(), {"sample_rate": 16_000.5}, "sample_rate must be an integer"),
        ("a.mp3", sine(), {"sample_rate": 17_000}, "sample_rate must be one of .* for MP3, got 17000"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, name: str, x: Tensor, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audio.save(tmp_path / name, x, **{"sample_rate": SR} | options)
    assert not (tmp_path / name).exists()


def test_saving_into_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="path must lie in a folder that exists"):
        audio.save(tmp_path / "no" / "a.wav", sine(), sample_rate=SR)


# levels


def test_normalise() -> None:
    x = torch.stack([sine(level=0.01), torch.zeros(8000)]).requires_grad_()
    y = audio.normalise(x, -6.0)
    assert y[0].abs().max().item() == pytest.approx(10 ** (-6 / 20), rel=1e-6)
    assert (y[1] == 0).all()
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    with pytest.raises(ValueError, match=r"peak_db must be at most 0 dB, got 1\.0"):
        audio.normalise(x, 1.0)


def test_fade_is_smooth_and_leaves_the_middle_alone() -> None:
    y = audio.fade(torch.ones(2, 1000, dtype=torch.float64), 0.1, sample_rate=1000)
    time_of_middle = torch.arange(100, dtype=torch.float64) + 0.5
    torch.testing.assert_close(y[0, :100], torch.sin(math.pi * time_of_middle / 200) ** 2)
    torch.testing.assert_close(y, y.flip(-1))
    assert (y[:, 100:900] == 1).all()
    assert torch.equal(audio.fade(torch.ones(5), 0.0, sample_rate=1000), torch.ones(5))
    with pytest.raises(ValueError, match=r"seconds must lie in \[0, 0.5\] s, got 0.6"):
        audio.fade(torch.ones(1000), 0.6, sample_rate=1000)


# example recordings


@pytest.mark.parametrize("name", audio.EXAMPLES)
def test_an_example_is_the_recording_or_says_that_it_is_not(name: str) -> None:
    recording = audio.example(name)
    assert (recording.name, recording.sample_rate) == (name, SR)
    assert recording.samples.ndim == 1
    assert 1 < len(recording.samples) / SR < 120
    assert torch.isfinite(recording.samples).all()
    assert 0.05 < recording.samples.abs().max() <= 1.1
    assert ("synthesised by this project" in recording.title) == recording.bundled
    assert recording.source.startswith("ddsp_lite.clips.") == recording.bundled
    for part in (recording.title, recording.source, recording.licence):
        assert part in recording.credit
    assert repr(recording).startswith(f"Recording({recording.title!r}, ")


def test_with_the_recording_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_22_khz = audio.resample(clips.whistle(), original_rate=SR, sample_rate=22_050)
    audio.save(tmp_path / "found.ogg", at_22_khz, sample_rate=22_050)
    monkeypatch.setattr(librosa, "ex", lambda name: str(tmp_path / "found.ogg"))
    recording = audio.example("trumpet", sample_rate=8000)
    assert not recording.bundled
    assert recording.title == "Solo trumpet 06, from the Jazz Trumpet Loops Pack in F, by Mihai Sorohan"
    assert (recording.licence, recording.source) == ("CC BY 3.0", "https://freesound.org/s/77711/")
    assert recording.samples.shape == (16_000,)


CLIP_OF = {"trumpet": "brass", "robin": "whistle", "libri1": "voice", "brahms": "pluck", "humpback": "moan"}


@pytest.mark.parametrize(("name", "clip"), CLIP_OF.items())
def test_without_it_the_projects_own_clip(monkeypatch: pytest.MonkeyPatch, name: str, clip: str) -> None:
    def fail(_: str) -> str:
        raise ConnectionError("no network")

    monkeypatch.setattr(librosa, "ex", fail)
    recording = audio.example(name, sample_rate=22_050)
    assert recording.bundled
    assert f"synthesised by this project (the recording {name!r} could not be had)" in recording.title
    assert recording.source == f"ddsp_lite.clips.{clip}"
    assert torch.equal(recording.samples, getattr(clips, clip)(sample_rate=22_050))


def test_a_download_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(librosa, "ex", lambda name: answer.wait(60))
    monkeypatch.setattr(recordings, "_patience", 0.3)
    monkeypatch.setattr(recordings, "SECONDS_ONCE_OFFLINE", 0.1)
    level = pooch.get_logger().level
    start = time.perf_counter()
    assert audio.example("robin").bundled
    assert audio.example("robin").bundled
    assert time.perf_counter() - start < 10
    answer.set()
    assert recordings._patience == 0.1, "the second wait is short"
    assert pooch.get_logger().level == level


@pytest.mark.slow
def test_offline_for_real(tmp_path: Path) -> None:
    """In a process of its own, with an empty folder of recordings and a proxy that takes calls and never answers."""
    code = """
import sys, time
from ddsp_lite import audio
assert not {"librosa", "soundfile", "soxr"} & set(sys.modules), "imported too early"
audio.recordings._patience = 1.0
import librosa
librosa.ex
start = time.perf_counter()
recording = audio.example("trumpet")
print(recording.bundled, time.perf_counter() - start < 10, recording.title)
"""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        environment = os.environ | dict.fromkeys(names, proxy) | {"LIBROSA_DATA_DIR": str(tmp_path), "no_proxy": ""}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True True Brass-like phrase, synthesised by this project")
    assert done.stderr == "", "nothing that would end up in a notebook"


def test_the_file_that_librosa_keeps_is_used(tmp_path: Path) -> None:
    """A folder that holds the recording is used without a network; there is one where LIBROSA_DATA_DIR says so."""
    recording = audio.example("trumpet")
    folder = os.environ.get("LIBROSA_DATA_DIR", pooch.os_cache("librosa"))
    at_hand = (Path(folder) / "sorohanro_-_solo-trumpet-06.ogg").is_file()
    assert recording.bundled != at_hand
    if at_hand:
        samples, rate = soundfile.read(Path(folder) / "sorohanro_-_solo-trumpet-06.ogg", dtype="float32")
        expected = librosa.resample(samples, orig_sr=rate, target_sr=SR)
        np.testing.assert_allclose(recording.samples.numpy(), expected, atol=1e-6)


def test_bad_examples() -> None:
    with pytest.raises(ValueError, match=r"name must be one of 'trumpet', .*, got 'tuba'"):
        audio.example("tuba")
    with pytest.raises(ValueError, match="sample_rate must lie in"):
        audio.example("trumpet", sample_rate=100)


# the player


class Elements(HTMLParser):
    """Every element with its attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found[tag] = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def decoded(player: audio.Player) -> tuple[np.ndarray, int]:
    source = Elements(player._repr_html_()).found["audio"]["src"]
    kind, data = source.split(",", 1)
    assert kind == "data:audio/mpeg;base64"
    return soundfile.read(io.BytesIO(base64.b64decode(data, validate=True)))


def test_the_player_plays_the_sound_at_its_level() -> None:
    x = audio.fade(sine(level=0.3), 0.02, sample_rate=SR)
    y, rate = decoded(audio.Player(x, sample_rate=SR, caption="A tone"))
    assert (rate, y.shape) == (SR, (8000,))
    np.testing.assert_allclose(y, x.numpy(), atol=0.01)


def test_the_player_has_a_caption_a_label_and_controls() -> None:
    caption = 'A <b>tone</b> & "its" echo'
    page = Elements(audio.Player(sine(), sample_rate=SR, caption=caption)._repr_html_())
    assert set(page.found) == {"figure", "audio", "figcaption"}
    assert page.text == caption
    assert page.found["audio"]["aria-label"] == caption
    assert "controls" in page.found["audio"]
    assert "autoplay" not in page.found["audio"]


def test_a_loud_sound_is_turned_down_and_the_caption_says_so() -> None:
    player = audio.Player(sine(level=4.0), sample_rate=SR, caption="Too loud")
    assert player.caption == "Too loud (turned down by 13.0 dB)"
    y, _ = decoded(player)
    assert 0.8 < np.abs(y).max() < 1.0
    assert "turned down" not in audio.Player(sine(level=0.85), sample_rate=SR, caption="Right").caption


def test_the_player_is_deterministic_and_small() -> None:
    x = clips.brass()
    first, second = (audio.Player(x, sample_rate=SR, caption="Brass") for _ in range(2))
    assert first._repr_html_() == second._repr_html_()
    assert repr(first) == "Player('Brass', 3.50 s at 16000 Hz)"
    wav_bytes = 2 * len(x) * 4 / 3
    assert len(first._repr_html_()) < 0.4 * wav_bytes


@pytest.mark.parametrize(("sample_rate", "plays_at"), [(16_000, 16_000), (10_000.0, 11_025), (96_000, 48_000)])
def test_any_sample_rate_plays_in_tune(sample_rate: float, plays_at: int) -> None:
    y, rate = decoded(audio.Player(sine(500.0, sample_rate=sample_rate), sample_rate=sample_rate, caption="A tone"))
    assert rate == plays_at
    assert len(y) == pytest.approx(0.5 * rate, abs=2)
    peak = np.abs(np.fft.rfft(y * np.hanning(len(y)))).argmax() * rate / len(y)
    assert peak == pytest.approx(500, abs=2.1)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (torch.zeros(2, 100), {}, r"x must be mono, a tensor \(time,\), got shape \(2, 100\)"),
        (torch.zeros(0), {}, "x must be a tensor .* at least one sample"),
        (torch.tensor([0.0, math.nan]), {}, "x must be finite, got nan"),
        (torch.zeros(10, dtype=torch.int16), {}, "x must be a float32 or float64 tensor"),
        (np.zeros(10), {}, "x must be a float32 or float64 tensor"),
        (sine(), {"caption": "  "}, "caption must say in words what one hears, got '  '"),
        (sine(), {"caption": None}, "caption must say in words what one hears, got None"),
        (sine(), {"sample_rate": -1}, "sample_rate must be above 0 Hz, got -1"),
    ],
)
def test_what_cannot_be_played(x, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audio.Player(x, **{"sample_rate": SR, "caption": "A tone"} | options)


def test_logging_of_a_failed_fetch_tells_why(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: str) -> str:
        raise OSError("no such host")

    monkeypatch.setattr(librosa, "ex", fail)
    with caplog.at_level(logging.INFO, logger="ddsp_lite"):
        audio.example("brahms")
    assert re.search("brahms could not be had: no such host", caplog.text)
