"""An instrument that the reader plays, in JupyterLab and in the built book: sound made block after block."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from torch import Tensor

from ddsp_lite.live import blocks, bundle, fallback
from ddsp_lite.live.build import IDENTIFIER
from ddsp_lite.live.controls import Slider
from ddsp_lite.live.demo import REFERENCES, ControlTrait

NOTE = (
    "This is a picture of the instrument's phrase. The instrument itself is played by mouse, touch or keyboard: in the "
    "book it needs JavaScript and nothing else, in a notebook run the cell."
)


class Instrument(anywidget.AnyWidget):
    """A synthesiser to be played: pitch across a surface, loudness up, sliders for the rest.

    The step is compiled once to WebAssembly, its weights with it, and runs on the browser's audio thread. There is no
    kernel behind it, so that it plays in a page from a file as well.

    Args:
        step: ``step(state, **controls)``: a dict of float32 tensors and a 0-d tensor for each control give a block of
            sound (samples,) and the next state. It is traced once and must not branch on values; 256 samples at 16 kHz
            (16 ms) are a good block. Round a network's weights by `round_to_half` first: that halves the page.
        state: where it begins, float32 tensors by name.
        id: lower-case words joined by hyphens.
        title: heading.
        alt: what the picture of the phrase shows, for those who cannot see it.
        phrase: pitch and loudness, a row for each block, that a button plays; None for five notes in two seconds.
        sample_rate: in Hz.
        pitch: a `Slider` in Hz, on a log scale.
        loudness: a `Slider`.
        **controls: a `Slider` for each of the rest, by name.

    Each control is a trait: `instrument.pitch` is its value, and setting it moves it in the page.

    Raises:
        ValueError: an argument is of the wrong kind, or the step does not give what it promises.
        UnsupportedOperation: the step uses what the compiler does not know.

    Source: the instrument of Engel, Hantrakul, Gu, Roberts (2020), DDSP, played live.
    Chapter: systems/latency.

    >>> import torch
    >>> from ddsp_lite import streaming
    >>> def step(state, pitch, loudness):
    ...     y, (turns,) = streaming.sinusoid(pitch.expand(256), sample_rate=16000, state=(state["turns"].double(),))
    ...     return 10 ** (loudness / 20) * y, {"turns": turns.float()}
    >>> sine = Instrument(step, {"turns": torch.zeros(1)}, id="sine", title="A sine", alt="Five notes.",
    ...     pitch=Slider(110, 880, start=220, scale="log", unit="Hz"), loudness=Slider(-60, 0, start=-20, unit="dB"))
    >>> sine.pitch, sine.phrase_sound().shape
    (220.0, torch.Size([32000]))
    """

    spec = traitlets.Dict(read_only=True).tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        step: blocks.Step,
        state: Mapping[str, Tensor],
        *,
        id: str,
        title: str,
        alt: str,
        pitch: Slider,
        loudness: Slider,
        phrase: Sequence[Sequence[float]] | None = None,
        sample_rate: int = 16000,
        **controls: Slider,
    ) -> None:
        controls = {"pitch": pitch, "loudness": loudness, **controls}
        self._check(id, title, alt, controls)
        self.step, self.state, self.controls, self.sample_rate = step, dict(state), controls, sample_rate
        start = {name: control.start for name, control in controls.items()}
        engine = blocks.compile_step(step, state, start)
        engine["sampleRate"] = sample_rate
        count = round(2 * sample_rate / engine["block"])
        if phrase is None:
            phrase = blocks.arpeggio(pitch.low, pitch.high, loudness.low, loudness.high, count)
        self.phrase = [[float(number) for number in row] for row in phrase]
        for row in self.phrase:
            if len(row) != 2 or not np.isfinite(row).all():
                raise ValueError(f"phrase must hold pitch and loudness, finite, for each block, got {row}")
        described = [control.spec(name, sample_rate=sample_rate) for name, control in controls.items()]
        made = {"id": id, "title": title, "sampleRate": sample_rate, "engine": engine, "controls": described}
        self._figure = fallback.figure_html(self._picture(engine["block"]), alt, NOTE)
        self.add_traits(**{name: ControlTrait(control) for name, control in controls.items()})
        self.set_trait("spec", {**made, "phrase": self.phrase})
        super().__init__(_esm=bundle.instrument_module(), _css=bundle.instrument_style())
        if os.environ.get(REFERENCES):
            folder = Path(os.environ[REFERENCES])
            folder.mkdir(parents=True, exist_ok=True)
            rows = np.array(self.rows())
            np.savez(folder / f"{id}.instrument.npz", phrase=rows, audio=self.phrase_sound().numpy())

    def _check(self, id: str, title: str, alt: str, controls: Mapping[str, Slider]) -> None:
        if not isinstance(id, str) or not IDENTIFIER.fullmatch(id):
            raise ValueError(f"id must be lower-case words joined by hyphens, such as 'trumpet', got {id!r}")
        for name, text in (("title", title), ("alt", alt)):
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{name} must be a text that is not empty, got {text!r}")
        for name, control in controls.items():
            if not isinstance(control, Slider):
                raise ValueError(f"{name} must be a Slider, got {control!r}")
            if name.startswith("_") or hasattr(type(self), name):
                raise ValueError(f"a control must not be called {name!r}: the widget uses that name itself")
        if controls["pitch"].scale != "log":
            raise ValueError(f"pitch must have a log scale, got {controls['pitch'].scale!r}")

    def rows(self) -> list[list[float]]:
        """Return the phrase with all controls: the rest at their start values."""
        rest = [control.start for name, control in self.controls.items() if name not in ("pitch", "loudness")]
        return [[*row, *rest] for row in self.phrase]

    def phrase_sound(self) -> Tensor:
        """Return the phrase's sound (time,), computed by PyTorch, block after block."""
        return blocks.rendered(self.step, self.state, list(self.controls), self.rows())

    def _picture(self, block: int) -> str:
        """Draw the phrase's pitch, and the level of its sound."""
        pitch, loudness = np.array(self.phrase).T
        time = np.arange(len(pitch)) * block / self.sample_rate
        curves = {"time": time, "pitch": pitch, "loudness": loudness}
        unit = f" ({self.controls['loudness'].unit})" if self.controls["loudness"].unit else ""
        options = {"kind": "curve", "x": "time", "xscale": "linear", "xlabel": "time (s)"}
        show = [
            {**options, "signals": ["pitch"], "ylabel": "pitch (Hz)", "title": "Pitch"},
            {**options, "signals": ["loudness"], "ylabel": "loudness" + unit, "title": "Loudness"},
        ]
        return fallback.picture({"show": show, "sampleRate": self.sample_rate, "controls": []}, curves)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name):g}" for name in self.controls)
        return f"Instrument(id={self.spec['id']!r}, {values})"

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        bundled = super()._repr_mimebundle_(**keywords)
        if bundled is not None:
            bundled[0]["text/html"] = self.html()
        return bundled

    def html(self) -> str:
        """Return the instrument as HTML for a page that has the front end's script (`ddsp_lite.live.page`)."""
        name = escape(self.spec["id"])
        data = json.dumps(self.spec, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
        return (
            f'<div class="ddsp-demo ddsp-instrument" id="demo-{name}" data-id="{name}" data-ready="false">'
            f'<script type="application/json">{data}</script>{self._figure}</div>'
        )
