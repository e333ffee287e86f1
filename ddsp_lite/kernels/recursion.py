"""The recursion of a digital filter and its adjoint, compiled with Numba.

Both kernels work on rows, one filter for each row, and hold state and sums in float64 whatever the signal's type.
They write into arrays that the caller allocates; coefficients are (rows, order + 1) with a[:, 0] = 1 and order >= 2.
The plain PyTorch twin is ``ddsp_lite.filters.recursion_twin``; the chapter is ``gradients/filter-cutoff``.

Second order has its own loops. What does not wait for the filter's last output is computed a block at a time, where the
processor takes several samples at once; and the feedback is solved for four samples at a time from the two before them,
since one that waits for the next costs four times as much.
"""

import numba
import numpy as np

# A decaying tail ends in numbers below 1e-308, with which processors are some fifty times slower.
# Once a block, a state that is far below anything audible is therefore set to zero.
BLOCK = 256
SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})
# Sums in another order are what makes vectors of sums; NaN and infinity keep their meaning.
_summing = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract", "reassoc", "nsz"})


@_compiled
def feed_back(w, length, a1, a2):
    """Turn w[2 + m], m < length, into w[2 + m] - a1 w[1 + m] - a2 w[m], one after the other; w[:2] is the past."""
    if abs(w[0]) + abs(w[1]) < SILENT:
        w[0] = w[1] = 0.0
    y2, y1 = w[0], w[1]
    # Four samples ahead: what the samples between give (h), what the last output gives (p), and that before it (q).
    h1, p1, q1 = -a1, a1 * a1 - a2, a1 * a2
    h2, p2, q2 = p1, -a1 * p1 + a2 * a1, -a1 * q1 + a2 * a2
    h3, p3, q3 = p2, -a1 * p2 - a2 * p1, -a1 * q2 - a2 * q1
    fours = length // 4 * 4
    for m in range(2, 2 + fours, 4):
        v0, v1, v2, v3 = w[m], w[m + 1], w[m + 2], w[m + 3]
        u1, u2, u3 = v1 + h1 * v0, v2 + h1 * v1 + h2 * v0, v3 + h1 * v2 + h2 * v1 + h3 * v0
        w[m] = v0 - a2 * y2 - a1 * y1
        w[m + 1] = u1 + q1 * y2 + p1 * y1
        y2, y1 = u2 + q2 * y2 + p2 * y1, u3 + q3 * y2 + p3 * y1
        w[m + 2], w[m + 3] = y2, y1
    for m in range(2 + fours, 2 + length):
        y2, y1 = y1, w[m] - a2 * y2 - a1 * y1
        w[m] = y1


@_compiled
def _section(x, b, a, y):
    b0, b1, b2, a1, a2 = b[0], b[1], b[2], a[1], a[2]
    w, wide = np.zeros(BLOCK + 2), np.zeros(BLOCK + 2)  # y and x of a block, each after its two last values before it
    for start in range(0, x.size, BLOCK):
        x_now, y_now = x[start : start + BLOCK], y[start : start + BLOCK]
        length = x_now.size
        for m in range(length):
            wide[2 + m] = x_now[m]
        for m in range(length):
            w[2 + m] = b0 * wide[2 + m] + b1 * wide[1 + m] + b2 * wide[m]
        feed_back(w, length, a1, a2)
        for m in range(length):
            y_now[m] = w[2 + m]
        w[0], w[1], wide[0], wide[1] = w[length], w[length + 1], wide[length], wide[length + 1]


@_compiled
def feed_earlier(w, length, a1, a2):
    """Turn w[m], m < length, into w[m] - a1 w[m + 1] - a2 w[m + 2], the last first; w[length:length + 2] is given."""
    if abs(w[length]) + abs(w[length + 1]) < SILENT:
        w[length] = w[length + 1] = 0.0
    y1, y2 = w[length], w[length + 1]
    h1, p1, q1 = -a1, a1 * a1 - a2, a1 * a2
    h2, p2, q2 = p1, -a1 * p1 + a2 * a1, -a1 * q1 + a2 * a2
    h3, p3, q3 = p2, -a1 * p2 - a2 * p1, -a1 * q2 - a2 * q1
    fours = length // 4
    for i in range(length - 4 * fours):
        y2, y1 = y1, w[length - 1 - i] - a2 * y2 - a1 * y1
        w[length - 1 - i] = y1
    for i in range(fours):
        m = np.uint64(4 * (fours - 1 - i))
        v0, v1, v2, v3 = w[m + np.uint64(3)], w[m + np.uint64(2)], w[m + np.uint64(1)], w[m]
        u1, u2, u3 = v1 + h1 * v0, v2 + h1 * v1 + h2 * v0, v3 + h1 * v2 + h2 * v1 + h3 * v0
        w[m + np.uint64(3)] = v0 - a2 * y2 - a1 * y1
        w[m + np.uint64(2)] = u1 + q1 * y2 + p1 * y1
        y2, y1 = u2 + q2 * y2 + p2 * y1, u3 + q3 * y2 + p3 * y1
        w[m + np.uint64(1)], w[m] = y2, y1


