"""The solo instrument of a DDSP autoencoder: f0 and loudness in; harmonics, noise and a learned room out.

Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
"""

from ddsp_lite.systems.autoencoder.checkpoints import latest, restore, save
from ddsp_lite.systems.autoencoder.network import Autoencoder, Configuration
from ddsp_lite.systems.autoencoder.sounds import Sound, analyse
from ddsp_lite.systems.autoencoder.training import train

__all__ = ["Autoencoder", "Configuration", "Sound", "analyse", "latest", "restore", "save", "train"]
