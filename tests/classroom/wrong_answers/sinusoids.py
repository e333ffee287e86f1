"""Plausible wrong answers to the exercises of oscillators/sinusoids."""

WRONG = {
    "sinusoids-1": [
        ("end_frequency = 200.0", "what f says"),
        ("end_frequency = 300.0", "slope of f is negative"),
        ("end_frequency = 150.0", "two seconds have passed"),
    ],
    "sinusoids-2": [
        ("return torch.sin(start + torch.cumsum(2 * math.pi * f / rate, -1))", "first sample must be sin(start)"),
        ("return torch.sin(start + 2 * math.pi * f * torch.arange(f.shape[-1]) / rate)", "siren"),
    ],
    "sinusoids-3": [
        ('sleeper = {"depth": 6.0, "rate": 5.5}', "too fast"),
        ('sleeper = {"depth": 3.0, "rate": 5.5}', "too slowly"),
    ],
}
