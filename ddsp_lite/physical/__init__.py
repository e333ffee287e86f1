"""Sound from physics: strings, bars, masses and the vocal tract, with gradients in all their properties."""

from ddsp_lite.physical.masses import mass_spring
from ddsp_lite.physical.modal import bar_modes, modal_bank, struck_bar
from ddsp_lite.physical.strings import karplus_strong, waveguide_string
from ddsp_lite.physical.tube import tract, tract_twin
from ddsp_lite.physical.tube_response import tract_diameters, tract_response

__all__ = [
    "bar_modes",
    "karplus_strong",
    "mass_spring",
    "modal_bank",
    "struck_bar",
    "tract",
    "tract_diameters",
    "tract_response",
    "tract_twin",
    "waveguide_string",
]
