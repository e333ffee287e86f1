"""Plausible wrong answers to the exercises of gradients/sound-as-tensors."""

WRONG = {
    "sound-as-tensors-1": [
        ("shift_in_semitones = 12 * math.log2(22050 / 16000)", "faster or slower"),
        ("shift_in_semitones = math.log2(16000 / 22050)", "octaves"),
    ],
    "sound-as-tensors-2": [
        ("return 10 * torch.log10(x.square().mean(-1).sqrt().clamp(min=1e-12))", "10 log10"),
        ("return 20 * torch.log10(x.square().mean(-1).sqrt())", "silence gives the floor"),
        ("return (20 * torch.log10(x.square().mean(-1).sqrt())).clamp(min=floor)", "a root or logarithm at zero"),
    ],
    "sound-as-tensors-3": [
        ("return torch.fft.irfft(torch.polar(torch.fft.rfft(x).abs(), phases), len(x))", "magnitudes stay"),
        ("return torch.fft.irfft(torch.polar(torch.ones(len(phases)).double(), phases), len(x))", "magnitudes stay"),
    ],
    "sound-as-tensors-4": [
        ("drawn_period = torch.sin(torch.arange(64) * 6 * math.pi / 64).tolist()", "all but gone"),
        ("drawn_period = torch.sin(torch.arange(64) * 2 * math.pi / 64).tolist()", "too strong"),
        ("drawn_period = (3 * torch.sin(torch.arange(64) * 6 * math.pi / 64)).tolist()", "make it softer"),
    ],
}