@_summing
def add_products(values, w, sums, first):
    """Add sum_n values[n] w[n + k] to sums[first + k] for k = 0, 1, 2."""
    s0, s1, s2 = 0.0, 0.0, 0.0
    for m in range(values.size):
        value = np.float64(values[m])
        s0 += value * w[m]
        s1 += value * w[m + 1]
        s2 += value * w[m + 2]
    sums[first] += s0
    sums[first + 1] += s1
    sums[first + 2] += s2


@_compiled
def _section_backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    b0, b1, b2, a1, a2 = b[0], b[1], b[2], a[1], a[2]
    w, sums = np.zeros(BLOCK + 2), np.zeros(6)
    for block in range((x.size + BLOCK - 1) // BLOCK - 1, -1, -1):
        start, stop = block * BLOCK, (block + 1) * BLOCK
        given, into = grad[start:stop], grad_x[start:stop]
        length = given.size
        w[length], w[length + 1] = w[0], w[1]
        for m in range(length):
            w[m] = given[m]
        feed_earlier(w, length, a1, a2)
        for m in range(length):
            into[m] = b0 * w[m] + b1 * w[m + 1] + b2 * w[m + 2]
        add_products(x[start:stop], w, sums, 0)
        add_products(y[start:stop], w, sums, 3)
    grad_b[0], grad_b[1], grad_b[2] = sums[0], sums[1], sums[2]
    grad_a[0], grad_a[1], grad_a[2] = 0.0, -sums[4], -sums[5]


@_compiled
def _forward_any_order(x, b, a, y):
    order = b.size - 1
    state = np.zeros(order + 1)  # the last entry stays zero
    for n in range(x.size):
        if n % BLOCK == 0 and np.max(np.abs(state)) < SILENT:
            state[:] = 0.0
        x_n = np.float64(x[n])
        y_n = b[0] * x_n + state[0]
        for k in range(order):
            state[k] = state[k + 1] + b[k + 1] * x_n - a[k + 1] * y_n
        y[n] = y_n


@_compiled
def _backward_any_order(grad, x, y, b, a, grad_x, grad_b, grad_a):
    order = b.size - 1
    w = np.zeros(order + 1)  # w[k] stands for w[n + k]
    grad_b[:] = 0.0
    grad_a[:] = 0.0
    for n in range(x.size - 1, -1, -1):
        if n % BLOCK == 0 and np.max(np.abs(w)) < SILENT:
            w[:] = 0.0
        x_n, y_n, w_n, grad_x_n = np.float64(x[n]), np.float64(y[n]), np.float64(grad[n]), 0.0
        for k in range(order, 0, -1):
            w[k] = w[k - 1]
            w_n -= a[k] * w[k]
        w[0] = w_n
        for k in range(order + 1):
            grad_x_n += b[k] * w[k]
            grad_b[k] += x_n * w[k]
            grad_a[k] -= y_n * w[k]
        grad_x[n] = grad_x_n
    grad_a[0] = 0.0


@_compiled
def forward(x, b, a, y):
    """Filter each row, from rest: y[n] = sum_k b[k] x[n-k] - sum_{k>0} a[k] y[n-k]."""
    for row in range(x.shape[0]):
        if b.shape[1] == 3:
            _section(x[row], b[row], a[row], y[row])
        else:
            _forward_any_order(x[row], b[row], a[row], y[row])


@_compiled
def backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    """Take the adjoint of `forward` in one pass, from the last sample to the first.

    With w[n] = grad[n] - sum_{k>0} a[k] w[n+k]:
    grad_x[n] = sum_k b[k] w[n+k],  grad_b[k] = sum_n x[n] w[n+k],  grad_a[k] = -sum_n y[n] w[n+k],  grad_a[0] = 0.
    """
    for row in range(x.shape[0]):
        if b.shape[1] == 3:
            _section_backward(grad[row], x[row], y[row], b[row], a[row], grad_x[row], grad_b[row], grad_a[row])
        else:
            _backward_any_order(grad[row], x[row], y[row], b[row], a[row], grad_x[row], grad_b[row], grad_a[row])
