"""Plausible wrong answers to the exercises of gradients/filter-cutoff."""

WRONG = {
    "filter-cutoff-1": [
        ("longest_first = [220, 880, 3520]", "passes unhindered"),
        ("longest_first = [880, 3520, 220]", "does its level move"),
        ("longest_first = [3520, 220, 880]", "nearer to 3 kHz"),
        ('longest_first = "3520"', "look again at each place"),
    ],
    "filter-cutoff-2": [
        ("return cutoff - rate * slope", "a step in Hz"),
        ("return cutoff * 2 ** (rate * slope * cutoff * math.log(2))", "uphill"),
        ("return cutoff * 2 ** (-rate * slope * cutoff)", "the factor ln 2"),
        ("return cutoff - rate * slope * cutoff * math.log(2)", "an octave down is a factor"),
        ("return math.log2(cutoff) - rate * slope * cutoff * math.log(2)", "the logarithm of the new cutoff"),
        ("return cutoff * 2 ** (-rate * slope * math.log(2))", "times more than ln 2"),
    ],
    "filter-cutoff-3": [
        ("spectrum = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]", "where little changes"),
        ("spectrum = [1] * 10", "where little changes"),
        ("spectrum = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]", "you are on the way"),
        ("spectrum = [0] * 10", "this does not hold"),
    ],
}
