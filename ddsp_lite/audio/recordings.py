"""Example recordings with their licences, and what takes their place where they cannot be had."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ddsp_lite import checks, clips
from ddsp_lite.audio.files import load

SECONDS_TO_FETCH = 8.0
SECONDS_ONCE_OFFLINE = 1.0

_log = logging.getLogger(__name__)
_patience = SECONDS_TO_FETCH


@dataclass(frozen=True, eq=False)
class Recording:
    """A sound with all that its licence asks to be said.

    Attributes:
        samples: the sound, (time,), float32.
        sample_rate: Hz.
        name: short name, as given to :func:`example`.
        title: title and author; for a bundled clip, it says that it stands in for the recording.
        source: where it comes from.
        licence: name of the licence.
        bundled: True for a clip that the project makes itself.
    """

    samples: Tensor
    sample_rate: int
    name: str
    title: str
    source: str
    licence: str
    bundled: bool

    @property
    def credit(self) -> str:
        """Title, author, source and licence in one line, for a caption."""
        return f"{self.title}. Source: {self.source}. Licence: {self.licence}."

    def __repr__(self) -> str:
        seconds = self.samples.shape[-1] / self.sample_rate
        return f"Recording({self.title!r}, {seconds:.2f} s at {self.sample_rate} Hz, bundled={self.bundled})"


@dataclass(frozen=True)
class _Example:
    title: str
    source: str
    licence: str
    clip: Callable[..., Tensor]
    clip_title: str


_EXAMPLES = {
    "trumpet": _Example(
        "Solo trumpet 06, from the Jazz Trumpet Loops Pack in F, by Mihai Sorohan",
        "https://freesound.org/s/77711/",
        "CC BY 3.0",
        clips.brass,
        "Brass-like phrase",
    ),
    "robin": _Example(
        "Bird Whistling, Robin, Single, 13, by InspectorJ",
        "https://freesound.org/people/InspectorJ/sounds/456440/",
        "CC BY 3.0",
        clips.whistle,
        "Bird-like whistle",
    ),
    "libri1": _Example(
        "Ashiel Mystery: A Detective Story, chapter 2, read by Garth Comira (LibriSpeech)",
        "https://www.openslr.org/12/",
        "CC BY 4.0",
        clips.voice,
        "Voice-like vowels",
    ),
    "brahms": _Example(
        "Hungarian Dance number 5 by Johannes Brahms, played by the US Army Strings",
        "https://musopen.org/music/43805-hungarian-dance-no-5-in-f-sharp-minor-woo-1-string-orchestra-arr/",
        "public domain",
        clips.pluck,
        "String-like plucked notes",
    ),
    "humpback": _Example(
        "Humpback whale song, Glacier Bay, November 2020, recorded by Chris Gabriele (NPS)",
        "https://www.nps.gov/glba/learn/nature/soundclips.htm",
        "public domain",
        clips.moan,
        "Whale-like calls",
    ),
}
EXAMPLES = tuple(_EXAMPLES)


def example(name: str, *, sample_rate: int = 16_000) -> Recording:
    """Fetch an example recording through ``librosa.ex``, or make the project's own clip in its place.

    librosa downloads a recording once and keeps it; with ``LIBROSA_DATA_DIR`` set it looks there. Where the recording
    cannot be had within 8 seconds, a clip synthesised by ``ddsp_lite.clips`` takes its place: ``bundled`` is then
    True and the title says so. (After one such wait, later calls wait no longer than it takes to find a file on disk.)

    Args:
        name: "trumpet", "robin", "libri1" (speech), "brahms" (strings) or "humpback".
        sample_rate: Hz, an integer from 4,000 to 192,000.

    Returns:
        The recording, mono.

    Raises:
        ValueError: for an unknown name or a sample rate outside its range.

    Source: each recording's own, in ``source`` and ``licence``.
    Chapter: gradients/sound-as-tensors.

    >>> recording = example("trumpet")
    >>> recording.name, recording.sample_rate, recording.samples.ndim
    ('trumpet', 16000, 1)
    """
    checks.one_of(name, "name", EXAMPLES)
    sample_rate = checks.integer(sample_rate, "sample_rate", 4000, 192_000)
    entry = _EXAMPLES[name]
    path = _fetch(name)
    if path is not None:
        samples = load(path, sample_rate=sample_rate)
        return Recording(samples, sample_rate, name, entry.title, entry.source, entry.licence, bundled=False)
    title = f"{entry.clip_title}, synthesised by this project (the recording {name!r} could not be had)"
    source = f"ddsp_lite.clips.{entry.clip.__name__}"
    return Recording(entry.clip(sample_rate=sample_rate), sample_rate, name, title, source, "MIT", bundled=True)


def _fetch(name: str) -> str | None:
    """The path of librosa's example, or None where it cannot be had in time.

    The look-up of a host's name may hang for longer than any limit that one sets on a connection. So the download runs
    in a thread of its own, which is left behind when time is up.
    """
    global _patience
    import librosa
    import pooch

    fetch = librosa.ex  # librosa loads this part of itself here, outside the time limit
    found: list[str] = []

    def run() -> None:
        try:
            found.append(fetch(name))
        except Exception as error:  # no network, no such host, a damaged download, a full disk: the clip will do
            _log.info("%s could not be had: %s", name, error)

    log_of_pooch = pooch.get_logger()
    level = log_of_pooch.level
    log_of_pooch.setLevel(logging.WARNING)  # its messages would put this machine's paths into notebooks
    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_patience)
    finally:
        log_of_pooch.setLevel(level)
    if thread.is_alive():
        _patience = SECONDS_ONCE_OFFLINE
    return found[0] if found else None
