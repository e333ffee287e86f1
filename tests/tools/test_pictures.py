"""Pictures with fewer colours look the same and weigh less."""

import base64
import io

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from book.tools import pictures


def plot() -> bytes:
    with mpl.rc_context({"figure.facecolor": "none", "axes.facecolor": "none"}):
        figure = Figure(figsize=(6, 3))
        axes = figure.add_subplot()
        for phase in range(4):
            axes.plot(np.sin(np.linspace(0, 20, 500) + phase))
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor="none")
    return stream.getvalue()


def on_page(png: bytes, shade: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    page = Image.new("RGBA", picture.size, (shade, shade, shade, 255))
    page.alpha_composite(picture)
    return np.asarray(page, dtype=float)


def test_a_plot_looks_the_same_on_light_and_dark_and_weighs_half() -> None:
    png = plot()
    reduced = pictures.with_few_colours(png)
    assert len(reduced) < 0.5 * len(png)
    for shade in (255, 18):
        assert np.abs(on_page(png, shade) - on_page(reduced, shade)).mean() < 1


def test_a_picture_that_would_grow_is_left_alone() -> None:
    once = pictures.with_few_colours(plot())
    assert len(pictures.with_few_colours(once)) <= len(once)


def test_every_picture_of_a_notebook_is_reduced() -> None:
    png = plot()
    output = new_output("display_data", data={"image/png": base64.b64encode(png).decode()})
    notebook = new_notebook(cells=[new_code_cell("plot()", outputs=[output]), new_code_cell("1")])
    pictures.lighten(notebook)
    assert base64.b64decode(notebook.cells[0].outputs[0].data["image/png"]) == pictures.with_few_colours(png)
