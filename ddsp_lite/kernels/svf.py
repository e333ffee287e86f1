"""The state-variable filter and its adjoint, compiled with Numba.

Rows, allocation and state as in ``ddsp_lite.kernels.recursion``. The plain PyTorch twin is
``ddsp_lite.filters.state_variable_twin``; the chapter is ``gradients/filter-cutoff``.

A block goes through the work arrays in three steps. In the first and the last no sample waits for another, and the
processor takes several at once. The one between carries the two states along, by pairs of samples: what a pair does to
the states, a matrix and a shift, is there from the first step, so that only one sample in two waits for the one before.
"""

import numba
import numpy as np

from ddsp_lite.kernels.recursion import SILENT

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})

BLOCK = 128  # samples; the work arrays then fit the processor's first cache
# The lines of the work arrays. Those of one array are known not to overlap. Arrays that may overlap have to be looked
# at before several samples are taken at once, and given up when there are many of them: hence two arrays and no more.
K, G, R, GR, STATE1, STATE2, X, LINES = range(8)  # a number a sample: r = 1 / (1 + g (g + k)), the states before it
GRAD, DIRECT, BAND, FOR_G, FOR_K, TOTAL_K, BACK_LINES = range(6, 13)  # likewise, in `backward`
A11, A21, A22, U1, U2, M11, M12, M21, M22, C1, C2, PAIR_LINES = range(12)  # a number a pair: its first sample and both


