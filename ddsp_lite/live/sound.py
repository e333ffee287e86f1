"""The control that holds a sound: bundled clips, or in the page also the reader's own file."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

FULL_SCALE = 32768  # an int16 sample s stands for the amplitude s / 32768


def heading(name: str, label: str | None) -> str:
    """Return the label of a control: the given one, or its name in words ("lag_time" -> "Lag time")."""
    return label if label is not None else name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Sound:
    """A sound of fixed length: one of the bundled clips or the reader's own file; the function receives (time,).

    The value is the index of the clip. The page stores clips as 16-bit integers, and the function in Python receives
    the same rounded samples, so that both compute the same. The reader's own file stays in the page.

    Args:
        seconds: length; longer clips are cut, shorter ones end in silence.
        clips: recordings as returned by `ddsp_lite.audio.example`, at least one, at the demo's sample rate.
        start: index of the first clip.
        begin: where in its recording a clip begins, in seconds: one number for all, or one a clip.
        label: what stands beside the menu; default: the control's name in words.

    Raises:
        ValueError: for a length that is not positive, no clips, a start that is no index, a beginning outside of the
            recording.

    Chapter: book/inference/by-gradient-descent.
    """

    seconds: float
    clips: Sequence[Any]
    start: int = 0
    begin: float | Sequence[float] = 0.0
    label: str | None = None
    gradient: ClassVar[bool] = False
    hidden: ClassVar[bool] = False
    kind: ClassVar[str] = "sound"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ValueError(f"seconds must be positive, got {self.seconds!r}")
        object.__setattr__(self, "clips", tuple(self.clips))
        if not self.clips:
            raise ValueError("clips must hold at least one recording, got none")
        for clip in self.clips:
            if not all(
                hasattr(clip, part) for part in ("samples", "sample_rate", "name", "title", "source", "licence")
            ):
                raise ValueError(f"clips must be recordings as made by ddsp_lite.audio.example, got {clip!r}")
        begin = [self.begin] * len(self.clips) if isinstance(self.begin, int | float) else list(self.begin)
        if len(begin) != len(self.clips) or not all(math.isfinite(each) and each >= 0 for each in begin):
            raise ValueError(f"begin must be one time in seconds, or {len(self.clips)} of them, got {self.begin!r}")
        object.__setattr__(self, "begin", tuple(float(each) for each in begin))
        try:
            self.check(self.start)
        except ValueError as error:
            raise ValueError(f"start {error}") from None

    def check(self, value: Any) -> int:
        """Return value as an index into the clips; raise ValueError naming the range otherwise."""
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < len(self.clips):
            raise ValueError(f"must be the index of a clip, in [0, {len(self.clips) - 1}], got {value!r}")
        return int(value)

    def length(self, *, sample_rate: int) -> int:
        """Return the number of samples."""
        return round(self.seconds * sample_rate)

    def first(self, value: Any, *, sample_rate: int) -> int:
        """Return the number of the recording's first sample that is used."""
        return round(self.begin[self.check(value)] * sample_rate)

    def integers(self, value: Any, *, sample_rate: int) -> np.ndarray:
        """Return the clip as the page stores it: little-endian int16 of shape (time,)."""
        clip = self.clips[self.check(value)]
        if clip.sample_rate != sample_rate:
            raise ValueError(
                f"the clip {clip.title!r} must have the demo's sample rate of {sample_rate} Hz, got {clip.sample_rate}"
            )
        samples = np.asarray(torch.as_tensor(clip.samples).detach(), dtype=np.float64)
        if samples.ndim != 1 or samples.size == 0 or not np.isfinite(samples).all():
            raise ValueError(f"the clip {clip.title!r} must be finite mono samples, got shape {samples.shape}")
        first, n_samples = self.first(value, sample_rate=sample_rate), self.length(sample_rate=sample_rate)
        if first >= samples.size:
            seconds = samples.size / sample_rate
            raise ValueError(f"begin must lie in the clip {clip.title!r} of {seconds:g} s, got {self.begin[value]!r}")
        kept = samples[first : first + n_samples]
        padded = np.concatenate([kept, np.zeros(n_samples - kept.size)])
        return np.clip(np.rint(padded * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i2")

    def tensor(self, value: Any, *, sample_rate: int) -> Tensor:
        """Return what the function receives: the clip's rounded samples, float32 of shape (time,)."""
        return torch.from_numpy(self.integers(value, sample_rate=sample_rate).astype(np.float32) / FULL_SCALE)

    def ends(self) -> list[int]:
        """Return all indices."""
        return list(range(len(self.clips)))

    def interior(self, generator: random.Random) -> int:
        """Return a random index."""
        return generator.randrange(len(self.clips))

    def spec(self, name: str, *, sample_rate: int) -> dict[str, Any]:
        """Return the control's description for the page, with the clips' samples.

        "python" is what loads a clip, "ownPython" the reader's file, in the copied snippet.
        """
        clips = []
        for index, clip in enumerate(self.clips):
            data = base64.b64encode(self.integers(index, sample_rate=sample_rate).tobytes()).decode("ascii")
            python = f'audio.example("{clip.name}", sample_rate={sample_rate}).samples'
            if self.first(index, sample_rate=sample_rate):
                python += f"[{self.first(index, sample_rate=sample_rate)}:]"
            told = {"label": clip.title, "title": clip.title, "source": clip.source, "licence": clip.licence}
            clips.append({**told, "data": data, "python": python})
        return {
            "name": name, "kind": self.kind, "label": heading(name, self.label),
            "length": self.length(sample_rate=sample_rate), "start": self.start, "clips": clips,
            "ownPython": f'audio.load("your-file.wav", sample_rate={sample_rate})',
        }  # fmt: skip
