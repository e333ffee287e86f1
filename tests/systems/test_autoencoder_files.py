"""Files that the autoencoder is given and those that it writes: what is of no use is refused by its name."""

import resource
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from ddsp_lite import audio, features
from ddsp_lite.systems import autoencoder
from ddsp_lite.systems.autoencoder import checkpoints
from ddsp_lite.systems.autoencoder.__main__ import main

TINY = autoencoder.Configuration(hidden=8, points=6, partials=5, bands=5, room_seconds=0.05)
RUN = autoencoder.Run(TINY, seed=0, steps=9, batch=2, frames=16, sounds=({"digest": "a"},))
RATE = 16_000
TONE = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


@pytest.fixture
def tone(tmp_path):
    soundfile.write(tmp_path / "tone.wav", TONE, RATE)
    return tmp_path / "tone.wav"


# What is read


def noise(seconds):
    return 0.3 * np.random.default_rng(0).uniform(-1, 1, int(seconds * RATE))


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (np.zeros(RATE), "is silent.*Give a recording with sound"),
        (np.full(1, 0.5), "must be mono and last at least 1024 samples.*Give a longer recording"),
        (noise(1), "has no pitch that could be followed.*Give a recording of one note at a time"),
        (np.cumsum(noise(1)) / 50, "has no pitch that could be followed"),
        (np.full(RATE, np.nan), "cannot be read as a sound.*NaN.*Give a file"),
    ],
    ids=["silent", "one sample", "noise", "rumble", "NaN"],
)
def test_a_sound_of_no_use_is_refused_by_name(samples, why, tmp_path):
    path = tmp_path / "useless.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=rf"(?s)useless\.wav.*{why}"):
        autoencoder.read(path)


def test_what_is_no_sound_is_refused_by_name(tmp_path, tone):
    whole = tone.read_bytes()
    soundfile.write(tmp_path / "whole.flac", TONE, RATE)
    broken = {
        "notes.txt": b"no sound",
        "empty.wav": b"",
        "header.wav": whole[:30],
        "cut.flac": (tmp_path / "whole.flac").read_bytes()[:40],
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"{name}.*cannot be read as a sound.*Give a file that libsndfile reads"):
            autoencoder.read(tmp_path / name)
    with pytest.raises(ValueError, match=r"missing\.wav.*does not exist"):
        autoencoder.read(tmp_path / "missing.wav")


@pytest.mark.parametrize(
    ("name", "rate", "subtype", "make"),
    [
        ("eight.wav", RATE, "PCM_U8", lambda x: x),
        ("high.wav", 192_000, "PCM_24", lambda x: np.sin(2 * np.pi * 440 * np.arange(192_000) / 192_000) * 0.3),
        ("stereo.wav", RATE, "PCM_16", lambda x: np.stack([x, x], -1)),
        ("clipped.wav", RATE, "PCM_16", lambda x: np.clip(4 * x, -1, 1)),
        ("tone.flac", RATE, "PCM_16", lambda x: x),
        ("tone.ogg", RATE, "VORBIS", lambda x: x),
    ],
)
def test_other_kinds_of_files_are_taken(name, rate, subtype, make, tmp_path):
    soundfile.write(tmp_path / name, make(TONE), rate, subtype=subtype)
    sound = autoencoder.read(tmp_path / name, TINY)
    assert len(sound.f0) == len(sound.loudness) == 62
    assert (1200 * torch.log2(sound.f0[4:-4] / 440)).abs().max() < 10
    assert abs(float(sound.loudness[4:-4].median()) - (-14 if "clipped" not in name else -2)) < 1.5
    _, history = autoencoder.train([sound], steps=1, batch=1, frames=8, configuration=TINY)
    assert np.isfinite(history[0])


def test_of_a_file_that_breaks_off_what_is_there_is_used(tone):
    tone.write_bytes(tone.read_bytes()[:16_044])  # the header promises twice as much
    assert len(autoencoder.read(tone, TINY).x) == 8000 // 256 * 256


