"""Train, resynthesise or transfer: ``python -m ddsp_lite.systems.autoencoder train AUDIO... --out DIR``."""

from __future__ import annotations

import argparse
import os
import sys

import torch

from ddsp_lite import audio
from ddsp_lite.systems.autoencoder import checkpoints, sounds
from ddsp_lite.systems.autoencoder.network import Autoencoder, Configuration
from ddsp_lite.systems.autoencoder.training import train


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0, or 1 where a file is of no use, which is then named."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_lite.systems.autoencoder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("train", help="train on sound files, or go on with a run")
    learn.add_argument("audio", nargs="+")
    learn.add_argument("--out", required=True, help="folder of the checkpoints")
    learn.add_argument("--steps", type=int, default=300)
    learn.add_argument("--batch", type=int, default=8)
    learn.add_argument("--every", type=int, default=50, help="steps from checkpoint to checkpoint")
    learn.add_argument("--seed", type=int, default=0)
    learn.add_argument("--device", default="cpu")
    for name, about in (("resynth", "play a sound's own contour"), ("transfer", "play it at another pitch and level")):
        play = commands.add_parser(name, help=about)
        play.add_argument("audio")
        play.add_argument("--model", required=True, help="folder of the checkpoints")
        play.add_argument("--out", required=True, help="sound file to write")
        if name == "transfer":
            play.add_argument("--semitones", type=float, default=0.0)
            play.add_argument("--decibels", type=float, default=0.0)
    given = parser.parse_args(arguments)
    try:
        _train(given) if given.command == "train" else _play(given)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _train(given: argparse.Namespace) -> None:
    heard = [sounds.read(path) for path in given.audio]
    options = {"steps": given.steps, "batch": given.batch, "every": given.every, "seed": given.seed}
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("gloo" if given.device == "cpu" else "nccl")
    train(heard, out=given.out, device=given.device, progress=True, **options)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _play(given: argparse.Namespace) -> None:
    c = Configuration()
    found = checkpoints.latest(given.model)
    if found is None:
        raise ValueError(f"{given.model} holds no checkpoint. Train first, with --out {given.model}.")
    tensors, _ = checkpoints.restore(found, c)
    model = Autoencoder(c)
    model.load_state_dict({k.removeprefix("model."): x for k, x in tensors.items() if k.startswith("model.")})
    sound = sounds.read(given.audio, c)
    f0 = sound.f0 * 2 ** (getattr(given, "semitones", 0.0) / 12)
    loudness = sound.loudness + getattr(given, "decibels", 0.0)
    with torch.no_grad():
        y = model.synthesise(f0[None], loudness[None])[0]
    audio.save(given.out, y / y.abs().max().clamp(min=1.0), sample_rate=c.sample_rate)


if __name__ == "__main__":
    sys.exit(main())
