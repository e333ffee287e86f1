"""Pictures of a sound or a filter: waveform, spectrum, spectrogram, response."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.plots.look import COLOURS, colour_axes, frequency_axis, legend, line_style, styled_axes, to_db, to_numpy


def waveform(
    x: Tensor,
    *,
    sample_rate: float,
    role: str = "yours",
    label: str | None = None,
    start: float = 0.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a sound against time in seconds.

    Args:
        x: sound, (time,).
        sample_rate: Hz.
        role: whose sound it is, a key of ``COLOURS``; it sets colour and dash.
        label: name in the legend; none without it.
        start: time of the first sample in seconds.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: for a sound that is not mono, empty or not finite, and an unknown role.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.waveform(torch.zeros(100), sample_rate=1000)
    >>> ax.get_xlabel()
    'Time (s)'
    """
    samples = to_numpy(checks.mono(x, "x"))
    sample_rate = checks.sample_rate(sample_rate)
    line = line_style(role, label)
    ax = styled_axes(ax)
    ax.plot(start + np.arange(len(samples)) / sample_rate, samples, **line)
    ax.set(xlabel="Time (s)", ylabel="Amplitude")
    return legend(ax)


def spectrum(
    x: Tensor,
    *,
    sample_rate: float,
    role: str = "yours",
    label: str | None = None,
    low: float = 50.0,
    floor: float = -90.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the magnitude spectrum of a whole sound: ``20 log10(2 |sum w x e^(-j omega n)| / sum w)``, Hann window.

    A sinusoid of amplitude 1 peaks at 0 dB full scale.

    Args:
        x: sound, (time,), at least 16 samples.
        sample_rate: Hz.
        role: whose sound it is, a key of ``COLOURS``; it sets colour and dash.
        label: name in the legend; none without it.
        low: left end of the logarithmic frequency axis in Hz, in (0, sample_rate / 2).
        floor: lower end of the level axis in dB full scale.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: for a sound that is not mono, shorter than 16 samples or not finite, and an unknown role.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.spectrum(torch.ones(1000), sample_rate=8000)
    >>> ax.get_xscale(), ax.get_ylabel()
    ('log', 'Level (dB FS)')
    """
    samples = to_numpy(checks.mono(x, "x"))
    checks.integer(len(samples), "the number of samples in x", 16)
    sample_rate = checks.sample_rate(sample_rate)
    checks.in_range(low, "low", 0, sample_rate / 2, unit="Hz", bounds="()")
    window = np.hanning(len(samples) + 1)[:-1]
    magnitude = 2 * np.abs(np.fft.rfft(window * samples)) / window.sum()
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    line = line_style(role, label) | {"linewidth": 1.1}
    ax = styled_axes(ax)
    ax.plot(frequencies[1:], to_db(magnitude[1:], floor - 20), **line)
    ax.set(xlim=(low, sample_rate / 2), ylabel="Level (dB FS)")
    ax.set_ylim(bottom=floor)
    frequency_axis(ax)
    return legend(ax)


def spectrogram(
    x: Tensor,
    *,
    sample_rate: float,
    fft_size: int = 1024,
    hop_length: int | None = None,
    low: float = 50.0,
    floor: float = -80.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw the level in dB full scale over time and logarithmic frequency (Hann window, centred frames).

    Args:
        x: sound, (time,).
        sample_rate: Hz.
        fft_size: samples in a frame, at least 16.
        hop_length: samples from frame to frame; a quarter of ``fft_size`` by default.
        low: lower end of the frequency axis in Hz, in (0, sample_rate / 2).
        floor: level of the darkest colour in dB full scale.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes, with a bar beside them that explains the colours.

    Raises:
        ValueError: for a sound that is not mono, empty or not finite, and sizes out of their ranges.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.spectrogram(torch.zeros(4000), sample_rate=8000)
    >>> ax.get_ylabel()
    'Frequency (Hz)'
    """
    samples = to_numpy(checks.mono(x, "x"))
    sample_rate = checks.sample_rate(sample_rate)
    fft_size = checks.integer(fft_size, "fft_size", 16)
    hop_length = fft_size // 4 if hop_length is None else checks.integer(hop_length, "hop_length", 1)
    checks.in_range(low, "low", 0, sample_rate / 2, unit="Hz", bounds="()")
    window = np.hanning(fft_size + 1)[:-1]
    padded = np.pad(samples, fft_size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(padded, (0, fft_size)), fft_size)[::hop_length]
    frames = frames[: 1 + len(samples) // hop_length]
    level = to_db(2 * np.abs(np.fft.rfft(frames * window)) / window.sum(), floor)
    times = np.arange(len(frames)) * hop_length / sample_rate
    ax = styled_axes(ax)
    frequencies = np.fft.rfftfreq(fft_size, 1 / sample_rate)
    mesh = ax.pcolormesh(
        times, frequencies[1:], level[:, 1:].T, cmap="magma", vmin=floor, vmax=0, shading="nearest", rasterized=True
    )
    ax.set(xlabel="Time (s)", xlim=(0, len(samples) / sample_rate), ylim=(low, sample_rate / 2))
    ax.grid(False)
    frequency_axis(ax, which="y")
    bar = ax.figure.colorbar(mesh, ax=ax, label="Level (dB FS)")
    bar.outline.set_edgecolor(COLOURS["neutral"])
    colour_axes(bar.ax)
    return ax


def response(
    frequencies: Tensor, magnitude_db: Tensor, *, role: str = "yours", label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw a filter's magnitude response in dB over logarithmic frequency.

    Args:
        frequencies: Hz, (n,), positive and rising.
        magnitude_db: dB, (n,).
        role: whose filter it is, a key of ``COLOURS``; it sets colour and dash.
        label: name in the legend; none without it.
        ax: axes to draw into, those of :func:`spectrum` for example; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: if the two differ in length, or hold NaN or frequencies that are not positive.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.response(torch.tensor([100.0, 1000.0]), torch.tensor([0.0, -6.0]))
    >>> ax.get_xlabel()
    'Frequency (Hz)'
    """
    checks.positive(checks.mono(frequencies, "frequencies"), "frequencies", unit="Hz")
    checks.same_shape(frequencies=frequencies, magnitude_db=checks.mono(magnitude_db, "magnitude_db"))
    line = line_style(role, label)
    ax = styled_axes(ax)
    ax.plot(to_numpy(frequencies), to_numpy(magnitude_db), **line)
    if not ax.get_ylabel():
        ax.set(ylabel="Gain (dB)", xlim=(float(frequencies.min()), float(frequencies.max())))
    frequency_axis(ax)
    return legend(ax)
