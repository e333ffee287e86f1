"""Effects: delay, reverberation, distortion and compression, with gradients in all their settings."""

from ddsp_lite.effects.ballistics import ballistics, ballistics_twin
from ddsp_lite.effects.compressor import compressor
from ddsp_lite.effects.delay import fractional_delay
from ddsp_lite.effects.feedback import feedback_delay, lagged_recursion, lagged_recursion_twin, loop_taps
from ddsp_lite.effects.interpolation import weights
from ddsp_lite.effects.modulation import chorus, flanger
from ddsp_lite.effects.reverb import convolution_reverb, noise_response, noise_reverb
from ddsp_lite.effects.waveshaper import waveshaper

__all__ = [
    "ballistics",
    "ballistics_twin",
    "chorus",
    "compressor",
    "convolution_reverb",
    "feedback_delay",
    "flanger",
    "fractional_delay",
    "lagged_recursion",
    "lagged_recursion_twin",
    "loop_taps",
    "noise_response",
    "noise_reverb",
    "waveshaper",
    "weights",
]
