"""Recursions whose coefficients change from sample to sample or from frame to frame, and their adjoints, with Numba.

All kernels work on rows, hold state and sums in float64, and write into arrays that the caller allocates. The sound and
the coefficients may each be float32 or float64. Silent states are set to zero once a block, as in
``ddsp_lite.kernels.recursion``. The plain PyTorch twins are in ``ddsp_lite.filters.varying`` and
``ddsp_lite.filters.allpole``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

from ddsp_lite.kernels.recursion import BLOCK, SILENT

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})


@_compiled
def _biquad_row(x, b, a, y, wide):
    """Filter x [N] with b and a [3 N], flat, so that their stride is a number that the compiler knows."""
    x1 = x2 = y1 = y2 = divisors = 0.0
    for start in range(0, x.size, BLOCK):
        stop = start + BLOCK
        x_now, y_now, wide_now = x[start:stop], y[start:stop], wide[start:stop]
        b_now, a_now = b[3 * start : 3 * stop], a[3 * start : 3 * stop]
        if abs(y1) + abs(y2) < SILENT:
            y1 = y2 = 0.0
        for n in range(x_now.size):
            # All but the last product is there before the last output is: a sample waits for one operation.
            x0, r = np.float64(x_now[n]), 1.0 / np.float64(a_now[3 * n])
            ahead = (b_now[3 * n] * x0 + b_now[3 * n + 1] * x1 + b_now[3 * n + 2] * x2) * r - a_now[3 * n + 2] * r * y2
            y0 = ahead - a_now[3 * n + 1] * r * y1
            y_now[n] = y0
            if wide.size > 0:
                wide_now[n] = y0
            divisors += a_now[3 * n]
            x1, x2, y1, y2 = x0, x1, y0, y1
    if not np.isfinite(divisors):  # infinity divides to zero: the only bad coefficient that the result would hide
        y[x.size - 1] = np.nan


@_compiled
def biquad(x, b, a, y, wide):
    """Filter x [B, N] with b and a [B, N, 3]: a0[n] y[n] = sum_k bk[n] x[n-k] - a1[n] y[n-1] - a2[n] y[n-2].

    The result also goes into wide [B, N], if that is not empty. It is not finite if a coefficient is not, and if an a0
    is zero.
    """
    for row in range(x.shape[0]):
        also = wide[row : row + 1]
        _biquad_row(x[row], b[row].reshape(-1), a[row].reshape(-1), y[row], also.reshape(also.size))


@_compiled
def _biquad_row_backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    last = x.size - 1
    x0, x1 = np.float64(x[last]), np.float64(x[last - 1]) if last > 0 else 0.0
    y0, y1 = np.float64(y[last]), np.float64(y[last - 1]) if last > 0 else 0.0
    # From later samples: w, a1 of the next, a2 of the two next, and what feed-forward coefficients ask by w: the
    # first number from sample n + 1, the second from n + 2, the third from n + 1 for the sample before.
    w1 = w2 = a11 = a21 = a22 = ahead1 = ahead2 = ahead3 = 0.0
    for block in range(last // BLOCK, -1, -1):
        start, stop = block * BLOCK, (block + 1) * BLOCK
        given, into = grad[start:stop], grad_x[start:stop]
        b_now, a_now = b[3 * start : 3 * stop], a[3 * start : 3 * stop]
        into_b, into_a = grad_b[3 * start : 3 * stop], grad_a[3 * start : 3 * stop]
        missing = 2 if block == 0 else 0  # the first two samples have no two before them
        x_past, y_past = x[start - 2 + missing : stop], y[start - 2 + missing : stop]
        length = given.size
        if abs(w1) + abs(w2) < SILENT:
            w1 = w2 = 0.0
        for i in range(length):
            n = np.uint64(length - 1 - i)  # unsigned: a negative index is not looked for
            k0, k1, k2 = np.uint64(3) * n, np.uint64(3) * n + np.uint64(1), np.uint64(3) * n + np.uint64(2)
            x2 = y2 = 0.0
            if n >= missing:
                x2, y2 = np.float64(x_past[n - np.uint64(missing)]), np.float64(y_past[n - np.uint64(missing)])
            r = 1.0 / np.float64(a_now[k0])
            w = (np.float64(given[n]) - a22 * w2) * r - a11 * r * w1
            into[n] = b_now[k0] * w + ahead1 + ahead2
            ahead1, ahead2, ahead3 = b_now[k1] * w, ahead3, b_now[k2] * w
            into_b[k0], into_b[k1], into_b[k2] = w * x0, w * x1, w * x2
            into_a[k0], into_a[k1], into_a[k2] = -w * y0, -w * y1, -w * y2
            a11, a22, a21 = np.float64(a_now[k1]), a21, np.float64(a_now[k2])
            w1, w2, x0, x1, y0, y1 = w, w1, x1, x2, y1, y2


@_compiled
def biquad_backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    """Take the adjoint of `biquad` in one pass, from the last sample to the first.

    With a0[n] w[n] = grad[n] - a1[n+1] w[n+1] - a2[n+2] w[n+2]:
    grad_x[n] = sum_k bk[n+k] w[n+k],  grad_bk[n] = w[n] x[n-k],  grad_ak[n] = -w[n] y[n-k].
    """
    for row in range(x.shape[0]):
        given = (b[row].reshape(-1), a[row].reshape(-1))
        into = (grad_x[row], grad_b[row].reshape(-1), grad_a[row].reshape(-1))
        _biquad_row_backward(grad[row], x[row], y[row], *given, *into)


@_compiled
def one_pole(x, gain, pole, y):
    """Filter x [B, N] with gain and pole [B, N]: y[n] = gain[n] x[n] + pole[n] y[n-1]."""
    for row in range(x.shape[0]):
        y1 = 0.0
        for start in range(0, x.shape[1], BLOCK):
            if abs(y1) < SILENT:
                y1 = 0.0
            for n in range(start, min(start + BLOCK, x.shape[1])):
                y1 = np.float64(gain[row, n]) * np.float64(x[row, n]) + np.float64(pole[row, n]) * y1
                y[row, n] = y1


@_compiled
def one_pole_backward(grad, x, y, gain, pole, grad_x, grad_gain, grad_pole):
    """Take the adjoint of `one_pole`.

    With w[n] = grad[n] + pole[n+1] w[n+1]: grad_x[n] = gain[n] w[n], grad_gain[n] = x[n] w[n],
    grad_pole[n] = y[n-1] w[n].
    """
    for row in range(x.shape[0]):
        later = 0.0  # pole[n+1] w[n+1]
        for n in range(x.shape[1] - 1, -1, -1):
            if n % BLOCK == 0 and abs(later) < SILENT:
                later = 0.0
            w = np.float64(grad[row, n]) + later
            grad_x[row, n] = np.float64(gain[row, n]) * w
            grad_gain[row, n] = np.float64(x[row, n]) * w
            grad_pole[row, n] = np.float64(y[row, n - 1]) * w if n > 0 else 0.0
            later = np.float64(pole[row, n]) * w


@_compiled
def all_pole(x, a, y):
    """Filter x [B, N] with a [B, F, K], held for N / F samples: y[n] = x[n] - sum_k a[n // hop, k] y[n-1-k]."""
    order, hop = a.shape[2], x.shape[1] // a.shape[1]
    for row in range(x.shape[0]):
        past = np.zeros(order)
        for frame in range(a.shape[1]):
            if np.max(np.abs(past)) < SILENT:
                past[:] = 0.0
            for n in range(frame * hop, (frame + 1) * hop):
                y_n = np.float64(x[row, n])
                for k in range(order - 1, 0, -1):
                    y_n -= np.float64(a[row, frame, k]) * past[k]
                    past[k] = past[k - 1]
                y_n -= np.float64(a[row, frame, 0]) * past[0]
                past[0] = y_n
                y[row, n] = y_n


@_compiled
def all_pole_backward(grad, y, a, grad_x, grad_a):
    """Take the adjoint of `all_pole`.

    With w[n] = grad[n] - sum_k a[(n+1+k) // hop, k] w[n+1+k]: grad_x[n] = w[n],
    grad_a[f, k] = -sum over the frame of w[n] y[n-1-k].
    """
    order, hop = a.shape[2], y.shape[1] // a.shape[1]
    for row in range(y.shape[0]):
        asked = np.zeros(order + 1)  # asked[k]: what later samples ask of sample n - k; the last stays zero
        for frame in range(a.shape[1] - 1, -1, -1):
            if np.max(np.abs(asked)) < SILENT:
                asked[:] = 0.0
            sums = np.zeros(order)
            for n in range((frame + 1) * hop - 1, frame * hop - 1, -1):
                w = np.float64(grad[row, n]) + asked[0]
                for k in range(order):
                    asked[k] = asked[k + 1] - np.float64(a[row, frame, k]) * w
                for k in range(min(order, n)):
                    sums[k] -= w * np.float64(y[row, n - 1 - k])
                grad_x[row, n] = w
            grad_a[row, frame, :] = sums
