"""Units that musicians use, and maps from an unbounded number to a bounded parameter and back.

A network or an optimiser moves a number that may take any value; a cutoff or a gain may not. The bounded maps here
stand between the two. Each has its inverse, and each rises everywhere, so that a gradient passes.
Every function takes float32 or float64 tensors of any shape, works on each element, and keeps shape and dtype.
"""

from ddsp_lite.units.bounds import (
    bounded,
    bounded_log,
    exp_sigmoid,
    inverse_exp_sigmoid,
    unbounded,
    unbounded_log,
)
from ddsp_lite.units.level import (
    db_to_gain,
    gain_to_db,
)
from ddsp_lite.units.pitch import (
    erb_to_hz,
    erb_width,
    hz_to_cents,
    hz_to_erb,
    hz_to_mel,
    hz_to_midi,
    mel_to_hz,
    midi_to_hz,
    semitones,
)

__all__ = [
    "bounded",
    "bounded_log",
    "db_to_gain",
    "erb_to_hz",
    "erb_width",
    "exp_sigmoid",
    "gain_to_db",
    "hz_to_cents",
    "hz_to_erb",
    "hz_to_mel",
    "hz_to_midi",
    "inverse_exp_sigmoid",
    "mel_to_hz",
    "midi_to_hz",
    "semitones",
    "unbounded",
    "unbounded_log",
]
