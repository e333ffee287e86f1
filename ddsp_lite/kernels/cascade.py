"""A cascade of second-order sections and its adjoint, compiled with Numba.

The sections work in turn on one block of samples after the other, which stays in the processor's cache and in float64
from section to section. Rows, allocation and state as in ``ddsp_lite.kernels.recursion``; coefficients are
(rows, sections, 3) with a[..., 0] = 1. The plain PyTorch twin is ``ddsp_lite.filters.cascade_twin``; the chapter is
``gradients/filter-cutoff``.
"""

import numba
import numpy as np

from ddsp_lite.kernels.recursion import BLOCK, add_products, feed_back, feed_earlier

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})


@_compiled
def _feed_ahead(source, b, into, length):
    b0, b1, b2 = b[0], b[1], b[2]
    for m in range(length):
        into[2 + m] = b0 * source[2 + m] + b1 * source[1 + m] + b2 * source[m]


@_compiled
def forward(x, b, a, y):
    """Filter x [B, N] through the sections in turn; y [B, S, N] holds what each section gives."""
    sections = b.shape[1]
    for row in range(x.shape[0]):
        w = np.zeros((sections + 1, BLOCK + 2))  # x and each section's output, after its two last values
        for start in range(0, x.shape[1], BLOCK):
            x_now, first = x[row, start : start + BLOCK], w[0]
            length = x_now.size
            for m in range(length):
                first[2 + m] = x_now[m]
            for s in range(sections):
                here, y_now = w[s + 1], y[row, s, start : start + BLOCK]
                _feed_ahead(w[s], b[row, s], here, length)
                feed_back(here, length, a[row, s, 1], a[row, s, 2])
                for m in range(length):
                    y_now[m] = here[2 + m]
            for s in range(sections + 1):
                w[s, 0], w[s, 1] = w[s, length], w[s, length + 1]


@_compiled
def _feed_ahead_earlier(w, b, into, length):
    b0, b1, b2 = b[0], b[1], b[2]
    for m in range(length):
        into[m] = b0 * w[m] + b1 * w[m + 1] + b2 * w[m + 2]


@_compiled
def backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    """Take the adjoint of `forward`, the last section first; each section's as in `kernels.recursion.backward`."""
    sections, samples = b.shape[1], x.shape[1]
    for row in range(x.shape[0]):
        w, sums, asked = np.zeros((sections, BLOCK + 2)), np.zeros((sections, 6)), np.zeros(BLOCK + 2)
        for block in range((samples + BLOCK - 1) // BLOCK - 1, -1, -1):
            start, stop = block * BLOCK, (block + 1) * BLOCK
            given, into = grad[row, start:stop], grad_x[row, start:stop]
            length = given.size
            for m in range(length):
                asked[m] = given[m]
            for s in range(sections - 1, -1, -1):
                here = w[s]
                here[length], here[length + 1] = here[0], here[1]
                for m in range(length):
                    here[m] = asked[m]
                feed_earlier(here, length, a[row, s, 1], a[row, s, 2])
                if s == 0:
                    add_products(x[row, start:stop], here, sums[s], 0)
                else:
                    add_products(y[row, s - 1, start:stop], here, sums[s], 0)
                add_products(y[row, s, start:stop], here, sums[s], 3)
                _feed_ahead_earlier(here, b[row, s], asked, length)
            for m in range(length):
                into[m] = asked[m]
        for s in range(sections):
            for k in range(3):
                grad_b[row, s, k] = sums[s, k]
                grad_a[row, s, k] = -sums[s, 3 + k] if k > 0 else 0.0