def test_a_bird_is_followed_as_a_whistle(tmp_path):
    t = np.arange(RATE) / RATE
    x = 0.3 * np.sin(2 * np.pi * np.cumsum(3000 + 1000 * np.sin(2 * np.pi * 3 * t)) / RATE)
    soundfile.write(tmp_path / "bird.wav", x, RATE)
    sound = autoencoder.read(tmp_path / "bird.wav", pitch="whistle")
    assert sound.voiced.all() and sound.f0.min() > 1800 and sound.f0.max() > 3900
    with pytest.raises(ValueError, match=r"pitch must be one of 'voice', 'whistle', got 'hum'"):
        autoencoder.read(tmp_path / "bird.wav", pitch="hum")


# What is kept


def test_a_checkpoint_says_what_its_run_hangs_on(tmp_path):
    path = tmp_path / "step-00000003.safetensors"
    autoencoder.save(path, {"x": torch.arange(3.0)}, RUN, 3)
    tensors, run, step = autoencoder.restore(path, RUN)
    assert torch.equal(tensors["x"], torch.arange(3.0)) and run == RUN and step == 3


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"configuration": replace(TINY, hidden=9)}, "configuration"),
        ({"seed": 1}, "seed"),
        ({"steps": 10}, "step"),
        ({"batch": 4}, "batch"),
        ({"frames": 8}, "frame"),
        ({"sounds": ({"digest": "b"},)}, "sound"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_name(other, name, tmp_path):
    path = tmp_path / "step-00000003.safetensors"
    autoencoder.save(path, {"x": torch.ones(1)}, RUN, 3)
    with pytest.raises(ValueError, match=rf"step-00000003.*another {name}: .*or another folder"):
        autoencoder.restore(path, replace(RUN, **other))


@pytest.mark.parametrize("damage", [lambda d: d[:40], lambda d: d[:-4], lambda d: b"", lambda d: b"x" * len(d)])
def test_a_broken_checkpoint_is_refused_by_name(damage, tmp_path):
    path = tmp_path / "step-00000003.safetensors"
    autoencoder.save(path, {"x": torch.ones(9)}, RUN, 3)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"step-00000003.*no whole checkpoint.*Delete it and go on from an earlier"):
        autoencoder.restore(path)


def test_training_goes_on_with_the_same_alone(tmp_path):
    sound = autoencoder.analyse(torch.from_numpy(TONE).float(), TINY)
    options = {"steps": 4, "batch": 1, "frames": 8, "configuration": TINY, "out": tmp_path, "every": 2}
    autoencoder.train([sound], **options)
    for other in ({"seed": 1}, {"steps": 5}, {"configuration": replace(TINY, bands=6)}):
        with pytest.raises(ValueError, match=r"step-00000004.*another folder"):
            autoencoder.train([sound], **{**options, **other})
    with pytest.raises(ValueError, match=r"step-00000004.*another sound"):
        autoencoder.train([sound._replace(x=0.5 * sound.x)], **options)
    (tmp_path / "step-00000004.safetensors").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"step-00000004.*Delete it"):
        autoencoder.train([sound], **options)
    (tmp_path / "step-00000004.safetensors").unlink()
    assert len(autoencoder.train([sound], **options)[1]) == 4


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "step-00000001.safetensors"
    autoencoder.save(path, {"x": torch.ones(3)}, RUN, 1)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(OSError, match=r"step-00000001.*Free some space"):
        autoencoder.save(path, {"x": torch.zeros(3)}, RUN, 2)
    assert autoencoder.restore(path)[2] == 1 and list(tmp_path.iterdir()) == [path]


TRAIN = """
import os, signal, sys, torch
from ddsp_lite.systems import autoencoder
TINY = autoencoder.Configuration(hidden=8, points=6, partials=5, bands=5, room_seconds=0.05)
x = 0.3 * torch.sin(2 * torch.pi * 440 * torch.arange(16_000) / 16_000)
flushed, kill_at = [], int(sys.argv[2])
fsync = os.fsync
def flush(file):
    flushed.append(file)
    if len(flushed) == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(file)
os.fsync = flush
sound = autoencoder.analyse(x, TINY)
autoencoder.train([sound], steps=6, batch=2, frames=8, configuration=TINY, every=2, out=sys.argv[1])
"""


