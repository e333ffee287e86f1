"""Plausible wrong answers to the exercises of losses/optimal-transport."""

_SHARES = "C, D = (x.cumsum(-1) / x.sum(-1, keepdim=True) for x in (p, q))\n"

WRONG = {
    "optimal-transport-1": [
        ("hertz_of_work = 27", "the first partial"),
        ("hertz_of_work = 9", "a longer way"),
        ("hertz_of_work = 220 * 3 - 247 * 3", "no sign"),
    ],
    "optimal-transport-2": [
        (_SHARES + "return (C - D).abs()[..., :-1].sum(-1)", "in bins"),
        (
            _SHARES
            + "widths = torch.cat([frequencies[:1], frequencies.diff()])\nreturn ((C - D).abs() * widths).sum(-1)",
            "up to the next one",
        ),
        (
            "C, D = p.cumsum(-1), q.cumsum(-1)\nreturn ((C - D).abs()[..., :-1] * frequencies.diff()).sum(-1)",
            "heaps of different total",
        ),
    ],
    "optimal-transport-3": [
        ("def weigh(magnitudes):\n    return magnitudes**2", "Flatten the heaps"),
        ("def weigh(magnitudes):\n    return magnitudes**0", "400 times as many"),
    ],
}
