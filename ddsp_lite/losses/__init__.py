"""Losses: one number that says how far a sound is from another. Chapter: inference/by-gradient-descent.

Every loss is called as ``loss(prediction, target)``, takes sounds of one shape (..., time), and gives a 0-d tensor that
is smallest for equal sounds: zero, except for `si_sdr`, which counts in negative dB. The gradient is finite everywhere,
silence included. Use ``functools.partial`` to fix options, or `Against` to fix the target too, whose spectra are then
computed only once.
"""

from ddsp_lite.losses.perceptual import loudness, mel
from ddsp_lite.losses.spectral import multi_scale_stft
from ddsp_lite.losses.targets import Against
from ddsp_lite.losses.time_domain import envelope, si_sdr, waveform
from ddsp_lite.losses.transport import wasserstein

__all__ = [
    "Against",
    "envelope",
    "loudness",
    "mel",
    "multi_scale_stft",
    "si_sdr",
    "wasserstein",
    "waveform",
]
