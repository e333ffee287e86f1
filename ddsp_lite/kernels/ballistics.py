"""Smoothing that rises with one speed and falls with another, and its adjoint, compiled with Numba.

Rows, allocation and state as in ``ddsp_lite.kernels.recursion``; the poles are one for each row. The plain PyTorch twin
is ``ddsp_lite.effects.ballistics_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, rise, fall, y):
    """Smooth x [B, N]: y[n] = p y[n-1] + (1 - p) x[n], with p = rise [B] where x[n] > y[n-1], else fall [B]."""
    for row in range(x.shape[0]):
        up, down, last = rise[row], fall[row], 0.0
        for n in range(x.shape[1]):
            x_n = np.float64(x[row, n])
            pole = up if x_n > last else down
            last = x_n + pole * (last - x_n)
            if abs(last) < _SILENT:
                last = 0.0
            y[row, n] = last


@_compiled
def backward(grad, x, y, rise, fall, grad_x, grad_rise, grad_fall):
    """Take the adjoint of `forward` in one pass, from the last sample to the first; y is float64.

    With w[n] = grad[n] + p[n+1] w[n+1]: grad_x[n] = (1 - p[n]) w[n], grad_p = sum of w[n] (y[n-1] - x[n]) over the
    samples where the pole was p.
    """
    for row in range(x.shape[0]):
        up, down, later, for_rise, for_fall = rise[row], fall[row], 0.0, 0.0, 0.0
        for n in range(x.shape[1] - 1, -1, -1):
            x_n, last = np.float64(x[row, n]), y[row, n - 1] if n > 0 else 0.0
            w = np.float64(grad[row, n]) + later
            if x_n > last:
                pole = up
                for_rise += w * (last - x_n)
            else:
                pole = down
                for_fall += w * (last - x_n)
            grad_x[row, n] = (1.0 - pole) * w
            later = pole * w
            if abs(later) < _SILENT:
                later = 0.0
        grad_rise[row], grad_fall[row] = for_rise, for_fall
