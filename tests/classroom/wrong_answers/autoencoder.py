"""Plausible wrong answers to the exercises of systems/autoencoder."""

WRONG = {
    "autoencoder-1": [
        ("quietest = -100", "what bounds the level from below"),
        ("quietest = -70", "20 log10"),
        ("quietest = 6", "the loudest"),
    ],
    "autoencoder-2": [
        ("return torch.softmax(envelope, -1)", "half the sample rate"),
        (
            "k = torch.arange(1, envelope.shape[-1] + 1)\n"
            "return torch.softmax(envelope, -1) * (f0[..., None] * k < sample_rate / 2)",
            "mask first",
        ),
    ],
    "autoencoder-3": [
        ("semitones, decibels = 0, -6", "another pitch"),
        ("semitones, decibels = 3, 0", "by 3 dB or more"),
    ],
}
