"""Oscillators whose every parameter has a gradient: sinusoids, banks of harmonics, and band-limited classics.

Phase is counted in cycles and in float64 (see `phase`), so that long sounds in float32 neither drift nor lose their
gradient in the fundamental.
"""

from ddsp_lite.oscillators.bandlimited import sawtooth, square
from ddsp_lite.oscillators.harmonic import harmonic_bank
from ddsp_lite.oscillators.sinusoids import sinusoid

__all__ = ["harmonic_bank", "sawtooth", "sinusoid", "square"]
