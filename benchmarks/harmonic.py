"""Time the bank of harmonics, forward and backward, beside the plain PyTorch way of doing the same work.

The plain way draws every control at audio rate, sums every partial's frequency, and adds the masked sinusoids up. All
run in this one process, by turns, on the same controls; what counts is the median ratio. Before timing, the sounds are
compared. Run by ``python benchmarks/harmonic.py``, on one thread unless ``--threads`` says otherwise. The bars, for
4 s at 16 kHz and 250 frames/s: compiled 80 for one sound and 100 for eight on two threads, PyTorch alone (for GPU and
browser) 3, and from 13 to 100 partials at most 2.5 times the time.
"""

import argparse
import math
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "2")

import torch
from torch import Tensor

from ddsp_lite import controls, oscillators
from ddsp_lite.oscillators.harmonic import plain_sum

SAMPLE_RATE, SAMPLES, FRAMES = 16000, 64000, 1000


def plain(f0: Tensor, amplitudes: Tensor) -> Tensor:
    """Add the partials as one first writes it down: a phase and an amplitude for every partial and sample."""
    orders = torch.arange(1, amplitudes.shape[-1] + 1, dtype=f0.dtype)
    frequencies = controls.resample(f0, SAMPLES).unsqueeze(-1) * orders
    amplitudes = controls.resample(amplitudes, SAMPLES, axis=-2)
    amplitudes = torch.where(frequencies < SAMPLE_RATE / 2, amplitudes, 0.0)
    steps = 2 * math.pi / SAMPLE_RATE * frequencies
    return (amplitudes * torch.sin(torch.cumsum(steps, -2) - steps)).sum(-1)


def twin(f0: Tensor, amplitudes: Tensor) -> Tensor:
    """The package's own PyTorch operations."""
    orders = torch.arange(1, amplitudes.shape[-1] + 1, dtype=torch.float64)
    return plain_sum(f0.double(), amplitudes, orders, SAMPLE_RATE, SAMPLES)


def compiled(f0: Tensor, amplitudes: Tensor) -> Tensor:
    """What a caller gets on the CPU."""
    return oscillators.harmonic_bank(f0, amplitudes, sample_rate=SAMPLE_RATE, n_samples=SAMPLES)


def inputs(batch: int, partials: int) -> tuple[Tensor, Tensor]:
    """Controls whose partials all lie below Nyquist."""
    torch.manual_seed(0)
    return 70 + 5 * torch.rand(batch, FRAMES), torch.rand(batch, FRAMES, partials) / partials


def seconds(run: Callable[[Tensor, Tensor], Tensor], batch: int, partials: int) -> float:
    """Time one sound and its gradient in both controls."""
    leaves = [x.requires_grad_() for x in inputs(batch, partials)]
    start = perf_counter()
    y = run(*leaves)
    torch.autograd.grad(y, leaves, torch.ones_like(y))
    return perf_counter() - start


def main() -> None:
    """Print one table: times, ratios and the error against float64."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run; the median counts")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    print(f"forward + backward, float32, {options.threads} thread(s)   compiled   PyTorch     plain   ratios to plain")
    for batch, partials in ((1, 13), (1, 100), (8, 100)):
        exact = twin(*(x[:1].double() for x in inputs(batch, partials)))
        error = ((compiled(*inputs(batch, partials))[:1] - exact).norm() / exact.norm()).item()
        times = []
        for _ in range(options.rounds):
            ours = min(seconds(compiled, batch, partials) for _ in range(3))
            times.append((ours, seconds(twin, batch, partials), seconds(plain, batch, partials)))
        ours, ours_plain, theirs = (1e3 * median(column) for column in zip(*times, strict=True))
        ratios = median(t[2] / t[0] for t in times), median(t[2] / t[1] for t in times)
        print(
            f"batch {batch}, {partials:3d} partials, error {error:.0e}{ours:14.2f} ms{ours_plain:7.0f} ms"
            f"{theirs:7.0f} ms{ratios[0]:8.0f}x {ratios[1]:.1f}x"
        )


if __name__ == "__main__":
    main()
