"""Train, resynthesise or transfer: ``python -m ddsp_lite.systems.autoencoder train AUDIO... --out DIR``."""

from __future__ import annotations

import argparse
import os
import statistics
import sys

import torch

from ddsp_lite import audio
from ddsp_lite.systems.autoencoder import checkpoints, sounds
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
    learn.add_argument("--device", default="cpu", help="cpu, cuda, ...")
    learn.add_argument("--pitch", choices=("voice", "whistle"), default="voice", help="whistle follows birds")
    for name, about in (
        ("resynth", "play a sound's pitch and loudness as they are"),
        ("transfer", "move them by octaves and in level to where the network learnt"),
    ):
        play = commands.add_parser(name, help=about)
        play.add_argument("audio")
        play.add_argument("--model", required=True, help="folder of the checkpoints")
        play.add_argument("--out", required=True, help="sound file to write")
        play.add_argument("--pitch", choices=("voice", "whistle"), default="voice", help="whistle follows birds")
        play.add_argument("--semitones", type=float, default=0.0, help="higher by as many")
        play.add_argument("--decibels", type=float, default=0.0, help="louder by as many")
    given = parser.parse_args(arguments)
    try:
        _train(given) if given.command == "train" else _play(given)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _train(given: argparse.Namespace) -> None:
    heard = [sounds.read(path, pitch=given.pitch) for path in given.audio]
    device = given.device
    if "LOCAL_RANK" in os.environ and device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"--device {device} is not there: {error}") from error
    options = {"steps": given.steps, "batch": given.batch, "every": given.every, "seed": given.seed}
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    train(heard, out=given.out, device=device, progress=True, **options)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _play(given: argparse.Namespace) -> None:
    model, run = checkpoints.load(given.model)
    c = run.configuration
    sound = sounds.read(given.audio, c, pitch=given.pitch)
    f0, loudness = sound.f0, sound.loudness
    if given.command == "transfer":
        pitches, levels = zip(*((each["pitch"], each["loudness"]) for each in run.sounds), strict=True)
        f0, loudness = sounds.moved(sound, statistics.median(pitches), statistics.median(levels))
    with torch.no_grad():
        y = model.synthesise((f0 * 2 ** (given.semitones / 12))[None], (loudness + given.decibels)[None])[0]
    audio.save(given.out, y / y.abs().max().clamp(min=1.0), sample_rate=c.sample_rate)


if __name__ == "__main__":
    sys.exit(main())
