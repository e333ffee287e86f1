"""Writes the atlas as a page of the book: a summary, heat maps, and a table that the reader can sort."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from statistics import fmean

from book.tools.atlas.measures import CLOSEST, Settings
from book.tools.atlas.voices import LOSSES, RATE, VOICES
from book.tools.toc import ROOT

DATA, PAGE = ROOT / "book/reference/loss-atlas.json", ROOT / "book/reference/loss-atlas.md"
PITCHES = ("f0", "frequency", "interval", "ratio", "stiffness")
MEASURES = {
    "direction": ("Direction", "share of random pairs in which the gradient points towards the target"),
    "valley": ("Valley", "share of the range from all of which the gradient points towards the target"),
    "success": ("Success", "share of descents that find the target"),
}
Results = Sequence[Mapping[str, object]]

INTRO = """# The atlas of losses

Which loss points the right way, for which knob? Here is every loss of the package on the package's synthesisers,
measured alike: {n_losses} losses, {n_knobs} knobs of {n_voices} voices.

- **Direction**: {pairs} random pairs of a setting and a target; the share in which the gradient's sign is right. Half
  is chance; a slope of zero counts as wrong.
- **Valley**: around {targets} random targets, the share of the knob's range from all of which the way down leads there.
- **Success**: {starts} descents from random starts to random targets by Adam, {steps} steps; the share that ends closer
  than {closest} of the range.
- **Time**: processor time of the loss and its gradient for one sound of {seconds:.2f} s, the target's spectra
  included, the median of {evaluations}.

One knob moves at a time, in equal ratios where the ear hears ratios; the others are drawn at random and known. Sounds
have {n_samples:,} samples at {rate:,} Hz. Filtered noise and noise bands are another noise in a target than in what is
compared with it; all strings are plucked by one burst. Left out is what is no single knob: the shape of a wavetable,
the complex surrogate of a frequency.
Everything is in float32 with the losses' own settings (named ones apart), seed {seed}. `make atlas` measures it anew.
"""


def shown(value: object) -> str:
    """Return a share as a percentage."""
    return f"{100 * float(value):.0f}"


def heat_map(results: Results, measure: str) -> str:
    """Return a table of knobs by losses, each cell as blue as its number is large."""
    title, said = MEASURES[measure]
    by = {(r["voice"], r["knob"], r["loss"]): r[measure] for r in results}
    head = "".join(f'<th scope="col">{escape(loss)}</th>' for loss in LOSSES)
    rows = []
    for voice, made in VOICES.items():
        for knob in made.knobs:
            cells = "".join(
                f'<td style="--share: {float(by[voice, knob, loss]):.2f}">{shown(by[voice, knob, loss])}</td>'
                for loss in LOSSES
            )
            rows.append(f'<tr><th scope="row">{escape(voice)}: {escape(knob)}</th>{cells}</tr>')
    caption = f"<caption>{title}: {said}, in per cent</caption>"
    return (
        f'<div class="atlas-scroll" tabindex="0" role="region" aria-label="{title}"><table class="atlas-map">{caption}'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def whole_table(results: Results) -> str:
    """Return all cells as rows; a script makes the heads into buttons that sort."""
    heads = ("Voice", "Knob", "Loss", "Direction %", "Valley %", "Success %", "Time ms")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    rows = "".join(
        f"<tr><td>{escape(str(r['voice']))}</td><td>{escape(str(r['knob']))}</td><td>{escape(str(r['loss']))}</td>"
        f"<td>{shown(r['direction'])}</td><td>{shown(r['valley'])}</td><td>{shown(r['success'])}</td>"
        f"<td>{float(r['milliseconds']):.2f}</td></tr>"
        for r in results
    )
    return (
        '<div class="atlas-scroll" tabindex="0" role="region" aria-label="All cells"><table class="sortable">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def summary(results: Results) -> str:
    """Return each loss's means over the knobs that move partials, and over all others."""

    def mean(loss: str, measure: str, chosen: Callable[[str], bool]) -> float:
        return fmean(float(r[measure]) for r in results if r["loss"] == loss and chosen(str(r["knob"])))

    lines = [
        "| loss | direction, pitch | success, pitch | direction, other | success, other | time, ms |",
        "|---|---|---|---|---|---|",
    ]
    for loss in LOSSES:
        pitch = [mean(loss, measure, lambda knob: knob in PITCHES) for measure in ("direction", "success")]
        other = [mean(loss, measure, lambda knob: knob not in PITCHES) for measure in ("direction", "success")]
        shares = " | ".join(f"{shown(value)} %" for value in (*pitch, *other))
        lines.append(f"| {loss} | {shares} | {mean(loss, 'milliseconds', lambda knob: True):.2f} |")
    return "\n".join(lines)


def ranges() -> str:
    """Return what each knob's range and scale are."""
    lines = ["| voice | knob | from | to | steps |", "|---|---|---|---|---|"]
    for voice, made in VOICES.items():
        for name, knob in made.knobs.items():
            equal = "ratios" if knob.log else "differences"
            lines.append(f"| {voice} | {name} | {knob.low:g} | {knob.high:g} | equal {equal} |")
    return "\n".join(lines)


def text(settings: Settings, results: Results) -> str:
    """Return the page."""
    counts = asdict(settings) | {
        "n_losses": len(LOSSES),
        "n_voices": len(VOICES),
        "n_knobs": sum(len(made.knobs) for made in VOICES.values()),
        "closest": f"{100 * CLOSEST:g} %",
        "seconds": settings.n_samples / RATE,
        "rate": RATE,
    }
    parts = [INTRO.format(**counts), "## In short\n", summary(results)]
    parts += ["", f"Pitch: the knobs that move partials ({', '.join(PITCHES)}).\n"]
    for measure, (title, _) in MEASURES.items():
        parts += [f"## {title}\n", f"```{{raw}} html\n{heat_map(results, measure)}\n```\n"]
    parts += ["## All cells\n", "Press a column's head to sort by it.\n"]
    parts += [f"```{{raw}} html\n{whole_table(results)}\n```\n"]
    parts += ["## The knobs and their ranges\n", "Frequencies in Hz, times in s.\n", ranges(), ""]
    return "\n".join(parts)
