"""Plausible wrong answers to the exercises of filters/time-varying."""

WRONG = {
    "time-varying-1": [
        ('structure = "direct 1"', "change their size"),
        ('structure = "state-variable"', "two charges"),
    ],
    "time-varying-2": [
        (
            "v1 = (s1 + g * (x - s2)) / (1 + g * (g + 1 / q))\nv2 = s2 + g * v1\nreturn v2, 2 * v1 - s1, 2 * v2 - s2",
            "low-pass",
        ),
        (
            "v1 = (s1 + g * (x - s2)) / (1 + g * (g + 1 / q))\nv2 = s2 + g * v1\nreturn x - v1 / q - v2, v1, v2",
            "expected",
        ),
    ],
    "time-varying-3": [
        ("slowest = 200", "a slower rate"),
        ("slowest = 2", "go faster"),
    ],
}
