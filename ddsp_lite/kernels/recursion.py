"""The recursion of a digital filter and its adjoint, compiled with Numba.

Both kernels work on rows, one filter for each row, and hold state and sums in float64 whatever the signal's type.
They write into arrays that the caller allocates; coefficients are (rows, order + 1) with a[:, 0] = 1 and order >= 2.
Second order has its own loop, whose state stays in registers. The plain PyTorch twin is
``ddsp_lite.filters.recursion_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

# A decaying tail ends in numbers below 1e-308, with which processors are some fifty times slower.
# Once a block, a state that is far below anything audible is therefore set to zero.
_BLOCK = 256
_SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def _forward_second_order(x, b, a, y):
    b0, b1, b2 = b[0], b[1], b[2]
    a1, a2 = a[1], a[2]
    s1 = s2 = 0.0
    for start in range(0, x.size, _BLOCK):
        if abs(s1) + abs(s2) < _SILENT:
            s1 = s2 = 0.0
        for n in range(start, min(start + _BLOCK, x.size)):
            x_n = np.float64(x[n])
            y_n = b0 * x_n + s1
            s1 = b1 * x_n + s2 - a1 * y_n
            s2 = b2 * x_n - a2 * y_n
            y[n] = y_n


@_compiled
def _forward_any_order(x, b, a, y):
    order = b.size - 1
    state = np.zeros(order + 1)  # the last entry stays zero
    for n in range(x.size):
        if n % _BLOCK == 0 and np.max(np.abs(state)) < _SILENT:
            state[:] = 0.0
        x_n = np.float64(x[n])
        y_n = b[0] * x_n + state[0]
        for k in range(order):
            state[k] = state[k + 1] + b[k + 1] * x_n - a[k + 1] * y_n
        y[n] = y_n


@_compiled
def _backward_second_order(grad, x, y, b, a, grad_x, grad_b, grad_a):
    b0, b1, b2 = b[0], b[1], b[2]
    a1, a2 = a[1], a[2]
    w1 = w2 = 0.0
    grad_b0 = grad_b1 = grad_b2 = grad_a1 = grad_a2 = 0.0
    for stop in range(x.size, 0, -_BLOCK):
        if abs(w1) + abs(w2) < _SILENT:
            w1 = w2 = 0.0
        for n in range(stop - 1, max(stop - _BLOCK, 0) - 1, -1):
            x_n, y_n = np.float64(x[n]), np.float64(y[n])
            w0 = np.float64(grad[n]) - a2 * w2 - a1 * w1
            grad_x[n] = b0 * w0 + b1 * w1 + b2 * w2
            grad_b0 += x_n * w0
            grad_b1 += x_n * w1
            grad_b2 += x_n * w2
            grad_a1 -= y_n * w1
            grad_a2 -= y_n * w2
            w1, w2 = w0, w1
    grad_b[0], grad_b[1], grad_b[2] = grad_b0, grad_b1, grad_b2
    grad_a[0], grad_a[1], grad_a[2] = 0.0, grad_a1, grad_a2


@_compiled
def _backward_any_order(grad, x, y, b, a, grad_x, grad_b, grad_a):
    order = b.size - 1
    w = np.zeros(order + 1)  # w[k] stands for w[n + k]
    grad_b[:] = 0.0
    grad_a[:] = 0.0
    for n in range(x.size - 1, -1, -1):
        if n % _BLOCK == 0 and np.max(np.abs(w)) < _SILENT:
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
            _forward_second_order(x[row], b[row], a[row], y[row])
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
            _backward_second_order(grad[row], x[row], y[row], b[row], a[row], grad_x[row], grad_b[row], grad_a[row])
        else:
            _backward_any_order(grad[row], x[row], y[row], b[row], a[row], grad_x[row], grad_b[row], grad_a[row])
