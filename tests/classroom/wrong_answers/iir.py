"""Plausible wrong answers to the exercises of filters/iir."""

WRONG = {
    "iir-1": [
        ("silence = 6904", "twice as long"),
        ("silence = 27628", "factor of a thousand"),
    ],
    "iir-2": [
        (
            "w = filters.recursion(g, torch.ones(1), torch.stack([torch.ones_like(a), a]))\n"
            "return w, -(w[1:] * y[:-1]).sum()",
            "ran forwards",
        ),
        (
            "w = filters.recursion(g.flip(0), torch.ones(1), torch.stack([torch.ones_like(a), a])).flip(0)\n"
            "return w, (w[1:] * y[:-1]).sum()",
            "sign",
        ),
    ],
    "iir-3": [
        ("return u, v", "below 1"),
        ("return torch.tanh(u), 0.5 * torch.sigmoid(v)", "out of reach"),
    ],
}
