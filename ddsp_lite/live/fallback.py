"""The picture of a demo's start state, for print and for readers without JavaScript.

A small SVG, the same at every build, drawn from the values that PyTorch computed at the start.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

import numpy as np

YOURS, TARGET, LOSS, GRADIENT = "#0067b8", "#6b6b6b", "#7b3fa0", "#c2410c"
LOWEST_FREQUENCY, FLOOR_DB = 50.0, -72.0
N_POINTS = 240
HIGHEST = 0.98  # the quantile of a map's heights that is drawn darkest
STYLE = {
    "font.size": 8.0, "svg.fonttype": "none", "font.family": "sans-serif", "svg.hashsalt": "ddsp-lite",
    "axes.spines.top": False, "axes.spines.right": False, "path.simplify": True, "path.simplify_threshold": 0.3,
}  # fmt: skip
NOTE = (
    "This is a picture of the demo at its start. The demo itself plays and moves: in the book it needs JavaScript and "
    "nothing else, in a notebook run the cell."
)

Values = Mapping[str, np.ndarray]


def line_style(index: int) -> dict[str, Any]:
    """Return how the index-th signal is drawn: the reader's own blue, the target grey and dashed."""
    if index == 0:
        return {"color": YOURS, "linewidth": 1.4}
    return {"color": TARGET, "linewidth": 1.2, "linestyle": "--"}


