"""Units and bounded maps against closed forms, there and back, with gradients that hold at the ends."""

from __future__ import annotations

import math
import re

import librosa
import numpy as np
import pytest
import scipy.special
import torch
from torch.autograd import gradcheck

from ddsp_lite import units

F64 = torch.float64
WIDE = torch.linspace(-12, 12, 49, dtype=F64)
HZ = torch.tensor([20.0, 261.6255653, 440.0, 7999.0], dtype=F64)

# Each function of one tensor, and values inside its domain.
FUNCTIONS = {
    "hz_to_midi": (units.hz_to_midi, HZ),
    "midi_to_hz": (units.midi_to_hz, WIDE * 5 + 60),
    "semitones": (lambda x: units.semitones(x, 440.0), HZ),
    "hz_to_cents": (lambda x: units.hz_to_cents(440.0, x), HZ),
    "hz_to_mel": (units.hz_to_mel, HZ),
    "mel_to_hz": (units.mel_to_hz, HZ / 4),
    "hz_to_erb": (units.hz_to_erb, HZ),
    "erb_to_hz": (units.erb_to_hz, HZ / 200),
    "erb_width": (units.erb_width, HZ),
    "db_to_gain": (units.db_to_gain, WIDE * 5),
    "gain_to_db": (units.gain_to_db, WIDE / 6),
    "bounded": (lambda x: units.bounded(x, -2.0, 5.0), WIDE),
    "unbounded": (lambda x: units.unbounded(x, -13.0, 13.0), WIDE),
    "bounded_log": (lambda x: units.bounded_log(x, 60.0, 7000.0), WIDE),
    "unbounded_log": (lambda x: units.unbounded_log(x, 15.0, 8000.0), HZ),
    "exp_sigmoid": (units.exp_sigmoid, WIDE),
    "inverse_exp_sigmoid": (units.inverse_exp_sigmoid, WIDE.abs() / 12.1 + 1e-3),
}
each_function = pytest.mark.parametrize(("function", "x"), FUNCTIONS.values(), ids=FUNCTIONS)


def test_pitch_against_closed_forms() -> None:
    torch.testing.assert_close(units.hz_to_midi(HZ).numpy(), 69 + 12 * np.log2(HZ.numpy() / 440), check_dtype=False)
    assert units.hz_to_midi(torch.tensor(261.6255653, dtype=F64)).item() == pytest.approx(60, abs=1e-8)
    assert units.midi_to_hz(torch.tensor(21.0, dtype=F64)).item() == pytest.approx(27.5, abs=1e-12)
    assert units.semitones(660.0, 440.0).item() == pytest.approx(12 * math.log2(1.5), rel=1e-6)
    assert units.hz_to_cents(440.0, 466.1637615).item() == pytest.approx(-100, rel=1e-5)


def test_mel_against_librosa_and_erb_against_its_definition() -> None:
    hz = np.linspace(0, 20000, 50)
    np.testing.assert_allclose(units.hz_to_mel(torch.from_numpy(hz)).numpy(), librosa.hz_to_mel(hz, htk=True))
    np.testing.assert_allclose(units.mel_to_hz(torch.from_numpy(hz / 8)).numpy(), librosa.mel_to_hz(hz / 8, htk=True))
    assert units.erb_width(1000.0).item() == pytest.approx(132.639, abs=1e-3)
    # Each bandwidth counts as one on the ERB-rate scale: its slope is 1 / width.
    f = torch.from_numpy(hz).requires_grad_()
    (slope,) = torch.autograd.grad(units.hz_to_erb(f).sum(), f)
    torch.testing.assert_close(slope, 1 / units.erb_width(f), rtol=4e-3, atol=0)  # 21.4 is rounded


