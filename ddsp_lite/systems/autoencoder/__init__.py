"""The solo instrument of a DDSP autoencoder: f0 and loudness in; harmonics, noise and a learned room out.

On the command line::

    python -m ddsp_lite.systems.autoencoder train AUDIO... --out DIR
    python -m ddsp_lite.systems.autoencoder resynth AUDIO --model DIR --out FILE
    python -m ddsp_lite.systems.autoencoder transfer AUDIO --model DIR --out FILE

Any file that libsndfile reads will do, at any rate, with any number of bits and channels, which are mixed. A clipped
sound is taken as it is, and its distortion learnt with it; of a file that breaks off, what is there is used. What is of
no use (silent, too short, without pitch, no sound at all) is refused by its name.

A run writes a checkpoint whole or not at all, and goes on from the last one to the same end as an unbroken run. With
``torchrun --nproc-per-node 2 -m ddsp_lite.systems.autoencoder train ...`` the batch is shared by two processes, whose
losses are those of one.

Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing.
Chapter: systems/autoencoder.
"""

from ddsp_lite.systems.autoencoder.checkpoints import Run, latest, load, restore, save
from ddsp_lite.systems.autoencoder.network import Autoencoder, Configuration
from ddsp_lite.systems.autoencoder.sounds import Sound, analyse, moved, read
from ddsp_lite.systems.autoencoder.training import train

__all__ = [
    "Autoencoder",
    "Configuration",
    "Run",
    "Sound",
    "analyse",
    "latest",
    "load",
    "moved",
    "read",
    "restore",
    "save",
    "train",
]
