"""A delay line that feeds back, and its adjoint, compiled with Numba.

Rows and allocation as in ``ddsp_lite.kernels.recursion``. Taps [B, F, K] and lags [B, F] are one for each row (F = 1)
or one for each sample (F = N); results are float64. A loop that has fallen silent is set to zero, so that it does not
end in slow denormal numbers. The plain PyTorch twin is ``ddsp_lite.effects.lagged_recursion_twin``; the chapter is
``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, taps, lag, y):
    """Run y[n] = x[n] + sum_k taps[n, k] y[n - lag[n] - k], from silence, with every lag at least 1."""
    moving, count = taps.shape[1] > 1, taps.shape[2]
    for row in range(x.shape[0]):
        for n in range(x.shape[1]):
            frame = n if moving else 0
            newest, total = n - lag[row, frame], np.float64(x[row, n])
            for k in range(min(count, newest + 1)):
                total += taps[row, frame, k] * y[row, newest - k]
            y[row, n] = 0.0 if abs(total) < _SILENT else total


@_compiled
def backward(y, taps, lag, w, grad_taps):
    """Take the adjoint of `forward` in one pass, from the last sample to the first.

    w [B, N] comes in as the gradient of y and goes out as that of x:
    w[n] = grad[n] + sum of taps[m, k] w[m] over all m and k with m - lag[m] - k = n;
    grad_taps[n, k] = w[n] y[n - lag[n] - k], summed over the samples where the taps are one for each row.
    """
    moving, count = taps.shape[1] > 1, taps.shape[2]
    grad_taps[:] = 0.0
    for row in range(y.shape[0]):
        for n in range(y.shape[1] - 1, -1, -1):
            frame, w_n = n if moving else 0, w[row, n]
            if abs(w_n) < _SILENT:
                w[row, n] = 0.0
                continue
            newest = n - lag[row, frame]
            for k in range(min(count, newest + 1)):
                w[row, newest - k] += taps[row, frame, k] * w_n
                grad_taps[row, frame, k] += w_n * y[row, newest - k]
