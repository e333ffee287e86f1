"""Live demos: a PyTorch function with its gradient, running in JupyterLab and in the pages of the book."""

from ddsp_lite.live.activity import Descend, Prediction
from ddsp_lite.live.blocks import round_to_half
from ddsp_lite.live.compile import compile_model
from ddsp_lite.live.controls import Bars, Choice, Slider
from ddsp_lite.live.demo import Demo
from ddsp_lite.live.instrument import Instrument
from ddsp_lite.live.maps import Map
from ddsp_lite.live.show import BarPanel, Chain, Contest, Curve, Landscape, Player, Spectrum, Trace, Wave
from ddsp_lite.live.sound import Sound
from ddsp_lite.live.trace import UnsupportedOperation

__all__ = [
    "BarPanel",
    "Bars",
    "Chain",
    "Choice",
    "Contest",
    "Curve",
    "Demo",
    "Descend",
    "Instrument",
    "Landscape",
    "Map",
    "Player",
    "Prediction",
    "Slider",
    "Sound",
    "Spectrum",
    "Trace",
    "UnsupportedOperation",
    "Wave",
    "compile_model",
    "round_to_half",
]
