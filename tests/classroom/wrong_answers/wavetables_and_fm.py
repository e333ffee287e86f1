"""Plausible wrong answers to the exercises of oscillators/wavetables-and-fm."""

WRONG = {
    "wavetables-and-fm-1": [
        ("strongest = 2.405", "carrier vanishes"),
        ("strongest = 10.0", "further lines"),
    ],
    "wavetables-and-fm-2": [
        (
            "orders = [(k - 1) / ratio for k in range(1, n_lines + 1)]\n"
            "values = [abs(jv(m, index)) if m == int(m) else 0.0 for m in orders]\n"
            "return torch.tensor(values, dtype=torch.float64)",
            "fold them back",
        ),
        ("return torch.tensor([abs(jv(k, index)) for k in range(n_lines)], dtype=torch.float64)", "differ"),
    ],
    "wavetables-and-fm-3": [
        ("arriving = [4.0, 4.5]", "there are more"),
        ("arriving = [3.0, 4.0, 5.0]", "another valley"),
    ],
}
