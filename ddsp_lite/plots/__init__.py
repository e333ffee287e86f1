"""The book's pictures: one style, one meaning for each colour, readable on light and on dark pages.

Every function draws into the axes that it is given, or into a new figure, and returns the axes. ``role`` says whose the
curve is ("yours", "target", "loss", "gradient", "harmonic", "noise" or "neutral") and sets its colour and dash.
Numbers that are drawn come from the arguments alone: nothing here is used by the numerical modules.
"""

from ddsp_lite.plots.learning import bars, history, landscape
from ddsp_lite.plots.look import COLOURS, style
from ddsp_lite.plots.sound import response, spectrogram, spectrum, waveform

__all__ = ["COLOURS", "bars", "history", "landscape", "response", "spectrogram", "spectrum", "style", "waveform"]
