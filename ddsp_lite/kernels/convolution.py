"""Convolution of short sounds, compiled with Numba, eight taps at a time: faster than the calls of a transform.

Rows, as in ``ddsp_lite.kernels.recursion``; all arrays are of one type. The plain PyTorch twin is ``_convolved`` of
``ddsp_lite.effects.reverb``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_compiled
def _eight(weights, source, result, count):
    """Add source, shifted by 0 to 7 samples and weighted, to the first ``count`` samples of result."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    w4, w5, w6, w7 = weights[4], weights[5], weights[6], weights[7]
    for n in range(count):
        early = w0 * source[n] + w1 * source[n + 1] + w2 * source[n + 2] + w3 * source[n + 3]
        late = w4 * source[n + 4] + w5 * source[n + 5] + w6 * source[n + 6] + w7 * source[n + 7]
        result[n] += early + late


@_compiled
def forward(x, h, y):
    """Give the first samples of the convolution of x [B, N] and h [B, M]: y[n] = sum_m h[m] x[n - m]."""
    samples, taps = x.shape[1], h.shape[1]
    padded = (taps + 7) // 8 * 8
    block, source = np.zeros(padded, x.dtype), np.zeros(samples + 14, x.dtype)
    total = np.zeros(samples + 7 + max(padded, y.shape[1]), x.dtype)
    for row in range(x.shape[0]):
        block[padded - taps :] = h[row, ::-1]
        source[7 : 7 + samples] = x[row]
        total[:] = 0
        for m in range(0, padded, 8):
            _eight(block[padded - 8 - m :], source, total[m:], samples + 7)
        y[row] = total[: y.shape[1]]


@_compiled
def backward(grad, h, grad_x):
    """Take the adjoint: grad_x[n] = sum_m h[m] grad[n + m]; x and h may change places."""
    samples, taps = grad_x.shape[1], h.shape[1]
    padded, length = (taps + 7) // 8 * 8, min(grad.shape[1], samples + taps - 1)
    block, source = np.zeros(padded, h.dtype), np.zeros(samples + padded + 7, h.dtype)
    for row in range(grad.shape[0]):
        block[:taps] = h[row]
        source[:length] = grad[row, :length]
        grad_x[row] = 0
        for m in range(0, padded, 8):
            _eight(block[m:], source[m:], grad_x[row], samples)
