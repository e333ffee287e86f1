"""Checks on arguments: what passes, what is refused and in which words, and what happens under tracing."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from ddsp_lite import checks

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(), (5,), (2, 0), (2, 3, 4)])
def test_float_tensors_pass_unchanged(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape, dtype=dtype)
    assert checks.floating(x, "x") is x


@pytest.mark.parametrize("number", [440, 440.0, np.float32(440), np.int64(440)])
def test_numbers_become_tensors(number: float) -> None:
    x = checks.floating(number, "x")
    assert x.shape == ()
    assert x.dtype == torch.float32
    assert x.item() == 440
    assert checks.floating(0.1, "x", dtype=torch.float64).item() == 0.1


@pytest.mark.parametrize(
    "dtype", [torch.int32, torch.int64, torch.bool, torch.float16, torch.bfloat16, torch.complex64]
)
def test_other_dtypes_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=f"cutoff must be a float32 or float64 tensor, got {dtype}"):
        checks.floating(torch.zeros(3, dtype=dtype), "cutoff")


@pytest.mark.parametrize("value", [True, 1j, "loud", None, [1.0], np.zeros(2)])
def test_what_is_neither_tensor_nor_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="cutoff must be a float32 or float64 tensor or a number, got "):
        checks.floating(value, "cutoff")


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_values_must_be_finite(value: float) -> None:
    for x in (value, torch.tensor(value), torch.tensor([0.0, value, 1.0])):
        with pytest.raises(ValueError, match=rf"x must be finite, got {value}"):
            checks.floating(x, "x")


@pytest.mark.parametrize(
    ("bounds", "allowed", "refused"),
    [
        ("[]", [0.0, 1.0, 2.0], [-1e-6, 2.000001]),
        ("()", [1e-6, 1.999999], [0.0, 2.0]),
        ("[)", [0.0, 1.999999], [2.0, -1e-6]),
        ("(]", [1e-6, 2.0], [0.0, 2.000001]),
    ],
)
def test_range_with_open_and_closed_ends(bounds: str, allowed: list[float], refused: list[float]) -> None:
    x = torch.tensor(allowed, requires_grad=True)
    assert checks.in_range(x, "x", 0, 2, bounds=bounds) is x
    for value in refused:
        words = re.escape(f"q must lie in {bounds[0]}0, 2{bounds[1]} Hz, got ")
        for bad in (value, torch.tensor([1.0, value]), torch.tensor(value, dtype=torch.float64)):
            with pytest.raises(ValueError, match=words):
                checks.in_range(bad, "q", 0, 2, unit="Hz", bounds=bounds)


@pytest.mark.parametrize(
    ("low", "high", "bounds", "words"),
    [
        (0, INF, "[]", "be at least 0, got -5.1"),
        (0, INF, "()", "be above 0, got -5.1"),
        (-INF, -6, "[]", "be at most -6, got -5.1"),
        (-INF, -6, "()", "be below -6, got -5.1"),
    ],
)
def test_one_sided_ranges_in_words(low: float, high: float, bounds: str, words: str) -> None:
    for x in (-5.1, torch.tensor([-5.1]), torch.tensor([-5.1], dtype=torch.float64)):
        with pytest.raises(ValueError, match=re.escape(f"x must {words}.")):
            checks.in_range(x, "x", low, high, bounds=bounds)


def test_sound_must_have_samples_and_mono_one_channel() -> None:
    x = torch.zeros(4)
    assert checks.audio(x, "x") is x
    assert checks.mono(x, "x") is x
    assert checks.audio(torch.zeros(2, 4), "x").shape == (2, 4)
    for bad, words in [
        (torch.zeros(0), "at least one sample, got shape (0,)"),
        (torch.tensor(1.0), "at least one sample, got shape ()"),
        ([0.0], "a float32 or float64 tensor (..., time), got list"),
        (torch.tensor([0.0, NAN]), "finite, got nan"),
    ]:
        for check in (checks.audio, checks.mono):
            with pytest.raises(ValueError, match=f"^y must be .*{re.escape(words)}"):
                check(bad, "y")
    with pytest.raises(ValueError, match=re.escape("y must be mono, a tensor (time,), got shape (2, 4)")):
        checks.mono(torch.zeros(2, 4), "y")


def test_positive_and_non_negative() -> None:
    assert checks.positive(1e-9, "q") == 1e-9
    assert checks.non_negative(0.0, "q") == 0.0
    with pytest.raises(ValueError, match=r"q must be above 0 s, got 0\.0"):
        checks.positive(torch.tensor([1.0, 0.0]), "q", unit="s")
    with pytest.raises(ValueError, match=r"q must be at least 0, got -0\.5"):
        checks.non_negative(torch.tensor([1.0, -0.5]), "q")


@pytest.mark.parametrize("value", [0, -1, NAN, INF, True, "16000", torch.tensor(16000.0), None])
def test_sample_rates_that_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="sample_rate must be "):
        checks.sample_rate(value)


def test_sample_rates_that_pass() -> None:
    assert checks.sample_rate(16000) == checks.sample_rate(np.float64(16000)) == 16000.0


def test_integers() -> None:
    assert checks.integer(np.int64(3), "n") == 3
    for value in (1.0, True, "3", None, torch.tensor(3)):
        with pytest.raises(ValueError, match="n must be an integer, got "):
            checks.integer(value, "n")
    with pytest.raises(ValueError, match=re.escape("n must lie in [1, 8], got 9.")):
        checks.integer(9, "n", 1, 8)


def test_agreement_between_arguments() -> None:
    assert checks.same_frames(f0=4, amplitudes=4) == 4
    assert checks.hop(16, f0=4) == 4
    assert checks.same_shape(a=torch.zeros(2, 3), b=torch.ones(2, 3)) == (2, 3)
    assert checks.broadcast(a=(2, 1), b=(3,)) == (2, 3)
    assert checks.one_of("hold", "method", ("linear", "hold")) == "hold"
    for call, words in [
        (lambda: checks.same_frames(f0=4, amplitudes=5), "f0 and amplitudes must have the same number of frames"),
        (lambda: checks.hop(17, f0=4), "n_samples must be a multiple of the 4 frames of f0, got 17"),
        (lambda: checks.hop(0, f0=4), "n_samples must be at least 1, got 0"),
        (lambda: checks.same_shape(a=torch.zeros(2), b=torch.zeros(3)), "a and b must have the same shape"),
        (lambda: checks.broadcast(a=(2,), b=(3,)), "a and b must broadcast, got shapes a (2,), b (3,)"),
        (lambda: checks.one_of("cubic", "method", ("linear", "hold")), "method must be one of 'linear', 'hold'"),
    ]:
        with pytest.raises(ValueError, match=re.escape(words)):
            call()


def test_tracing_is_recognised() -> None:
    x = torch.ones(3)
    seen = []

    def look(t: torch.Tensor) -> torch.Tensor:
        seen.append(checks.is_tracing(t))
        return t.sum()

    look(x)
    make_fx(look)(x)
    make_fx(look, tracing_mode="fake")(x)
    make_fx(torch.func.functionalize(look))(x)
    torch.func.grad(look)(x)
    torch.func.vmap(look)(x.reshape(3, 1))
    with FakeTensorMode() as mode:
        look(mode.from_tensor(x))
    look(torch.ones(3, device="meta"))
    look(x)
    assert seen == [False, *[True] * 7, False]


def test_tracing_skips_values_but_not_kinds_and_leaves_no_operation() -> None:
    def check_all(t: torch.Tensor) -> torch.Tensor:
        checks.positive(checks.audio(t, "x"), "x")
        with pytest.raises(ValueError, match="x must be mono"):
            checks.mono(t.reshape(1, -1), "x")
        return t

    graph = make_fx(check_all)(torch.tensor([-1.0, NAN]))
    assert [n.target for n in graph.graph.nodes if n.op == "call_function"] == [torch.ops.aten.view.default]


def test_checks_are_outside_of_the_gradient() -> None:
    x = torch.rand(3, requires_grad=True)
    assert checks.positive(checks.floating(x, "x"), "x") is x
