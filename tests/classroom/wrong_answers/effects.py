"""Plausible wrong answers to the exercises of filters/effects."""

WRONG = {
    "effects-1": [
        ("half_width = 40", "next valley"),
        ("half_width = 10", "steepest"),
    ],
    "effects-2": [
        ("return torch.roll(x, round(float(delay)), dims=-1)", "rounded away"),
        (
            "whole = int(delay)\n"
            "rest = delay - whole\n"
            "return rest * torch.roll(x, whole, dims=-1) + (1 - rest) * torch.roll(x, whole + 1, dims=-1)",
            "exchanged",
        ),
        (
            "whole = int(delay)\n"
            "rest = delay - whole\n"
            "return (1 - rest) * torch.roll(x, -whole, dims=-1) + rest * torch.roll(x, -whole - 1, dims=-1)",
            "early",
        ),
    ],
    "effects-3": [
        ("schedule = [(8000, 120)]", "first stage"),
        ("schedule = [(45, 120)]", "sharp"),
        ("schedule = [(45, 100), (8000, 60)]", "the steps of all stages"),
    ],
}
