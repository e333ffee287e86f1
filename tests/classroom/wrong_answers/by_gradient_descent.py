"""Plausible wrong answers to the exercises of inference/by-gradient-descent."""

ONE = '{"mix": 0.3, "cutoff": 1000.0, "resonance": 2.0, "attack": 0.010}'

WRONG = {
    "by-gradient-descent-1": [
        ('comes_to_rest = ("B", 6)', "does not look over hills"),
        ('comes_to_rest = ("B", 4)', "the top of the hill"),
        ('comes_to_rest = ("A", 6)', "which one does not"),
    ],
    "by-gradient-descent-2": [
        ("share = torch.log(theta / low) / math.log(high / low)\nreturn torch.logit(share)", "keep the share a little"),
        ("return torch.logit((theta - low) / (high - low), eps=1e-6)", "one of ratios"),
        ("return torch.log(theta / low) / math.log(high / low)", "this is the share of the travel"),
        ("return torch.sigmoid(torch.log(theta / low) / math.log(high / low))", "the way back is its inverse"),
        (
            "share = torch.log(high / theta) / math.log(high / low)\nreturn torch.logit(share, eps=1e-6)",
            "counted from the wrong end",
        ),
    ],
    "by-gradient-descent-3": [
        (f"look_alikes = [{ONE}, {ONE}]", "no knob differs by 20 %"),
        (f"look_alikes = [{ONE}, {{**{ONE}, 'cutoff': 1300.0}}]", "the loss hears the difference"),
        (f"look_alikes = [{{**{ONE}, 'attack': 10}}, {{**{ONE}, 'attack': 13}}]", "not milliseconds"),
    ],
}
