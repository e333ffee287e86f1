"""The pictures show the numbers given, in colours that can be read on light and dark pages."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation

from ddsp_lite import plots

SR = 16_000
T = torch.arange(8000) / SR
TONE = 0.5 * torch.sin(2 * math.pi * 1000 * T)
FREQUENCIES = torch.logspace(2, 3.9, 50)
VALUES = torch.linspace(-1.0, 1.0, 41)

PICTURES: dict[str, Callable[..., Axes]] = {
    "waveform": lambda **options: plots.waveform(TONE, sample_rate=SR, **options),
    "spectrum": lambda **options: plots.spectrum(TONE, sample_rate=SR, **options),
    "spectrogram": lambda **options: plots.spectrogram(TONE, sample_rate=SR, **options),
    "response": lambda **options: plots.response(FREQUENCIES, -FREQUENCIES / 500, **options),
    "landscape": lambda **options: plots.landscape(VALUES, VALUES**2, at=0.5, gradient=1.0, target=0.0, **options),
    "bars": lambda **options: plots.bars(torch.tensor([0.5, 0.1]), torch.tensor([0.2, 0.2]), **options),
    "history": lambda **options: plots.history(torch.tensor([3.0, 2.0, 1.5]), target=1.0, **options),
}
each_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


@pytest.fixture(autouse=True)
def fresh_figures() -> Iterator[None]:
    plt.close("all")  # what another module's tests left open
    with mpl.rc_context():
        mpl.rcdefaults()
        yield
    plt.close("all")


def drawn(ax: Axes) -> np.ndarray:
    """The picture's pixels, red, green, blue and opacity."""
    file = io.BytesIO()
    ax.figure.savefig(file, format="rgba")
    width, height = ax.figure.canvas.get_width_height()
    return np.frombuffer(file.getvalue(), dtype=np.uint8).reshape(height, width, 4)


def contrast(colour: str, page: str) -> float:
    def luminance(c: str) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(c)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, light = sorted((luminance(colour), luminance(page)))
    return (light + 0.05) / (dark + 0.05)


def arrows(ax: Axes) -> list[Annotation]:
    return [child for child in ax.texts if isinstance(child, Annotation) and child.arrow_patch is not None]


# the style


@pytest.mark.parametrize("colour", plots.COLOURS.values(), ids=plots.COLOURS)
@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_every_colour_stands_out_on_both_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3.9


@each_picture
def test_new_axes_or_those_given(picture: Callable[..., Axes]) -> None:
    new = picture()
    assert isinstance(new, Axes)
    _, ax = plt.subplots()
    assert picture(ax=ax) is ax


@each_picture
@pytest.mark.parametrize("given", [False, True])
def test_transparent_and_without_black_or_white(picture: Callable[..., Axes], given: bool) -> None:
    ax = picture(ax=plt.subplots()[1]) if given else picture()
    pixels = drawn(ax)
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3]
    assert (corners == 0).all()
    assert ax.patch.get_facecolor()[3] == 0
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    assert {mpl.colors.to_hex(label.get_color()) for label in labels} == {plots.COLOURS["neutral"]}
    assert {mpl.colors.to_hex(spine.get_edgecolor()) for spine in ax.spines.values()} == {plots.COLOURS["neutral"]}
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@each_picture
def test_deterministic_and_without_side_effects(picture: Callable[..., Axes]) -> None:
    before = dict(mpl.rcParams)
    first, second = drawn(picture()), drawn(picture())
    assert np.array_equal(first, second)
    assert dict(mpl.rcParams) == before


def test_style_sets_the_session() -> None:
    plots.style()
    fig, ax = plt.subplots()
    assert fig.get_facecolor()[3] == 0
    (line,) = ax.plot([0, 1])
    assert line.get_color() == plots.COLOURS["yours"]


def test_target_is_dashed_and_above() -> None:
    ax = plots.spectrum(TONE, sample_rate=SR, label="yours")
    plots.spectrum(TONE / 2, sample_rate=SR, role="target", label="target", ax=ax)
    yours, target = ax.lines
    assert (yours.get_color(), target.get_color()) == (plots.COLOURS["yours"], plots.COLOURS["target"])
    assert yours.get_linestyle() == "-"
    assert target.get_linestyle() == "--"
    assert target.get_zorder() > yours.get_zorder()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["yours", "target"]


# sound


def test_waveform_in_seconds() -> None:
    (line,) = plots.waveform(TONE, sample_rate=SR, start=2.0).lines
    np.testing.assert_allclose(line.get_xdata(), 2 + np.arange(8000) / SR)
    np.testing.assert_allclose(line.get_ydata(), TONE.numpy())


@pytest.mark.parametrize("n_samples", [8000, 777])
def test_spectrum_peaks_at_the_level_of_the_tone(n_samples: int) -> None:
    f = 100 * SR / n_samples
    x = 0.25 * torch.cos(2 * math.pi * f * torch.arange(n_samples, dtype=torch.float64) / SR)
    ax = plots.spectrum(x, sample_rate=SR)
    frequency, level = ax.lines[0].get_data()
    assert frequency[level.argmax()] == pytest.approx(f)
    assert level.max() == pytest.approx(20 * math.log10(0.25), abs=1e-6)
    assert (ax.get_xscale(), ax.get_xlim()) == ("log", (50, 8000))


