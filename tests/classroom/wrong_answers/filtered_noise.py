"""Plausible wrong answers to the exercises of filters/filtered-noise."""

WRONG = {
    "filtered-noise-1": [
        ("squared_minimum = 0.766", "absolute"),
        ("squared_minimum = 1.0", "equal in every bin"),
        ("squared_minimum = 0.0", "never negative"),
    ],
    "filtered-noise-2": [
        (
            "taps = torch.fft.irfft(magnitudes)\n"
            "return torch.fft.irfft(torch.fft.rfft(taps, n=len(block)) * torch.fft.rfft(block), n=len(block))",
            "shape",
        ),
        (
            "taps = torch.fft.irfft(magnitudes)\n"
            "size = len(block) + len(taps) - 1\n"
            "return torch.fft.irfft(torch.fft.rfft(taps, n=size) * torch.fft.rfft(block, n=size), n=size)",
            "expected",
        ),
    ],
    "filtered-noise-3": [
        ("return (ours - theirs).abs().mean()", "too soft"),
        ("return (ours.square().mean() - theirs.square().mean()).abs()", "keep the bins apart"),
    ],
}
