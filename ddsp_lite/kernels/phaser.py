"""A chain of all-pass filters in a feedback loop, and its adjoint, compiled with Numba.

Rows, allocation and state as in ``ddsp_lite.kernels.recursion``; results are float64. The plain PyTorch twin is
``ddsp_lite.effects.allpass_chain_twin``; the chapter is ``gradients/filter-cutoff``.
"""

import numba
import numpy as np

_SILENT = 1e-200
_BLOCK = 256

_compiled = numba.njit(cache=True, error_model="numpy", nogil=True)


@_compiled
def forward(x, a, feedback, z):
    """Run z[0, n] = x[n] + feedback z[S, n-1] and z[s, n] = a[n] z[s-1, n] + m[s], m[s] = z[s-1, n] - a[n] z[s, n].

    x and a are [B, N], feedback [B]; z [B, S + 1, N] holds what every stage gives; m[s] is what a stage keeps.
    """
    stages = z.shape[1] - 1
    for row in range(x.shape[0]):
        memory = np.zeros(stages)
        last = 0.0
        for n in range(x.shape[1]):
            if n % _BLOCK == 0 and stages > 0 and np.max(np.abs(memory)) < _SILENT:
                memory[:] = 0.0
            a_n = a[row, n]
            value = np.float64(x[row, n]) + feedback[row] * last
            z[row, 0, n] = value
            for s in range(stages):
                out = a_n * value + memory[s]
                memory[s] = value - a_n * out
                value = out
                z[row, s + 1, n] = out
            last = value


@_compiled
def backward(grad, a, feedback, z, grad_x, grad_a, grad_feedback):
    """Take the adjoint of `forward` in one pass, from the last sample to the first; all arrays are float64.

    later[s] is the gradient of what stage s keeps after sample n.
    """
    stages = z.shape[1] - 1
    for row in range(a.shape[0]):
        later = np.zeros(stages)
        back = 0.0  # the gradient of z[0, n + 1]
        total = 0.0
        for n in range(a.shape[1] - 1, -1, -1):
            if n % _BLOCK == 0 and stages > 0 and np.max(np.abs(later)) < _SILENT:
                later[:] = 0.0
            a_n, for_a = a[row, n], 0.0
            total += back * z[row, stages, n]
            g = grad[row, n] + feedback[row] * back
            for s in range(stages - 1, -1, -1):
                value, out = z[row, s, n], z[row, s + 1, n]
                g -= a_n * later[s]
                for_a += g * value - later[s] * out
                g, later[s] = a_n * g + later[s], g
            grad_x[row, n] = g
            grad_a[row, n] = for_a
            back = g
        grad_feedback[row] = total