def test_level_against_closed_forms() -> None:
    level = torch.tensor([-60.0, -6.0, 0.0, 20.0], dtype=F64)
    torch.testing.assert_close(units.db_to_gain(level).numpy(), 10 ** (level.numpy() / 20))
    torch.testing.assert_close(units.gain_to_db(units.db_to_gain(level)), level, atol=5e-4, rtol=0)
    torch.testing.assert_close(units.gain_to_db(torch.tensor(-0.5)), units.gain_to_db(torch.tensor(0.5)))
    assert units.gain_to_db(0.0, floor=1e-3).item() == pytest.approx(-60)
    assert units.gain_to_db(1e-3).item() == pytest.approx(-60, abs=5e-4)  # 100 floors: moved by less than 0.0005 dB


def test_maps_against_scipy() -> None:
    x = WIDE.numpy()
    torch.testing.assert_close(units.bounded(WIDE, -2.0, 5.0).numpy(), -2 + 7 * scipy.special.expit(x))
    torch.testing.assert_close(
        units.bounded_log(WIDE, 60.0, 7000.0).numpy(), 60 * (7000 / 60) ** scipy.special.expit(x)
    )
    expected = 2 * scipy.special.expit(x) ** np.log(10) + 1e-7
    torch.testing.assert_close(units.exp_sigmoid(WIDE).numpy(), expected)
    share = (x + 13) / 26
    torch.testing.assert_close(units.unbounded(WIDE, -13.0, 13.0).numpy(), scipy.special.logit(share))


def test_exp_sigmoid_falls_by_its_exponent() -> None:
    quiet = units.exp_sigmoid(torch.tensor([-9.0, -10.0], dtype=F64), exponent=20.0, maximum=3.0, floor=0.0)
    assert (quiet[0] / quiet[1]).item() == pytest.approx(20, rel=1e-3)
    assert units.exp_sigmoid(40.0, maximum=3.0, floor=0.5).item() == 3.5


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (units.midi_to_hz, units.hz_to_midi),
        (lambda x: units.bounded(x, -2.0, 5.0), lambda y: units.unbounded(y, -2.0, 5.0)),
        (lambda x: units.bounded_log(x, 60.0, 7000.0), lambda y: units.unbounded_log(y, 60.0, 7000.0)),
        (units.exp_sigmoid, units.inverse_exp_sigmoid),
    ],
)
@pytest.mark.parametrize(("dtype", "limit", "tolerance"), [(F64, 12, 1e-7), (torch.float32, 4, 1e-4)])
def test_there_and_back(there, back, dtype: torch.dtype, limit: float, tolerance: float) -> None:
    x = torch.linspace(-limit, limit, 33, dtype=dtype)
    torch.testing.assert_close(back(there(x)), x, atol=tolerance, rtol=tolerance)


@each_function
def test_gradients(function, x: torch.Tensor) -> None:
    assert gradcheck(function, x.clone().requires_grad_())


def test_gradients_of_both_ends_of_an_interval() -> None:
    assert gradcheck(units.semitones, (HZ.clone().requires_grad_(), HZ.flip(0).clone().requires_grad_()))


@each_function
def test_shape_and_dtype_are_kept_and_batches_equal_loops(function, x: torch.Tensor) -> None:
    x = x[:4].reshape(2, 2)
    y = function(x)
    assert y.dtype == F64
    assert y.shape == (2, 2)
    torch.testing.assert_close(y, torch.stack([torch.stack([function(v) for v in row]) for row in x]))
    single = function(x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, y.float(), rtol=1e-4, atol=1e-4)


