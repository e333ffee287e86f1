"""The autoencoder: one frame at a time as all at once, and a run that is cut in two as one that is not."""

import pytest
import torch

from ddsp_lite import losses
from ddsp_lite.systems import autoencoder
from ddsp_lite.systems.autoencoder import training

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
    assert tail == seen and len(seen) == 20
    for ours, theirs in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.slow
def test_training_lowers_the_loss_of_the_same_sound(sound):
    def loss(steps):
        model, _ = autoencoder.train([sound], steps=steps, batch=2, frames=16, configuration=TINY)
        with torch.no_grad():
            y = model.synthesise(sound.f0[None], sound.loudness[None])[0]
        return losses.multi_scale_stft(y, sound.x)

    assert loss(200) < 0.8 * loss(0)


def test_only_heard_frames_are_compared(sound):
    """With none heard, silence is compared with silence; the network hears with any."""
    none = sound._replace(heard=torch.zeros_like(sound.voiced))
    options = {"steps": 3, "batch": 2, "frames": 16, "configuration": TINY}
    assert autoencoder.train([none], **options)[1] == [0.0, 0.0, 0.0]
    assert min(autoencoder.train([sound], **options)[1]) > 0.1


@pytest.mark.parametrize("seed", range(40))
def test_a_heard_frame_holds_nothing_unheard(seed):
    """The sound is 1 where it may be heard and 0 elsewhere, at whatever gain and speed it is played."""
    heard = torch.arange(60) // 12 % 2 == 0
    x = heard.float().repeat_interleave(TINY.hop)
    contour = torch.full((60,), 300.0), torch.full((60,), -20.0)
    sound = autoencoder.Sound(x, *contour, torch.ones_like(heard), heard)
    y, _, _, compared = training._stretch(sound, 40, TINY, torch.Generator().manual_seed(seed))
    level = y.reshape(40, TINY.hop) / y.max()
    inside = level.abs()[:, 2:-2]  # a border is softened by the resampler
    assert (inside[compared].min(-1).values > 0.5).all()
    whole = (level > 0.9).all(-1)
    assert compared.any() and (whole & ~compared).sum() <= 4  # frames that only touch a border


@pytest.mark.slow
def test_partials_live_through_long_silences():
    """Six sevenths of the recording are silent: drawn as they come, they pull the level to where it has no slope."""
    t = torch.arange(5120) / 16_000
    note = sum(0.2 / k * torch.sin(2 * torch.pi * 440 * k * t) for k in range(1, 12))
    x = torch.cat([note, torch.zeros(28_160)])
    sound = autoencoder.analyse(torch.cat([x, x]), autoencoder.Configuration())
    model, _ = autoencoder.train([sound], steps=60, batch=4, frames=32)
    with torch.no_grad():
        amplitudes, _ = model.decode(sound.f0[None], sound.loudness[None])
    level = 20 * torch.log10(amplitudes[0].sum(-1))
    assert level[4:16].median() > -30
    assert level[40:120].median() < level[4:16].median() - 20
