"""Frame rate to audio rate, against NumPy's interpolation and SciPy's windows."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck

from ddsp_lite import controls

F64 = torch.float64
METHODS = ("linear", "window", "hold")
each_method = pytest.mark.parametrize("method", METHODS)


def by_hann_windows(frames: np.ndarray, hop: int) -> np.ndarray:
    """Overlap-add of one Hann window a frame, two hops long, centred on the frame; the last frame is repeated."""
    window = scipy.signal.windows.hann(2 * hop, sym=False)
    y = np.zeros((len(frames) + 2) * hop)
    for j, value in enumerate([*frames, frames[-1]]):
        y[j * hop : (j + 2) * hop] += value * window
    return y[hop : hop + len(frames) * hop]


@pytest.mark.parametrize(("n_frames", "hop"), [(1, 8), (2, 1), (7, 5), (50, 64)])
def test_against_numpy_and_scipy(n_frames: int, hop: int) -> None:
    c = np.random.randn(n_frames)
    n = n_frames * hop
    expected = {
        "linear": np.interp(np.arange(n) / hop, np.arange(n_frames), c),
        "window": by_hann_windows(c, hop),
        "hold": np.repeat(c, hop),
    }
    for method, values in expected.items():
        y = controls.resample(torch.from_numpy(c), n, method=method)
        np.testing.assert_allclose(y.numpy(), values, atol=1e-12, err_msg=method)
        np.testing.assert_array_equal(y[::hop].numpy(), c, err_msg=method)
        if method != "window":
            np.testing.assert_array_equal(y[-hop:][0].numpy(), c[-1])


@each_method
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_shape_and_dtype(method: str, dtype: torch.dtype) -> None:
    c = torch.rand(3, 5, 2, dtype=dtype)
    for axis, shape in [(-1, (3, 5, 8)), (-2, (3, 20, 2)), (1, (3, 20, 2)), (0, (12, 5, 2))]:
        y = controls.resample(c, shape[axis], method=method, axis=axis)
        assert y.shape == shape
        assert y.dtype == dtype


@each_method
def test_batch_and_axis_equal_a_loop(method: str) -> None:
    c = torch.randn(2, 6, 3, dtype=F64)
    y = controls.resample(c, 24, method=method, axis=-2)
    for b in range(2):
        for channel in range(3):
            torch.testing.assert_close(y[b, :, channel], controls.resample(c[b, :, channel], 24, method=method))


@each_method
@pytest.mark.parametrize("n_frames", [1, 4])
def test_gradients(method: str, n_frames: int) -> None:
    c = torch.randn(2, n_frames, 2, dtype=F64, requires_grad=True)
    assert gradcheck(lambda c: controls.resample(c, 12, method=method, axis=-2), c)


@each_method
def test_a_constant_stays_the_constant(method: str) -> None:
    assert (controls.resample(torch.full((10,), 0.1), 640, method=method) == 0.1).all()


@each_method
def test_graph(method: str, assert_traces) -> None:
    assert_traces(
        lambda c: controls.resample(c, 32, method=method, axis=-2),
        [torch.rand(4, 3)],
        [torch.rand(4, 3)],
        operations=40,
    )


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((torch.zeros(4, dtype=torch.int64), 8), {}, "control must be a float32 or float64 tensor, got torch.int64"),
        ((torch.zeros(4, dtype=torch.complex64), 8), {}, "control must be a float32 or float64 tensor"),
        ((torch.tensor([0.0, float("nan")]), 8), {}, "control must be finite, got nan"),
        ((torch.tensor(1.0), 8), {}, "control must be a tensor (..., time) with at least one"),
        ((torch.zeros(0), 8), {}, "control must be a tensor (..., time) with at least one"),
        ((1.0, 8), {}, "control must be a float32 or float64 tensor (..., time), got 1.0 (float)"),
        ((torch.zeros(4), 9), {}, "n_samples must be a multiple of the 4 frames of control, got 9"),
        ((torch.zeros(4), 3), {}, "n_samples must be a multiple of the 4 frames of control, got 3"),
        ((torch.zeros(4), 0), {}, "n_samples must be at least 1, got 0"),
        ((torch.zeros(4), 8.0), {}, "n_samples must be an integer, got 8.0 (float)"),
        ((torch.zeros(4), 8), {"method": "cubic"}, "method must be one of 'linear', 'window', 'hold', got 'cubic'"),
        ((torch.zeros(4), 8), {"axis": 1}, "axis must lie in [-1, 0], got 1"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        controls.resample(*arguments, **options)
