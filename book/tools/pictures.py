"""Smaller pictures for the page: a plot has few colours, so 256 of them hold it in a third of the bytes."""

import base64
import io

from nbformat import NotebookNode
from PIL import Image

COLOURS = 256


def with_few_colours(png: bytes) -> bytes:
    """The same picture with a palette, transparency kept; the original where that is not smaller."""
    picture = Image.open(io.BytesIO(png))
    reduced = picture.convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    reduced.save(stream, "PNG", optimize=True)
    return min(stream.getvalue(), png, key=len)


def lighten(notebook: NotebookNode) -> None:
    """Reduce every picture among a notebook's outputs, in place."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                png = base64.b64decode(output.data["image/png"])
                output.data["image/png"] = base64.b64encode(with_few_colours(png)).decode("ascii")
