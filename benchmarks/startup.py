"""The rows of what it costs to begin: the import, and the first use of each compiled loop once it is cached."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.table import ROOT, Figure

_IMPORT = "import ddsp_lite; from ddsp_lite import filters, losses, oscillators"
_USES = {
    "biquad": "filters.lowpass(torch.zeros(99), 1000.0, sample_rate=RATE)",
    "harmonic bank": "oscillators.harmonic_bank(torch.ones(1), torch.ones(1, 1), sample_rate=RATE, n_samples=99)",
    "state-variable filter": "filters.state_variable(torch.zeros(99), 1000.0, sample_rate=RATE)",
}


def _seconds(code: str, *, before: str = "pass") -> float:
    """Time a statement in a fresh process, after others that are not timed."""
    program = f"""import time, torch
RATE = 16000
{before}
start = time.perf_counter()
{code}
print(time.perf_counter() - start)"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return float(result.stdout)


def _median(code: str, before: str, tiny: bool) -> float:
    _seconds(code, before=before)  # compiles, where nothing is cached yet
    return median(_seconds(code, before=before) for _ in range(1 if tiny else 5))


ROWS = [
    Figure(
        "Import of ddsp_lite", "beyond import torch", lambda tiny: _median("import ddsp_lite", "pass", tiny), 0.3, "s"
    ),
    Figure(
        "Import of ddsp_lite",
        "with oscillators, filters and losses",
        lambda tiny: _median(_IMPORT, "pass", tiny),
        0.3,
        "s",
    ),
    *(
        Figure("First use, once cached", name, lambda tiny, code=code: _median(code, _IMPORT, tiny), 0.5, "s")
        for name, code in _USES.items()
    ),
]
