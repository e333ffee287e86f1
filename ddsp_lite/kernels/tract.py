"""Waves in a tube of many short sections, and their adjoint, compiled with Numba.

Rows and allocation as in ``ddsp_lite.kernels.recursion``; all but the sound is float64. The plain PyTorch twin is
``ddsp_lite.physical.tract_twin``; the chapter is ``gradients/filter-cutoff``.

A wave takes half a sample through a section, so that in each half only every other junction has waves to scatter:
junctions 0 (the glottis), 2, ..., S (the lips) in the first, the others in the second. ``right[j]`` is on its way to
junction j + 1, ``left[j]`` to junction j.
"""

import numba
import numpy as np

_SILENT = 1e-200
_BLOCK = 256

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, k, glottis, lips, loss, y, came_right, came_left):
    """Scatter at junction j: w = k[n, j-1] (right[j-1] + left[j]), right[j] = right[j-1] - w, left[j-1] = left[j] + w.

    x [B, N]; k [B, F, S - 1], F = 1 or N; glottis and lips [B]. What comes to each junction is kept in came_right and
    came_left [B, N, S + 1].
    """
    moving, sections = k.shape[1] > 1, k.shape[2] + 1
    for row in range(x.shape[0]):
        right, left = np.zeros(sections), np.zeros(sections)
        for n in range(x.shape[1]):
            if n % _BLOCK == 0 and np.max(np.abs(right)) + np.max(np.abs(left)) < _SILENT:
                right[:] = 0.0
                left[:] = 0.0
            frame = n if moving else 0
            came_left[row, n, 0] = left[0]
            came_right[row, n, 0] = 0.0
            right[0] = loss * (np.float64(x[row, n]) + glottis[row] * left[0])
            came_right[row, n, sections] = right[sections - 1]
            came_left[row, n, sections] = 0.0
            y[row, n] = (1.0 + lips[row]) * right[sections - 1]
            left[sections - 1] = loss * lips[row] * right[sections - 1]
            for half in range(2):
                for j in range(2 - half, sections, 2):
                    r, m = right[j - 1], left[j]
                    came_right[row, n, j], came_left[row, n, j] = r, m
                    w = k[row, frame, j - 1] * (r + m)
                    right[j] = loss * (r - w)
                    left[j - 1] = loss * (m + w)


@_compiled
def backward(grad, k, glottis, lips, loss, came_right, came_left, grad_x, grad_k, grad_glottis, grad_lips):
    """Take the adjoint of `forward` in one pass, from the last junction to the first; grad_k comes in as zeros."""
    moving, sections = k.shape[1] > 1, k.shape[2] + 1
    for row in range(grad.shape[0]):
        right, left = np.zeros(sections), np.zeros(sections)
        for_glottis = for_lips = 0.0
        for n in range(grad.shape[1] - 1, -1, -1):
            if n % _BLOCK == 0 and np.max(np.abs(right)) + np.max(np.abs(left)) < _SILENT:
                right[:] = 0.0
                left[:] = 0.0
            frame, grad_n = n if moving else 0, np.float64(grad[row, n])
            for half in range(1, -1, -1):
                for j in range(2 - half, sections, 2):
                    a, b, k_j = loss * right[j], loss * left[j - 1], k[row, frame, j - 1]
                    for_w = b - a
                    grad_k[row, frame, j - 1] += for_w * (came_right[row, n, j] + came_left[row, n, j])
                    right[j - 1] = a + k_j * for_w
                    left[j] = b + k_j * for_w
            arrived = came_right[row, n, sections]
            for_lips += arrived * (grad_n + loss * left[sections - 1])
            right[sections - 1] = (1.0 + lips[row]) * grad_n + loss * lips[row] * left[sections - 1]
            for_glottis += loss * right[0] * came_left[row, n, 0]
            grad_x[row, n] = loss * right[0]
            left[0] = loss * glottis[row] * right[0]
        grad_glottis[row], grad_lips[row] = for_glottis, for_lips
