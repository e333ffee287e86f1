"""The state-variable filter and its adjoint, compiled with Numba.

Rows, allocation and state as in ``ddsp_lite.kernels.recursion``. The plain PyTorch twin is
``ddsp_lite.filters.state_variable_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_BLOCK = 256
_SILENT = 1e-200

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, g, k, through, from_band, from_low, y, band, low):
    """Filter x [B, N] with g = tan(pi f / rate) and k = 1 / q, both [B, N].

    band[n] = s1 + g (x - k band - low),  low[n] = s2 + g band,  y = through x + from_band k band + from_low low,
    after which each integrator's state is twice its output less the state that it had.
    """
    for row in range(x.shape[0]):
        s1 = s2 = 0.0
        for start in range(0, x.shape[1], _BLOCK):
            if abs(s1) + abs(s2) < _SILENT:
                s1 = s2 = 0.0
            for n in range(start, min(start + _BLOCK, x.shape[1])):
                x_n, g_n, k_n = np.float64(x[row, n]), np.float64(g[row, n]), np.float64(k[row, n])
                v1 = (s1 + g_n * (x_n - s2)) * (1.0 / (1.0 + g_n * (g_n + k_n)))
                v2 = s2 + g_n * v1
                s1, s2 = 2.0 * v1 - s1, 2.0 * v2 - s2
                y[row, n] = through * x_n + from_band * k_n * v1 + from_low * v2
                band[row, n] = v1
                low[row, n] = v2


@_compiled
def backward(grad, x, g, k, band, low, through, from_band, from_low, grad_x, grad_g, grad_k):
    """Take the adjoint of `forward` in one pass, from the last sample to the first.

    t1 and t2 are the gradients of the states after sample n; p1 and p2 those of the two equations for band and low.
    """
    for row in range(x.shape[0]):
        t1 = t2 = 0.0
        for stop in range(x.shape[1], 0, -_BLOCK):
            if abs(t1) + abs(t2) < _SILENT:
                t1 = t2 = 0.0
            for n in range(stop - 1, max(stop - _BLOCK, 0) - 1, -1):
                x_n, g_n, k_n, grad_n = (
                    x[row, n],
                    np.float64(g[row, n]),
                    np.float64(k[row, n]),
                    np.float64(grad[row, n]),
                )
                v1, v2 = np.float64(band[row, n]), np.float64(low[row, n])
                for_band = from_band * k_n * grad_n + 2.0 * t1
                for_low = from_low * grad_n + 2.0 * t2
                p1 = (for_band + g_n * for_low) * (1.0 / (1.0 + g_n * (g_n + k_n)))
                p2 = for_low - g_n * p1
                grad_x[row, n] = through * grad_n + g_n * p1
                grad_g[row, n] = p1 * (x_n - k_n * v1 - v2) + p2 * v1
                grad_k[row, n] = v1 * (from_band * grad_n - g_n * p1)
                t1, t2 = p1 - t1, p2 - t2
