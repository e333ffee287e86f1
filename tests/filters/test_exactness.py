"""Recursions in float32 beside float64 truth, from 20 Hz to nearly half of the sample rate: sound and gradients.

The truth is SciPy's filter and a closed-form adjoint in float64, on coefficients and derivatives in closed form.
"""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from ddsp_lite import filters

RATE = 44100
EDGES = [20.0, 1000.0, 0.49 * RATE]


def design(cutoff: float, q: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cookbook's low-pass: b and a, and their derivatives by cutoff and q. 1 - cos is written as a square."""
    w = 2 * np.pi * cutoff / RATE
    sine, cosine, square = np.sin(w), np.cos(w), np.sin(w / 2) ** 2
    alpha = sine / (2 * q)
    c = np.array([[square, 2 * square, square], [1 + alpha, -2 * cosine, 1 - alpha]]) / (1 + alpha)
    slope = cosine / (2 * q)
    by_w = np.array([[sine / 2, sine, sine / 2], [slope, 2 * sine, -slope]])
    by_q = np.array([[0, 0, 0], [1, 0, -1]]) * (-alpha / q)
    by_w, by_q = ((by - c * by[1, 0]) / (1 + alpha) for by in (by_w, by_q))
    return c, by_w * 2 * np.pi / RATE, by_q


def truth(x: np.ndarray, grad: np.ndarray, cutoff: float, q: float, *, moving: bool = False) -> list[np.ndarray]:
    """The sound, and the gradients of sum(grad * sound) in x, cutoff and q, which are one a sample where they move."""
    (b, a), by_cutoff, by_q = design(cutoff, q)
    y = lfilter(b, a, x)
    w = lfilter([1.0], a, grad[::-1])[::-1]
    pasts = [np.stack([np.pad(t, (k, 0))[: len(x)] for k in range(3)]) for t in (x, -y)]
    by = [w * (slope[0] @ pasts[0] + slope[1] @ pasts[1]) for slope in (by_cutoff, by_q)]
    grad_x = b @ np.stack([np.pad(w, (0, 2))[k : k + len(x)] for k in range(3)])
    return [y, grad_x, *(by if moving else (t.sum() for t in by))]


def run(filtered, x: np.ndarray, grad: np.ndarray, *controls: torch.Tensor) -> list[np.ndarray]:
    leaves = [torch.from_numpy(x).float().requires_grad_(), *(c.requires_grad_() for c in controls)]
    y = filtered(*leaves)
    assert y.dtype == torch.float32
    gradients = torch.autograd.grad(y, leaves, torch.from_numpy(grad).float())
    return [t.detach().double().numpy() for t in (y, *gradients)]


def error(found: np.ndarray, exact: np.ndarray) -> float:
    return np.linalg.norm(found - exact) / np.linalg.norm(exact)


@pytest.mark.slow
@pytest.mark.parametrize("cutoff", EDGES)
@pytest.mark.parametrize("q", [0.5, 20.0])
@pytest.mark.parametrize("kind", ["fixed", "moving", "state variable"])
def test_float32_is_exact_to_1e_6(kind, cutoff, q):
    random = np.random.default_rng(0)
    x, grad = random.standard_normal((2, RATE)).astype(np.float32).astype(float)
    moving = kind != "fixed"
    controls = [torch.full((RATE,) if moving else (), value) for value in (cutoff, q)]
    filtered = {
        "fixed": lambda x, f, q: filters.lowpass(x, f, q, sample_rate=RATE),
        "moving": lambda x, f, q: filters.varying_biquad(x, *filters.lowpass_biquad(f, q, sample_rate=RATE)),
        "state variable": lambda x, f, q: filters.state_variable(x, f, q, sample_rate=RATE),
    }[kind]
    exact = truth(x, grad, *(c.view(-1)[0].item() for c in controls), moving=moving)  # of what float32 holds
    if kind == "state variable":  # its gradient per sample is another's; their sums are the same
        exact[2:] = [t.sum() for t in exact[2:]]
    found = run(filtered, x, grad, *controls)
    found = [f.sum() if np.ndim(t) == 0 else f for f, t in zip(found, exact, strict=True)]
    errors = [error(f, t) for f, t in zip(found, exact, strict=True)]
    assert max(errors) < 1e-6, errors


@pytest.mark.slow
def test_cascade_in_float32_is_exact_to_1e_6():
    random = np.random.default_rng(1)
    x, grad = random.standard_normal((2, RATE)).astype(np.float32).astype(float)
    settings = [(20.0, 20.0), (200.0, 5.0), (3000.0, 0.7), (0.49 * RATE, 0.5)]
    cutoffs, qs = (torch.tensor(column) for column in zip(*settings, strict=True))
    found = run(
        lambda x, f, q: filters.cascade(x, *filters.lowpass_biquad(f, q, sample_rate=RATE)), x, grad, cutoffs, qs
    )
    controls = list(zip(cutoffs.tolist(), qs.tolist(), strict=True))
    sounds = [x]
    for control in controls:
        sounds.append(lfilter(*design(*control)[0], sounds[-1]))
    for_cutoffs, for_qs, asked = np.zeros(4), np.zeros(4), grad
    for s in (3, 2, 1, 0):
        _, asked, for_cutoffs[s], for_qs[s] = truth(sounds[s], asked, *controls[s])
    errors = [error(f, t) for f, t in zip(found, (sounds[-1], asked, for_cutoffs, for_qs), strict=True)]
    assert max(errors) < 1e-6, errors
