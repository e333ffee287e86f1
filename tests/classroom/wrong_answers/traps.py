"""Plausible wrong answers to the exercises of inference/traps."""

_DESCENT = (
    "settings = starts.clone().requires_grad_()\n"
    "for _ in range(steps):\n"
    "    (slope,) = torch.autograd.grad(loss(settings).sum(), settings)\n"
    "    settings = (settings - rate * slope).detach().requires_grad_()\n"
)

WRONG = {
    "traps-1": [
        (
            "causes = ['saturation', 'symmetry', 'step', 'saturation', 'step', 'saturation']",
            "the sound that has no slope",
        ),
        ("causes = ['flat', 'symmetry', 'step', 'flat', 'step', 'flat']", "at an end of its range"),
        ("causes = ['flat', 'step', 'step', 'saturation', 'symmetry', 'saturation']", "two lines on one another"),
    ],
    "traps-2": [
        (_DESCENT + "return settings.detach()[loss(settings).argmin()]", "whose loss is not a number"),
        (_DESCENT + "return settings.detach()[0]", "not the lowest"),
        (
            "ends = []\n"
            "for start in starts:\n"
            "    x = start[None].clone().requires_grad_()\n"
            "    for _ in range(steps):\n"
            "        (slope,) = torch.autograd.grad(loss(x).sum(), x)\n"
            "        x = (x - rate * slope).detach().requires_grad_()\n"
            "    ends.append(x.detach()[0])\n"
            "ends = torch.stack(ends)\n"
            "return ends[torch.nan_to_num(loss(ends), nan=math.inf).argmin()]",
            "no loop over the starts",
        ),
        (
            _DESCENT.replace("settings - rate", "settings + rate")
            + "return settings.detach()[loss(settings).argmin()]",
            "best_of(Counted(), row",
        ),
    ],
    "traps-3": [
        ("hopeless = 1.02", "still in the right valley"),
        ("hopeless = 1.19", "a nearer one"),
    ],
}
