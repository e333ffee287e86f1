"""Parameter inference: find the settings of a synthesiser, or of any function, by following the gradient of a loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor
from tqdm import tqdm

from ddsp_lite import checks, units

__all__ = ["FitResult", "Parameter", "fit"]

OPTIMIZERS = ("adam", "sgd")
PATIENCE = 10


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter to be found: where to start, and between which bounds to stay.

    The optimiser moves an unbounded number v; the loss sees the value. With bounds, the value is
    low + (high - low) sigmoid(v), or low (high / low)^sigmoid(v) on the "log" scale; without bounds it is v, or exp(v)
    on the "log" scale.

    Args:
        start: first value, a number or a float tensor of any shape; strictly inside the bounds, above 0 on "log".
        low, high: bounds, numbers with ``low < high``; both or neither.
        scale: "linear", or "log" for what is heard as a ratio, such as a frequency.

    Raises:
        ValueError: for a start outside the bounds or not finite, bounds out of order, and an unknown scale.

    Source: the maps are those of :mod:`ddsp_lite.units`.
    Chapter: inference/by-gradient-descent.

    >>> Parameter(1000.0, 60.0, 7000.0, scale="log")
    Parameter(1000.0, 60.0, 7000.0, scale='log')
    >>> Parameter(9000.0, 60.0, 7000.0)
    Traceback (most recent call last):
    ValueError: start must lie in (60, 7000), got 9000.0.
    """

    start: Tensor | float
    low: float | None = None
    high: float | None = None
    scale: str = "linear"

    def __post_init__(self) -> None:
        checks.one_of(self.scale, "scale", ("linear", "log"))
        start = checks.floating(self.start, "start")
        if start.numel() == 0:
            raise ValueError(f"start must hold at least one number, got shape {tuple(start.shape)}.")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"low and high must be given together, got low={self.low}, high={self.high}.")
        if self.bounded:
            for name, bound in (("low", self.low), ("high", self.high)):
                if isinstance(bound, bool) or not isinstance(bound, Real):
                    raise ValueError(f"{name} must be a number, got {bound!r}.")
            if self.scale == "log":
                checks.positive(self.low, "low")
            checks.in_range(self.high, "high", checks.in_range(self.low, "low"), bounds="()")
            checks.in_range(start, "start", self.low, self.high, bounds="()")
        elif self.scale == "log":
            checks.positive(start, "start")

    def __repr__(self) -> str:
        start = self.start if isinstance(self.start, Real) else _brief(self.start)
        bounds = f", {self.low}, {self.high}" if self.bounded else ""
        return f"Parameter({start}{bounds}, scale={self.scale!r})"

    @property
    def bounded(self) -> bool:
        """Whether it has bounds."""
        return self.low is not None

    def to_unbounded(self, value: Tensor) -> Tensor:
        """The number v that stands for a value, of the same shape."""
        if self.bounded:
            inverse = units.unbounded_log if self.scale == "log" else units.unbounded
            return inverse(value, self.low, self.high)
        return value.log() if self.scale == "log" else value.clone()

    def to_value(self, v: Tensor) -> Tensor:
        """The value for which a number v stands, of the same shape; differentiable."""
        if self.bounded:
            forward = units.bounded_log if self.scale == "log" else units.bounded
            return forward(v, self.low, self.high)
        return v.exp() if self.scale == "log" else v


@dataclass(frozen=True, eq=False)
class FitResult:
    """What :func:`fit` found.

    Attributes:
        values: the best value of each parameter, in its own unit; detached.
        loss: the loss there, the lowest of all.
        losses: the loss before each step and after the last, (steps + 1,).
        history: each parameter's value at the same moments, (steps + 1, ...).
        steps: steps taken.
        stopped: None if all steps were taken, else why and where the fit stopped, such as "converged at step 80" or
            "nan at step 12: gradient of cutoff".
    """

    values: dict[str, Tensor]
    loss: float
    losses: Tensor
    history: dict[str, Tensor]
    steps: int
    stopped: str | None

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={_brief(value)}" for name, value in self.values.items())
        return f"FitResult(loss={self.loss:.4g}, steps={self.steps}, stopped={self.stopped!r}, {values})"


