"""Targets that stand still, whose spectra are computed once. Chapter: losses/spectral-losses."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ddsp_lite import checks


class Against:
    """A loss with its target: call it with a prediction alone, and the target's spectra are not computed again.

    A spectral loss spends as long on the target as on the prediction, at every step of a descent, although the target
    never moves. This keeps what the loss makes of it: `Against(loss, target, **options)(prediction)` is
    `loss(prediction, target, **options)`, to the last digit, with the same gradient. While a function is traced for the
    browser nothing is kept, since the compiler itself computes only once what does not move.

    Args:
        loss: any loss of this package.
        target: sound (..., time); what the loss makes of it takes part in no gradient.
        options: the loss's keywords.

    Raises:
        ValueError: as the loss, for the target and the options at once, for a prediction when called.

    Source: none; a cache. Chapter: losses/spectral-losses.

    >>> from ddsp_lite import losses
    >>> target = torch.sin(0.3 * torch.arange(4096))
    >>> distance = Against(losses.multi_scale_stft, target, fft_sizes=(512, 128))
    >>> distance(target)
    tensor(0.)
    >>> distance(0.5 * target) == losses.multi_scale_stft(0.5 * target, target, fft_sizes=(512, 128))
    tensor(True)
    """

    def __init__(self, loss: Callable[..., Tensor], target: Tensor, **options: Any) -> None:
        self.loss, self.options = loss, options
        self._target = _Kept(checks.audio(target, "target").detach().clone())
        with torch.no_grad():
            self(self._target.sound)

    @property
    def target(self) -> Tensor:
        """The target's sound, as it was given."""
        return self._target.sound

    def __call__(self, prediction: Tensor) -> Tensor:
        """Compare a prediction (..., time) with the target: the loss, 0-d."""
        return self.loss(prediction, self._target, **self.options)

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"Against({self.loss.__name__}, target of shape {tuple(self.target.shape)}{options})"


class _Kept:
    """A target's sound, and what was made of it."""

    def __init__(self, sound: Tensor) -> None:
        self.sound = sound
        self.made: dict[object, Any] = {}


def _sounds(prediction: Tensor, target: Tensor | _Kept) -> None:
    """Check that both are sounds of one shape."""
    checks.audio(prediction, "prediction")
    if prediction.numel() == 0:
        raise ValueError(f"prediction must hold at least one sound, got shape {tuple(prediction.shape)}.")
    if isinstance(target, _Kept):
        target = target.sound  # checked when it was kept
    else:
        checks.audio(target, "target")
    checks.same_shape(prediction=prediction, target=target)


def _made(target: Tensor | _Kept, key: object, make: Callable[[Tensor], Any]) -> Any:
    """Make something of the target, or take what is kept of it under the key."""
    if not isinstance(target, _Kept):
        return make(target)
    if checks.is_tracing(target.sound):
        return make(target.sound)
    if key not in target.made:
        target.made[key] = make(target.sound)
    return target.made[key]
