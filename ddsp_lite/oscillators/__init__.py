"""Oscillators whose every parameter has a gradient.

Sinusoids and banks of them, band-limited classics, wavetables, frequency modulation, damped modes, and the complex
surrogate of a sinusoid. Phase is counted in cycles and in float64 (see `phase`), so that long sounds in float32 neither
drift nor lose their gradient in the fundamental.
"""

from ddsp_lite.oscillators.bandlimited import pulse, sawtooth, square, triangle
from ddsp_lite.oscillators.fm import fm_stack
from ddsp_lite.oscillators.harmonic import harmonic_bank
from ddsp_lite.oscillators.modes import damped_modes
from ddsp_lite.oscillators.sinusoids import sinusoid, sinusoid_bank
from ddsp_lite.oscillators.surrogate import complex_surrogate, surrogate_frequency, surrogate_of
from ddsp_lite.oscillators.wavetables import wavetable

__all__ = [
    "complex_surrogate",
    "damped_modes",
    "fm_stack",
    "harmonic_bank",
    "pulse",
    "sawtooth",
    "sinusoid",
    "sinusoid_bank",
    "square",
    "surrogate_frequency",
    "surrogate_of",
    "triangle",
    "wavetable",
]
