"""Filters: design from musical parameters, exact recursion, convolution, and response."""

from ddsp_lite.filters.design import (
    allpass_biquad,
    bandpass_biquad,
    highpass_biquad,
    lowpass_biquad,
    notch_biquad,
    windowed_sinc,
)
from ddsp_lite.filters.equaliser import high_shelf_biquad, low_shelf_biquad, peaking_biquad
from ddsp_lite.filters.fir import convolve
from ddsp_lite.filters.iir import bandpass, highpass, lowpass, recursion, recursion_twin
from ddsp_lite.filters.response import frequency_response, frequency_sampling, group_delay, magnitude_db, phase

__all__ = [
    "allpass_biquad",
    "bandpass",
    "bandpass_biquad",
    "convolve",
    "frequency_response",
    "frequency_sampling",
    "group_delay",
    "high_shelf_biquad",
    "highpass",
    "highpass_biquad",
    "low_shelf_biquad",
    "lowpass",
    "lowpass_biquad",
    "magnitude_db",
    "notch_biquad",
    "peaking_biquad",
    "phase",
    "recursion",
    "recursion_twin",
    "windowed_sinc",
]
