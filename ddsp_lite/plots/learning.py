"""Pictures of a descent: the loss landscape with its arrow, bars with theirs, the history of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.plots.look import COLOURS, frequency_axis, legend, line_style, styled_axes, to_db, to_numpy


def landscape(
    values: Tensor,
    losses: Tensor,
    *,
    at: float | None = None,
    gradient: float | None = None,
    target: float | None = None,
    xlabel: str = "Parameter",
    scale: str = "linear",
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss over one parameter, a ball at the present setting and an arrow that points downhill.

    The arrow lies along the curve's tangent; it is longer where the slope is steeper, up to a quarter of the picture.

    Args:
        values: parameter values, (n,), rising, n >= 2.
        losses: loss at each value, (n,).
        at: present setting, within the range of ``values``; no ball without it.
        gradient: d loss / d value there, per unit of ``values`` as autograd gives it; no arrow without it or at zero.
        target: setting to be found, drawn as a dashed line; none without it.
        xlabel: the parameter's name and unit.
        scale: "linear" or "log", of the parameter axis. "log" takes positive values, and Hz for their unit.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: if the arguments do not fit together, hold NaN, or the setting lies outside the range.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> values = torch.linspace(-1, 1, 21)
    >>> ax = plots.landscape(values, values**2, at=0.5, gradient=1.0, target=0.0)
    >>> ax.get_ylabel()
    'Loss'
    """
    checks.same_shape(values=checks.mono(values, "values"), losses=checks.mono(losses, "losses"))
    checks.one_of(scale, "scale", ("linear", "log"))
    x, y = to_numpy(values), to_numpy(losses)
    if len(x) < 2 or not (np.diff(x) > 0).all():
        raise ValueError(f"values must rise and hold at least 2 numbers, got {len(x)} from {x[0]:g} to {x[-1]:g}.")
    if scale == "log":
        checks.positive(values, "values")
    if gradient is not None and at is None:
        raise ValueError("gradient needs at, the setting at which it was taken, got at=None.")
    for name, number in {"target": target, "gradient": gradient}.items():
        if number is not None:
            checks.in_range(number, name)
    if at is not None:
        at = float(checks.in_range(at, "at", float(x[0]), float(x[-1])))
    ax = styled_axes(ax)
    room = 0.08 * (y.max() - y.min()) or 1.0
    bottom, top = y.min() - room, y.max() + room
    left, right = _widened(x[0], x[-1], scale)
    ax.fill_between(x, y, bottom, color=COLOURS["loss"], alpha=0.14, linewidth=0)
    ax.plot(x, y, color=COLOURS["loss"])
    ax.set(xlabel=xlabel, ylabel="Loss", xlim=(left, right), ylim=(bottom, top), xscale=scale)
    if scale == "log":
        frequency_axis(ax, label=xlabel)
    if target is not None:
        ax.axvline(float(target), **line_style("target", None))
    if at is not None:
        height = float(np.interp(at, x, y))
        ax.plot([at], [height], "o", color=COLOURS["yours"], markersize=10, clip_on=False, zorder=5)
        if gradient:
            _downhill_arrow(ax, at, height, float(gradient))
    return ax


def bars(
    yours: Tensor,
    target: Tensor | None = None,
    *,
    gradient: Tensor | None = None,
    floor: float = -60.0,
    xlabel: str = "Partial",
    ax: Axes | None = None,
) -> Axes:
    """Draw the levels of partials as bars, a target's as a dashed outline, and on each bar an arrow pointing downhill.

    Args:
        yours: amplitudes, (partials,), at least 0; 1 is 0 dB full scale.
        target: amplitudes to reach, (partials,); none without it.
        gradient: d loss / d amplitude, (partials,); the longest arrow has a quarter of the height; none without it.
        floor: lower end of the level axis in dB full scale; softer bars have no height.
        xlabel: what is counted from 1.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: for different counts, NaN or negative amplitudes.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.bars(torch.tensor([1.0, 0.5]), torch.tensor([0.5, 0.5]))
    >>> ax.get_ylabel()
    'Level (dB FS)'
    """
    checks.non_negative(checks.mono(yours, "yours"), "yours")
    checks.in_range(floor, "floor", high=0.0, bounds="[)", unit="dB")
    if target is not None:
        checks.same_shape(yours=yours, target=checks.non_negative(checks.mono(target, "target"), "target"))
    if gradient is not None:
        checks.same_shape(yours=yours, gradient=checks.mono(gradient, "gradient"))
    ax = styled_axes(ax)
    number = np.arange(1, len(yours) + 1)
    level = to_db(to_numpy(yours), floor)
    ax.bar(number, level - floor, bottom=floor, width=0.62, color=COLOURS["yours"], alpha=0.75, label="yours")
    top = level.max()
    if target is not None:
        wanted = to_db(to_numpy(target), floor)
        ax.stairs(wanted, np.arange(len(wanted) + 1) + 0.5, baseline=floor, **line_style("target", "target"))
        top = max(top, wanted.max())
    ax.set(xlabel=xlabel, ylabel="Level (dB FS)", ylim=(floor, max(floor + 12, 6 * np.ceil((top + 3) / 6))))
    every = 1 if len(number) <= 16 else 5
    ax.set(xlim=(0.4, len(number) + 0.6), xticks=[n for n in number if n == 1 or n % every == 0])
    if gradient is not None:
        downhill = -to_numpy(gradient)
        bottom, top = ax.get_ylim()
        lengths = 0.25 * (top - bottom) * downhill / (np.abs(downhill).max() or 1.0)
        for n, start, length in zip(number, level, lengths, strict=True):
            if abs(length) > 0.005 * (top - bottom):
                _draw_arrow(ax, (n, start), (n, float(np.clip(start + length, bottom, top))))
    return legend(ax) if target is not None else ax


