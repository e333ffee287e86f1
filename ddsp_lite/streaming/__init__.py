"""Sound in blocks: the same operations with a state that goes in and comes out.

Each function here is called ``y, state = f(..., state=state)``, block after block. The first block has ``state=None``,
which is rest. The blocks, joined, are the sound that the function of the same name gives at once, whatever the blocks'
lengths; what cannot know the future comes later by a latency that its description states. A state is a tuple that is
handed on as it is: the function changes nothing in it, so that one state can be continued twice. Gradients flow through
the state; detach its tensors where a gradient shall stop at a block's border. All batch dimensions, controls and units
are those of the function of the same name.
"""

from ddsp_lite.streaming.effects import convolve, feedback_delay, fractional_delay
from ddsp_lite.streaming.filters import cascade, recursion, state_variable, varying_biquad, varying_one_pole
from ddsp_lite.streaming.sources import filtered_noise, harmonic_bank, sinusoid

__all__ = [
    "cascade",
    "convolve",
    "feedback_delay",
    "filtered_noise",
    "fractional_delay",
    "harmonic_bank",
    "recursion",
    "sinusoid",
    "state_variable",
    "varying_biquad",
    "varying_one_pole",
]
