"""A cascade of second-order sections and its adjoint, compiled with Numba.

One section alone waits for its own last result. Here four run at a time, each one sample behind the one before it, so
that the processor always has four independent steps to do: four sections take little longer than one. Rows, allocation
and state as in ``ddsp_lite.kernels.recursion``; coefficients are (rows, sections, 3) with a[..., 0] = 1, and the
sections are a multiple of four (the caller adds sections that change nothing). The plain PyTorch twin is
``ddsp_lite.filters.cascade_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_SILENT = 1e-200
_BLOCK = 256

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def _four_forward(x, b, a, y0, y1, y2, y3):
    b00, b01, b02, a01, a02 = b[0, 0], b[0, 1], b[0, 2], a[0, 1], a[0, 2]
    b10, b11, b12, a11, a12 = b[1, 0], b[1, 1], b[1, 2], a[1, 1], a[1, 2]
    b20, b21, b22, a21, a22 = b[2, 0], b[2, 1], b[2, 2], a[2, 1], a[2, 2]
    b30, b31, b32, a31, a32 = b[3, 0], b[3, 1], b[3, 2], a[3, 1], a[3, 2]
    s01 = s02 = s11 = s12 = s21 = s22 = s31 = s32 = 0.0
    z0 = z1 = z2 = 0.0  # what the sections gave at the last step, which the next ones take now
    samples = x.size
    for n in range(samples + 3):
        if n % _BLOCK == 0:
            if abs(s01) + abs(s02) < _SILENT:
                s01 = s02 = 0.0
            if abs(s11) + abs(s12) < _SILENT:
                s11 = s12 = 0.0
            if abs(s21) + abs(s22) < _SILENT:
                s21 = s22 = 0.0
            if abs(s31) + abs(s32) < _SILENT:
                s31 = s32 = 0.0
        x0 = np.float64(x[n]) if n < samples else 0.0
        w0 = b00 * x0 + s01
        w1 = b10 * z0 + s11
        w2 = b20 * z1 + s21
        w3 = b30 * z2 + s31
        s01 = b01 * x0 + s02 - a01 * w0
        s11 = b11 * z0 + s12 - a11 * w1
        s21 = b21 * z1 + s22 - a21 * w2
        s31 = b31 * z2 + s32 - a31 * w3
        s02 = b02 * x0 - a02 * w0
        s12 = b12 * z0 - a12 * w1
        s22 = b22 * z1 - a22 * w2
        s32 = b32 * z2 - a32 * w3
        if n < samples:
            y0[n] = w0
        if 0 < n <= samples:
            y1[n - 1] = w1
        if 1 < n <= samples + 1:
            y2[n - 2] = w2
        if n > 2:
            y3[n - 3] = w3
        z0, z1, z2 = w0, w1, w2


@_compiled
def forward(x, b, a, y):
    """Filter x [B, N] through the sections in turn; y [B, S, N] holds what each section gives."""
    for row in range(x.shape[0]):
        for s in range(0, b.shape[1], 4):
            source = x[row] if s == 0 else y[row, s - 1]
            _four_forward(
                source, b[row, s : s + 4], a[row, s : s + 4], y[row, s], y[row, s + 1], y[row, s + 2], y[row, s + 3]
            )


@_compiled
def _four_backward(grad, x, y0, y1, y2, y3, b, a, grad_x, grad_b, grad_a):
    b00, b01, b02, a01, a02 = b[0, 0], b[0, 1], b[0, 2], a[0, 1], a[0, 2]
    b10, b11, b12, a11, a12 = b[1, 0], b[1, 1], b[1, 2], a[1, 1], a[1, 2]
    b20, b21, b22, a21, a22 = b[2, 0], b[2, 1], b[2, 2], a[2, 1], a[2, 2]
    b30, b31, b32, a31, a32 = b[3, 0], b[3, 1], b[3, 2], a[3, 1], a[3, 2]
    u1 = u2 = v1 = v2 = w1 = w2 = q1 = q2 = 0.0  # the last two steps of sections 3, 2, 1 and 0
    z3 = z2 = z1 = 0.0
    e0 = e1 = e2 = e3 = e4 = f0 = f1 = f2 = f3 = f4 = 0.0
    g0 = g1 = g2 = g3 = g4 = h0 = h1 = h2 = h3 = h4 = 0.0
    samples = x.size
    for n in range(samples - 1, -4, -1):
        if n % _BLOCK == 0:
            if abs(u1) + abs(u2) < _SILENT:
                u1 = u2 = 0.0
            if abs(v1) + abs(v2) < _SILENT:
                v1 = v2 = 0.0
            if abs(w1) + abs(w2) < _SILENT:
                w1 = w2 = 0.0
            if abs(q1) + abs(q2) < _SILENT:
                q1 = q2 = 0.0
        u0 = (np.float64(grad[n]) if n >= 0 else 0.0) - a32 * u2 - a31 * u1
        v0 = z3 - a22 * v2 - a21 * v1
        w0 = z2 - a12 * w2 - a11 * w1
        q0 = z1 - a02 * q2 - a01 * q1
        if n >= 0:
            i, o = np.float64(y2[n]), np.float64(y3[n])
            h0, h1, h2, h3, h4 = h0 + i * u0, h1 + i * u1, h2 + i * u2, h3 - o * u1, h4 - o * u2
        if n + 1 >= 0 and n + 1 < samples:
            i, o = np.float64(y1[n + 1]), np.float64(y2[n + 1])
            g0, g1, g2, g3, g4 = g0 + i * v0, g1 + i * v1, g2 + i * v2, g3 - o * v1, g4 - o * v2
        if n + 2 >= 0 and n + 2 < samples:
            i, o = np.float64(y0[n + 2]), np.float64(y1[n + 2])
            f0, f1, f2, f3, f4 = f0 + i * w0, f1 + i * w1, f2 + i * w2, f3 - o * w1, f4 - o * w2
        if n + 3 < samples:
            i, o = np.float64(x[n + 3]), np.float64(y0[n + 3])
            e0, e1, e2, e3, e4 = e0 + i * q0, e1 + i * q1, e2 + i * q2, e3 - o * q1, e4 - o * q2
            grad_x[n + 3] = b00 * q0 + b01 * q1 + b02 * q2
        z3 = b30 * u0 + b31 * u1 + b32 * u2
        z2 = b20 * v0 + b21 * v1 + b22 * v2
        z1 = b10 * w0 + b11 * w1 + b12 * w2
        u1, u2, v1, v2, w1, w2, q1, q2 = u0, u1, v0, v1, w0, w1, q0, q1
    grad_b[0, 0], grad_b[0, 1], grad_b[0, 2], grad_a[0, 0], grad_a[0, 1], grad_a[0, 2] = e0, e1, e2, 0.0, e3, e4
    grad_b[1, 0], grad_b[1, 1], grad_b[1, 2], grad_a[1, 0], grad_a[1, 1], grad_a[1, 2] = f0, f1, f2, 0.0, f3, f4
    grad_b[2, 0], grad_b[2, 1], grad_b[2, 2], grad_a[2, 0], grad_a[2, 1], grad_a[2, 2] = g0, g1, g2, 0.0, g3, g4
    grad_b[3, 0], grad_b[3, 1], grad_b[3, 2], grad_a[3, 0], grad_a[3, 1], grad_a[3, 2] = h0, h1, h2, 0.0, h3, h4


@_compiled
def backward(grad, x, y, b, a, grad_x, grad_b, grad_a):
    """Take the adjoint of `forward`, the last sections first; each section's as in `kernels.recursion.backward`.

    grad_x (B, N) also carries the gradient from four sections to the four before them.
    """
    for row in range(x.shape[0]):
        for s in range(b.shape[1] - 4, -1, -4):
            source = x[row] if s == 0 else y[row, s - 1]
            gradient = grad[row] if s == b.shape[1] - 4 else grad_x[row].copy()
            _four_backward(
                gradient,
                source,
                y[row, s],
                y[row, s + 1],
                y[row, s + 2],
                y[row, s + 3],
                b[row, s : s + 4],
                a[row, s : s + 4],
                grad_x[row],
                grad_b[row, s : s + 4],
                grad_a[row, s : s + 4],
            )