def history(
    values: Tensor,
    *,
    role: str = "loss",
    label: str | None = None,
    target: float | None = None,
    ylabel: str = "Loss",
    scale: str = "linear",
    ax: Axes | None = None,
) -> Axes:
    """Draw how the loss, or a parameter, went during a fit.

    Args:
        values: one number for each step, (steps + 1,), or (steps + 1, n) for n numbers drawn as n lines.
        role: what it is, a key of ``COLOURS``; it sets colour and dash.
        label: name in the legend; none without it.
        target: value to be reached, drawn as a dashed line; none without it.
        ylabel: the quantity's name and unit.
        scale: "linear" or "log", of the vertical axis.
        ax: axes to draw into; a new figure without them.

    Returns:
        The axes.

    Raises:
        ValueError: for values that are empty or of more than two dimensions, and an unknown role or scale.

    >>> import torch
    >>> from ddsp_lite import plots
    >>> ax = plots.history(torch.tensor([1.0, 0.5, 0.25]), scale="log")
    >>> ax.get_xlabel()
    'Step'
    """
    if not isinstance(values, Tensor) or values.ndim not in (1, 2) or values.numel() == 0:
        given = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"values must be a tensor (steps + 1,) or (steps + 1, n), got {given}.")
    checks.one_of(scale, "scale", ("linear", "log"))
    line = line_style(role, label)
    if target is not None:
        checks.in_range(target, "target")
    ax = styled_axes(ax)
    ax.plot(np.arange(len(values)), to_numpy(values), **line)
    if target is not None:
        ax.axhline(float(target), **line_style("target", None))
    ax.set(xlabel="Step", ylabel=ylabel, yscale=scale)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return legend(ax)


def _widened(low: float, high: float, scale: str) -> tuple[float, float]:
    """The range with 5 % more on either side, so that ball and arrow have room at its ends."""
    if scale == "log":
        return low * (low / high) ** 0.05, high * (high / low) ** 0.05
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _draw_arrow(ax: Axes, tail: Sequence[float], head: Sequence[float], coordinates: str = "data") -> None:
    arrow = {"arrowstyle": "-|>", "color": COLOURS["gradient"], "linewidth": 2.4, "mutation_scale": 16}
    ax.annotate(
        "",
        xy=head,
        xytext=tail,
        xycoords=coordinates,
        textcoords=coordinates,
        annotation_clip=False,
        zorder=6,
        arrowprops={"shrinkA": 0, "shrinkB": 0, **arrow},
    )


def _downhill_arrow(ax: Axes, at: float, height: float, gradient: float) -> None:
    """The arrow on the ball, along the tangent as it appears in the picture; it ends inside the axes."""
    logarithmic = ax.get_xscale() == "log"
    left, right = np.log(ax.get_xlim()) if logarithmic else ax.get_xlim()
    bottom, top = ax.get_ylim()
    tail = np.array([((np.log(at) if logarithmic else at) - left) / (right - left), (height - bottom) / (top - bottom)])
    slope = gradient * (at if logarithmic else 1.0) * (right - left) / (top - bottom)
    direction = -np.sign(slope) * np.array([1.0, slope]) / np.hypot(1.0, slope)
    length = 0.08 + 0.17 * abs(slope) / (1.0 + abs(slope))
    walls = np.where(direction > 0, 0.99, 0.01)
    with np.errstate(divide="ignore"):
        length = min(length, *((walls - tail) / direction))
    _draw_arrow(ax, tail, tail + length * direction, "axes fraction")
