"""Oscillators whose every parameter has a gradient: sinusoids, banks of harmonics, and band-limited classics.

Phase is counted in cycles and in float64 (see `phase`), so that long sounds in float32 neither drift nor lose their
gradient in the fundamental.
"""

from ddsp_lite.oscillators.bandlimited import pulse, sawtooth, square, triangle
from ddsp_lite.oscillators.harmonic import harmonic_bank
from ddsp_lite.oscillators.sinusoids import sinusoid, sinusoid_bank

__all__ = ["harmonic_bank", "pulse", "sawtooth", "sinusoid", "sinusoid_bank", "square", "triangle"]
