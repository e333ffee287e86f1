"""Time the exact recursion, forward and backward, beside the same filter written as a Python loop.

Both run in this one process, by turns, on one thread, on the same sound; what counts is the ratio. Run by
``python benchmarks/recursion.py`` or ``make bench``. The bar is a ratio of 500 for one second of
sound at 16 kHz; shorter sounds feel the fixed cost of PyTorch's small operations in the filter's design.
"""

import argparse
import os
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor

from ddsp_lite import filters

SAMPLE_RATE = 16000


def seconds(run: Callable[[Tensor, Tensor, Tensor], Tensor], sound: Tensor) -> float:
    """Time one pass of a low-pass filter, and of its gradient in the sound, the cutoff and Q."""
    sound = sound.clone().requires_grad_()
    controls = [torch.tensor(value, requires_grad=True) for value in (1000.0, 2.0)]
    start = perf_counter()
    y = run(sound, *filters.lowpass_biquad(*controls, sample_rate=SAMPLE_RATE))
    torch.autograd.grad(y.square().sum(), [sound, *controls])
    return perf_counter() - start


def main() -> None:
    """Print one table: both times and their ratio, for a tenth of a second, one second and a batch of eight."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; the fastest counts")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    seconds(filters.recursion, torch.randn(1, 100))  # compile

    print("forward + backward, float32    recursion        loop      ratio")
    for batch, samples in ((1, 1600), (1, 16000), (8, 16000)):
        sound = torch.randn(batch, samples)
        ours, loop = float("inf"), float("inf")
        for _ in range(rounds):
            ours = min(ours, *(seconds(filters.recursion, sound) for _ in range(20)))
            loop = min(loop, seconds(filters.recursion_twin, sound))
        print(
            f"batch {batch}, {samples:6d} samples    {1e3 * ours:10.3f} ms  {1e3 * loop:8.0f} ms  {loop / ours:8.0f}x"
        )


if __name__ == "__main__":
    main()
