"""Plausible wrong answers to the exercises of the first page."""

WRONG = {
    "index-1": [
        ('arrows = ["down", "down", "up"]', "directions in which the loss grows"),
        ('arrows = ["up", "none", "down"]', "near the target"),
        ('arrows = ["up", "down", "down"]', "on which side"),
        ('arrows = "up"', "look again at each place"),
    ],
    "index-2": [
        ("return octaves + rate * slope", "you went uphill"),
        ("return octaves - slope", "where is the learning rate?"),
        ("return rate * slope", "the step alone"),
        ("octaves - rate * slope", "is a return missing?"),
    ],
    "index-3": [
        ('too_far = {"start": 1500.0, "rate": 0.01}', "too short"),
        ('too_far = {"start": 4000.0, "rate": -0.4}', "uphill"),
        ('too_far = {"start": 20000.0, "rate": 0.4}', "at most 7000 Hz"),
        ("too_far = (1500.0, 0.4)", "raised TypeError"),
    ],
}
