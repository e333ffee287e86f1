"""Sound from physics: strings, bars and masses, with gradients in all their properties."""

from ddsp_lite.physical.mass_spring import mass_spring
from ddsp_lite.physical.modal import bar_modes, modal_bank, struck_bar
from ddsp_lite.physical.strings import karplus_strong, waveguide_string

__all__ = ["bar_modes", "karplus_strong", "mass_spring", "modal_bank", "struck_bar", "waveguide_string"]