def spectrum_db(signal: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and levels in dB of a signal, the largest in each of N_POINTS equal steps of log frequency."""
    window = np.hanning(signal.size)
    magnitude = np.abs(np.fft.rfft(signal * window)) * 2.0 / max(window.sum(), 1e-9)
    edges = np.geomspace(LOWEST_FREQUENCY, sample_rate / 2, N_POINTS + 1)
    bins = np.minimum((edges * signal.size / sample_rate).astype(int), magnitude.size - 1)
    highest = [magnitude[low : max(high, low + 1)].max() for low, high in itertools.pairwise(bins)]
    return np.sqrt(edges[:-1] * edges[1:]), np.maximum(20.0 * np.log10(np.array(highest) + 1e-9), FLOOR_DB)


def draw_spectrum(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw signals' spectra, and responses as smooth lines."""
    for index, name in enumerate(panel["signals"]):
        axes.plot(*spectrum_db(values[name], spec["sampleRate"]), **line_style(index))
    for index, name in enumerate(panel["response"]):
        evenly = np.linspace(0.0, spec["sampleRate"] / 2, values[name].size)
        axes.plot(values[panel["frequencies"]] if panel["frequencies"] else evenly, values[name], **line_style(index))
    axes.set(xscale="log", xlabel="frequency (Hz)", ylabel="level (dB)", title="Spectrum")
    axes.set_xlim(LOWEST_FREQUENCY, spec["sampleRate"] / 2)


def draw_landscape(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw the loss over a control, a ball at the start, the target as a dashed line."""
    starts = {control["name"]: control["start"] for control in spec["controls"]}
    control = next(control for control in spec["controls"] if control["name"] == panel["over"])
    if panel["target"] is not None:
        axes.axvline(starts.get(panel["target"], panel["target"]), **line_style(1))
    axes.plot(panel["xs"], panel["ys"], color=LOSS, linewidth=1.4)
    axes.plot([control["start"]], [float(values[panel["output"]])], "o", color=YOURS, markersize=6)
    unit = f" ({control['unit']})" if control["unit"] else ""
    axes.set(xscale=control["scale"], xlabel=control["label"] + unit, ylabel=panel["output"], title="Loss")


def draw_map(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw the first loss over two controls as shaded heights, a ball at the start, the target as a ring."""
    controls = {control["name"]: control for control in spec["controls"]}
    grid = []
    for name, count in zip((panel["x"], panel["y"]), panel["size"], strict=True):
        control = controls[name]
        spaced = np.geomspace if control["scale"] == "log" else np.linspace
        grid.append(spaced(control["low"], control["high"], count))
    heights = np.reshape(panel["tables"][0], panel["size"][::-1])
    low, high = heights.min(), np.quantile(heights, HIGHEST)
    shades = np.sqrt(np.clip((heights - low) / max(high - low, 1e-12), 0.0, 1.0))
    levels = np.linspace(0.0, 1.0, 8)
    axes.contourf(*grid, shades, levels, colors=[(*mix(level), 1.0) for level in levels[:-1]])
    if panel["target"] is not None:
        goal = [controls[each]["start"] if isinstance(each, str) else each for each in panel["target"]]
        axes.plot(*([each] for each in goal), "o", color=TARGET, markersize=9, markerfacecolor="none", linestyle="none")
    axes.plot([controls[panel["x"]]["start"]], [controls[panel["y"]]["start"]], "o", color=YOURS, markersize=6)
    for which in ("x", "y"):
        control = controls[panel[which]]
        unit = f" ({control['unit']})" if control["unit"] else ""
        axes.set(**{f"{which}scale": control["scale"], f"{which}label": control["label"] + unit})
    axes.set_title(panel["labels"][0])


def mix(shade: float) -> tuple[float, ...]:
    """Return the colour of a height: white for the lowest, the loss's own for the highest."""
    loss = [int(LOSS[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(1.0 + shade * (part - 1.0) for part in loss)


def draw_wave(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw signals over time."""
    for index, name in enumerate(panel["signals"]):
        shown = values[name][: max(2, round(panel["seconds"] * spec["sampleRate"]))]
        axes.plot(np.arange(shown.size) / spec["sampleRate"], shown, **line_style(index))
    axes.set(xlabel="time (s)", ylabel="amplitude", title="Wave")


def draw_curve(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw curves over their x."""
    for index, name in enumerate(panel["signals"]):
        x = values[panel["x"]] if panel["x"] else np.arange(values[name].size)
        axes.plot(x, values[name], **line_style(index))
    axes.set(xscale=panel["xscale"], xlabel=panel["xlabel"], ylabel=panel["ylabel"], title=panel["title"])


def draw_bars(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Draw a row of bars, the target as dashed steps."""
    control = next(control for control in spec["controls"] if control["name"] == panel["control"])
    numbers = np.arange(1, control["n"] + 1)
    axes.bar(numbers, np.array(control["start"]) - control["low"], bottom=control["low"], color=YOURS, width=0.7)
    if panel["target"]:
        axes.step(numbers, values[panel["target"]], where="mid", color=TARGET, linestyle="--")
    axes.set(yscale=control["scale"], title=control["label"], ylabel=control["unit"])


def draw_chain(axes: Any, panel: dict[str, Any], values: Values, spec: dict[str, Any]) -> None:
    """Write the factors of the chain rule and their product, as numbers."""
    axes.axis("off")
    for rows, shift, colour, height in (("boxes", 0.5, YOURS, 0.75), ("factors", 1.0, GRADIENT, 0.4)):
        for index, item in enumerate(panel[rows]):
            place = (index + shift) / len(panel["boxes"])
            text = f"{item.get('label', '')}\n{item['symbol']} = {float(values[item['output']]):.3g}".strip()
            axes.text(min(place, 0.97), height, text, color=colour, ha="center", va="center", parse_math=False)
    product = panel["product"]
    text = f"{product['symbol']} = {float(values[product['output']]):.3g}"
    axes.text(0.5, 0.1, text, color=GRADIENT, ha="center", va="center", fontweight="bold", parse_math=False)


DRAWN: dict[str, Callable[..., None]] = {
    "spectrum": draw_spectrum, "landscape": draw_landscape, "map": draw_map, "wave": draw_wave, "curve": draw_curve,
    "bars": draw_bars, "chain": draw_chain,
}  # fmt: skip


def picture(spec: dict[str, Any], values: Values) -> str:
    """Return a picture of a demo at its start as a data URI: its first two panels that can be drawn."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    panels = [panel for panel in spec["show"] if panel["kind"] in DRAWN][:2]
    if not panels:
        signal = next((name for name, value in values.items() if value.ndim == 1), None)
        panels = [{"kind": "wave", "signals": [signal], "seconds": 0.02}] if signal else []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.6), layout="constrained", facecolor="white")
        for index, panel in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), index + 1)
            DRAWN[panel["kind"]](axes, panel, values, spec)
            if axes.get_xscale() == "log":
                axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml," + quote(" ".join(stream.getvalue().split()), safe=" /:=;,.()-+'!*")


def figure_html(image: str, alt: str, note: str = NOTE) -> str:
    """Return the picture with its note as HTML."""
    return (
        f'<figure class="ddsp-fallback"><img src="{escape(image)}" alt="{escape(alt)}">'
        f"<figcaption>{escape(note)}</figcaption></figure>"
    )