@each_function
def test_bad_tensors_are_refused(function, x: torch.Tensor) -> None:
    for bad, words in [
        (torch.tensor([1, 2]), "must be a float32 or float64 tensor, got torch.int64"),
        (torch.ones(2, dtype=torch.complex64), "must be a float32 or float64 tensor, got torch.complex64"),
        (torch.tensor([math.nan]), "must be finite, got nan"),
        (torch.tensor([math.inf]), "must be finite, got inf"),
    ]:
        name = r"^(frequency|reference|note|level|gain|x|value|amplitude|mel|erb) "
        with pytest.raises(ValueError, match=name + words):
            function(bad)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: units.hz_to_midi(0.0), "frequency must be above 0 Hz, got 0.0"),
        (lambda: units.semitones(-1.0, 440.0), "frequency must be above 0 Hz, got -1.0"),
        (lambda: units.hz_to_cents(440.0, 0.0), "reference must be above 0 Hz, got 0.0"),
        (lambda: units.semitones(torch.ones(2), torch.ones(3)), "frequency and reference must broadcast"),
        (lambda: units.hz_to_mel(-1.0), "frequency must be at least 0 Hz, got -1.0"),
        (lambda: units.mel_to_hz(-1.0), "mel must be at least 0 mel, got -1.0"),
        (lambda: units.hz_to_erb(-1.0), "frequency must be at least 0 Hz, got -1.0"),
        (lambda: units.erb_to_hz(-1.0), "erb must be at least 0, got -1.0"),
        (lambda: units.erb_width(-1.0), "frequency must be at least 0 Hz, got -1.0"),
        (lambda: units.gain_to_db(1.0, floor=0.0), "floor must lie in [1e-15, 1], got 0.0"),
        (lambda: units.bounded(0.0, 1.0, 1.0), "high must be above low = 1, got 1.0"),
        (lambda: units.bounded(0.0, 0.0, math.inf), "high must be finite, got inf"),
        (lambda: units.unbounded(5.0, -2.0, 5.0), "value must lie in (-2, 5), got 5.0"),
        (lambda: units.bounded_log(0.0, 0.0, 1.0), "low must be above 0, got 0.0"),
        (lambda: units.unbounded_log(60.0, 60.0, 7000.0), "value must lie in (60, 7000), got 60.0"),
        (lambda: units.unbounded_log(70.0, -1.0, 7000.0), "low must be above 0, got -1.0"),
        (lambda: units.exp_sigmoid(0.0, exponent=2.0), "exponent must be at least 2.71828, got 2.0"),
        (lambda: units.exp_sigmoid(0.0, maximum=0.0), "maximum must be above 0, got 0.0"),
        (lambda: units.exp_sigmoid(0.0, floor=-1.0), "floor must be at least 0, got -1.0"),
        (lambda: units.inverse_exp_sigmoid(3.0), "amplitude must lie in (1e-07, 2), got 3.0"),
    ],
)
def test_values_out_of_range_are_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_maps_stay_in_range_with_finite_gradients_however_far_one_goes(dtype: torch.dtype) -> None:
    far = torch.tensor([-1e30, -1e4, -200.0, -90.0, 0.0, 90.0, 200.0, 1e4, 1e30], dtype=dtype)
    for function, low, high in [
        (lambda x: units.bounded(x, 0.25, 4.0), 0.25, 4.0),
        (lambda x: units.bounded_log(x, 60.0, 7000.0), 60.0, 7000.0),
        (lambda x: units.exp_sigmoid(x, floor=0.25), 0.25, 2.25),
        (lambda x: units.exp_sigmoid(x, exponent=math.e, floor=0.25), 0.25, 2.25),
    ]:
        x = far.clone().requires_grad_()
        y = function(x)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert torch.isfinite(gradient).all()
        assert y[0] == low
        assert y[-1].item() == pytest.approx(high, rel=3e-7)
        assert (y >= low).all()
        assert (y <= high).all()
        assert (y.diff() >= 0).all()
        assert gradient[4] > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_level_of_silence_is_finite_and_so_is_its_gradient(dtype: torch.dtype) -> None:
    for floor in (1e-15, 1e-5, 1.0):
        gain = torch.zeros(3, dtype=dtype, requires_grad=True)
        level = units.gain_to_db(gain, floor=floor)
        (gradient,) = torch.autograd.grad(level.sum(), gain)
        torch.testing.assert_close(level, torch.full_like(level, 20 * math.log10(floor)))
        assert (gradient == 0).all()


@each_function
def test_graph(function, x: torch.Tensor, assert_traces) -> None:
    assert_traces(function, [x], [x * 0.9 + 0.05], operations=40)
