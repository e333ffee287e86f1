"""Plausible wrong answers to the exercises of losses/spectral-losses."""

_LEVELS = (
    "def level(x, size):\n"
    "    frames = torch.nn.functional.pad(x, (size // 2, size // 2)).unfold(-1, size, size // 4)\n"
    "    power = torch.fft.rfft(frames * torch.hann_window(size, dtype=x.dtype)).abs().square()\n"
    "    return 10 * torch.log10(power + epsilon**2)\n"
    "return torch.stack([(level(y, size) - level(target, size)).abs().mean() for size in sizes]).mean()"
)

WRONG = {
    "spectral-losses-1": [
        ("silent_slope = 0", "under the root"),
        ("silent_slope = 500", "This bin is silent"),
    ],
    "spectral-losses-2": [
        (_LEVELS.replace("10 * torch.log10(power", "0.5 * torch.log(power"), "nepers"),
        (_LEVELS.replace("torch.nn.functional.pad(x, (size // 2, size // 2))", "x"), "not centred"),
        (_LEVELS.replace("size // 4", "size // 2"), "a quarter"),
        (_LEVELS.replace("power + ", "power * 4 / size**2 + "), "scaled"),
        (_LEVELS.replace("10 * torch", "20 * torch"), "twice too much"),
    ],
    "spectral-losses-3": [
        (
            "a = [0.5**k for k in range(1, 9)]\n"
            "recipes_of = {'A': a, 'B': a[:4] + [0.0] * 4, 'C': [0.63 * a[0]] + a[1:]}",
            "sum of the squares",
        ),
        (
            "a = [0.5**k for k in range(1, 9)]\nrecipes_of = {'A': a, 'B': a[:4] + [0.0] * 4, 'C': a}",
            "move more amplitude",
        ),
        (
            "a = [0.5**k for k in range(1, 9)]\n"
            "recipes_of = {'A': a, 'B': a[:7] + [0.98 * a[7]], 'C': [0.45, 0.33] + a[2:]}",
            "lose more partials",
        ),
    ],
}
