"""A player for notebooks and pages."""

from __future__ import annotations

import base64
import html
import io
import math

from torch import Tensor

from ddsp_lite import checks
from ddsp_lite.audio.files import MP3_RATES, normalise, resample

PEAK_DB = -1.0


class Player:
    """A player for notebooks and pages: the sound compressed to MP3 inside the page, with a caption.

    The level is left as it is, so that players can be compared by ear; only a sound whose peak exceeds -1 dB full scale
    is turned down to it, and the caption then says by how much. The HTML is the same for the same sound.

    Args:
        x: sound, (time,).
        sample_rate: Hz.
        caption: what one hears, and where it comes from; also the player's name for screen readers.

    Raises:
        ValueError: for a sound that is not mono, empty or not finite, and an empty caption.

    Chapter: gradients/sound-as-tensors.

    >>> import torch
    >>> Player(torch.zeros(16000), sample_rate=16000, caption="Silence")
    Player('Silence', 1.00 s at 16000 Hz)
    """

    def __init__(self, x: Tensor, *, sample_rate: float, caption: str) -> None:
        checks.mono(x, "x")
        sample_rate = checks.sample_rate(sample_rate)
        if not isinstance(caption, str) or not caption.strip():
            raise ValueError(f"caption must say in words what one hears, got {caption!r}.")
        self._seconds, self._rate = len(x) / sample_rate, sample_rate
        over = 20 * math.log10(max(float(x.detach().abs().max()), 1e-9)) - PEAK_DB
        if over > 0:
            x = normalise(x, PEAK_DB)
        self.caption = caption.strip() + (f" (turned down by {over:.1f} dB)" if over > 0 else "")
        rate = next((r for r in MP3_RATES if r >= sample_rate), MP3_RATES[-1])
        self.mp3 = _mp3(resample(x, original_rate=sample_rate, sample_rate=rate), rate)

    def __repr__(self) -> str:
        return f"Player({self.caption!r}, {self._seconds:.2f} s at {self._rate:g} Hz)"

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption, quote=True)
        data = base64.b64encode(self.mp3).decode("ascii")
        return (
            '<figure class="ddsp-player" style="margin: 0.5em 0">'
            f'<audio controls preload="metadata" style="width: 100%; max-width: 32em" aria-label="{caption}"'
            f' src="data:audio/mpeg;base64,{data}"></audio>'
            f"<figcaption>{caption}</figcaption></figure>"
        )


def _mp3(x: Tensor, sample_rate: int) -> bytes:
    import soundfile

    file = io.BytesIO()
    samples = x.detach().cpu().float().numpy()
    soundfile.write(file, samples, sample_rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.0)
    return file.getvalue()
