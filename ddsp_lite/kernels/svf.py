"""The state-variable filter and its adjoint, compiled with Numba.

Rows, allocation and state as in ``ddsp_lite.kernels.recursion``. The plain PyTorch twin is
``ddsp_lite.filters.state_variable_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

from ddsp_lite.kernels.recursion import BLOCK, SILENT

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})


@_compiled
def forward(x, g, k, through, from_band, from_low, y, band, low):
    """Filter x [B, N] with g = tan(pi f / rate) [B, N] and k = 1 / q [B, N] or [B, 1].

    band[n] = s1 + g (x - k band - low),  low[n] = s2 + g band,  y = through x + from_band k band + from_low low,
    after which each integrator's state is twice its output less the state that it had.
    """
    moving = k.shape[1] > 1
    for row in range(x.shape[0]):
        s1 = s2 = 0.0
        for start in range(0, x.shape[1], BLOCK):
            if abs(s1) + abs(s2) < SILENT:
                s1 = s2 = 0.0
            for n in range(start, min(start + BLOCK, x.shape[1])):
                x_n, g_n, k_n = np.float64(x[row, n]), np.float64(g[row, n]), k[row, n if moving else 0]
                r = 1.0 / (1.0 + g_n * (g_n + k_n))
                gr = g_n * r
                v1 = (gr * x_n + r * s1) - gr * s2
                v2 = s2 + g_n * v1
                # The new states straight from the old ones, so that the next sample need not wait for v1 and v2.
                s1, s2 = (
                    (2.0 * gr * x_n + (2.0 * r - 1.0) * s1) - 2.0 * gr * s2,
                    (2.0 * g_n * gr * x_n + 2.0 * gr * s1) + (1.0 - 2.0 * g_n * gr) * s2,
                )
                y[row, n] = through * x_n + from_band * k_n * v1 + from_low * v2
                band[row, n] = v1
                low[row, n] = v2


@_compiled
def backward(grad, x, g, k, band, low, through, from_band, from_low, grad_x, grad_g, grad_k):
    """Take the adjoint of `forward` in one pass, from the last sample to the first.

    t1 and t2 are the gradients of the states after sample n; p1 and p2 those of the two equations for band and low.
    """
    moving = k.shape[1] > 1
    for row in range(x.shape[0]):
        t1 = t2 = total = 0.0
        for stop in range(x.shape[1], 0, -BLOCK):
            if abs(t1) + abs(t2) < SILENT:
                t1 = t2 = 0.0
            for n in range(stop - 1, max(stop - BLOCK, 0) - 1, -1):
                x_n, g_n, grad_n = np.float64(x[row, n]), np.float64(g[row, n]), np.float64(grad[row, n])
                v1, v2, k_n = np.float64(band[row, n]), np.float64(low[row, n]), k[row, n if moving else 0]
                r = 1.0 / (1.0 + g_n * (g_n + k_n))
                gr = g_n * r
                direct = from_band * k_n * grad_n + g_n * (from_low * grad_n)
                p1 = (r * direct + 2.0 * r * t1) + 2.0 * gr * t2
                p2 = from_low * grad_n + 2.0 * t2 - g_n * p1
                grad_x[row, n] = through * grad_n + g_n * p1
                grad_g[row, n] = p1 * (x_n - k_n * v1 - v2) + p2 * v1
                for_k = v1 * (from_band * grad_n - g_n * p1)
                if moving:
                    grad_k[row, n] = for_k
                total += for_k
                t1, t2 = (
                    (r * direct + (2.0 * r - 1.0) * t1) + 2.0 * gr * t2,
                    (from_low * grad_n - gr * direct - 2.0 * gr * t1) + (1.0 - 2.0 * g_n * gr) * t2,
                )
        if not moving:
            grad_k[row, 0] = total
