"""The live demo: a PyTorch function that a reader plays with, in JupyterLab and in the built book.

`Demo` traces the function with its gradient, compiles both for the browser, and is from then on an ordinary Jupyter
widget: each control is a trait. What it shows as HTML holds the same model, so that it runs in a page without Python.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from torch import Tensor

from ddsp_lite.live import bundle, cache, fallback, reference
from ddsp_lite.live.activity import Descend, Prediction
from ddsp_lite.live.build import check_arguments, make
from ddsp_lite.live.controls import Control
from ddsp_lite.live.show import Panel
from ddsp_lite.live.snippet import collect

REFERENCES = "DDSP_LITE_REFERENCES"


class ControlTrait(traitlets.TraitType):
    """The present value of a control: checked against its range when it is set."""

    def __init__(self, control: Control) -> None:
        self.control = control
        start = control.start
        super().__init__(default_value=list(start) if isinstance(start, tuple) else start)
        self.tag(sync=True)

    def make_dynamic_default(self) -> Any:
        """Return the control's start (a list of its own for bars)."""
        start = self.control.start
        return list(start) if isinstance(start, tuple) else start

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the checked value; raise TraitError naming control, value and range."""
        try:
            return self.control.check(value)
        except ValueError as error:
            raise traitlets.TraitError(f"{self.name} {error}") from None


class Demo(anywidget.AnyWidget):
    """A function with its gradient, live: sound, picture, loss and gradient follow the controls.

    Args:
        function: takes the controls by name, returns a dict of float tensors, each 0-d or 1-d. "loss" (0-d), where it
            is among them, is differentiated with respect to each control that has a gradient. The function must compute
            all it needs itself: it may use modules, functions and plain values, but no tensor from outside.
        id: lower-case words joined by hyphens; the name of the demo in the page's address.
        title: heading.
        alt: what the picture of the start state shows, for those who cannot see it.
        show: panels, see `ddsp_lite.live`.
        descend: how the gradient is followed, or None.
        predict: a question that comes first, or None.
        sample_rate: in Hz.
        **controls: `Slider`, `Bars`, `Choice` or `Sound`, by name.

    Each control is a trait: `demo.cutoff` is its value, setting it moves the slider. A value outside the range raises
    `traitlets.TraitError`. Raises ValueError when a name in `show` is unknown, a value at the start is not finite, or
    the function uses what cannot be copied into the page; `UnsupportedOperation` when it uses an operation that the
    compiler does not know.

    Chapter: book/gradients/filter-cutoff.

    >>> import torch
    >>> from ddsp_lite.live import Player, Slider
    >>> def tone(gain):
    ...     audio = gain * torch.sin(torch.arange(16000) * 0.1)
    ...     return {"audio": audio, "loss": (gain - 0.25).square()}
    >>> show = [Player("audio")]
    >>> demo = Demo(tone, id="tone", title="A tone", alt="A sine.", show=show, gain=Slider(0, 1, start=0.5))
    >>> demo.gain = 0.75
    >>> loss, gradients = demo.loss_and_gradients()
    >>> loss, gradients["gain"], demo.outputs()["audio"].shape
    (tensor(0.2500), tensor(1.), torch.Size([16000]))
    """

    spec = traitlets.Dict(read_only=True).tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        function: Callable[..., dict[str, Tensor]],
        *,
        id: str,
        title: str,
        alt: str,
        show: Sequence[Panel] = (),
        descend: Descend | None = None,
        predict: Prediction | None = None,
        sample_rate: int = 16000,
        **controls: Control,
    ) -> None:
        check_arguments(function, id, title, alt, show, controls)
        for name in controls:
            if name.startswith("_") or hasattr(type(self), name):
                raise ValueError(f"a control must not be called {name!r}: the widget uses that name itself")
        self.function, self.controls, self.sample_rate = function, controls, sample_rate
        described = [control.spec(name, sample_rate=sample_rate) for name, control in controls.items()]
        source = collect(function)
        parts = [source.text(), id, title, sample_rate, described, repr(list(show)), repr(descend), repr(predict)]
        key = cache.key(parts, source.modules)
        made = cache.load(key)
        if made is None:
            asked = {"show": show, "descend": descend, "predict": predict, "sample_rate": sample_rate}
            made = make(function, controls, described=described, id=id, title=title, **asked)
            cache.store(key, made)
        self._figure = fallback.figure_html(made["picture"], alt)
        self.add_traits(**{name: ControlTrait(control) for name, control in controls.items()})
        self.set_trait("spec", made["spec"])
        super().__init__(_esm=bundle.module(), _css=bundle.style())
        if os.environ.get(REFERENCES):
            folder = Path(os.environ[REFERENCES])
            reference.write(folder, id, function, controls, sample_rate=sample_rate, descent=descend, key=key)

    @property
    def values(self) -> dict[str, Any]:
        """The present value of every control, by name."""
        return {name: getattr(self, name) for name in self.controls}

    def outputs(self) -> dict[str, Tensor]:
        """Return what the function returns at the present values, computed by PyTorch."""
        return reference.evaluate(self.function, self.controls, self.values, self.sample_rate)[0]

    def loss_and_gradients(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its gradient for each control that has one, computed by autograd."""
        outputs, gradients = reference.evaluate(self.function, self.controls, self.values, self.sample_rate)
        if "loss" not in outputs:
            raise ValueError(f"the demo {self.spec['id']!r} has no loss: its function returns {sorted(outputs)}")
        return outputs["loss"], gradients

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={shortened(value)}" for name, value in self.values.items())
        return f"Demo(id={self.spec['id']!r}, {values})"

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        bundled = super()._repr_mimebundle_(**keywords)
        if bundled is not None:
            bundled[0]["text/html"] = self.html()
        return bundled

    def html(self) -> str:
        """Return the demo as HTML for a page that has the front end's script (`ddsp_lite.live.page`)."""
        name = escape(self.spec["id"])
        data = json.dumps(self.spec, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
        return (
            f'<div class="ddsp-demo" id="demo-{name}" data-id="{name}">'
            f'<script type="application/json">{data}</script>{self._figure}</div>'
        )


def shortened(value: Any) -> str:
    """Return a value for a repr, long lists by their first three numbers."""
    if isinstance(value, list) and len(value) > 3:
        return f"[{', '.join(f'{number:g}' for number in value[:3])}, … {len(value)} bars]"
    return f"{value:g}" if isinstance(value, float) else repr(value)