def fit(
    loss: Callable[..., Tensor],
    parameters: Mapping[str, Parameter | Tensor],
    *,
    steps: int,
    learning_rate: float,
    optimizer: str | Callable[[list[Tensor], float], torch.optim.Optimizer] = "adam",
    progress: bool | Callable[[int, float], object] = True,
    tolerance: float | None = None,
) -> FitResult:
    """Lower a loss by gradient descent and keep the best parameters met on the way.

    Each step takes v <- v - update(d loss / d v), where v is the unbounded number behind each parameter and the update
    is the optimiser's. The same arguments give the same result: no random numbers are drawn here.

    A loss or gradient that is NaN or infinite ends the fit without an error: the best parameters so far are kept, and
    ``stopped`` says what was not finite and at which step.

    Args:
        loss: called as ``loss(**values)`` with one tensor for each parameter, shaped as its start; returns a 0-d tensor
            that depends on every parameter.
        parameters: each parameter by its name; a bare float tensor is a parameter without bounds.
        steps: number of steps, at least 1.
        learning_rate: above 0. A step of Adam moves v by about this much; from the middle of a "linear" range, 0.1 is
            2.5 % of the range.
        optimizer: "adam", "sgd", or a function from the list of tensors and the learning rate to a torch optimiser that
            takes a step without a closure.
        progress: True shows a progress bar on standard error (the environment variable ``TQDM_DISABLE=1`` hides it,
            for runs whose output is compared); False shows none; a function is called after each evaluation as
            ``progress(step, loss)``.
        tolerance: stop once the last 11 losses lie within ``tolerance`` times the first loss of one another; never by
            default.

    Returns:
        The best parameters, with losses and values at every step.

    Raises:
        ValueError: for an argument out of its range, a loss that is not a 0-d tensor, and a parameter on which the loss
            does not depend.

    Source: Kingma and Ba (2015), Adam: a method for stochastic optimization.
    Chapter: inference/by-gradient-descent.

    >>> x = Parameter(0.5, 0.0, 4.0)
    >>> result = fit(lambda x: (x - 2) ** 2, {"x": x}, steps=200, learning_rate=0.1, progress=False)
    >>> round(float(result.values["x"]), 2), result.steps, result.stopped
    (2.0, 200, None)
    """
    steps = checks.integer(steps, "steps")
    learning_rate = checks.positive(_number(learning_rate, "learning_rate"), "learning_rate")
    if tolerance is not None:
        checks.non_negative(_number(tolerance, "tolerance"), "tolerance")
    parameters = _as_parameters(parameters)
    numbers = {
        name: p.to_unbounded(checks.floating(p.start, name).detach()).requires_grad_() for name, p in parameters.items()
    }
    optimiser = _make_optimiser(optimizer, list(numbers.values()), learning_rate)
    losses: list[float] = []
    history: dict[str, list[Tensor]] = {name: [] for name in parameters}
    stopped = None
    with tqdm(total=steps, desc="fit", leave=False, **({} if progress is True else {"disable": True})) as bar:
        for step in range(steps + 1):
            stopped = _not_finite({f"value of {name}": number for name, number in numbers.items()}, step)
            if stopped:
                break
            with torch.enable_grad():
                values = {name: p.to_value(numbers[name]) for name, p in parameters.items()}
                stopped = _not_finite({f"value of {name}": value for name, value in values.items()}, step)
                if stopped:
                    break
                present = loss(**values)
            losses.append(_checked_loss(present).item())
            for name, value in values.items():
                history[name].append(value.detach().clone())
            bar.set_postfix_str(f"loss {losses[-1]:.4g}", refresh=False)
            if callable(progress):
                progress(step, losses[-1])
            stopped = _not_finite({"loss": present}, step) or _converged(losses, tolerance)
            if stopped or step == steps:
                break
            gradients = _gradients(present, numbers)
            stopped = _not_finite({f"gradient of {name}": gradient for name, gradient in gradients.items()}, step)
            if stopped:
                break
            for name, number in numbers.items():
                number.grad = gradients[name]
            optimiser.step()
            bar.update()
    best = min(range(len(losses)), key=lambda i: (not math.isfinite(losses[i]), losses[i]))
    return FitResult(
        values={name: track[best] for name, track in history.items()},
        loss=losses[best],
        losses=torch.tensor(losses, dtype=torch.float64),
        history={name: torch.stack(track) for name, track in history.items()},
        steps=len(losses) - 1,
        stopped=stopped,
    )


def _as_parameters(parameters: Mapping[str, Parameter | Tensor]) -> dict[str, Parameter]:
    if not isinstance(parameters, Mapping) or not parameters:
        raise ValueError(f"parameters must be a dict of at least one Parameter or tensor by name, got {parameters!r}.")
    for name, parameter in parameters.items():
        if not isinstance(parameter, Parameter | Tensor):
            raise ValueError(f"{name} must be a Parameter or a float tensor, got {type(parameter).__name__}.")
        if isinstance(parameter, Tensor):
            checks.floating(parameter, name)
    return {name: p if isinstance(p, Parameter) else Parameter(p) for name, p in parameters.items()}


def _make_optimiser(choice: str | Callable, numbers: list[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    if callable(choice):
        optimiser = choice(numbers, learning_rate)
        if not isinstance(optimiser, torch.optim.Optimizer):
            raise ValueError(f"optimizer must return a torch.optim.Optimizer, got {type(optimiser).__name__}.")
        return optimiser
    checks.one_of(choice, "optimizer", OPTIMIZERS)
    return {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[choice](numbers, lr=learning_rate)


def _checked_loss(loss: Tensor) -> Tensor:
    if not isinstance(loss, Tensor) or loss.ndim != 0:
        given = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise ValueError(f"loss must return a 0-d tensor, got {given}.")
    if not loss.requires_grad:
        raise ValueError("loss must return a tensor that depends on the parameters, got one without a gradient.")
    return loss


def _gradients(loss: Tensor, numbers: Mapping[str, Tensor]) -> dict[str, Tensor]:
    gradients = torch.autograd.grad(loss, list(numbers.values()), allow_unused=True)
    for name, gradient in zip(numbers, gradients, strict=True):
        if gradient is None:
            raise ValueError(f"loss must depend on every parameter, got one that does not depend on {name}.")
    return dict(zip(numbers, gradients, strict=True))


def _not_finite(tensors: Mapping[str, Tensor], step: int) -> str | None:
    """Why and where to stop if a tensor is not finite."""
    for what, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            return f"{'nan' if torch.isnan(tensor).any() else 'inf'} at step {step}: {what}"
    return None


def _converged(losses: list[float], tolerance: float | None) -> str | None:
    recent = losses[-PATIENCE - 1 :]
    if tolerance is None or len(recent) <= PATIENCE or max(recent) - min(recent) > tolerance * abs(losses[0]):
        return None
    return f"converged at step {len(losses) - 1}"


def _number(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} must be a number, got {value!r}.")
    return float(value)


def _brief(value: Tensor) -> str:
    return f"{value.item():.4g}" if value.numel() == 1 else f"<{' x '.join(map(str, value.shape))} numbers>"
