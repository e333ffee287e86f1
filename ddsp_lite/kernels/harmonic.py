"""A bank of harmonics and its gradient, compiled with Numba: what takes PyTorch a hundred passes over memory, in one.

f0 is (rows, frames) float64 in Hz, amplitudes are (rows, frames, partials) float32, a frame lasts a whole number of
samples. The phase of the fundamental has a closed form in every frame, in float64; its sine and cosine are polynomials.
From them all partials follow in registers, a few at a time: within a group by Chebyshev's recurrence
sin((k+1) phi) = 2 cos(phi) sin(k phi) - sin((k-1) phi), from group to group by a rotation, so that rounding errors stay
near 1e-6. Amplitudes that go from a to a + d in a frame give sum_k a sin + ramp * sum_k d sin, both without a ramp in
the loop. Partials that cross Nyquist within a frame are taken one by one. The plain PyTorch twin is ``plain_sum`` of
``ddsp_lite.oscillators.harmonic``; the chapter is ``oscillators/harmonic-bank``.
"""

import math

import numba
import numpy as np

_WIDTH = 64  # samples that are worked on together
_FORWARD, _BACKWARD = 8, 4  # partials in a group
_TAU = np.float32(2 * math.pi)

# Sums in another order are what makes vectors of sums; NaN and infinity keep their meaning.
_compiled = numba.njit(cache=True, error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"})
_inlined = numba.njit(error_model="numpy", nogil=True, fastmath={"reassoc", "contract", "nsz"}, inline="always")


@_inlined
def _sine(turns):
    """Sine of 2 pi turns: folded to a quarter in float64, then Taylor's odd polynomial in float32 (error 6e-8)."""
    turns -= np.rint(turns)
    if turns > 0.25:
        turns = 0.5 - turns
    if turns < -0.25:
        turns = -0.5 - turns
    x = np.float32(turns) * _TAU
    z = x * x
    p = np.float32(-2.5052108e-08)
    p = p * z + np.float32(2.7557319e-06)
    p = p * z + np.float32(-1.9841270e-04)
    p = p * z + np.float32(8.3333333e-03)
    p = p * z + np.float32(-1.6666667e-01)
    return x + x * z * p


@_inlined
def _heard(limit, partials):
    """How many of the partials k = 1, 2, ... lie below ``limit``."""
    return partials if limit > partials else max(math.ceil(limit) - 1, 0)


@_compiled
def starts(f0, rate, hop, result):
    """Give the fundamental's phase in turns, from -0.5 to 0.5, at the start of each frame."""
    rows, frames = f0.shape
    for row in range(rows):
        turns = 0.0
        for j in range(frames):
            result[row, j] = turns
            after = f0[row, min(j + 1, frames - 1)]
            turns += (hop * f0[row, j] + (after - f0[row, j]) * (0.5 * (hop - 1))) / rate
            turns -= np.rint(turns)


@_compiled
def forward(f0, rate, start, amplitudes, hop, first, last, y):
    """Add the partials of the frames ``first`` to ``last - 1``, counted through all rows, into y (rows, time)."""
    _, frames, partials = amplitudes.shape
    period = 1 / rate
    groups = (partials + _FORWARD - 1) // _FORWARD
    now, step = np.empty(groups * _FORWARD, np.float32), np.empty(groups * _FORWARD, np.float32)
    # One flat scratch, whose rows lie at fixed distances: so the compiler sees that they do not overlap.
    w = np.empty(8 * _WIDTH, np.float32)
    for place in range(first, last):
        row, j = place // frames, place % frames
        k_next = min(j + 1, frames - 1)
        f, slope = f0[row, j], (f0[row, k_next] - f0[row, j]) / hop
        ends = max(f, f + slope * (hop - 1)), min(f, f + slope * (hop - 1))
        everywhere = _heard(0.5 * rate / ends[0], partials) if ends[0] > 0 else partials
        somewhere = _heard(0.5 * rate / ends[1], partials) if ends[1] > 0 else partials
        for k in range(now.size):
            here = k < everywhere
            now[k] = amplitudes[row, j, k] if here else np.float32(0)
            step[k] = amplitudes[row, k_next, k] - amplitudes[row, j, k] if here else np.float32(0)
        for begin in range(0, hop, _WIDTH):
            length = min(_WIDTH, hop - begin)
            for m in range(length):
                n = np.float64(begin + m)
                turns = start[row, j] + (n * f + slope * (0.5 * n * (n - 1))) * period
                s1, c1 = _sine(turns), _sine(turns + 0.25)
                w[m], w[_WIDTH + m] = s1, c1
                w[2 * _WIDTH + m], w[3 * _WIDTH + m] = s1, c1
                w[4 * _WIDTH + m] = _sine(_FORWARD * turns)
                w[5 * _WIDTH + m] = _sine(_FORWARD * turns + 0.25)
                w[6 * _WIDTH + m] = np.float32(0)
                w[7 * _WIDTH + m] = np.float32(0)
            for k in range(0, everywhere, _FORWARD):
                a0, a1, a2, a3 = now[k], now[k + 1], now[k + 2], now[k + 3]
                a4, a5, a6, a7 = now[k + 4], now[k + 5], now[k + 6], now[k + 7]
                d0, d1, d2, d3 = step[k], step[k + 1], step[k + 2], step[k + 3]
                d4, d5, d6, d7 = step[k + 4], step[k + 5], step[k + 6], step[k + 7]
                for m in range(length):
                    s, c = w[2 * _WIDTH + m], w[3 * _WIDTH + m]
                    c1 = w[_WIDTH + m]
                    level, change = a0 * s, d0 * s
                    t = s * c1 + c * w[m]
                    level, change = level + a1 * t, change + d1 * t
                    c1 = c1 + c1
                    before = s
                    before, t = t, c1 * t - before
                    level, change = level + a2 * t, change + d2 * t
                    before, t = t, c1 * t - before
                    level, change = level + a3 * t, change + d3 * t
                    before, t = t, c1 * t - before
                    level, change = level + a4 * t, change + d4 * t
                    before, t = t, c1 * t - before
                    level, change = level + a5 * t, change + d5 * t
                    before, t = t, c1 * t - before
                    level, change = level + a6 * t, change + d6 * t
                    before, t = t, c1 * t - before
                    w[6 * _WIDTH + m] += level + a7 * t
                    w[7 * _WIDTH + m] += change + d7 * t
                    far_s, far_c = w[4 * _WIDTH + m], w[5 * _WIDTH + m]
                    w[2 * _WIDTH + m] = s * far_c + c * far_s
                    w[3 * _WIDTH + m] = c * far_c - s * far_s
            for m in range(length):
                ramp = np.float32(begin + m) / np.float32(hop)
                y[row, j * hop + begin + m] = w[6 * _WIDTH + m] + ramp * w[7 * _WIDTH + m]
        for k in range(everywhere, somewhere):
            for m in range(hop):
                n = np.float64(m)
                if k + 1 < 0.5 * rate / (f + slope * n):
                    turns = start[row, j] + (n * f + slope * (0.5 * n * (n - 1))) * period
                    a = amplitudes[row, j, k] + n / hop * (amplitudes[row, k_next, k] - amplitudes[row, j, k])
                    y[row, j * hop + m] += a * _sine((k + 1) * turns)


@_compiled
def backward(grad, f0, rate, start, amplitudes, hop, first, last, at_start, at_end, moments):
    """Take the adjoint of ``forward`` for the same frames.

    at_start and at_end (rows, frames, partials) get the gradients of the amplitudes at the frame's two ends, moments
    (rows, frames, 3) the sums over the frame of p, n p and n (n - 1) / 2 p, where p[n] is the gradient of the
    fundamental's phase in turns.
    """
    _, frames, partials = amplitudes.shape
    period = 1 / rate
    groups = (partials + _BACKWARD - 1) // _BACKWARD
    now, step = np.empty(groups * _BACKWARD, np.float32), np.empty(groups * _BACKWARD, np.float32)
    whole, rise = np.empty(groups * _BACKWARD, np.float32), np.empty(groups * _BACKWARD, np.float32)
    w = np.empty(10 * _WIDTH, np.float32)
    for place in range(first, last):
        row, j = place // frames, place % frames
        k_next = min(j + 1, frames - 1)
        f, slope = f0[row, j], (f0[row, k_next] - f0[row, j]) / hop
        ends = max(f, f + slope * (hop - 1)), min(f, f + slope * (hop - 1))
        everywhere = _heard(0.5 * rate / ends[0], partials) if ends[0] > 0 else partials
        somewhere = _heard(0.5 * rate / ends[1], partials) if ends[1] > 0 else partials
        for k in range(now.size):  # the order k + 1 of the partial goes into what becomes the slope of its phase
            here = k < everywhere
            now[k] = (k + 1) * amplitudes[row, j, k] if here else np.float32(0)
            step[k] = (k + 1) * (amplitudes[row, k_next, k] - amplitudes[row, j, k]) if here else np.float32(0)
            whole[k] = rise[k] = np.float32(0)
        sum_0 = sum_1 = sum_2 = 0.0
        for begin in range(0, hop, _WIDTH):
            length = min(_WIDTH, hop - begin)
            for m in range(length):
                n = np.float64(begin + m)
                turns = start[row, j] + (n * f + slope * (0.5 * n * (n - 1))) * period
                s1, c1 = _sine(turns), _sine(turns + 0.25)
                w[m], w[_WIDTH + m] = s1, c1
                w[2 * _WIDTH + m], w[3 * _WIDTH + m] = s1, c1
                w[4 * _WIDTH + m] = _sine(_BACKWARD * turns)
                w[5 * _WIDTH + m] = _sine(_BACKWARD * turns + 0.25)
                w[6 * _WIDTH + m] = np.float32(0)
                w[7 * _WIDTH + m] = np.float32(0)
                g = grad[row, j * hop + begin + m]
                w[8 * _WIDTH + m] = g
                w[9 * _WIDTH + m] = g * (np.float32(begin + m) / np.float32(hop))
            for k in range(0, everywhere, _BACKWARD):
                a0, a1, a2, a3 = now[k], now[k + 1], now[k + 2], now[k + 3]
                d0, d1, d2, d3 = step[k], step[k + 1], step[k + 2], step[k + 3]
                p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = np.float32(0)
                for m in range(length):
                    s0, c0 = w[2 * _WIDTH + m], w[3 * _WIDTH + m]
                    s, c = w[m], w[_WIDTH + m]
                    g, ramped = w[8 * _WIDTH + m], w[9 * _WIDTH + m]
                    s1, c1 = s0 * c + c0 * s, c0 * c - s0 * s
                    c = c + c
                    s2, c2 = c * s1 - s0, c * c1 - c0
                    s3, c3 = c * s2 - s1, c * c2 - c1
                    p0 += g * s0
                    p1 += g * s1
                    p2 += g * s2
                    p3 += g * s3
                    q0 += ramped * s0
                    q1 += ramped * s1
                    q2 += ramped * s2
                    q3 += ramped * s3
                    w[6 * _WIDTH + m] += a0 * c0 + a1 * c1 + a2 * c2 + a3 * c3
                    w[7 * _WIDTH + m] += d0 * c0 + d1 * c1 + d2 * c2 + d3 * c3
                    far_s, far_c = w[4 * _WIDTH + m], w[5 * _WIDTH + m]
                    w[2 * _WIDTH + m] = s0 * far_c + c0 * far_s
                    w[3 * _WIDTH + m] = c0 * far_c - s0 * far_s
                whole[k] += p0
                whole[k + 1] += p1
                whole[k + 2] += p2
                whole[k + 3] += p3
                rise[k] += q0
                rise[k + 1] += q1
                rise[k + 2] += q2
                rise[k + 3] += q3
            for m in range(length):
                n = np.float64(begin + m)
                p = np.float64(w[8 * _WIDTH + m] * w[6 * _WIDTH + m] + w[9 * _WIDTH + m] * w[7 * _WIDTH + m])
                sum_0 += p
                sum_1 += n * p
                sum_2 += 0.5 * n * (n - 1) * p
        for k in range(partials):
            at_start[row, j, k] = whole[k] - rise[k] if k < everywhere else np.float32(0)
            at_end[row, j, k] = rise[k] if k < everywhere else np.float32(0)
        for k in range(everywhere, somewhere):
            for m in range(hop):
                n = np.float64(m)
                if k + 1 < 0.5 * rate / (f + slope * n):
                    turns = (k + 1) * (start[row, j] + (n * f + slope * (0.5 * n * (n - 1))) * period)
                    g, ramp = np.float64(grad[row, j * hop + m]), n / hop
                    value = g * _sine(turns)
                    at_start[row, j, k] += (1 - ramp) * value
                    at_end[row, j, k] += ramp * value
                    a = amplitudes[row, j, k] + ramp * (amplitudes[row, k_next, k] - amplitudes[row, j, k])
                    p = (k + 1) * a * g * _sine(turns + 0.25)
                    sum_0 += p
                    sum_1 += n * p
                    sum_2 += 0.5 * n * (n - 1) * p
        moments[row, j, 0] = 2 * math.pi * sum_0
        moments[row, j, 1] = 2 * math.pi * sum_1
        moments[row, j, 2] = 2 * math.pi * sum_2
