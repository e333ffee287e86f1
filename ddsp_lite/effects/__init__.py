"""Effects: delay, reverberation, distortion and compression, with gradients in all their settings."""

from ddsp_lite.effects.compression import compressor
from ddsp_lite.effects.delay import fractional_delay
from ddsp_lite.effects.delay_lines import delay_network, delay_network_twin
from ddsp_lite.effects.feedback import feedback_delay, lagged_recursion, lagged_recursion_twin, loop_taps
from ddsp_lite.effects.interpolation import weights
from ddsp_lite.effects.modulation import chorus, flanger
from ddsp_lite.effects.network import feedback_delay_network, orthogonal_matrix
from ddsp_lite.effects.phasing import allpass_chain, allpass_chain_twin, phaser
from ddsp_lite.effects.reverb import convolution_reverb, noise_response, noise_reverb
from ddsp_lite.effects.smoothing import ballistics, ballistics_twin
from ddsp_lite.effects.waveshaping import waveshaper

__all__ = [
    "allpass_chain",
    "allpass_chain_twin",
    "ballistics",
    "ballistics_twin",
    "chorus",
    "compressor",
    "convolution_reverb",
    "delay_network",
    "delay_network_twin",
    "feedback_delay",
    "feedback_delay_network",
    "flanger",
    "fractional_delay",
    "lagged_recursion",
    "lagged_recursion_twin",
    "loop_taps",
    "noise_response",
    "noise_reverb",
    "orthogonal_matrix",
    "phaser",
    "waveshaper",
    "weights",
]
