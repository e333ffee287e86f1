"""Training: random stretches of the sounds, each step with a seed of its own, so that a run resumes exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from ddsp_lite import audio, checks, features, losses, noise
from ddsp_lite.systems.autoencoder import checkpoints
from ddsp_lite.systems.autoencoder.network import Autoencoder, Configuration
from ddsp_lite.systems.autoencoder.sounds import Sound

AUDIBLE = 60  # dB below the loudest frame
DRAWS = 4  # of a stretch, until something sounds in it: in long silences the partials would fade out for good


def train(
    sounds: Sequence[Sound],
    *,
    steps: int = 300,
    batch: int = 8,
    frames: int = 64,
    configuration: Configuration | None = None,
    out: str | Path | None = None,
    every: int = 50,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
) -> tuple[Autoencoder, list[float]]:
    """Train a network on sounds, or go on from the last checkpoint in ``out``, to the same end as an unbroken run.

    Stretches are played louder, softer, faster and slower, so that level and pitch are learnt apart from each other.
    Half of each stretch warms the state and the room up; the other half is compared. Where ``torch.distributed`` runs,
    each process takes its share of the batch, and the first one writes.

    Args:
        sounds: at least one.
        steps: of the whole run.
        batch: stretches in a step, a multiple of the processes.
        frames: of a stretch, at least 2.
        configuration: sizes of the network; None for the usual ones.
        out: folder of the checkpoints; None keeps none.
        every: steps from checkpoint to checkpoint.
        seed: of the weights and of all random choices.
        device: where it is computed.
        progress: whether a bar shows the loss.

    Returns:
        The network, and the loss of each step of the run.

    Raises:
        ValueError: an argument is out of its range; the last checkpoint is broken, or of a run with another seed,
            sounds or sizes.
        OSError: a checkpoint cannot be written.

    Source: Engel, Hantrakul, Gu, Roberts (2020), DDSP: Differentiable Digital Signal Processing; the stretches at other
        gains and speeds are this package's.
    Chapter: systems/autoencoder.

    >>> from ddsp_lite.systems import autoencoder
    >>> sound = autoencoder.analyse(0.3 * torch.sin(2 * torch.pi * 440 * torch.arange(8000) / 16000))
    >>> model, history = autoencoder.train([sound], steps=3, batch=1, frames=8)
    >>> len(history), model.synthesise(sound.f0[None], sound.loudness[None]).shape
    (3, torch.Size([1, 7936]))
    """
    if not sounds:
        raise ValueError("sounds must hold at least one sound, got none.")
    checks.integer(steps, "steps", 0)
    checks.integer(batch, "batch")
    checks.integer(frames, "frames", 2)
    checks.integer(every, "every")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Autoencoder(configuration)
    c = model.configuration
    model.to(device)
    room = [p for name, p in model.named_parameters() if name.startswith("room")]
    network = [p for name, p in model.named_parameters() if not name.startswith("room")]
    optimiser = torch.optim.AdamW([{"params": network}, {"params": room, "weight_decay": 0.0}])
    run = checkpoints.Run.on(sounds, c, seed=seed, steps=steps, batch=batch, frames=frames)
    history: list[float] = []
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        found = checkpoints.latest(out)
        if found is not None:
            history = _load(found, model, optimiser, run)
    first = len(history)
    many = distributed.is_initialized()
    rank, processes = (distributed.get_rank(), distributed.get_world_size()) if many else (0, 1)
    if batch % processes:
        raise ValueError(f"batch must be a multiple of the {processes} processes, got {batch}.")
    share = slice(rank * batch // processes, (rank + 1) * batch // processes)
    player = DistributedDataParallel(model) if many else model
    bar = tqdm(range(first, steps), disable=not progress or rank > 0)
    for step in bar:
        share_of_rate = min(1, (step + 1) / 20) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group, rate in zip(optimiser.param_groups, (6e-3, 3e-2), strict=True):
            group["lr"] = rate * share_of_rate
        x, f0, loudness, heard = (
            part.to(device) for part in _stretches(sounds, batch, frames, c, seed * 1_000_003 + step)
        )
        half = frames // 2 * c.hop
        hiss = noise.white(frames * c.hop, seed=step, rows=batch).to(device)[share]
        x, f0, loudness, heard = x[share], f0[share], loudness[share], heard[share]
        y = player(f0, loudness, hiss=hiss)
        gate = heard.repeat_interleave(c.hop, -1)[:, half:]
        loss = losses.multi_scale_stft(
            gate * y[:, half:], gate * x[:, half:], fft_sizes=(2048, 1024, 512, 256, 128, 64)
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        mean = loss.detach()
        if many:
            distributed.all_reduce(mean)
            mean = mean / processes
        history.append(float(mean))
        bar.set_postfix(loss=f"{history[-1]:.3f}")
        if out is not None and rank == 0 and ((step + 1) % every == 0 or step + 1 == steps):
            place = Path(out) / f"step-{step + 1:08d}.safetensors"
            checkpoints.save(place, _tensors(model, optimiser, history), run, step + 1)
    return model, history


def _stretches(sounds: Sequence[Sound], batch: int, frames: int, c: Configuration, seed: int) -> tuple[Tensor, ...]:
    g = torch.Generator().manual_seed(seed)
    rows = [_stretch(sounds[int(torch.randint(len(sounds), (), generator=g))], frames, c, g) for _ in range(batch)]
    return tuple(torch.stack(part) for part in zip(*rows, strict=True))


def _stretch(sound: Sound, frames: int, c: Configuration, g: torch.Generator) -> tuple[Tensor, ...]:
    """A random stretch, often at another gain (-12 to +6 dB) or, half of the time, at another speed (6 semitones)."""
    hop, sample_rate = c.hop, c.sample_rate
    gain = float(torch.rand((), generator=g) * 18 - 12) if torch.rand((), generator=g) < 0.7 else 0.0
    semitones = float(torch.rand((), generator=g) * 12 - 6) if torch.rand((), generator=g) < 0.5 else 0.0
    speed = 2 ** (semitones / 12)
    needed = math.ceil(frames * speed) + 1
    pad = max(0, needed - len(sound.f0))
    loud = sound.loudness > sound.loudness.max() - AUDIBLE
    for _ in range(DRAWS):
        start = int(torch.randint(len(sound.f0) + pad - needed + 1, (), generator=g))
        if loud[start + needed // 2 : start + needed].any():
            break
    x = functional.pad(sound.x, (0, pad * hop))[start * hop : (start + needed) * hop]
    f0 = torch.cat([sound.f0, sound.f0[-1:].expand(pad)])[start : start + needed]
    loudness = torch.cat([sound.loudness, sound.loudness.new_full((pad,), features.SILENCE_DB)])[start : start + needed]
    heard = sound.heard if sound.heard is not None else torch.ones_like(sound.voiced)
    heard = torch.cat([heard, heard.new_ones(pad)])[start : start + needed]
    if speed != 1:
        x = audio.resample(x, original_rate=sample_rate * speed, sample_rate=sample_rate)
        at = torch.arange(frames) * speed
        i = at.long()
        f0 = speed * f0[i] * (f0[i + 1] / f0[i]) ** (at - i)
        heard = heard[i] & heard[torch.ceil(at + speed).long() - 1]  # where a frame begins, and where it ends
        loudness = features.loudness(x, sample_rate=sample_rate, hop_length=hop)
    return x[: frames * hop] * 10 ** (gain / 20), f0[:frames], loudness[:frames] + gain, heard[:frames]


def _tensors(model: Autoencoder, optimiser: torch.optim.Optimizer, history: list[float]) -> dict[str, Tensor]:
    kept = {f"model.{name}": x for name, x in model.state_dict().items()}
    for i, state in optimiser.state_dict()["state"].items():
        kept |= {f"optimiser.{i}.{name}": x for name, x in state.items()}
    return kept | {"history": torch.tensor(history, dtype=torch.float64)}


def _load(path: Path, model: Autoencoder, optimiser: torch.optim.Optimizer, run: checkpoints.Run) -> list[float]:
    tensors, _, _ = checkpoints.restore(path, run)
    state: dict[int, dict[str, Tensor]] = {}
    for key, x in tensors.items():
        if key.startswith("optimiser."):
            _, i, name = key.split(".")
            state.setdefault(int(i), {})[name] = x
    try:
        model.load_state_dict(checkpoints.weights(tensors))
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        return tensors["history"].tolist()
    except (RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} lacks a part: {error}. Delete it and go on from an earlier one.") from error