@_compiled
def forward(x, g, k, through, from_band, from_low, y, band, low):
    """Filter x [B, N] with g = tan(pi f / rate) [B, N] and k = 1 / q [B, N] or [B, 1].

    band[n] = s1 + g (x - k band - low),  low[n] = s2 + g band,  y = through x + from_band k band + from_low low,
    after which each integrator's state is twice its output less the state that it had. The new states straight from
    the old ones: s <- A s + u with A = [[a11, -a21], [a21, a22]], and M s + c after a pair.
    """
    w, p = np.empty((LINES, BLOCK)), np.empty((PAIR_LINES, BLOCK // 2))
    moving = k.shape[1] > 1
    for row in range(x.shape[0]):
        s1 = s2 = 0.0
        w[K, :] = k[row, 0]
        for start in range(0, x.shape[1], BLOCK):
            stop = start + BLOCK
            x_now, g_now, k_now = x[row, start:stop], g[row, start:stop], k[row, start:stop]
            y_now, band_now, low_now = y[row, start:stop], band[row, start:stop], low[row, start:stop]
            length = x_now.size
            if moving:
                for m in range(length):
                    w[K, m] = k_now[m]
            for m in range(length):
                g_m = np.float64(g_now[m])
                r = 1.0 / (1.0 + g_m * (g_m + w[K, m]))
                w[X, m], w[G, m], w[R, m], w[GR, m] = x_now[m], g_m, r, g_m * r
            # With an odd length, the last pair's other sample is whatever lies there: the row ends, nobody asks for it.
            pairs = (length + 1) // 2
            for i in range(pairs):
                m, o = 2 * i, 2 * i + 1
                a11, a21, a22 = 2.0 * w[R, m] - 1.0, 2.0 * w[GR, m], 1.0 - 2.0 * w[G, m] * w[GR, m]
                b11, b21, b22 = 2.0 * w[R, o] - 1.0, 2.0 * w[GR, o], 1.0 - 2.0 * w[G, o] * w[GR, o]
                u1, v1 = a21 * w[X, m], b21 * w[X, o]
                u2, v2 = w[G, m] * u1, w[G, o] * v1
                p[A11, i], p[A21, i], p[A22, i], p[U1, i], p[U2, i] = a11, a21, a22, u1, u2
                p[M11, i], p[M12, i] = b11 * a11 - b21 * a21, -b11 * a21 - b21 * a22
                p[M21, i], p[M22, i] = b21 * a11 + b22 * a21, b22 * a22 - b21 * a21
                p[C1, i], p[C2, i] = (v1 + b11 * u1) - b21 * u2, (v2 + b21 * u1) + b22 * u2
            if abs(s1) + abs(s2) < SILENT:
                s1 = s2 = 0.0
            for i in range(pairs):
                w[STATE1, 2 * i], w[STATE2, 2 * i] = s1, s2
                w[STATE1, 2 * i + 1] = (p[U1, i] + p[A11, i] * s1) - p[A21, i] * s2
                w[STATE2, 2 * i + 1] = (p[U2, i] + p[A21, i] * s1) + p[A22, i] * s2
                s1, s2 = (p[C1, i] + p[M11, i] * s1) + p[M12, i] * s2, (p[C2, i] + p[M21, i] * s1) + p[M22, i] * s2
            for m in range(length):
                v1 = (w[GR, m] * w[X, m] + w[R, m] * w[STATE1, m]) - w[GR, m] * w[STATE2, m]
                v2 = w[STATE2, m] + w[G, m] * v1
                y_now[m] = through * w[X, m] + from_band * w[K, m] * v1 + from_low * v2
                band_now[m] = v1
                low_now[m] = v2


@_compiled
def backward(grad, x, g, k, band, low, through, from_band, from_low, grad_x, grad_g, grad_k):
    """Take the adjoint of `forward` in one pass, from the last sample to the first, the order of the work arrays.

    t1 and t2 are the gradients of the states after sample n; p1 and p2 those of the two equations for band and low.
    t <- A^T t + u for a sample, with A as in `forward`, and M t + c for a pair.
    """
    w, p = np.zeros((BACK_LINES, BLOCK)), np.empty((PAIR_LINES, BLOCK // 2))
    moving = k.shape[1] > 1
    for row in range(x.shape[0]):
        t1 = t2 = 0.0
        w[K, :] = k[row, 0]
        w[TOTAL_K, :] = 0.0
        for stop in range(x.shape[1], 0, -BLOCK):
            start = max(stop - BLOCK, 0)
            grad_now, x_now, g_now = grad[row, start:stop], x[row, start:stop], g[row, start:stop]
            k_now, band_now, low_now = k[row, start:stop], band[row, start:stop], low[row, start:stop]
            x_back, g_back, k_back = grad_x[row, start:stop], grad_g[row, start:stop], grad_k[row, start:stop]
            length = x_now.size
            # Indices that run down are unsigned, since signed ones would be looked at for being below zero.
            if moving:
                for m in range(length):
                    w[K, m] = k_now[np.uint64(length - 1 - m)]
            for m in range(length):
                n = np.uint64(length - 1 - m)
                g_n, grad_n, v1 = np.float64(g_now[n]), np.float64(grad_now[n]), np.float64(band_now[n])
                r = 1.0 / (1.0 + g_n * (g_n + w[K, m]))
                w[G, m], w[R, m], w[GR, m], w[GRAD, m], w[BAND, m] = g_n, r, g_n * r, grad_n, v1
                w[DIRECT, m] = from_band * w[K, m] * grad_n + g_n * (from_low * grad_n)
                w[FOR_G, m] = np.float64(x_now[n]) - w[K, m] * v1 - np.float64(low_now[n])
            pairs = (length + 1) // 2
            for i in range(pairs):
                m, o = 2 * i, 2 * i + 1
                a11, a21, a22 = 2.0 * w[R, m] - 1.0, 2.0 * w[GR, m], 1.0 - 2.0 * w[G, m] * w[GR, m]
                b11, b21, b22 = 2.0 * w[R, o] - 1.0, 2.0 * w[GR, o], 1.0 - 2.0 * w[G, o] * w[GR, o]
                u1, u2 = w[R, m] * w[DIRECT, m], from_low * w[GRAD, m] - w[GR, m] * w[DIRECT, m]
                v1, v2 = w[R, o] * w[DIRECT, o], from_low * w[GRAD, o] - w[GR, o] * w[DIRECT, o]
                p[A11, i], p[A21, i], p[A22, i], p[U1, i], p[U2, i] = a11, a21, a22, u1, u2
                p[M11, i], p[M12, i] = b11 * a11 - b21 * a21, b11 * a21 + b21 * a22
                p[M21, i], p[M22, i] = -b21 * a11 - b22 * a21, b22 * a22 - b21 * a21
                p[C1, i], p[C2, i] = (v1 + b11 * u1) + b21 * u2, (v2 - b21 * u1) + b22 * u2
            if abs(t1) + abs(t2) < SILENT:
                t1 = t2 = 0.0
            for i in range(pairs):
                w[STATE1, 2 * i], w[STATE2, 2 * i] = t1, t2
                w[STATE1, 2 * i + 1] = (p[U1, i] + p[A11, i] * t1) + p[A21, i] * t2
                w[STATE2, 2 * i + 1] = (p[U2, i] - p[A21, i] * t1) + p[A22, i] * t2
                t1, t2 = (p[C1, i] + p[M11, i] * t1) + p[M12, i] * t2, (p[C2, i] + p[M21, i] * t1) + p[M22, i] * t2
            for m in range(length):
                n = np.uint64(length - 1 - m)
                p1 = (w[R, m] * w[DIRECT, m] + 2.0 * w[R, m] * w[STATE1, m]) + 2.0 * w[GR, m] * w[STATE2, m]
                p2 = from_low * w[GRAD, m] + 2.0 * w[STATE2, m] - w[G, m] * p1
                x_back[n] = through * w[GRAD, m] + w[G, m] * p1
                g_back[n] = p1 * w[FOR_G, m] + p2 * w[BAND, m]
                w[FOR_K, m] = w[BAND, m] * (from_band * w[GRAD, m] - w[G, m] * p1)
            if moving:
                for m in range(length):
                    k_back[np.uint64(length - 1 - m)] = w[FOR_K, m]
            else:
                for m in range(length):
                    w[TOTAL_K, m] += w[FOR_K, m]
        if not moving:
            grad_k[row, 0] = np.sum(w[TOTAL_K])
