"""Filters: design from musical parameters, exact recursion (fixed and moving), linear prediction, and response."""

from ddsp_lite.filters.allpole import (
    all_pole,
    all_pole_twin,
    coefficients_to_reflection,
    lsf_to_coefficients,
    reflection_to_coefficients,
)
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
from ddsp_lite.filters.prediction import autocorrelation, levinson_durbin, lpc
from ddsp_lite.filters.response import frequency_response, frequency_sampling, group_delay, magnitude_db, phase
from ddsp_lite.filters.sections import cascade, cascade_twin
from ddsp_lite.filters.svf import state_variable, state_variable_twin
from ddsp_lite.filters.varying import (
    one_pole_lowpass,
    varying_biquad,
    varying_biquad_twin,
    varying_one_pole,
    varying_one_pole_twin,
)

__all__ = [
    "all_pole",
    "all_pole_twin",
    "allpass_biquad",
    "autocorrelation",
    "bandpass",
    "bandpass_biquad",
    "cascade",
    "cascade_twin",
    "coefficients_to_reflection",
    "convolve",
    "frequency_response",
    "frequency_sampling",
    "group_delay",
    "high_shelf_biquad",
    "highpass",
    "highpass_biquad",
    "levinson_durbin",
    "low_shelf_biquad",
    "lowpass",
    "lowpass_biquad",
    "lpc",
    "lsf_to_coefficients",
    "magnitude_db",
    "notch_biquad",
    "one_pole_lowpass",
    "peaking_biquad",
    "phase",
    "recursion",
    "recursion_twin",
    "reflection_to_coefficients",
    "state_variable",
    "state_variable_twin",
    "varying_biquad",
    "varying_biquad_twin",
    "varying_one_pole",
    "varying_one_pole_twin",
    "windowed_sinc",
]
