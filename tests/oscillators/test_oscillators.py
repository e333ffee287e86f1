"""Oscillators against closed forms and SciPy: sound, gradient, Nyquist, batches, bad input and traced graph."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.signal
import torch
from torch import Tensor
from torch.autograd import gradcheck

from ddsp_lite import controls, oscillators

SR = 16000
F64 = torch.float64
NAN = float("nan")
TAU = 2 * math.pi
SINUSOID, BANK = oscillators.sinusoid, oscillators.harmonic_bank
SAW, SQUARE = oscillators.sawtooth, oscillators.square


def by_numpy(f0: np.ndarray, amplitudes: np.ndarray, sample_rate: float, phase: float | np.ndarray = 0.0) -> np.ndarray:
    """A bank of harmonics in the plainest way: f0 (time,), amplitudes (time, partials)."""
    phi = TAU * (np.cumsum(f0) - f0) / sample_rate
    k = np.arange(1, amplitudes.shape[1] + 1)
    heard = k * f0[:, None] < sample_rate / 2
    return (amplitudes * heard * np.sin(k * phi[:, None] + phase)).sum(1)


def gradients(y: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
    weights = torch.randn(y.shape, dtype=F64, generator=torch.Generator().manual_seed(1))
    return torch.autograd.grad((y * weights.to(y.dtype)).sum(), parameters)


# Sinusoid


def test_sinusoid_of_constant_frequency() -> None:
    n = np.arange(4000)
    y = oscillators.sinusoid(torch.tensor(441.7, dtype=F64), sample_rate=SR, n_samples=4000, amplitude=0.3, phase=1.1)
    np.testing.assert_allclose(y.numpy(), 0.3 * np.sin(TAU * 441.7 * n / SR + 1.1), atol=1e-11)
    assert y[0].item() == pytest.approx(0.3 * math.sin(1.1), abs=1e-15)


def test_sinusoid_of_changing_frequency_is_scipys_chirp() -> None:
    n = np.arange(8000)
    f = torch.from_numpy(100 + (3000 - 100) * (n + 0.5) / SR / 0.5)  # the frequency between a sample and the next
    expected = scipy.signal.chirp(n / SR, f0=100, t1=0.5, f1=3000, phi=-90)
    np.testing.assert_allclose(oscillators.sinusoid(f, sample_rate=SR).numpy(), expected, atol=1e-9)


def test_sinusoid_constant_or_per_sample_is_the_same() -> None:
    f = torch.tensor([110.0, 3333.3], dtype=F64)
    constant = oscillators.sinusoid(f, sample_rate=SR, n_samples=500)
    torch.testing.assert_close(constant, oscillators.sinusoid(f.unsqueeze(1).expand(2, 500), sample_rate=SR))
    for i in range(2):
        torch.testing.assert_close(constant[i], oscillators.sinusoid(f[i], sample_rate=SR, n_samples=500))


def test_sinusoid_broadcasts_amplitude_and_phase() -> None:
    f = torch.tensor([200.0, 300.0], dtype=F64)
    amplitude, phase = torch.rand(2, 50, dtype=F64), torch.rand(2, 1, dtype=F64)
    y = oscillators.sinusoid(f, sample_rate=SR, n_samples=50, amplitude=amplitude, phase=phase)
    n = np.arange(50)
    expected = amplitude.numpy() * np.sin(TAU * f.numpy()[:, None] * n / SR + phase.numpy())
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)


def test_sinusoid_gradients() -> None:
    amplitude, phase = (torch.tensor(v, dtype=F64, requires_grad=True) for v in (0.7, 0.3))
    constant = torch.tensor([500.0, 900.0], dtype=F64, requires_grad=True)
    changing = (500 + 100 * torch.rand(2, 12, dtype=F64)).requires_grad_()
    for f, n in ((constant, 12), (changing, None)):

        def call(f: Tensor, amplitude: Tensor, phase: Tensor, n: int | None = n) -> Tensor:
            return oscillators.sinusoid(f, sample_rate=SR, n_samples=n, amplitude=amplitude, phase=phase)

        assert gradcheck(call, (f, amplitude, phase))


@pytest.mark.parametrize("frequency", [0.0, SR / 2])
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_sinusoid_at_the_ends_of_its_range(frequency: float, dtype: torch.dtype) -> None:
    for f, n in ((torch.tensor(frequency, dtype=dtype), 64), (torch.full((64,), frequency, dtype=dtype), None)):
        f.requires_grad_()
        y = oscillators.sinusoid(f, sample_rate=SR, n_samples=n, phase=math.pi / 2)
        torch.testing.assert_close(
            y, torch.cos(TAU * frequency / SR * torch.arange(64, dtype=dtype)), atol=2e-5, rtol=0
        )
        assert all(torch.isfinite(g).all() for g in gradients(y, f))


# Harmonic bank


def bank_inputs(
    case: str, n: int = 960, frames: int = 6, partials: int = 5, top: float = 1.0
) -> tuple[Tensor, Tensor, int | None, np.ndarray, np.ndarray]:
    """f0, amplitudes and n_samples of one way to call the bank, and the same two at audio rate for NumPy."""
    i = np.arange(n) * frames / n
    at_frames, slow = np.random.uniform(100, 2500, frames) * top, np.random.rand(frames, partials)
    at_samples = np.linspace(200, 4000, n) * top
    ramps = np.stack([np.interp(i, np.arange(frames), slow[:, k]) for k in range(partials)], 1)
    glide = np.interp(i, np.arange(frames), at_frames)
    constant_f0, constant = np.full(n, 1234.5), np.tile(slow[0], (n, 1))
    cases = {
        "constant": (np.array(1234.5), slow[0], n, constant_f0, constant),
        "constant as one frame": (np.array([1234.5]), slow[:1], n, constant_f0, constant),
        "f0 in frames": (at_frames, slow[0], n, glide, constant),
        "f0 in samples": (at_samples, slow[0], None, at_samples, constant),
        "amplitudes in frames": (np.array(1234.5), slow, n, constant_f0, ramps),
        "amplitudes in samples": (np.array(1234.5), ramps, n, constant_f0, ramps),
        "both in frames": (at_frames, slow, n, glide, ramps),
        "both in samples": (at_samples, ramps, None, at_samples, ramps),
        "f0 in samples, amplitudes in frames": (at_samples, slow, None, at_samples, ramps),
        "f0 in frames, amplitudes in samples": (at_frames, ramps, n, glide, ramps),
    }
    f0, amplitudes, n_samples, f0_audio, amplitudes_audio = cases[case]
    return torch.from_numpy(f0), torch.from_numpy(amplitudes), n_samples, f0_audio, amplitudes_audio


CASES = (
    "constant",
    "constant as one frame",
    "f0 in frames",
    "f0 in samples",
    "amplitudes in frames",
    "amplitudes in samples",
    "both in frames",
    "both in samples",
    "f0 in samples, amplitudes in frames",
    "f0 in frames, amplitudes in samples",
)
each_case = pytest.mark.parametrize("case", CASES)


@each_case
def test_bank_against_numpy(case: str) -> None:
    f0, amplitudes, n_samples, f0_audio, amplitudes_audio = bank_inputs(case)
    y = oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=n_samples)
    np.testing.assert_allclose(y.numpy(), by_numpy(f0_audio, amplitudes_audio, SR), atol=1e-9)
    phase = torch.rand(5, dtype=F64) * 10
    y = oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=n_samples, phase=phase)
    np.testing.assert_allclose(y.numpy(), by_numpy(f0_audio, amplitudes_audio, SR, phase.numpy()), atol=1e-9)


@each_case
def test_bank_gradients(case: str) -> None:
    f0, amplitudes, n, _, _ = bank_inputs(case, n=12, frames=3, partials=3, top=0.5)  # all partials below Nyquist
    phase = torch.rand(3, dtype=F64)

    def call(f0: Tensor, amplitudes: Tensor, phase: Tensor) -> Tensor:
        return oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=n, phase=phase)

    assert gradcheck(call, [v.clone().requires_grad_() for v in (f0, amplitudes, phase)])


def test_bank_ramps_as_resample_does() -> None:
    f0, amplitudes = torch.rand(8, dtype=F64) * 400 + 100, torch.rand(2, 8, 5, dtype=F64)
    ramps = controls.resample(amplitudes, 512, axis=-2)
    glide = controls.resample(f0, 512)
    torch.testing.assert_close(
        oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, n_samples=512),
        oscillators.harmonic_bank(glide, ramps, sample_rate=SR),
    )


def test_bank_of_one_is_a_sinusoid() -> None:
    f = torch.rand(300, dtype=F64) * 7000
    torch.testing.assert_close(
        oscillators.harmonic_bank(f, torch.tensor([0.5], dtype=F64), sample_rate=SR),
        oscillators.sinusoid(f, sample_rate=SR, amplitude=0.5),
    )


@each_case
def test_bank_batches_equal_loops(case: str) -> None:
    f0, amplitudes, n_samples, _, _ = bank_inputs(case)
    f0 = f0.reshape(-1) * torch.tensor([[1.0], [0.7], [1.3]], dtype=F64)
    amplitudes = amplitudes.reshape(-1, 5) * torch.rand(2, 3, 1, 5, dtype=F64)
    phase = torch.rand(3, 5, dtype=F64)
    options = {"sample_rate": SR, "n_samples": n_samples or f0.shape[-1]}
    y = oscillators.harmonic_bank(f0, amplitudes, phase=phase, **options)
    assert y.shape == (2, 3, 960)
    for i in range(2):
        for j in range(3):
            one = oscillators.harmonic_bank(f0[j], amplitudes[i, j], phase=phase[j], **options)
            torch.testing.assert_close(y[i, j], one)


def test_partials_at_and_above_nyquist_are_exactly_absent() -> None:
    for f0, n_heard in [(4000.0, 1), (3999.9, 2), (2000.0, 3), (8000.0, 0), (9000.0, 0)]:
        for f in (torch.tensor(f0), torch.full((64,), f0)):
            f, amplitudes = f.clone().requires_grad_(), torch.ones(5, requires_grad=True)
            phase = torch.full((5,), 0.3, requires_grad=True)
            y = oscillators.harmonic_bank(f, amplitudes, sample_rate=SR, n_samples=64, phase=phase)
            of_f0, of_amplitudes, of_phase = gradients(y, f, amplitudes, phase)
            assert (of_amplitudes[n_heard:] == 0).all()
            assert (of_amplitudes[:n_heard] != 0).all()
            assert (of_phase[n_heard:] == 0).all()
            assert (of_phase[:n_heard] != 0).all()
            if n_heard == 0:
                assert (y == 0).all()
                assert (of_f0 == 0).all()
            else:
                without = oscillators.harmonic_bank(
                    f, amplitudes[:n_heard], sample_rate=SR, n_samples=64, phase=phase[:n_heard]
                )
                torch.testing.assert_close(y, without)


def test_partials_are_masked_sample_by_sample() -> None:
    f0 = torch.linspace(1000, 8000, 800, dtype=F64).requires_grad_()
    amplitudes = torch.ones(800, 4, dtype=F64, requires_grad=True)
    y = oscillators.harmonic_bank(f0, amplitudes, sample_rate=SR, phase=torch.full((4,), 0.5, dtype=F64))
    of_f0, of_amplitudes = gradients(y, f0, amplitudes)
    k = torch.arange(1, 5)
    heard = k * f0.detach().unsqueeze(-1) < SR / 2
    assert ((of_amplitudes != 0) == heard).all()
    assert torch.isfinite(of_f0).all()
    assert y[-1] == 0


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_bank_at_f0_zero_and_at_silence(dtype: torch.dtype) -> None:
    for f in (torch.tensor(0.0, dtype=dtype), torch.zeros(64, dtype=dtype), torch.zeros(8, dtype=dtype)):
        for amplitudes in (torch.ones(5, dtype=dtype), torch.zeros(5, dtype=dtype), torch.zeros(1, 5, dtype=dtype)):
            f, amplitudes = f.clone().requires_grad_(), amplitudes.clone().requires_grad_()
            y = oscillators.harmonic_bank(f, amplitudes, sample_rate=SR, n_samples=64)
            assert (y == 0).all()
            assert all(torch.isfinite(g).all() for g in gradients(y, f, amplitudes))


@pytest.mark.parametrize(
    "frequency", [torch.tensor(439.7), torch.rand(4 * SR) * 100 + 400], ids=["constant", "samples"]
)
def test_float32_sinusoid_is_precise_over_four_seconds(frequency: Tensor) -> None:
    n = None if frequency.ndim else 4 * SR
    found = []
    for dtype in (torch.float32, F64):
        f = frequency.to(dtype, copy=True).requires_grad_()
        y = oscillators.sinusoid(f, sample_rate=SR, n_samples=n)
        found.append([y.detach().double(), *(g.double() for g in gradients(y, f))])
    (y, of_f), (exact, exact_f) = found
    assert (y - exact).abs().max() < 1e-6
    assert (of_f - exact_f).norm() < 1e-5 * exact_f.norm()


@pytest.mark.parametrize("case", ["constant", "frames"])
def test_float32_bank_is_precise_over_four_seconds(case: str) -> None:
    n, partials = 4 * SR, 100
    f0 = torch.tensor(79.3) if case == "constant" else torch.rand(1000) * 40 + 60
    amplitudes = torch.rand(partials) / partials if case == "constant" else torch.rand(1000, partials) / partials
    found = []
    for dtype in (torch.float32, F64):
        f, a = (v.to(dtype, copy=True).requires_grad_() for v in (f0, amplitudes))
        y = oscillators.harmonic_bank(f, a, sample_rate=SR, n_samples=n)
        found.append([y.detach().double(), *(g.double() for g in gradients(y, f, a))])
    (y, of_f0, of_amplitudes), (exact, exact_f0, exact_amplitudes) = found
    assert (y - exact).abs().max() < 1e-5
    assert (of_f0 - exact_f0).norm() < 2e-5 * exact_f0.norm()
    assert (of_amplitudes - exact_amplitudes).norm() < 2e-5 * exact_amplitudes.norm()


# Sawtooth and square


@pytest.mark.parametrize(
    ("oscillator", "coefficient"),
    [
        (oscillators.sawtooth, lambda k: 2 / math.pi * (-1.0) ** (k + 1) / k),
        (oscillators.square, lambda k: 4 / math.pi * (k % 2) / k),
    ],
)
def test_spectrum_is_the_fourier_series_and_nothing_else(oscillator, coefficient) -> None:
    y = oscillator(torch.tensor(100.0, dtype=F64), sample_rate=SR, n_samples=SR)
    spectrum = np.fft.rfft(y.numpy()) / (SR / 2)
    expected = np.zeros(SR // 2 + 1)
    k = np.arange(1, 80)
    expected[k * 100] = coefficient(k)
    np.testing.assert_allclose(-spectrum.imag, expected, atol=1e-10)
    np.testing.assert_allclose(spectrum.real, 0, atol=1e-10)


def test_away_from_the_edges_they_are_scipys() -> None:
    t = TAU * 50 * np.arange(SR) / SR
    saw = oscillators.sawtooth(50.0, sample_rate=SR, n_samples=SR).numpy()
    square = oscillators.square(50.0, sample_rate=SR, n_samples=SR).numpy()
    smooth = np.abs((t / TAU) % 1 - 0.5) > 0.05
    np.testing.assert_allclose(saw[smooth], scipy.signal.sawtooth(t + math.pi)[smooth], atol=0.03)
    smooth = np.abs((t / TAU) % 0.5 - 0.25) < 0.2
    np.testing.assert_allclose(square[smooth], scipy.signal.square(t)[smooth], atol=0.06)
    assert 1.0 < np.abs(saw).max() < 1.19
    assert 1.0 < np.abs(square).max() < 1.19


@pytest.mark.parametrize("oscillator", [oscillators.sawtooth, oscillators.square])
def test_classic_gradients_and_edges(oscillator) -> None:
    for f, n in ((torch.tensor(701.0), 16), (torch.tensor([701.0, 900.0]), 16), (torch.rand(16) * 400 + 600, None)):
        f = f.double().requires_grad_()
        assert gradcheck(lambda f, n=n: oscillator(f, sample_rate=SR, n_samples=n), f)
    for f0 in (0.0, 5.0, SR / 2, 9000.0):
        f = torch.tensor(f0, requires_grad=True)
        y = oscillator(f, sample_rate=SR, n_samples=64)
        (gradient,) = gradients(y, f)
        assert torch.isfinite(y).all()
        assert torch.isfinite(gradient)
        if f0 >= SR / 2:
            assert (y == 0).all()
            assert gradient == 0


@pytest.mark.parametrize("oscillator", [oscillators.sawtooth, oscillators.square])
def test_classic_batches_and_changing_f0(oscillator) -> None:
    f0 = torch.rand(3, 400, dtype=F64) * 1000 + 200
    y = oscillator(f0, sample_rate=SR)
    assert y.shape == (3, 400)
    assert y.dtype == F64
    for row in range(3):
        torch.testing.assert_close(y[row], oscillator(f0[row], sample_rate=SR))
    orders = np.arange(1, 40)  # as many as the lowest fundamental, 200 Hz, has below Nyquist
    series = {
        oscillators.sawtooth: 2 / math.pi * (-1.0) ** (orders + 1) / orders,
        oscillators.square: 4 / math.pi * (orders % 2) / orders,
    }
    expected = by_numpy(f0[0].numpy(), np.tile(series[oscillator], (400, 1)), SR)
    np.testing.assert_allclose(y[0].numpy(), expected, atol=1e-10)
    constant = oscillator(torch.tensor([[300.0], [500.0]]), sample_rate=SR, n_samples=100)
    torch.testing.assert_close(constant[1], oscillator(500.0, sample_rate=SR, n_samples=100))


def test_lowest_limits_the_partials_of_lower_fundamentals_only() -> None:
    options = {"sample_rate": SR, "n_samples": 200}
    f0 = torch.tensor(110.0, dtype=F64)
    all_partials = oscillators.sawtooth(f0, **options)
    torch.testing.assert_close(oscillators.sawtooth(f0, lowest=110.0, **options), all_partials)
    series = torch.tensor([2 / math.pi * (-1) ** (k + 1) / k for k in range(1, 16)], dtype=F64)
    torch.testing.assert_close(
        oscillators.sawtooth(f0, lowest=500.0, **options), oscillators.harmonic_bank(f0, series, **options)
    )


# Everything


@pytest.mark.parametrize(
    ("wide", "expected"), [((), torch.float32), ((0,), F64), ((1,), F64), ((2,), F64), ((0, 1, 2), F64)]
)
def test_result_is_float64_if_a_tensor_is(wide: tuple[int, ...], expected: torch.dtype) -> None:
    f, a, p = (torch.full((1,), v, dtype=F64 if i in wide else torch.float32) for i, v in enumerate((440.0, 0.5, 0.1)))
    assert oscillators.harmonic_bank(f, a, phase=p, sample_rate=SR, n_samples=8).dtype == expected
    assert oscillators.sinusoid(f, amplitude=a, phase=p, sample_rate=SR, n_samples=8).dtype == expected


def test_everything_happens_on_the_device_of_the_tensors() -> None:
    f0, amplitudes = torch.ones(2, 4, device="meta"), torch.ones(2, 4, 3, device="meta")
    for y in (
        SINUSOID(f0, sample_rate=SR, amplitude=0.5, phase=f0),
        BANK(f0, amplitudes, sample_rate=SR, n_samples=64, phase=amplitudes[:, 0]),
        BANK(440.0, amplitudes, sample_rate=SR, n_samples=64),
        BANK(f0, amplitudes[0, 0], sample_rate=SR, n_samples=64),
        SAW(f0[0, 0], sample_rate=SR, n_samples=64),
        SQUARE(f0, sample_rate=SR, n_samples=64),
    ):
        assert y.device.type == "meta"


def test_plain_numbers_keep_their_precision() -> None:
    n = np.arange(4 * SR)
    y = oscillators.sinusoid(440.1, sample_rate=SR, n_samples=4 * SR, amplitude=0.1, phase=0.3)
    assert y.dtype == torch.float32
    np.testing.assert_allclose(y.numpy(), 0.1 * np.sin(TAU * 440.1 * n / SR + 0.3), atol=1e-7)
    y = oscillators.harmonic_bank(440.1, torch.tensor([0.1]), sample_rate=SR, n_samples=4 * SR)
    np.testing.assert_allclose(y.numpy(), 0.1 * np.sin(TAU * 440.1 * n / SR), atol=1e-7)


@pytest.mark.parametrize(
    ("function", "arguments", "options", "words"),
    [
        (SINUSOID, (-1.0,), {"n_samples": 8}, "frequency must lie in [0, 8000] Hz, got -1.0"),
        (SINUSOID, (torch.tensor([440.0, 8000.5]),), {}, "frequency must lie in [0, 8000] Hz, got 8000.5"),
        (SINUSOID, (NAN,), {"n_samples": 8}, "frequency must be finite, got nan"),
        (SINUSOID, (torch.tensor([440]),), {}, "frequency must be a float32 or float64 tensor, got torch.int64"),
        (SINUSOID, (torch.tensor([1j]),), {}, "frequency must be a float32 or float64 tensor, got torch.complex64"),
        (SINUSOID, (440.0,), {}, "n_samples must be given where frequency is a single number"),
        (SINUSOID, (torch.zeros(0),), {}, "frequency must be a tensor (..., time) with at least one sample"),
        (SINUSOID, (440.0,), {"n_samples": 0}, "n_samples must be at least 1, got 0"),
        (SINUSOID, (440.0,), {"n_samples": 8.0}, "n_samples must be an integer, got 8.0"),
        (SINUSOID, (440.0,), {"n_samples": 8, "sample_rate": 0}, "sample_rate must be above 0 Hz, got 0.0"),
        (SINUSOID, (440.0,), {"n_samples": 8, "amplitude": NAN}, "amplitude must be finite, got nan"),
        (SINUSOID, (440.0,), {"n_samples": 8, "phase": torch.tensor(1)}, "phase must be a float32 or float64 tensor"),
        (
            SINUSOID,
            (440.0,),
            {"n_samples": 8, "phase": torch.ones(7)},
            "frequency and amplitude and phase must broadcast",
        ),
        (BANK, (-1.0, torch.ones(3)), {"n_samples": 8}, "f0 must be at least 0 Hz, got -1.0"),
        (BANK, (torch.tensor([440.0, NAN]), torch.ones(3)), {}, "f0 must be finite, got nan"),
        (BANK, (torch.tensor([440]), torch.ones(3)), {}, "f0 must be a float32 or float64 tensor, got torch.int64"),
        (BANK, (torch.zeros(0), torch.ones(3)), {"n_samples": 8}, "f0 must be a tensor (..., time) with at least one"),
        (BANK, (440.0, torch.ones(3)), {}, "n_samples must be given where f0 is a single number"),
        (BANK, (440.0, torch.ones(3)), {"n_samples": -8}, "n_samples must be at least 1, got -8"),
        (BANK, (440.0, torch.ones(3)), {"n_samples": 8, "sample_rate": NAN}, "sample_rate must be finite, got nan"),
        (BANK, (440.0, 1.0), {"n_samples": 8}, "amplitudes must be a tensor (partials,) or (..., frames, partials)"),
        (BANK, (440.0, torch.ones(0)), {"n_samples": 8}, "amplitudes must be a tensor (partials,) or"),
        (BANK, (440.0, torch.tensor(1.0)), {"n_samples": 8}, "amplitudes must be a tensor (partials,) or"),
        (BANK, (440.0, torch.ones(3).int()), {"n_samples": 8}, "amplitudes must be a float32 or float64 tensor"),
        (BANK, (440.0, torch.tensor([1.0, NAN])), {"n_samples": 8}, "amplitudes must be finite, got nan"),
        (
            BANK,
            (440.0, torch.ones(3, 2)),
            {"n_samples": 8},
            "n_samples must be a multiple of the 3 frames of amplitudes",
        ),
        (BANK, (torch.ones(3), torch.ones(2)), {"n_samples": 8}, "n_samples must be a multiple of the 3 frames of f0"),
        (
            BANK,
            (torch.ones(4), torch.ones(2, 3)),
            {"n_samples": 8},
            "f0 and amplitudes must have the same number of frames",
        ),
        (BANK, (torch.ones(2, 8), torch.ones(3, 8, 2)), {}, "f0 and amplitudes must broadcast, got shapes f0 (2,)"),
        (BANK, (torch.ones(8), torch.ones(2)), {"phase": torch.ones(3)}, "phase must have one value for each of the 2"),
        (BANK, (torch.ones(8), torch.ones(2)), {"phase": 1.0}, "phase must be a float32 or float64 tensor"),
        (SAW, (-1.0,), {"n_samples": 8}, "f0 must be at least 0 Hz, got -1.0"),
        (SAW, (440.0,), {}, "n_samples must be given where f0 is a single number"),
        (SAW, (440.0,), {"n_samples": 8, "lowest": 0.0}, "lowest must lie in (0, 8000) Hz, got 0.0"),
        (SQUARE, (torch.tensor([NAN]),), {}, "f0 must be finite, got nan"),
        (SQUARE, (torch.tensor([1]),), {}, "f0 must be a float32 or float64 tensor, got torch.int64"),
        (SQUARE, (torch.zeros(0),), {}, "f0 must be a tensor (..., time) with at least one sample"),
        (SQUARE, (440.0,), {"n_samples": 8, "lowest": 8000.0}, "lowest must lie in (0, 8000) Hz, got 8000.0"),
    ],
)
def test_bad_input(function, arguments: tuple, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        function(*arguments, **{"sample_rate": SR, **options})


def test_graph_of_the_sinusoid(assert_traces) -> None:
    def constant(f: Tensor, amplitude: Tensor, phase: Tensor) -> Tensor:
        return SINUSOID(f, sample_rate=SR, n_samples=64, amplitude=amplitude, phase=phase)

    at, elsewhere = ([torch.tensor(v) for v in values] for values in ((440.0, 0.5, 0.1), (7777.0, 0.1, 3.0)))
    assert_traces(constant, at, elsewhere, operations=50)
    assert_traces(lambda f: SINUSOID(f, sample_rate=SR), [torch.rand(64) * 99], [torch.rand(64) * 999], operations=50)


def test_graph_of_the_bank(assert_traces) -> None:
    def bank(f0: Tensor, amplitudes: Tensor) -> Tensor:
        return BANK(f0, amplitudes, sample_rate=SR, n_samples=64)

    a = torch.rand(2, 8, 5)
    assert_traces(bank, [torch.tensor(440.0), a[0, 0]], [torch.tensor(3000.0), a[1, 0]], operations=80)
    assert_traces(bank, [a[0, :, 0] * 100, a[0]], [a[1, :, 0] * 5000, a[1]], operations=150)


@pytest.mark.parametrize("oscillator", [SAW, SQUARE])
def test_graph_of_the_classics(oscillator, assert_traces) -> None:
    def classic(f0: Tensor) -> Tensor:
        return oscillator(f0, sample_rate=SR, n_samples=64, lowest=200.0)

    assert_traces(classic, [torch.tensor(3000.0)], [torch.tensor(211.0)], operations=80)
