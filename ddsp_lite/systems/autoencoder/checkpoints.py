"""Checkpoints: weights only, written whole or not at all, with all that their run hangs on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from ddsp_lite.systems.autoencoder.network import Autoencoder, Configuration
from ddsp_lite.systems.autoencoder.sounds import Sound, middle


@dataclass(frozen=True)
class Run:
    """What a run hangs on: whoever goes on with it needs the same.

    Attributes:
        configuration: sizes of the network.
        seed: of its first weights and of all random choices.
        steps: how many the whole run has, which the learning rate follows.
        batch: stretches in a step.
        frames: frames in a stretch.
        sounds: of each sound its length in seconds, a digest of its samples, and its pitch in Hz and loudness in dB.
    """

    configuration: Configuration
    seed: int
    steps: int
    batch: int
    frames: int
    sounds: tuple[dict[str, Any], ...]

    @classmethod
    def on(cls, sounds: Sequence[Sound], configuration: Configuration, **options: int) -> Run:
        """The run on these sounds."""
        return cls(configuration, sounds=tuple(_about(sound, configuration) for sound in sounds), **options)


def save(path: str | Path, tensors: dict[str, Tensor], run: Run, step: int) -> None:
    """Write a checkpoint beside its place, flush it to the disk, then rename: a kill or a full disk leaves what was.

    Args:
        path: file to write, ``step-<8 digits>.safetensors`` for `latest` to find it.
        tensors: by name.
        run: what the run hangs on.
        step: steps done.

    Raises:
        OSError: it could not be written. The message names the file; earlier ones are intact.

    Source: none; the files of this package.
    Chapter: systems/autoencoder.

    >>> import tempfile, torch
    >>> path = Path(tempfile.mkdtemp()) / "step-00000007.safetensors"
    >>> run = Run(Configuration(), seed=0, steps=300, batch=8, frames=64, sounds=())
    >>> save(path, {"x": torch.ones(2)}, run, 7)
    >>> restore(path)[2]
    7
    """
    from safetensors.torch import save as pack

    path = Path(path)
    about = {"run": json.dumps(asdict(run), sort_keys=True), "step": str(step)}
    data = pack({name: x.detach().cpu().contiguous() for name, x in tensors.items()}, metadata=about)
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(
            f"{path} could not be written: {error}. Free some space; earlier checkpoints are intact."
        ) from error


def restore(path: str | Path, run: Run | None = None) -> tuple[dict[str, Tensor], Run, int]:
    """Read a checkpoint.

    Args:
        path: the file.
        run: what it has to be of; None takes any.

    Returns:
        The tensors by name, the run and the steps done.

    Raises:
        ValueError: the file is no whole checkpoint, or of another run. The message names it, and the remedy.

    Source: none; the files of this package.
    Chapter: systems/autoencoder.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        step, kept = int(about["step"]), json.loads(about["run"])
        kept["configuration"], kept["sounds"] = Configuration(**kept["configuration"]), tuple(kept["sounds"])
        found = Run(**kept)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no whole checkpoint: {error}. Delete it and go on from an earlier one.") from error
    for each in fields(Run) if run is not None else ():
        ours, theirs = getattr(run, each.name), getattr(found, each.name)
        if each.name == "sounds":
            ours, theirs = ([sound["digest"] for sound in given] for given in (ours, theirs))
        if ours != theirs:
            raise ValueError(
                f"{path} is of a run with another {each.name.rstrip('s')}: {theirs}, not {ours}. "
                "Give what it was begun with, or another folder."
            )
    return tensors, found, step


def latest(folder: str | Path) -> Path | None:
    """The checkpoint of the highest step in a folder; None where there is none.

    Source: none; the files of this package.
    Chapter: systems/autoencoder.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("step-00000050.safetensors", "step-00000100.safetensors", "step-00000150.safetensors.part"):
    ...     (folder / name).touch()
    >>> latest(folder).name
    'step-00000100.safetensors'
    """
    return max(Path(folder).glob("step-*.safetensors"), default=None)


def load(folder: str | Path) -> tuple[Autoencoder, Run]:
    """The network as the last checkpoint in a folder has it, of whatever configuration, and its run.

    Raises:
        ValueError: there is no checkpoint, or the last one is broken.

    Source: none; the files of this package.
    Chapter: systems/autoencoder.
    """
    found = latest(folder)
    if found is None:
        raise ValueError(f"{folder} holds no checkpoint. Train first, with --out {folder}.")
    tensors, run, _ = restore(found)
    model = Autoencoder(run.configuration)
    try:
        model.load_state_dict(weights(tensors))
    except RuntimeError as error:
        raise ValueError(f"{found} does not hold the weights of its configuration: {error}. Train again.") from error
    return model, run


def weights(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The network's own among a checkpoint's tensors."""
    return {name.removeprefix("model."): x for name, x in tensors.items() if name.startswith("model.")}


def _about(sound: Sound, c: Configuration) -> dict[str, Any]:
    digest = hashlib.sha256()
    for part in (sound.x, sound.f0, sound.loudness, sound.voiced, sound.heard):
        digest.update(b"all" if part is None else part.cpu().contiguous().numpy().tobytes())
    pitch, level = middle(sound)
    seconds = len(sound.x) / c.sample_rate
    return {"seconds": seconds, "digest": digest.hexdigest()[:16], "pitch": pitch, "loudness": level}
