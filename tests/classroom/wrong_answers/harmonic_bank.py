"""Plausible wrong answers to the exercises of oscillators/harmonic-bank."""

HALVES = "[1, 0.5, 0.25, 0.1]"

WRONG = {
    "harmonic-bank-1": [
        ("with_gradient = 100", "if there were no limit"),
        ("with_gradient = 50", "The limit is lower"),
        ("with_gradient = 26", "below half the sample rate"),
        ("with_gradient = 9", "for a sample rate of 16,000 Hz"),
    ],
    "harmonic-bank-2": [
        (
            "k = torch.arange(1, len(shares) + 1)\nreturn level * shares / shares.sum() * (k * f0 < sample_rate / 2)",
            "normalised before the mask",
        ),
        ("return level * shares / shares.sum()", "above half the sample rate"),
        (
            "k = torch.arange(1, len(shares) + 1)\n"
            "audible = shares * (k * f0 < sample_rate / 2)\nreturn level * audible",
            "do not sum to one",
        ),
        (
            "k = torch.arange(1, len(shares) + 1)\n"
            "audible = shares * (k * f0 <= sample_rate / 2)\nreturn level * audible / audible.sum()",
            "partial 8 on the limit",
        ),
        (
            "k = torch.arange(len(shares))\n"
            "audible = shares * (k * f0 < sample_rate / 2)\nreturn level * audible / audible.sum()",
            "Where is partial 3?",
        ),
    ],
    "harmonic-bank-3": [
        (
            f'two_settings = [{{"level": 0.2, "shares": {HALVES}}}, {{"level": 0.4, "shares": {HALVES}}}]',
            "the sounds differ",
        ),
        (
            f'two_settings = [{{"level": 0.2, "shares": {HALVES}}}, {{"level": 0.2, "shares": {HALVES}}}]',
            "nearly the same in both",
        ),
        (
            'two_settings = [{"level": 0.2, "shares": [1, 0.5]}, {"level": 0.4, "shares": [0.5, 0.25]}]',
            "positive numbers",
        ),
    ],
}
