"""Plausible wrong answers to the exercises of start/what-is-ddsp."""

WRONG = {
    "what-is-ddsp-1": [
        ('weight_moves = "up"', "when the input is negative"),
        ('weight_moves = "nowhere"', "none of the four factors is zero"),
    ],
    "what-is-ddsp-2": [
        (
            "s = torch.sigmoid(w * x + b)\nreturn slope_for_cutoff * 40 * 200**s * math.log(200) * s * (1 - s)",
            "by which z follows the weight",
        ),
        (
            "s = torch.sigmoid(w * x + b)\nreturn slope_for_cutoff * 40 * 200**s * s * (1 - s) * x",
            "a factor more than the power itself",
        ),
        (
            "s = torch.sigmoid(w * x + b)\nreturn slope_for_cutoff * 40 * 200**s * math.log(200) * x",
            "a slope of its own",
        ),
        (
            "s = torch.sigmoid(w * x + b)\nreturn slope_for_cutoff * 40 * 200**s * math.log(200) * s * x",
            "one factor of the sigmoid's slope",
        ),
        (
            "s = torch.sigmoid(w * x + b)\nreturn slope_for_cutoff * math.log(200) * s * (1 - s) * x",
            "The cutoff itself is a factor",
        ),
    ],
    "what-is-ddsp-3": [
        ('stuck = {"w": 2.0, "b": 0.0, "dead": "neuron"}', "the gradient still gets through"),
        ('stuck = {"w": 0.33, "b": 0.0, "dead": "neuron"}', "the sound is not wrong enough"),
        ('stuck = {"w": 10.0, "b": 4.0, "dead": "filter"}', "thousands of times smaller"),
        ('stuck = {"w": 40.0, "b": 0.0, "dead": "neuron"}', "both are on the sliders: this does not hold"),
    ],
}
