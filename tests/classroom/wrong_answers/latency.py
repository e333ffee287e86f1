"""Plausible wrong answers to the exercises of systems/latency."""

WRONG = {
    "latency-1": [
        ("buzz = 300", "was meant"),
        ("buzz = 62.5", "256 samples"),
        ("buzz = 25", "length of a block in ms"),
    ],
    "latency-2": [
        (
            "last = torch.zeros((), dtype=x.dtype)\n"
            "block = []\n"
            "for sample in x:\n"
            "    last = (1 - pole) * sample + pole * last\n"
            "    block.append(last)\n"
            "return torch.stack(block), last",
            "the state is not used",
        ),
        (
            "last = torch.zeros((), dtype=x.dtype) if state is None else state\n"
            "block = []\n"
            "for sample in x:\n"
            "    last = (1 - pole) * sample + pole * last\n"
            "    block.append(last)\n"
            "return torch.stack(block), x[-1]",
            "not the last output",
        ),
    ],
    "latency-3": [
        ("block = 256", "too long to be played"),
        ("block = 64", "fewer, longer blocks"),
    ],
}
