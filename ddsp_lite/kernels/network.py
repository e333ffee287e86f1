"""A network of delay lines that feed each other, and its adjoint, compiled with Numba.

Rows and allocation as in ``ddsp_lite.kernels.recursion``; all but the sound is float64. The plain PyTorch twin is
``ddsp_lite.effects.delay_network_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, taps, lag, matrix, into, out, y, v):
    """Run M lines: u[j] = sum_k taps[j, k] v[j, n - lag[j] - k], v[i, n] = into[i] x[n] + sum_j matrix[i, j] u[j].

    x [B, N]; taps [B, M, K]; lag [B, M]; matrix [B, M, M]; into and out [B, M]. y [B, N] = sum_j out[j] u[j];
    v [B, M, N] is what enters each line.
    """
    lines, count = taps.shape[1], taps.shape[2]
    u = np.zeros(lines)
    for row in range(x.shape[0]):
        for n in range(x.shape[1]):
            total = 0.0
            for j in range(lines):
                newest, value = n - lag[row, j], 0.0
                for k in range(min(count, newest + 1)):
                    value += taps[row, j, k] * v[row, j, newest - k]
                u[j] = value
                total += out[row, j] * value
            y[row, n] = total
            for i in range(lines):
                value = into[row, i] * np.float64(x[row, n])
                for j in range(lines):
                    value += matrix[row, i, j] * u[j]
                v[row, i, n] = 0.0 if abs(value) < _SILENT else value


@_compiled
def backward(grad, x, taps, lag, matrix, into, out, v, w, grad_x, grad_taps, grad_matrix, grad_into, grad_out):
    """Take the adjoint of `forward` in one pass, from the last sample to the first.

    w [B, M, N], zeros at first, gathers the gradient of v; p[j] is that of u[j]. The gradients come in as zeros.
    """
    lines, count = taps.shape[1], taps.shape[2]
    u = np.zeros(lines)
    for row in range(x.shape[0]):
        for n in range(x.shape[1] - 1, -1, -1):
            x_n, grad_n, for_x = np.float64(x[row, n]), np.float64(grad[row, n]), 0.0
            for j in range(lines):
                newest, value = n - lag[row, j], 0.0
                for k in range(min(count, newest + 1)):
                    value += taps[row, j, k] * v[row, j, newest - k]
                u[j] = value
                if abs(w[row, j, n]) < _SILENT:
                    w[row, j, n] = 0.0
            for i in range(lines):
                w_n = w[row, i, n]
                for_x += into[row, i] * w_n
                grad_into[row, i] += w_n * x_n
                for j in range(lines):
                    grad_matrix[row, i, j] += w_n * u[j]
            grad_x[row, n] = for_x
            for j in range(lines):
                p = out[row, j] * grad_n
                for i in range(lines):
                    p += matrix[row, i, j] * w[row, i, n]
                grad_out[row, j] += grad_n * u[j]
                newest = n - lag[row, j]
                for k in range(min(count, newest + 1)):
                    w[row, j, newest - k] += taps[row, j, k] * p
                    grad_taps[row, j, k] += p * v[row, j, newest - k]
