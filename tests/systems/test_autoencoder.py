"""The autoencoder: one frame at a time as all at once, and a run that is cut in two as one that is not."""

import subprocess
import sys

import pytest
import torch

from ddsp_lite import audio, losses
from ddsp_lite.systems import autoencoder
from ddsp_lite.systems.autoencoder import checkpoints
from ddsp_lite.systems.autoencoder.__main__ import main

TINY = autoencoder.Configuration(hidden=8, points=6, partials=5, bands=5, room_seconds=0.05)


@pytest.fixture(scope="module")
def sound():
    x = 0.3 * torch.sin(2 * torch.pi * 440 * torch.arange(16_000) / 16_000)
    return autoencoder.analyse(x, TINY)


def test_frame_by_frame_equals_all_at_once():
    torch.manual_seed(0)
    model = autoencoder.Autoencoder(TINY)
    f0, loudness = 200 + 300 * torch.rand(2, 9), -40 * torch.rand(2, 9)
    whole = model.decode(f0, loudness)
    state = model.initial(2)
    for i in range(9):
        state, amplitudes, magnitudes = model.step(state, f0[:, i], loudness[:, i])
        torch.testing.assert_close(amplitudes, whole[0][:, i], atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(magnitudes, whole[1][:, i], atol=1e-6, rtol=1e-5)


def test_partials_at_nyquist_are_silent():
    amplitudes, _ = autoencoder.Autoencoder(TINY).decode(torch.full((1, 2), 3000.0), torch.zeros(1, 2))
    assert (amplitudes[..., 2:] == 0).all() and (amplitudes[..., :2] > 0).all()


@pytest.mark.parametrize("name", ["f0", "loudness"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_contours_that_are_not_finite_are_refused(name, value):
    given = {"f0": torch.full((1, 4), 300.0), "loudness": torch.zeros(1, 4)}
    given[name][0, 2] = value
    with pytest.raises(ValueError, match=f"{name} must be finite"):
        autoencoder.Autoencoder(TINY).synthesise(**given)


def test_a_cut_run_resumes_exactly(sound, tmp_path):
    options = {"batch": 2, "frames": 16, "configuration": TINY, "every": 5}
    model, seen = autoencoder.train([sound], steps=20, out=tmp_path / "whole", **options)
    (tmp_path / "cut").mkdir()
    kept = tmp_path / "whole" / "step-00000010.safetensors"
    (tmp_path / "cut" / kept.name).write_bytes(kept.read_bytes())
    again, tail = autoencoder.train([sound], steps=20, out=tmp_path / "cut", **options)
    assert tail == seen[10:]
    for ours, theirs in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_training_lowers_the_loss_of_the_same_sound(sound):
    def loss(steps):
        model, _ = autoencoder.train([sound], steps=steps, batch=2, frames=16, configuration=TINY)
        with torch.no_grad():
            y = model.synthesise(sound.f0[None], sound.loudness[None])[0]
        return losses.multi_scale_stft(y, sound.x)

    assert loss(200) < 0.8 * loss(0)


def test_broken_and_foreign_checkpoints_are_refused_by_name(tmp_path):
    path = tmp_path / "step-00000001.safetensors"
    autoencoder.save(path, {"model.a": torch.ones(3)}, TINY, 1)
    with pytest.raises(ValueError, match=r"step-00000001.*another configuration"):
        autoencoder.restore(path, autoencoder.Configuration())
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"step-00000001.*no whole checkpoint"):
        autoencoder.restore(path, TINY)


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "step-00000001.safetensors"
    autoencoder.save(path, {"model.a": torch.ones(3)}, TINY, 1)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(OSError, match=r"step-00000001.*Free some space"):
        autoencoder.save(path, {"model.a": torch.zeros(3)}, TINY, 2)
    assert autoencoder.restore(path, TINY)[1] == 1 and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("x", "why"), [(torch.zeros(16_000), "silent"), (torch.ones(1), "at least")])
def test_sounds_without_use_are_refused(x, why):
    with pytest.raises(ValueError, match=why):
        autoencoder.analyse(x, TINY)


def test_the_commands_train_and_play(tmp_path):
    x = 0.3 * torch.sin(2 * torch.pi * 330 * torch.arange(12_000) / 16_000)
    audio.save(tmp_path / "a.wav", x, sample_rate=16_000)
    run, out = str(tmp_path / "run"), tmp_path / "b.wav"
    assert main(["train", str(tmp_path / "a.wav"), "--out", run, "--steps", "2", "--batch", "1"]) == 0
    assert main(["transfer", str(tmp_path / "a.wav"), "--model", run, "--out", str(out), "--semitones", "5"]) == 0
    assert audio.load(out).shape[-1] == 12_000 // 256 * 256


def test_a_file_that_is_no_sound_is_named(tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 1
    assert "notes.txt" in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_two_processes_reach_what_one_does(tmp_path):
    x = 0.3 * torch.sin(2 * torch.pi * 330 * torch.arange(24_000) / 16_000)
    audio.save(tmp_path / "a.wav", x, sample_rate=16_000)
    module = ["-m", "ddsp_lite.systems.autoencoder", "train", str(tmp_path / "a.wav"), "--steps", "6", "--batch", "4"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([sys.executable, *module, "--out", str(tmp_path / "1")], check=True)
    subprocess.run([sys.executable, *torchrun, *module, "--out", str(tmp_path / "2")], check=True)
    one, two = (autoencoder.restore(autoencoder.latest(tmp_path / n), autoencoder.Configuration())[0] for n in "12")
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=1e-3)
