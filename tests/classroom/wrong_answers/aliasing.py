"""Plausible wrong answers to the exercises of oscillators/aliasing."""

WRONG = {
    "aliasing-1": [
        ("ghost = 1500.0", "subtracted Nyquist"),
        ("ghost = 9500.0", "cannot hold it"),
    ],
    "aliasing-2": [
        ("return oscillators.sawtooth(f0, sample_rate=SAMPLE_RATE, n_samples=n_samples)", "only odd partials"),
        (
            "phase = 2 * math.pi * f0 * torch.arange(n_samples, dtype=torch.float64) / SAMPLE_RATE\n"
            "return sum(4 / math.pi / k * torch.sin(k * phase) for k in range(1, 10, 2))",
            "above Nyquist",
        ),
    ],
    "aliasing-3": [
        ("highest = 881", "go lower"),
        ("highest = 221", "higher still"),
    ],
}
