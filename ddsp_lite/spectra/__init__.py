"""Spectra: short-time, on the mel scale, weighted by the ear, and in sub-bands that add up to the sound again."""

from ddsp_lite.spectra.mel_scale import mel, mel_filters, mfcc
from ddsp_lite.spectra.short_time import log_magnitude, magnitude, stft
from ddsp_lite.spectra.sub_bands import pqmf_analysis, pqmf_filters, pqmf_synthesis
from ddsp_lite.spectra.weighting import a_weighting, loudness

__all__ = [
    "a_weighting",
    "log_magnitude",
    "loudness",
    "magnitude",
    "mel",
    "mel_filters",
    "mfcc",
    "pqmf_analysis",
    "pqmf_filters",
    "pqmf_synthesis",
    "stft",
]
