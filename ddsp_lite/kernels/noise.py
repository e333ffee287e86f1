"""Noise and its filters, compiled with Numba.

A frame of noise is convolved with its own symmetric response of 2 K - 1 taps, of which the K from the middle on are
given. Sums run over eight taps at a time, along a row of samples that stays in the cache: at these lengths that takes
fewer steps than a transform. Sounds and responses are all float32 or all float64. The plain PyTorch twins are in
``ddsp_lite.noise``; the chapter is ``oscillators/harmonic-bank``.
"""

import numba
import numpy as np

_HALF, _APART, _DIGITS = 2**26, 41473265, 13  # as in ddsp_lite.noise

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_compiled
def white(start, keys, result):
    """Hash places into noise [B, N], evenly spread over (-1, 1), in whole numbers."""
    mask = _HALF - 1
    for row in range(result.shape[0]):
        for n in range(result.shape[1]):
            place = start + n
            high, low = (row << 6) + (place >> 26), place & mask
            for key in keys:
                moved = (low + key) & mask
                mixed = moved * ((moved + _APART) & mask)
                high, low = low, (high + (mixed >> _DIGITS)) & mask
            result[row, n] = (2 * (low >> 2) + 1) / 16777216.0 - 1.0


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
def _around(grad, first, result):
    """Copy the samples of grad from ``first`` on, zeros where there are none."""
    low = min(max(0, -first), result.size)
    high = max(min(result.size, grad.size - first), low)
    result[:low] = 0
    result[low:high] = grad[first + low : first + high]
    result[high:] = 0


@_compiled
def forward(half, x, before, result):
    """Add the filtered frames of x [B, F, H] to result [B, N], which begins ``before`` samples after x.

    half [B, F, K] are the responses.
    """
    rows, frames, hop = x.shape
    middle, samples = half.shape[2] - 1, result.shape[1]
    padded, count = (hop + 7) // 8 * 8, (2 * middle + 15) // 8 * 8
    block = np.zeros(padded, x.dtype)
    taps, piece = np.zeros(count + 8, x.dtype), np.empty(padded + count, x.dtype)
    for row in range(rows):
        for j in range(frames):
            for k in range(hop):
                block[padded - 1 - k] = x[row, j, k]
            for k in range(middle + 1):
                taps[7 + middle - k] = taps[7 + middle + k] = half[row, j, k]
            piece[:] = 0
            for n in range(0, padded, 8):
                _eight(block[padded - 8 - n :], taps, piece[n:], count)
            start = j * hop - middle - before
            low, high = max(0, start), min(samples, start + hop + 2 * middle)
            if low < high:
                out, part = result[row, low:high], piece[low - start : high - start]
                for n in range(high - low):
                    out[n] += part[n]


@_compiled
def backward(grad, x, first, grad_half):
    """Give the responses' gradients [B, F, K] for frames of x [B, F, H], of which the first is frame ``first``."""
    rows, frames, hop = x.shape
    middle = grad_half.shape[2] - 1
    count, padded = (2 * middle + 8) // 8 * 8, (hop + 7) // 8 * 8
    block, sums, around = np.zeros(padded, x.dtype), np.empty(count, x.dtype), np.empty(count + padded, x.dtype)
    for row in range(rows):
        for j in range(frames):
            _around(grad[row], (first + j) * hop - middle, around)
            block[:hop] = x[row, j]
            sums[:] = 0
            for n in range(0, padded, 8):
                _eight(block[n:], around[n:], sums, count)
            grad_half[row, j, 0] = sums[middle]
            for k in range(1, middle + 1):
                grad_half[row, j, k] = sums[middle + k] + sums[middle - k]


@_compiled
def backward_noise(grad, half, first, grad_x):
    """Give the noise's gradient [B, F, H] for the same frames."""
    rows, frames, hop = grad_x.shape
    middle = half.shape[2] - 1
    padded, count = (2 * middle + 8) // 8 * 8, (hop + 7) // 8 * 8
    taps, sums = np.zeros(padded, half.dtype), np.empty(count, half.dtype)
    around = np.empty(count + padded, half.dtype)
    for row in range(rows):
        for j in range(frames):
            _around(grad[row], (first + j) * hop - middle, around)
            for k in range(middle + 1):
                taps[middle - k] = taps[middle + k] = half[row, j, k]
            sums[:] = 0
            for k in range(0, padded, 8):
                _eight(taps[k:], around[k:], sums, count)
            grad_x[row, j] = sums[:hop]
