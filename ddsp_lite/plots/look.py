"""Colours, dashes and axes that all the book's pictures share.

Backgrounds are transparent, and each colour has a contrast of at least 3.9 : 1 both with a white page and with the dark
one, so that one picture serves both. A colour never stands alone: the target is also dashed, the gradient is an arrow
that points downhill, the reader's setting is a ball.
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from torch import Tensor

from ddsp_lite import checks

#: What a colour means, and the second sign that goes with it. Middle tones of the demos' light and dark pairs.
COLOURS = {
    "yours": "#1a7bc9",
    "target": "#7a7a7a",
    "loss": "#9657bd",
    "gradient": "#cf4f14",
    "harmonic": "#12866c",
    "noise": "#9d790f",
    "neutral": "#777b80",
}
LINE_STYLES = {"target": (0, (4, 2)), "noise": (0, (1, 1.2)), "harmonic": (0, (6, 1.5, 1, 1.5))}

STYLE = {
    "figure.figsize": (6.4, 2.8),
    "figure.dpi": 110,
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": COLOURS["neutral"],
    "axes.labelcolor": COLOURS["neutral"],
    "axes.titlecolor": COLOURS["neutral"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": mpl.cycler(color=[COLOURS[role] for role in ("yours", "harmonic", "noise", "loss", "gradient")])
    + mpl.cycler(linestyle=["-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5))]),
    "grid.color": COLOURS["neutral"],
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "xtick.color": COLOURS["neutral"],
    "ytick.color": COLOURS["neutral"],
    "text.color": COLOURS["neutral"],
    "font.size": 10,
    "legend.frameon": False,
    "legend.labelcolor": COLOURS["neutral"],
    "lines.linewidth": 1.6,
    "svg.hashsalt": "ddsp_lite",
}


def style() -> None:
    """Set the book's style for every figure of this session; the functions below draw in it without this call.

    >>> import matplotlib as mpl
    >>> from ddsp_lite import plots
    >>> plots.style()
    >>> mpl.rcParams["axes.grid"]
    True
    """
    mpl.rcParams.update(STYLE)


def to_numpy(x: Tensor) -> np.ndarray:
    """Values of a tensor of any device and precision, (...), as float64."""
    return x.detach().cpu().numpy().astype(np.float64)


def to_db(amplitude: np.ndarray, floor: float) -> np.ndarray:
    """20 log10 of an amplitude, and ``floor`` for all that is softer."""
    return 20 * np.log10(np.maximum(amplitude, 10 ** (floor / 20)))


def styled_axes(ax: Axes | None) -> Axes:
    """The axes given, or new ones, in the book's style whatever the session's style is."""
    if ax is None:
        # Outside the context: a notebook's first figure makes pyplot interactive, which the context would undo.
        figure = plt.figure(figsize=STYLE["figure.figsize"], dpi=STYLE["figure.dpi"], layout="constrained")
        with mpl.rc_context(STYLE):
            ax = figure.subplots()
    # Matplotlib makes ticks when it draws, by the style of that moment: so each part is set here.
    ax.figure.patch.set_alpha(0)
    ax.patch.set_alpha(0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    ax.grid(True, color=COLOURS["neutral"], alpha=0.25, linewidth=0.6)
    colour_axes(ax)
    return ax


def colour_axes(ax: Axes) -> None:
    """Give ticks, labels, title and spines the neutral colour."""
    ax.tick_params(which="both", color=COLOURS["neutral"], labelcolor=COLOURS["neutral"])
    for part in (ax.xaxis.label, ax.yaxis.label, ax.title):
        part.set_color(COLOURS["neutral"])
    for spine in ax.spines.values():
        spine.set_edgecolor(COLOURS["neutral"])


def line_style(role: str, label: str | None) -> dict:
    """Colour, dash and name of a curve, as keywords for ``Axes.plot``."""
    checks.one_of(role, "role", COLOURS)
    above = 3 if role == "target" else 2  # dashes on top let what lies below show through; the reverse would hide them
    dash = LINE_STYLES.get(role, "-")
    return {"color": COLOURS[role], "linestyle": dash, "linewidth": 1.6, "label": label, "zorder": above}


def legend(ax: Axes) -> Axes:
    """Draw the legend anew if any curve has a name: in a row above the picture, where it hides nothing."""
    handles, names = ax.get_legend_handles_labels()
    if names:
        place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.2, "ncols": len(names)}
        ax.legend(handles, names, frameon=False, labelcolor=COLOURS["neutral"], **place)
    return ax


def frequency_axis(ax: Axes, *, which: str = "x", label: str = "Frequency (Hz)") -> None:
    """Make the x or y axis logarithmic, with ticks at 1, 2 and 5 times the powers of ten written as 500, 1k, 2k."""
    ax.set(**{f"{which}scale": "log", f"{which}label": label})
    axis = getattr(ax, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda hertz, _: f"{hertz / 1000:g}k" if hertz >= 1000 else f"{hertz:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
