"""Plausible wrong answers to the exercises of inference/amortised."""

WRONG = {
    "amortised-1": [
        ("three_answers = [200, 300, 400]", "pulls away"),
        ("three_answers = [900, 900, 900]", "the sum"),
    ],
    "amortised-2": [
        ("return (found - true).square().mean(-1)", "the given order"),
        ("return (found.sort(-1).values - true.sort(-1).values).square().sum(-1)", "Take the mean"),
        (
            "return 0.5 * ((found - true).square() + (found - true.flip(-1)).square()).mean(-1)",
            "mean over both orders",
        ),
    ],
    "amortised-3": [
        ("outsiders = (160.0, 400.0)", "too far off"),
        ("outsiders = (250.0, 500.0)", "trained on pairs like"),
    ],
}
