"""Plausible wrong answers to the exercises of gradients/a-knob-with-a-gradient."""

WRONG = {
    "a-knob-with-a-gradient-1": [
        ("end_at_120 = 0.15", "target's gain"),
        ("end_at_120 = 0.075", "upside down"),
        ("end_at_120 = 0.15 * math.cos(120)", "radians"),
    ],
    "a-knob-with-a-gradient-2": [
        ("return x.square().sum(-1) / (x * target).sum(-1)", "exchanged"),
        ("return target.norm(dim=-1) / x.norm(dim=-1).clamp(min=1e-30)", "sign is lost"),
        ("return (x * target).sum(-1) / x.square().sum(-1)", "a silent x gives 0"),
        ("return (x * target).sum() / x.square().sum().clamp(min=1e-30)", "shape"),
    ],
    "a-knob-with-a-gradient-3": [
        ("return (y - target).square().mean()", "hears phase"),
        ("return (torch.fft.rfft(y) - torch.fft.rfft(target)).abs().mean()", "hears phase"),
        (
            "a, b = torch.fft.rfft(y), torch.fft.rfft(target)\n"
            "return ((a.real**2 + a.imag**2).sqrt() - (b.real**2 + b.imag**2).sqrt()).square().mean()",
            "a root or logarithm at zero",
        ),
        ("return (y.square().mean() - target.square().mean())", "half the gain"),
    ],
    "a-knob-with-a-gradient-4": [
        ("confused = (speech, speech.flip(0))", "pair of the chapter"),
        ("confused = (speech, -speech)", "sound alike"),
        ("confused = (speech, speech.square())", "magnitudes differ"),
    ],
}
