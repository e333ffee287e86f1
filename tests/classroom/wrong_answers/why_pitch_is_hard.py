"""Plausible wrong answers to the exercises of oscillators/why-pitch-is-hard."""

WRONG = {
    "why-pitch-is-hard-1": [
        ("reach = 2.96", "at 16 kHz"),
        ("reach = 0.74", "a whole second"),
        ("reach = 11.9", "1,000 samples"),
    ],
    "why-pitch-is-hard-2": [
        ("return (p - q).abs().sum(-1)", "bin by bin"),
        ("return (p.cumsum(-1) - q.cumsum(-1)).abs().sum(-1)", "different total power"),
    ],
    "why-pitch-is-hard-3": [
        ("schedule = [(4000, 300, 0.01)]", "fewer samples"),
        ("schedule = [(130, 300, 0.01)]", "end with more"),
    ],
}