@pytest.mark.slow
def test_a_run_killed_while_it_writes_goes_on_to_the_same_end(tmp_path):
    def run(folder, kill_at=0):
        return subprocess.run([sys.executable, "-c", TRAIN, str(tmp_path / folder), str(kill_at)]).returncode

    assert run("whole") == 0
    assert run("cut", kill_at=2) == -signal.SIGKILL
    assert autoencoder.latest(tmp_path / "cut").name == "step-00000002.safetensors"
    assert run("cut") == 0
    whole, cut = (autoencoder.restore(autoencoder.latest(tmp_path / folder))[0] for folder in ("whole", "cut"))
    assert whole.keys() == cut.keys() and len(whole["history"]) == 6
    for name in whole:
        assert torch.equal(whole[name], cut[name]), name


# The commands


def test_the_commands_train_resynthesise_and_transfer(tmp_path, tone):
    x = 0.2 * torch.sin(2 * torch.pi * 110 * torch.arange(12_000) / RATE)
    audio.save(tmp_path / "low.wav", x, sample_rate=RATE)
    run = str(tmp_path / "run")
    assert main(["train", str(tone), "--out", run, "--steps", "2", "--batch", "1"]) == 0
    played = {}
    for name, arguments in {
        "resynth": ["resynth"],
        "higher": ["resynth", "--semitones", "12"],
        "transfer": ["transfer"],
    }.items():
        out = tmp_path / f"{name}.wav"
        assert main([arguments[0], str(tmp_path / "low.wav"), "--model", run, "--out", str(out), *arguments[1:]]) == 0
        played[name] = audio.load(out)
        assert played[name].shape[-1] == 12_000 // 256 * 256
    for name, pitch in {"resynth": 110, "higher": 220, "transfer": 440}.items():
        f0, _ = features.f0(played[name], sample_rate=RATE, hop_length=256)
        assert (1200 * torch.log2(f0.median() / pitch)).abs() < 20, name


def test_a_command_names_the_file_and_the_remedy(tmp_path, tone, capsys):
    (tmp_path / "notes.txt").write_text("no sound")
    run = tmp_path / "run"
    assert main(["train", str(tone), str(tmp_path / "notes.txt"), "--out", str(run)]) == 1
    assert "notes.txt" in capsys.readouterr().err and not run.exists()
    assert main(["resynth", str(tone), "--model", str(run), "--out", str(tmp_path / "y.wav")]) == 1
    assert f"{run} holds no checkpoint. Train first" in capsys.readouterr().err
    assert main(["train", str(tone), "--out", str(run), "--device", "nowhere"]) == 1
    assert "--device nowhere is not there" in capsys.readouterr().err


def limited():
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_second_checkpoint(tmp_path, tone):
    """The system refuses files of more than 400 kB; a checkpoint of the usual network has 1.8 MB."""
    arguments = [sys.executable, "-m", "ddsp_lite.systems.autoencoder", "train", str(tone), "--batch", "1"]
    arguments += ["--steps", "2", "--every", "1", "--out", str(tmp_path / "run")]
    done = subprocess.run(arguments, preexec_fn=limited, capture_output=True, text=True)
    assert done.returncode == 1
    assert "step-00000001.safetensors could not be written" in done.stderr and "Free some space" in done.stderr
    assert list((tmp_path / "run").iterdir()) == []
    assert subprocess.run(arguments, capture_output=True).returncode == 0
    assert autoencoder.load(tmp_path / "run")[1].steps == 2


@pytest.mark.slow
def test_two_processes_reach_what_one_does(tmp_path, tone):
    module = ["-m", "ddsp_lite.systems.autoencoder", "train", str(tone), "--steps", "6", "--batch", "4"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([sys.executable, *module, "--out", str(tmp_path / "1")], check=True)
    subprocess.run([sys.executable, *torchrun, *module, "--out", str(tmp_path / "2")], check=True)
    one, two = (autoencoder.restore(autoencoder.latest(tmp_path / n))[0] for n in "12")
    assert len(one["history"]) == 6 and one["history"][0] > 0.1
    torch.testing.assert_close(two["history"], one["history"], rtol=1e-3, atol=0)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=1e-3)
