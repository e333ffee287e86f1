"""Plausible wrong answers to the exercises of inference/physical-models."""

_TUNED = (
    "length = SAMPLE_RATE / torch.as_tensor(f0, dtype=torch.float64) - 0.5\n"
    "whole = length.detach().floor()\n"
    "rest = length - whole\n"
    "taps = gain / 2 * torch.stack([1 - rest, torch.ones_like(rest), rest])\n"
    "return effects.lagged_recursion(x, taps.unsqueeze(0), int(whole))"
)

WRONG = {
    "physical-models-1": [
        ("cents_off = 17.4", "36 samples"),
        ("cents_off = 6.48", "above, or below"),
    ],
    "physical-models-2": [
        (_TUNED.replace(" - 0.5", ""), "half a sample too long"),
        (_TUNED.replace("rest = length - whole", "rest = torch.zeros_like(length)"), "thrown away"),
        (_TUNED.replace("gain / 2", "0.5"), "the gain is missing"),
        (_TUNED.replace("as_tensor(f0, dtype=torch.float64)", "tensor(float(f0)).double()"), "no gradient"),
    ],
    "physical-models-3": [
        ("reading = (SAMPLE_RATE // 304, 0.979)", "A whole number of samples"),
        (
            "values = listen(strange, skip=2000)\nf0, T = float(values['f0']), float(values['decay'])\n"
            "reading = (SAMPLE_RATE / f0, 10 ** (-3 / (f0 * T)))",
            "T is that of the lowest",
        ),
        ("reading = (52.62, 10 ** (-3 / (304 * 0.7)))", "dies too fast"),
    ],
}
