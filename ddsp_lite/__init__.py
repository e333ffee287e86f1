"""ddsp_lite: differentiable digital signal processing in PyTorch, in functions small enough to read.

Sound flows one way through the modules::

    units, controls, envelopes -> oscillators, noise, filters, effects, physical -> spectra, losses -> fit, systems

Audio is ``(..., time)``, controls are ``(..., frames)`` or ``(..., frames, channels)``. Frequencies are in Hz, times in
seconds, phases in radians, and ``sample_rate`` is always a keyword. A module is loaded when it is first used, so that
``import ddsp_lite`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "audio",
    "checks",
    "classroom",
    "controls",
    "effects",
    "envelopes",
    "features",
    "filters",
    "fit",
    "live",
    "losses",
    "noise",
    "oscillators",
    "physical",
    "plots",
    "spectra",
    "streaming",
    "systems",
    "units",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
