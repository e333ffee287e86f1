"""Effects: delay, distortion and compression, with gradients in all their settings."""

from ddsp_lite.effects.ballistics import ballistics, ballistics_twin
from ddsp_lite.effects.compressor import compressor
from ddsp_lite.effects.delay import fractional_delay
from ddsp_lite.effects.interpolation import weights
from ddsp_lite.effects.waveshaper import waveshaper

__all__ = ["ballistics", "ballistics_twin", "compressor", "fractional_delay", "waveshaper", "weights"]
