"""Checkpoints: weights only, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from ddsp_lite.systems.autoencoder.network import Configuration


def save(path: str | Path, tensors: dict[str, Tensor], configuration: Configuration, step: int) -> None:
    """Write beside the place, flush to the disk, then rename: a kill or a full disk leaves what was there."""
    from safetensors.torch import save as pack

    path = Path(path)
    about = {"configuration": json.dumps(asdict(configuration), sort_keys=True), "step": str(step)}
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


def restore(path: str | Path, configuration: Configuration) -> tuple[dict[str, Tensor], int]:
    """The tensors and the step of a checkpoint; a ValueError names a file that is broken or of another shape."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        step, kept = int(about["step"]), json.loads(about["configuration"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is no whole checkpoint: {error}. Delete it and go on from an earlier one.") from error
    if kept != asdict(configuration):
        raise ValueError(
            f"{path} is of another configuration: {kept}, not {asdict(configuration)}. "
            "Use its configuration or another folder."
        )
    return tensors, step


def latest(folder: str | Path) -> Path | None:
    """The checkpoint of the highest step in a folder."""
    return max(Path(folder).glob("step-*.safetensors"), default=None)
