"""Plausible wrong answers to the exercises of filters/fir."""

WRONG = {
    "fir-1": [
        ("directions = 5", "another phase"),
        ("directions = 65", "all frequencies"),
    ],
    "fir-2": [
        ("return torch.fft.irfft(magnitudes, n=n_taps)", "time zero"),
        ("return torch.roll(torch.fft.irfft(magnitudes), n_taps // 2, -1)", "shape"),
    ],
    "fir-3": [
        ("sines = [1000.0, 2600.0, 4200.0, 5800.0, 7400.0]", "another spacing"),
        ("sines = [200.0, 600.0, 1000.0, 1400.0]", "five"),
    ],
}
