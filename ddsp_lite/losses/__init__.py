"""Losses: one number that says how far a sound is from another. Chapter: losses/spectral-losses.

Every loss is called as ``loss(prediction, target)``, takes sounds of one shape (..., time), one sample or more, and
gives a 0-d tensor that is smallest for equal sounds: zero, except for `si_sdr`, which counts in negative dB. Whatever
else a loss needs is a keyword; only `mel` and `loudness` have one without a default, the ``sample_rate``. So that code
can take any of them, bind the keywords first: ``functools.partial(losses.mel, sample_rate=16000)`` is called as
``loss(prediction, target)`` again. `Against` binds the target too, whose spectra are then computed only once, and is
called as ``loss(prediction)``.

The gradient is finite everywhere. For a prediction that is exact silence it is exactly zero, except for `waveform`:
a magnitude or a power has its lowest point there, and a lowest point has no slope. So begin a descent with a sound.

>>> import functools, torch
>>> x, y = torch.randn(2, 800, generator=torch.Generator().manual_seed(0))
>>> for loss in (waveform, multi_scale_stft, functools.partial(mel, sample_rate=16000)):
...     assert loss(x, y) > loss(y, y) == 0
"""

from ddsp_lite.losses.perceptual import loudness, mel
from ddsp_lite.losses.spectral import multi_scale_stft
from ddsp_lite.losses.targets import Against
from ddsp_lite.losses.time_domain import envelope, si_sdr, waveform
from ddsp_lite.losses.transport import wasserstein

__all__ = [
    "Against",
    "envelope",
    "loudness",
    "mel",
    "multi_scale_stft",
    "si_sdr",
    "wasserstein",
    "waveform",
]