def test_silence_has_a_spectrum_below_the_picture() -> None:
    ax = plots.spectrum(torch.zeros(1000), sample_rate=SR)
    assert (ax.lines[0].get_ydata() == -110).all()
    assert ax.get_ylim()[0] == -90


def test_frequency_ticks_read_as_musicians_write_them() -> None:
    ax = plots.spectrum(TONE, sample_rate=SR)
    drawn(ax)
    written = [t.get_text() for t, x in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True) if 50 <= x <= 8000]
    assert written == ["50", "100", "200", "500", "1k", "2k", "5k"]


def test_spectrogram_against_scipy() -> None:
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    x = torch.randn(4096, dtype=torch.float64) * 0.1
    mesh = plots.spectrogram(x, sample_rate=SR, fft_size=512, hop_length=128).collections[0]
    window = hann(512, sym=False)
    frames = ShortTimeFFT(window, 128, SR, fft_mode="onesided").stft(x.numpy(), p0=0, p1=33)
    expected = 20 * np.log10(np.maximum(2 * np.abs(frames) / window.sum(), 1e-4))[1:]
    np.testing.assert_allclose(mesh.get_array(), expected, atol=1e-6)
    assert mesh.get_clim() == (-80, 0)


def test_response_on_the_axes_of_a_spectrum() -> None:
    ax = plots.spectrum(TONE, sample_rate=SR)
    plots.response(FREQUENCIES, torch.zeros(50), ax=ax, label="filter")
    assert ax.get_ylabel() == "Level (dB FS)"
    assert ax.get_xlim() == (50, 8000)
    np.testing.assert_allclose(ax.lines[1].get_xdata(), FREQUENCIES.numpy())


# learning


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("steepness", [1e-6, 0.01, 100.0])
def test_the_arrow_points_downhill_along_the_curve_and_stays_inside(
    scale: str, share: float, sign: int, steepness: float
) -> None:
    values = torch.logspace(2, 4, 101, dtype=torch.float64) if scale == "log" else torch.linspace(-2, 3, 101).double()
    losses = sign * steepness * (values.log() if scale == "log" else values)
    at = values[round(100 * share)].item()
    gradient = sign * steepness / (at if scale == "log" else 1)
    ax = plots.landscape(values, losses, at=at, gradient=gradient, scale=scale)
    (arrow,) = arrows(ax)
    tail, head = np.array(arrow.xyann), np.array(arrow.xy)
    assert (head - tail)[0] * gradient < 0
    assert (head - tail)[1] < 0
    assert ((head >= 0) & (head <= 1)).all()
    assert 0.03 < np.hypot(*(head - tail)) <= 0.25 + 1e-9
    ball = ax.transAxes.inverted().transform(ax.transData.transform((at, np.interp(at, values, losses))))
    np.testing.assert_allclose(tail, ball, atol=1e-9)
    line = ax.transAxes.inverted().transform(ax.transData.transform(np.stack([values, losses], 1)))
    run, rise = line[-1] - line[0]
    assert (head - tail)[1] / (head - tail)[0] == pytest.approx(rise / run, rel=1e-6), "it lies along the line"


def test_no_arrow_without_a_slope_and_no_ball_without_a_setting() -> None:
    assert not arrows(plots.landscape(VALUES, VALUES**2, at=0.0, gradient=0.0))
    ax = plots.landscape(VALUES, VALUES**2)
    assert len(ax.lines) == 1
    flat = plots.landscape(VALUES, torch.ones(41), at=0.3, gradient=0.0)
    assert flat.get_ylim() == (0.0, 2.0)


def test_landscape_shows_loss_ball_and_target() -> None:
    ax = plots.landscape(VALUES, VALUES**2, at=0.525, gradient=1.05, target=-0.2, xlabel="Gain")
    curve, target, ball = ax.lines
    assert curve.get_color() == plots.COLOURS["loss"]
    assert target.get_xdata() == [-0.2, -0.2]
    assert target.get_color() == plots.COLOURS["target"]
    assert (ball.get_xdata()[0], ball.get_color()) == (0.525, plots.COLOURS["yours"])
    assert ball.get_ydata()[0] == pytest.approx((0.5**2 + 0.55**2) / 2)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Gain", "Loss")


def test_bars_are_levels_and_the_target_an_outline() -> None:
    yours, target = torch.tensor([1.0, 0.1, 0.0]), torch.tensor([0.5, 0.5, 1e-9])
    ax = plots.bars(yours, target, gradient=torch.tensor([2.0, -1.0, 0.0]))
    tops = [bar.get_y() + bar.get_height() for bar in ax.containers[0]]
    assert tops == pytest.approx([0, -20, -60])
    outline = next(patch for patch in ax.patches if hasattr(patch, "get_data"))
    np.testing.assert_allclose(outline.get_data().values, [20 * math.log10(0.5)] * 2 + [-60])
    assert outline.get_linestyle() != "-"
    down, up = arrows(ax)
    assert (down.xyann[0], up.xyann[0]) == (1, 2)
    assert down.xy[1] < down.xyann[1]
    assert up.xy[1] > up.xyann[1]
    assert down.xyann[1] - down.xy[1] == pytest.approx(2 * (up.xy[1] - up.xyann[1]), rel=1e-6)


