"""Coefficients of second-order filters from cutoff and q, and their gradient, compiled with Numba.

Controls may be float32 or float64 and are contiguous [M]; q may also be [1]. Everything is computed in float64, a block
at a time. Coefficients are taken flat and what is in between lies in one array, since only a stride that is a known
number and few arrays let the compiler work on several samples at once. The same by PyTorch operations is in
``ddsp_lite.filters.design``; the chapter is ``gradients/filter-cutoff``.
"""

import math

import numba
import numpy as np

from ddsp_lite.kernels.recursion import BLOCK, _summing

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"contract"})
_inlined = numba.njit(error_model="numpy", nogil=True, fastmath={"contract"}, inline="always")


@_inlined
def _sine(x):
    """Sine from 0 to pi / 2 by Taylor's series, with a relative error of 3e-16."""
    z = x * x
    p = -1 / 121645100408832000
    p = p * z + 1 / 355687428096000
    p = p * z - 1 / 1307674368000
    p = p * z + 1 / 6227020800
    p = p * z - 1 / 39916800
    p = p * z + 1 / 362880
    p = p * z - 1 / 5040
    p = p * z + 1 / 120
    p = p * z - 1 / 6
    return x + x * z * p


@_compiled
def tangent(frequency, rate, g):
    """Give g = tan(pi frequency / rate) by Lambert's continued fraction, with a relative error of 1e-15.

    Its eight levels hold to pi / 4; above, the tangent is one over that of the rest to pi / 2.
    """
    step, half = math.pi / rate, 0.5 * rate
    for m in range(frequency.size):
        f = np.float64(frequency[m])
        x = step * min(f, half - f)
        z = x * x
        p = x * (2027025.0 - z * (270270.0 - z * (6930.0 - z * 36.0)))
        q = 2027025.0 - z * (945945.0 - z * (51975.0 - z * (630.0 - z)))
        below = f < half - f
        g[m] = (p if below else q) / (q if below else p)


@_compiled
def tangent_backward(grad, g, rate, grad_frequency):
    """Take the gradient of `tangent` from g itself."""
    step = math.pi / rate
    for m in range(g.size):
        grad_frequency[m] = grad[m] * (1.0 + g[m] * g[m]) * step


@_compiled
def _angles(frequency, q, rate, work):
    """Put sine, cosine and 1 / q of a block into `work`, each at a multiple of BLOCK."""
    step, half = math.pi / rate, 0.5 * rate
    for m in range(frequency.size):
        f = np.float64(frequency[m])
        work[m] = _sine(step * f)
        work[BLOCK + m] = _sine(step * (half - f))
    if q.size == 1:
        for m in range(frequency.size):
            work[2 * BLOCK + m] = 1.0 / np.float64(q[0])
    else:
        for m in range(frequency.size):
            work[2 * BLOCK + m] = 1.0 / np.float64(q[m])


@_compiled
def biquad(frequency, q, rate, low, band, high, b, a):
    """Design H(s) = (high s^2 + band s / q + low) / (s^2 + s / q + 1): b and a [M, 3], divided by a_0."""
    work, b_flat, a_flat = np.empty(4 * BLOCK), b.reshape(b.size), a.reshape(a.size)
    for start in range(0, frequency.size, BLOCK):
        stop = start + BLOCK
        f, b_now, a_now = frequency[start:stop], b_flat[3 * start : 3 * stop], a_flat[3 * start : 3 * stop]
        _angles(f, q if q.size == 1 else q[start:stop], rate, work)
        for m in range(f.size):
            s, c = work[m], work[BLOCK + m]
            alpha, s2, c2 = s * c * work[2 * BLOCK + m], s * s, c * c
            r = 1.0 / (1.0 + alpha)
            work[m], work[BLOCK + m], work[2 * BLOCK + m], work[3 * BLOCK + m] = s2, c2, alpha, r
            a_now[3 * m], a_now[3 * m + 1], a_now[3 * m + 2] = 1.0, 2.0 * (s2 - c2) * r, 1.0 - 2.0 * alpha * r
        if low == high:  # so that an all-pass comes out exactly symmetric
            for m in range(f.size):
                s2, c2, alpha, r = work[m], work[BLOCK + m], work[2 * BLOCK + m], work[3 * BLOCK + m]
                odd = band * alpha
                b_now[3 * m] = low - (low * alpha - odd) * r
                b_now[3 * m + 1] = 2.0 * (low * s2 - high * c2) * r
                b_now[3 * m + 2] = low - (low * alpha + odd) * r
        else:
            for m in range(f.size):
                s2, c2, alpha, r = work[m], work[BLOCK + m], work[2 * BLOCK + m], work[3 * BLOCK + m]
                odd, even = band * alpha, low * s2 + high * c2
                b_now[3 * m] = (even + odd) * r
                b_now[3 * m + 1] = 2.0 * (low * s2 - high * c2) * r
                b_now[3 * m + 2] = (even - odd) * r


@_summing
def _sum(values):
    total = 0.0
    for m in range(values.size):
        total += values[m]
    return total


@_compiled
def biquad_backward(grad_b, grad_a, frequency, q, rate, low, band, high, grad_frequency, grad_q):
    """Take the gradient of `biquad`; that of a single q is summed."""
    work, b_flat, a_flat = np.empty(3 * BLOCK), grad_b.reshape(grad_b.size), grad_a.reshape(grad_a.size)
    step, total = math.pi / rate, 0.0
    for start in range(0, frequency.size, BLOCK):
        stop = start + BLOCK
        f, for_f = frequency[start:stop], grad_frequency[start:stop]
        b, a = b_flat[3 * start : 3 * stop], a_flat[3 * start : 3 * stop]
        _angles(f, q if q.size == 1 else q[start:stop], rate, work)
        for m in range(f.size):
            s, c, inverse_q = work[m], work[BLOCK + m], work[2 * BLOCK + m]
            both, s2, c2 = s * c, s * s, c * c
            alpha = both * inverse_q
            r = 1.0 / (1.0 + alpha)
            b0, b1, b2, a1, a2 = b[3 * m], b[3 * m + 1], b[3 * m + 2], a[3 * m + 1], a[3 * m + 2]
            for_r = (b0 + b2) * (low * s2 + high * c2) + (b0 - b2) * (band * alpha)
            for_r += 2.0 * b1 * (low * s2 - high * c2) + 2.0 * a1 * (s2 - c2) + a2 * (1.0 - alpha)
            for_alpha = r * (band * (b0 - b2) - a2 - r * for_r)
            for_s2 = r * (low * (b0 + 2.0 * b1 + b2) + 2.0 * a1)
            for_c2 = r * (high * (b0 - 2.0 * b1 + b2) - 2.0 * a1)
            work[m] = step * (2.0 * both * (for_s2 - for_c2) + (c2 - s2) * inverse_q * for_alpha)
            work[BLOCK + m] = -alpha * inverse_q * for_alpha
        for m in range(f.size):
            for_f[m] = work[m]
        for_q = work[BLOCK : BLOCK + f.size]
        if q.size == 1:
            total += _sum(for_q)
        else:
            q_now = grad_q[start:stop]
            for m in range(f.size):
                q_now[m] = for_q[m]
    if q.size == 1:
        grad_q[0] = total
