"""Filters: design from musical parameters, exact recursion, convolution, and response."""

from ddsp_lite.filters.design import bandpass_biquad, highpass_biquad, lowpass_biquad, windowed_sinc
from ddsp_lite.filters.fir import convolve
from ddsp_lite.filters.iir import bandpass, highpass, lowpass, recursion, recursion_twin
from ddsp_lite.filters.response import frequency_response, frequency_sampling, magnitude_db

__all__ = [
    "bandpass",
    "bandpass_biquad",
    "convolve",
    "frequency_response",
    "frequency_sampling",
    "highpass",
    "highpass_biquad",
    "lowpass",
    "lowpass_biquad",
    "magnitude_db",
    "recursion",
    "recursion_twin",
    "windowed_sinc",
]
