"""Plausible wrong answers to the exercises of losses/landscapes."""

WRONG = {
    "landscapes-1": [
        ('pits = ["ring", "ring", "twin", "twin"]', "the gain can cross zero"),
        ('pits = ["ring", "ring", "ring", "ring"]', "as low as the ring"),
        ('pits = ["twin", "ring", "twin", "twin"]', "30° from the ring"),
        ('pits = ["ring", "twin", "twin", "ring"]', "turn it round"),
    ],
    "landscapes-2": [
        (
            "y = tone(gains[None, :, None], phases[:, None, None])\nreturn (y - tone(0.15, 90.0)).square().mean(-1)",
            "swapped",
        ),
        (
            "y = tone(gains[:, None, None], phases[None, :, None])\nreturn (y - tone(0.15, 90.0)).square().sum(-1)",
            "their mean",
        ),
        (
            "y = tone(gains[:, None, None], phases[None, :, None])\n"
            "return (y - tone(0.15, 90.0)).square().mean(-1).sqrt()",
            "a root too many",
        ),
    ],
    "landscapes-3": [
        ("units_found = (1.0, 1.0)", "steps that are long enough"),
        ("units_found = (4.0, 1.0)", "across it are too long"),
        ("units_found = (1.0, 45.0)", "this does not hold"),
    ],
}
