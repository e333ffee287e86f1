"""Sound in and out: files, levels, example recordings, and a player for notebooks.

Nothing here is used by the numerical modules, and no gradient passes through a file.
"""

from ddsp_lite.audio.files import fade, load, normalise, resample, save
from ddsp_lite.audio.player import Player
from ddsp_lite.audio.recordings import EXAMPLES, Recording, example

__all__ = ["EXAMPLES", "Player", "Recording", "example", "fade", "load", "normalise", "resample", "save"]
