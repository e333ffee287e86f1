"""Plausible wrong answers to the exercises of gradients/controls."""

WRONG = {
    "controls-1": [
        ("lower_image, upper_image = 1080.0, 1080.0", "frame rate itself"),
        ("lower_image, upper_image = 76.0, 84.0", "distance from the tone"),
        ("lower_image, upper_image = 1008.0, 1012.0", "no cosine"),
    ],
    "controls-2": [
        (
            "return torch.nn.functional.interpolate(\n"
            "    frames.reshape(-1, 1, frames.shape[-1]), scale_factor=hop, mode='linear'\n"
            ").reshape(*frames.shape[:-1], -1)",
            "half a hop late",
        ),
        ("return frames.repeat_interleave(hop, -1)", "steps"),
        (
            "return torch.nn.functional.interpolate(\n"
            "    frames.reshape(-1, 1, frames.shape[-1]),\n"
            "    size=frames.shape[-1] * hop, mode='linear', align_corners=True\n"
            ").reshape(*frames.shape[:-1], -1)",
            "stretched to the last sample",
        ),
    ],
    "controls-3": [
        ("slowest = {'hold': 500, 'linear': 100, 'window': 100}", "more frames"),
        ("slowest = {'hold': 4000, 'linear': 4000, 'window': 4000}", "you can go lower"),
    ],
    "controls-4": [
        ("mute_note = [0.1, 0.1, 0.5, 0.2, 0.4]", "release it earlier"),
        ("mute_note = [0.4, 0.1, 0.5, 0.2, 0.1]", "too soft"),
    ],
}
