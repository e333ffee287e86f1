"""Fits whose answers are known, in closed form or by a plain loop; what happens when they go wrong."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import Tensor

from ddsp_lite import filters, losses, units
from ddsp_lite.fit import FitResult, Parameter, fit

F64 = torch.float64


def quadratic(x: Tensor) -> Tensor:
    return ((x - 2.0) ** 2).sum()


def run(loss=quadratic, parameters=None, **options) -> FitResult:
    options = {"steps": 5, "learning_rate": 0.1, "progress": False} | options
    return fit(loss, {"x": torch.tensor(0.0)} if parameters is None else parameters, **options)


# the path of descent


def test_sgd_follows_the_closed_form() -> None:
    result = run(parameters={"x": torch.tensor([0.0, 5.0], dtype=F64)}, steps=30, optimizer="sgd")
    path = 2 + (torch.tensor([[0.0, 5.0]], dtype=F64) - 2) * 0.8 ** torch.arange(31, dtype=F64)[:, None]
    torch.testing.assert_close(result.history["x"], path)
    torch.testing.assert_close(result.losses, ((path - 2) ** 2).sum(-1))
    assert result.steps == 30
    assert result.stopped is None


def test_adam_follows_its_equations() -> None:
    result = run(lambda x: torch.cosh(x - 1), {"x": torch.tensor(3.0, dtype=F64)}, steps=40)
    x, m, v = 3.0, 0.0, 0.0
    for step in range(1, 41):
        g = math.sinh(x - 1)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x -= 0.1 * (m / (1 - 0.9**step)) / (math.sqrt(v / (1 - 0.999**step)) + 1e-8)
        assert result.history["x"][step].item() == pytest.approx(x, rel=1e-9)


def test_bounded_descent_is_descent_on_the_unbounded_number() -> None:
    parameter = Parameter(torch.tensor(300.0, dtype=F64), 60.0, 7000.0, scale="log")
    result = run(lambda x: (torch.log2(x / 1000)) ** 2, {"x": parameter}, steps=3, optimizer="sgd", learning_rate=0.5)
    v = units.unbounded_log(torch.tensor(300.0, dtype=F64), 60.0, 7000.0)
    for step in range(1, 4):
        v = v.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(torch.log2(units.bounded_log(v, 60.0, 7000.0) / 1000) ** 2, v)
        v = v - 0.5 * gradient
        assert result.history["x"][step].item() == pytest.approx(units.bounded_log(v, 60.0, 7000.0).item(), rel=1e-9)


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(torch.tensor(1.0, dtype=F64)),
        Parameter(torch.tensor(1.0, dtype=F64), 0.1, 5.0),
        Parameter(torch.tensor(1.0, dtype=F64), 0.1, 5.0, scale="log"),
        Parameter(torch.tensor(1.0, dtype=F64), scale="log"),
    ],
    ids=repr,
)
def test_every_map_reaches_the_minimum_that_scipy_finds(parameter: Parameter) -> None:
    def height(x: float) -> float:
        return (x - 2.5) ** 4 + math.log(x) ** 2

    expected = scipy.optimize.minimize_scalar(height, bounds=(0.1, 5), method="bounded", options={"xatol": 1e-9}).x
    result = run(lambda x: (x - 2.5) ** 4 + torch.log(x) ** 2, {"x": parameter}, steps=800, learning_rate=0.02)
    assert result.values["x"].item() == pytest.approx(expected, abs=1e-3)
    torch.testing.assert_close(result.history["x"][0], parameter.start)
    assert parameter.to_value(parameter.to_unbounded(parameter.start)).item() == pytest.approx(1.0)


def test_values_never_leave_their_bounds() -> None:
    result = run(lambda x: (x - 100).abs(), {"x": Parameter(0.5, 0.0, 1.0)}, steps=100, learning_rate=10.0)
    assert result.history["x"].min() >= 0
    assert result.history["x"].max() <= 1
    assert result.values["x"] == 1.0


def test_several_parameters_of_any_shape_and_precision() -> None:
    target = torch.linspace(0.1, 0.9, 6).reshape(2, 3)
    parameters = {"a": Parameter(torch.full((2, 3), 0.5), 0.0, 1.0), "b": torch.tensor(0.0, dtype=F64)}
    result = run(lambda a, b: ((a - target) ** 2).sum() + (b + 1) ** 2, parameters, steps=400, learning_rate=0.05)
    torch.testing.assert_close(result.values["a"], target, atol=1e-3, rtol=0)
    assert result.values["b"].item() == pytest.approx(-1, abs=1e-3)
    assert result.history["a"].shape == (401, 2, 3)
    assert (result.values["a"].dtype, result.values["b"].dtype) == (torch.float32, F64)
    assert not any(t.requires_grad for t in (*result.values.values(), *result.history.values(), result.losses))


def test_a_filter_is_recovered_from_its_sound() -> None:
    noise = torch.randn(8192, generator=torch.Generator().manual_seed(3))
    target = filters.lowpass(noise, 1200.0, 2.0, sample_rate=16000)

    def loss(cutoff: Tensor, q: Tensor) -> Tensor:
        return losses.multi_scale_stft(filters.lowpass(noise, cutoff, q, sample_rate=16000), target)

    parameters = {"cutoff": Parameter(4000.0, 60.0, 7000.0, scale="log"), "q": Parameter(0.7, 0.3, 10.0, scale="log")}
    result = run(loss, parameters, steps=120, learning_rate=0.1)
    assert result.losses[0] > 10 * result.loss
    assert abs(units.semitones(result.values["cutoff"], 1200.0)) < 0.34
    assert result.values["q"].item() == pytest.approx(2.0, abs=0.1)


# what is kept


def test_the_best_is_kept_not_the_last() -> None:
    result = run(lambda x: x.abs(), {"x": torch.tensor(0.95)}, steps=12, optimizer="sgd", learning_rate=0.3)
    best = result.losses.argmin().item()
    assert best < result.steps
    assert result.loss == result.losses.min() < result.losses[-1]
    assert torch.equal(result.values["x"], result.history["x"][best])


def test_the_same_arguments_give_the_same_result_and_leave_the_starts_alone() -> None:
    start = torch.tensor([0.3, 0.7])
    torch.manual_seed(5)
    first = run(parameters={"x": start}, steps=20)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1)), "a fit must not draw random numbers"
    second = run(parameters={"x": start}, steps=20)
    assert torch.equal(first.history["x"], second.history["x"])
    assert torch.equal(first.losses, second.losses)
    assert torch.equal(start, torch.tensor([0.3, 0.7]))


def test_works_where_gradients_are_switched_off() -> None:
    with torch.no_grad():
        assert run(steps=50).loss < 4


def test_any_torch_optimiser() -> None:
    result = run(optimizer=lambda numbers, rate: torch.optim.SGD(numbers, lr=rate, momentum=0.5), steps=2)
    assert result.history["x"].tolist() == pytest.approx([0.0, 0.4, 0.92])


def test_repr_is_short_and_has_no_address() -> None:
    result = run(parameters={"x": torch.tensor(2.0)}, steps=1)
    assert repr(result) == "FitResult(loss=0, steps=1, stopped=None, x=2)"
    assert repr(Parameter(torch.ones(2, 3), 0, 2)) == "Parameter(<2 x 3 numbers>, 0, 2, scale='linear')"


# where it stops


def test_a_nan_loss_stops_and_keeps_the_best() -> None:
    result = run(lambda x: torch.log(x), {"x": torch.tensor(0.35)}, optimizer="sgd", steps=50)
    assert re.fullmatch(r"nan at step \d+: loss", result.stopped)
    step = int(re.search(r"\d+", result.stopped)[0])
    assert result.steps == step < 50
    assert torch.isnan(result.losses[-1])
    assert torch.isfinite(result.losses[:-1]).all()
    assert result.loss == result.losses[:-1].min()
    assert torch.equal(result.values["x"], result.history["x"][result.losses[:-1].argmin()])


def test_a_nan_gradient_stops_and_names_the_parameter() -> None:
    def loss(x: Tensor, y: Tensor) -> Tensor:
        return (x - 1) ** 2 + torch.sqrt(y * 0)  # finite, but the slope of the root at 0 is not: 0 * inf

    result = run(loss, {"x": torch.tensor(0.0), "y": torch.tensor(1.0)})
    assert result.stopped == "nan at step 0: gradient of y"
    assert (result.loss, result.values["x"].item(), result.values["y"].item()) == (1.0, 0.0, 1.0)
    assert len(result.losses) == 1


def test_an_infinite_gradient_stops() -> None:
    assert run(lambda x: torch.sqrt(x), {"x": torch.tensor(0.0)}).stopped == "inf at step 0: gradient of x"


def test_a_loss_that_is_nan_from_the_start_gives_the_start() -> None:
    result = run(lambda x: x * math.nan, {"x": torch.tensor(7.0)})
    assert result.stopped == "nan at step 0: loss"
    assert math.isnan(result.loss)
    assert result.values["x"] == 7.0
    assert result.steps == 0


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_value_that_overflows_stops_before_the_loss_sees_it(scale: str) -> None:
    def loss(x: Tensor) -> Tensor:
        assert torch.isfinite(x).all()
        return -4 * torch.log(x)

    result = run(loss, {"x": Parameter(1.0, scale=scale)}, optimizer="sgd", learning_rate=3e38, steps=3)
    assert result.stopped == "inf at step 1: value of x"
    assert result.values["x"] == 1.0
    assert result.steps == 0


def test_it_stops_when_the_loss_has_settled() -> None:
    result = run(lambda x: x**2 + 1, {"x": torch.tensor(3.0)}, optimizer="sgd", steps=500, tolerance=1e-3)
    assert result.stopped == f"converged at step {result.steps}"
    assert 10 < result.steps < 100
    window = result.losses[-11:]
    assert window.max() - window.min() <= 1e-3 * result.losses[0]
    before = result.losses[-12:-1]
    assert before.max() - before.min() > 1e-3 * result.losses[0]


# progress


def test_no_progress_writes_nothing(capfd: pytest.CaptureFixture) -> None:
    run()
    assert capfd.readouterr() == ("", "")


def test_the_bar_goes_to_standard_error_and_can_be_hidden(
    capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    run(progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "fit" in err
    assert "5" in err


def test_progress_can_be_a_function() -> None:
    seen = []
    result = run(progress=lambda step, loss: seen.append((step, loss)))
    assert [step for step, _ in seen] == [0, 1, 2, 3, 4, 5]
    assert [loss for _, loss in seen] == result.losses.tolist()


# bad arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 60.0, "low": 60.0, "high": 7000.0}, r"start must lie in \(60, 7000\), got 60.0"),
        ({"start": torch.tensor([0.5, 1.0]), "low": 0.0, "high": 1.0}, r"start must lie in \(0, 1\), got 1.0"),
        ({"start": math.nan}, "start must be finite, got nan"),
        ({"start": torch.tensor([1, 2])}, "start must be a float32 or float64 tensor, got torch.int64"),
        ({"start": torch.zeros(0)}, r"start must hold at least one number, got shape \(0,\)"),
        ({"start": 0.5, "low": 0.0}, "low and high must be given together, got low=0.0, high=None"),
        ({"start": 0.5, "low": 1.0, "high": 0.0}, "high must be above 1, got 0.0"),
        ({"start": 0.5, "low": 0.0, "high": math.inf}, "high must be finite, got inf"),
        ({"start": 0.5, "low": "a", "high": 1.0}, "low must be a number, got 'a'"),
        ({"start": 0.5, "low": 0.0, "high": 1.0, "scale": "log"}, "low must be above 0, got 0.0"),
        ({"start": -0.5, "scale": "log"}, "start must be above 0, got -0.5"),
        ({"start": 0.5, "scale": "mel"}, "scale must be one of 'linear', 'log', got 'mel'"),
    ],
)
def test_bad_parameters(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parameter(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"steps": 2.5}, "steps must be an integer, got 2.5"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate must be finite, got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, got 'fast'"),
        ({"tolerance": -1.0}, "tolerance must be at least 0, got -1.0"),
        ({"optimizer": "newton"}, "optimizer must be one of 'adam', 'sgd', got 'newton'"),
        ({"optimizer": lambda numbers, rate: None}, "optimizer must return a torch.optim.Optimizer, got NoneType"),
        ({"parameters": {}}, "parameters must be a dict"),
        ({"parameters": {"x": 1.0}}, "x must be a Parameter or a float tensor, got float"),
        ({"parameters": {"x": torch.tensor(1)}}, "x must be a float32 or float64 tensor"),
        ({"loss": lambda x: x.expand(3)}, r"loss must return a 0-d tensor, got shape \(3,\)"),
        ({"loss": lambda x: 1.0}, "loss must return a 0-d tensor, got float"),
        ({"loss": lambda x: x.detach()}, "loss must return a tensor that depends on the parameters"),
        (
            {"loss": lambda x, y: x, "parameters": {"x": torch.tensor(0.0), "y": torch.tensor(0.0)}},
            "loss must depend on every parameter, got one that does not depend on y",
        ),
    ],
)
def test_bad_arguments(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_the_losses_are_numbers_that_numpy_takes() -> None:
    assert isinstance(np.asarray(run().losses), np.ndarray)