def test_arrows_on_bars_stay_inside() -> None:
    ax = plots.bars(torch.tensor([1.0, 1e-3]), gradient=torch.tensor([-1.0, 1.0]), floor=-60.0)
    bottom, top = ax.get_ylim()
    assert all(bottom <= arrow.xy[1] <= top for arrow in arrows(ax))


def test_history_of_losses_and_of_several_values() -> None:
    ax = plots.history(torch.tensor([4.0, 2.0, 1.0]), scale="log", target=0.5)
    assert ax.get_yscale() == "log"
    assert ax.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert ax.lines[1].get_ydata() == [0.5, 0.5]
    assert len(plots.history(torch.rand(5, 3), role="yours", ylabel="Amplitude").lines) == 3


def test_gradients_need_not_be_detached() -> None:
    x = TONE.clone().requires_grad_()
    plots.waveform(x, sample_rate=SR)
    plots.landscape(VALUES.clone().requires_grad_(), VALUES**2, at=0.5, gradient=torch.tensor(1.0))


# bad input

NAN = torch.full((50,), math.nan)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda: plots.waveform(torch.zeros(2, 10), sample_rate=SR),
            "x must be mono, a tensor (time,), got shape (2, 10)",
        ),
        (lambda: plots.waveform(NAN, sample_rate=SR), "x must be finite, got nan"),
        (lambda: plots.waveform(TONE, sample_rate=SR, role="mine"), "role must be one of 'yours', 'target'"),
        (
            lambda: plots.spectrum(torch.zeros(8), sample_rate=SR),
            "the number of samples in x must be at least 16, got 8",
        ),
        (lambda: plots.spectrum(TONE, sample_rate=SR, low=9000.0), "low must lie in (0, 8000) Hz, got 9000.0"),
        (lambda: plots.spectrogram(TONE, sample_rate=SR, fft_size=4), "fft_size must be at least 16, got 4"),
        (lambda: plots.spectrogram(TONE, sample_rate=SR, hop_length=0), "hop_length must be at least 1, got 0"),
        (lambda: plots.response(FREQUENCIES, torch.zeros(3)), "frequencies and magnitude_db must have the same shape"),
        (lambda: plots.response(FREQUENCIES * 0, FREQUENCIES), "frequencies must be above 0 Hz, got 0.0"),
        (lambda: plots.landscape(VALUES.flip(0), VALUES), "values must rise and hold at least 2 numbers"),
        (lambda: plots.landscape(VALUES, VALUES, scale="log"), "values must be above 0, got -1.0"),
        (lambda: plots.landscape(VALUES, VALUES, scale="mel"), "scale must be one of 'linear', 'log', got 'mel'"),
        (lambda: plots.landscape(VALUES, VALUES, at=2.0), "at must lie in [-1, 1], got 2.0"),
        (lambda: plots.landscape(VALUES, VALUES, gradient=2.0), "gradient needs at"),
        (lambda: plots.landscape(VALUES, VALUES, at=0.5, gradient=math.nan), "gradient must be finite, got nan"),
        (lambda: plots.landscape(VALUES, VALUES, target=math.inf), "target must be finite, got inf"),
        (lambda: plots.bars(torch.tensor([-1.0])), "yours must be at least 0, got -1.0"),
        (lambda: plots.bars(torch.ones(2), torch.ones(3)), "yours and target must have the same shape"),
        (lambda: plots.bars(torch.ones(2), gradient=torch.ones(3)), "yours and gradient must have the same shape"),
        (lambda: plots.bars(torch.ones(2), floor=3.0), "floor must be below 0 dB, got 3.0"),
        (lambda: plots.history(torch.zeros(0)), "values must be a tensor (steps + 1,) or (steps + 1, n), got (0,)"),
        (lambda: plots.history([1.0]), "values must be a tensor (steps + 1,) or (steps + 1, n), got list"),
        (lambda: plots.history(torch.ones(3), scale="mel"), "scale must be one of 'linear', 'log', got 'mel'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_drawn(draw: Callable[[], Axes], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        draw()
    assert not plt.get_fignums()


def test_a_first_figure_leaves_a_notebook_interactive(monkeypatch: pytest.MonkeyPatch):
    make = plt.figure

    def first_figure(*args: object, **options: object) -> object:
        mpl.interactive(True)  # as the notebook's backend does when it is loaded
        return make(*args, **options)

    monkeypatch.setattr(plt, "figure", first_figure)
    monkeypatch.setitem(mpl.rcParams, "interactive", False)
    plots.waveform(TONE, sample_rate=SR)
    assert mpl.is_interactive()
