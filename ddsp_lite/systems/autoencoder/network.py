"""The network and its synthesiser."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ddsp_lite import effects, noise, oscillators


@dataclass(frozen=True)
class Configuration:
    """Sizes of the network; a checkpoint fits only the configuration that it was trained with.

    Attributes:
        sample_rate: in Hz.
        hop: samples from frame to frame.
        hidden: numbers in a layer, and in the recurrent state.
        points: of the spectral envelope, evenly spaced in mel.
        partials: of the tone.
        bands: of the noise.
        room_seconds: length of the room's response.
    """

    sample_rate: int = 16_000
    hop: int = 256
    hidden: int = 128
    points: int = 64
    partials: int = 60
    bands: int = 65
    room_seconds: float = 0.75


class Autoencoder(nn.Module):
    r"""From f0 in Hz and loudness in dB, (batch, frames), to sound, by a recurrent decoder.

    The decoder draws a level z, an envelope e over frequency and the magnitudes of the noise. Partial k has the
    amplitude

    .. math:: a_k = 2\,\sigma(z)^{\ln 10}\, \frac{\exp e(k f_0)}{\sum_{j f_0 < f_s / 2} \exp e(j f_0)}

    and those from the Nyquist frequency up have none. The room is 6 bands of noise, each with a gain and a decay.

    Args:
        configuration: sizes of the network; None for the usual ones.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing. The envelope over
        frequency and the room of bands are this package's.
    Chapter: systems/autoencoder.

    >>> model = Autoencoder()
    >>> f0, loudness = torch.full((2, 10), 330.0), torch.full((2, 10), -20.0)
    >>> model.synthesise(f0, loudness).shape, [part.shape[-1] for part in model.decode(f0, loudness)]
    (torch.Size([2, 2560]), [60, 65])
    """

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__()
        self.configuration = c = configuration or Configuration()
        self.into = nn.Sequential(nn.Linear(2, c.hidden), nn.LeakyReLU(), nn.Linear(c.hidden, c.hidden), nn.LeakyReLU())
        self.recurrent = nn.GRU(c.hidden, c.hidden, batch_first=True)
        self.out = nn.Sequential(nn.Linear(c.hidden + 2, c.hidden), nn.LeakyReLU())
        self.head = nn.Linear(c.hidden, 1 + c.points + c.bands)
        self.room_gain = nn.Parameter(torch.full((6,), -2.0))
        self.room_decay = nn.Parameter(torch.zeros(6))

    def initial(self, batch: int = 1) -> Tensor:
        """The state before the first frame, (batch, hidden)."""
        return self.head.weight.new_zeros(batch, self.configuration.hidden)

    def step(self, state: Tensor, f0: Tensor, loudness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One frame, f0 and loudness (batch,): the next state, amplitudes (batch, partials), noise (batch, bands)."""
        inputs = self._scaled(f0, loudness)
        gru = self.recurrent
        given = self.into(inputs) @ gru.weight_ih_l0.T + gru.bias_ih_l0
        kept = state @ gru.weight_hh_l0.T + gru.bias_hh_l0
        n = self.configuration.hidden
        reset = torch.sigmoid(given[..., :n] + kept[..., :n])
        update = torch.sigmoid(given[..., n : 2 * n] + kept[..., n : 2 * n])
        new = torch.tanh(given[..., 2 * n :] + reset * kept[..., 2 * n :])
        state = (1 - update) * new + update * state
        return state, *self._controls(state, inputs, f0)

    def decode(self, f0: Tensor, loudness: Tensor) -> tuple[Tensor, Tensor]:
        """All frames at once: amplitudes (batch, frames, partials) and noise magnitudes (batch, frames, bands)."""
        for name, given in (("f0", f0), ("loudness", loudness)):
            if not torch.isfinite(given).all():
                raise ValueError(f"{name} must be finite, got NaN or infinity.")
        inputs = self._scaled(f0, loudness)
        hidden, _ = self.recurrent(self.into(inputs))
        return self._controls(hidden, inputs, f0)

    def synthesise(
        self,
        f0: Tensor,
        loudness: Tensor,
        *,
        seed: int = 0,
        hiss: Tensor | None = None,
        harmonics: bool = True,
        breath: bool = True,
        room: bool = True,
    ) -> Tensor:
        """The sound, (batch, frames * hop), of all parts or of some.

        Args:
            f0: in Hz, (batch, frames), finite.
            loudness: in dB, (batch, frames), finite.
            seed: of the noise.
            hiss: white noise (batch, frames * hop) in place of the seed's.
            harmonics, breath, room: whether the tone, the noise and the room are in it.

        Raises:
            ValueError: f0 or loudness is not finite.
        """
        c = self.configuration
        amplitudes, magnitudes = self.decode(f0, loudness)
        n_samples = f0.shape[-1] * c.hop
        y = f0.new_zeros(*f0.shape[:-1], n_samples)
        if harmonics:
            y = y + oscillators.harmonic_bank(f0, amplitudes, sample_rate=c.sample_rate, n_samples=n_samples)
        if breath:
            source = {"seed": seed} if hiss is None else {"noise": hiss}
            y = y + noise.filtered(magnitudes, n_samples=n_samples, **source)
        if room:
            decay = 0.05 + 0.95 * torch.sigmoid(self.room_decay)
            options = {"sample_rate": c.sample_rate, "seconds": c.room_seconds, "seed": 1}
            y = effects.noise_reverb(y, torch.exp(self.room_gain), decay, **options)
        return y

    forward = synthesise

    def _scaled(self, f0: Tensor, loudness: Tensor) -> Tensor:
        return torch.stack([torch.log2(f0.clamp(min=20.0) / 440.0) / 2, loudness / 40 + 1], -1)

    def _controls(self, hidden: Tensor, inputs: Tensor, f0: Tensor) -> tuple[Tensor, Tensor]:
        c = self.configuration
        x = self.head(self.out(torch.cat([hidden, inputs], -1)))
        frequency = f0[..., None] * torch.arange(1, c.partials + 1, dtype=f0.dtype, device=f0.device)
        highest = c.sample_rate / 2
        place = torch.log(1 + frequency.clamp(max=highest) / 700) * ((c.points - 1) / math.log(1 + highest / 700))
        below = place.detach().floor().clamp(max=c.points - 2)
        points, i = x[..., 1 : 1 + c.points], below.long()
        envelope = torch.lerp(points.gather(-1, i), points.gather(-1, i + 1), place - below)
        weights = torch.exp(envelope.clamp(-15, 15)) * (frequency < highest)
        shares = weights / (weights.sum(-1, keepdim=True) + 1e-7)
        return _positive(x[..., :1] - 2) * shares, _positive(x[..., 1 + c.points :] - 5)


def _positive(x: Tensor) -> Tensor:
    return 2 * torch.sigmoid(x) ** math.log(10) + 1e-7
