"""The checks: what passes, what is said when one does not, and that nothing in a student's code stops them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ddsp_lite import classroom, oscillators
from ddsp_lite.classroom import marked as module

RATE = 16000
WAVE = torch.sin(2 * torch.pi * 220 * torch.arange(1600) / RATE)


def check_on(**names: Any) -> classroom.Exercise:
    return classroom.Exercise("test-1", points=2, names=names)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().out


def tone(f0: float, n_samples: int = 8000) -> Tensor:
    amplitudes = 0.3 / torch.arange(1, 9)
    return oscillators.harmonic_bank(f0, amplitudes, sample_rate=RATE, n_samples=n_samples)


def test_points_are_the_share_of_the_weights(said: Callable[[], str]) -> None:
    check = check_on(x=1.0)
    check.close("x", 1.0, weight=3)
    check.close("x", 2.0)
    assert check.score() == 1.5
    assert "1 of 2 checks passed, 1.5 of 2 points" in said()


def test_an_exercise_without_checks_gives_no_points(said: Callable[[], str]) -> None:
    assert check_on().score() == 0.0 and "0 of 0" in said()


@pytest.mark.parametrize("points", [0, -1, math.nan, math.inf, True, "3"])
def test_points_must_be_a_positive_number(points: Any) -> None:
    with pytest.raises(ValueError, match="points must be positive and finite"):
        classroom.Exercise("test-1", points=points)


def test_names_are_those_of_the_cell(said: Callable[[], str]) -> None:
    space: dict[str, Any] = {"classroom": classroom, "answer": 3}
    exec("check = classroom.Exercise('a-1', points=1)\ncheck.close('answer', 3)\nscore = check.score()", space)
    assert space["score"] == 1.0 and "✓ answer" in said()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise NotImplementedError('x')", "is not solved yet"),
        ("return ...", "is not solved yet"),
        ("return undefined_thing", "raised NameError: name 'undefined_thing' is not defined"),
        ("return 1 / 0", "raised ZeroDivisionError: division by zero (in line 2 of your cell"),
        ("raise SystemExit", "raised SystemExit"),
        ("raise KeyError", "raised KeyError"),
        ("return f(x)", "raised RecursionError"),
        ("return None", "got None: is a return missing?"),
        ("return 'loud'", "got 'loud'"),
        ("return {}", "got {}"),
        ("return torch.zeros(2, 3)", "expected shape (3,), got (2, 3)"),
        ("return x[:0]", "expected shape (3,), got (0,)"),
        ("return x + 1j", "expected real values, got complex"),
        ("return x * math.nan", "not a finite number"),
    ],
)
def test_nothing_in_the_answer_stops_the_checks(said: Callable[[], str], source: str, words: str) -> None:
    space: dict[str, Any] = {"torch": torch, "math": math, "x": torch.ones(3)}
    exec(compile(f"def f(x):\n    {source}", "<cell>", "exec"), space)
    check = classroom.Exercise("test-1", points=2, names=space)
    check.close("f(x)", torch.arange(3.0))
    check.differentiable("f", torch.ones(3))
    check.finite("f", torch.ones(3))
    check.batch("f", torch.ones(2, 3))
    check.sound("f(x)", torch.ones(3), sample_rate=RATE)
    check.slope("f(x)", of=lambda x: x.square(), at=torch.ones(3))
    check.shape("f(x)", (4,))
    check.between("f(x).sum()", 7, 8)
    assert check.score() < 2
    assert words in said()


def test_a_missing_name_is_not_solved_yet(said: Callable[[], str]) -> None:
    check = check_on()
    check.option("answer", right="a", wrong={"b": "no"})
    check.close("answer + 1", 2)
    assert check.score() == 0
    told = said()
    assert told.count("✗") == 1 and "answer has no value" in told


def test_interrupting_goes_through() -> None:
    def f(x: Tensor) -> Tensor:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_on(f=f).close("f(1)", 1)


def test_warnings_of_an_answer_are_not_printed(recwarn: pytest.WarningsRecorder) -> None:
    def f(x: float) -> float:
        warnings.warn("careful", stacklevel=1)
        return x

    check_on(f=f).close("f(1.0)", 1.0)
    assert not recwarn.list


def test_options(said: Callable[[], str]) -> None:
    for given in ("up", " UP ", "Up"):
        check = check_on(a=given)
        check.option("a", right="up", wrong={"down": "downhill?"})
        assert check.score() == 2
    check = check_on(a="down", b="sideways", c=["x", "z", "y"], d=3)
    check.option("a", right="up", wrong={"down": "downhill?"})
    check.option("b", right="up", wrong={"down": "downhill?"})
    check.option("c", right=["x", "y", "z"], wrong={("x", "z", "y"): "the last two"})
    check.option("d", right=["x", "y", "z"])
    assert check.score() == 0
    told = said()
    assert "not 'down': downhill?" in told
    assert "'sideways' is none of the options 'down', 'up'" in told
    assert "the last two" in told and "not 3: look again" in told


def test_the_right_answer_is_never_said(said: Callable[[], str]) -> None:
    check = check_on(a=["p", "q"], b=3.0, c=-0.5)
    check.option("a", right=["q", "p"])
    check.number("b", right=4321.5, within=1, unit="Hz", wrong={7.0: "x"})
    check.number("c", right=0.5, within=0.01)
    check.score()
    told = said()
    assert "['q', 'p']" not in told and "4321" not in told
    assert "3 Hz is too small" in told and "the sign is turned round" in told


def test_numbers(said: Callable[[], str]) -> None:
    check = check_on(a=0.9, b=2.0, c="loud", d=math.nan, e=torch.tensor(1.05))
    check.number("a", right=1.0, within=0.1)
    check.number("b", right=1.0, within=0.1, wrong={2.0: "twice that is the octave"})
    check.number("c", right=1.0)
    check.number("d", right=1.0)
    check.number("e", right=1.0, within=0.1)
    assert check.score() == 0.8
    told = said()
    assert "2: twice that is the octave" in told and "expected one number" in told and "is no number" in told


def test_sealed_answers_work_as_open_ones(said: Callable[[], str]) -> None:
    source = (
        'check.option("a", right=["p", "q"], wrong={("q", "p"): "turned, round"})\n'
        'check.number(\n    "b",\n    right=1.0,\n    within=0.1,\n    wrong={2.0: "twice é"},\n)\n'
    )
    sealed = classroom.seal_source(source)
    assert "right" not in sealed and "wrong" not in sealed and "twice" not in sealed
    assert classroom.seal_source(sealed) == sealed
    told = []
    for code in (source, sealed):
        for a, b in ((["q", "p"], 2.0), (["p", "q"], 1.05), (["q"], 5)):
            check = check_on(a=a, b=b)
            exec(code, {"check": check})
            told.append((check.score(), said()))
    assert told[:3] == told[3:]
    assert "turned, round" in told[0][1] and "twice é" in told[0][1] and told[1][0] == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [("check.option('a', 'b')", "by name"), ("check.number('a', right=2 * 3 + x)", "plain values")],
)
def test_an_answer_that_cannot_be_sealed_is_refused(source: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        classroom.seal_source(source)


@pytest.mark.parametrize(
    ("answer", "options", "words"),
    [
        (WAVE[:-1], {"sample_rate": RATE}, "expected shape (1600,) (= 0.1 s at 16000 Hz), got (1599,): one short"),
        (WAVE[None], {}, "an axis of length 1 too many"),
        (WAVE.sum(), {}, "one number: was summed"),
        (torch.fft.rfft(WAVE).abs(), {}, "half a spectrum"),
        (-WAVE, {"sample_rate": RATE}, "the sign is turned round"),
        (WAVE + 0.1 * (torch.arange(1600) == 1250), {"sample_rate": RATE}, "differs most at sample 1250 (78.12 ms)"),
        (WAVE * (torch.arange(1600) < 800), {"sample_rate": RATE}, "differs from sample 801 (50.06 ms)"),
        (3 * WAVE + 1, {"wrong": [(3 * WAVE + 1, "scaled and shifted")]}, "scaled and shifted"),
    ],
)
def test_a_difference_is_located(said: Callable[[], str], answer: Tensor, options: dict, words: str) -> None:
    check = check_on(y=answer)
    check.close("y", WAVE, **options)
    assert check.score() == 0 and words in said()


def test_close_enough_is_right() -> None:
    check = check_on(y=WAVE.double() + 5e-5, z=[1, 2, 3], w=float("-inf"))
    check.close("y", WAVE)
    check.close("z", torch.tensor([1.0, 2.0, 3.0]))
    check.close("w", -math.inf)
    check.shape("y", (1600,))
    check.between("z[0]", 0, 1)
    check.true("len(z) == 3", says="three")
    assert check.score() == 2
    check = check_on(y=WAVE + 2e-4)
    check.close("y", WAVE)
    assert check.score() == 0


def test_between_says_which_side(said: Callable[[], str]) -> None:
    check = check_on(x=3.0, y=math.nan, z=[1, 2])
    check.between("x", 5, 9, unit="Hz", below="higher", says="the pitch")
    check.between("x", 0, 2, above="lower")
    check.between("y", 0, 2)
    check.between("z", 0, 2)
    assert check.score() == 0
    told = said()
    assert "✗ the pitch: expected at least 5 Hz, got 3 Hz: higher" in told
    assert "expected at most 2, got 3: lower" in told and "not a number" in told and "expected one number" in told


def test_a_gradient_by_hand(said: Callable[[], str]) -> None:
    at = torch.tensor([1.0, 2.0, -3.0])
    check = check_on(right=2 * at, turned=-2 * at, other=2 * at + torch.tensor([0.0, 0.5, 0.0]), one=2.0)
    check.slope("right", of=lambda x: x.square(), at=at)
    assert check.score() == 2
    check.slope("turned", of=lambda x: x.square(), at=at)
    check.slope("other", of=lambda x: x.square(), at=at)
    check.slope("one", of=lambda x: x.square(), at=at)
    assert check.score() == 0.5
    told = said()
    assert "autograd says -6, yours is 6 (the sign is turned round)" in told
    assert "d/dx[1]: autograd says 4, yours is 4.5" in told and "the gradient: expected shape (3,), got ()" in told


class WrongBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return -2 * ctx.saved_tensors[0] * slope


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x.detach() ** 2, "no gradient comes through"),
        (lambda x: x.sum().item(), "expected a tensor"),
        (lambda x: torch.zeros(3, requires_grad=True), "does not depend on the argument"),
        (WrongBackward.apply, "d/dx[1]: finite differences say 4, yours is -4 (the sign is turned round)"),
    ],
)
def test_a_broken_gradient(said: Callable[[], str], function: Callable, words: str) -> None:
    check = check_on(f=function)
    check.differentiable("f", torch.tensor([1.0, 2.0, -1.5]))
    assert check.score() == 0 and words in said()


def test_a_sound_gradient_passes() -> None:
    check = check_on(f=lambda x: x.square().cumsum(-1), silent=lambda x: (x.square().mean() + 1e-9).sqrt())
    check.differentiable("f", torch.tensor([1.0, 2.0, -1.5]))
    check.finite("silent", torch.zeros(100))
    check.batch("f", torch.rand(3, 5))
    assert check.score() == 2


def test_silence(said: Callable[[], str]) -> None:
    check = check_on(level=lambda x: 20 * x.abs().mean().log10(), rms=lambda x: x.square().mean().sqrt())
    check.finite("level", torch.zeros(100))
    check.finite("rms", torch.zeros(100))
    assert check.score() == 0
    told = said()
    assert "✗ level, value and gradient, at silence: the value is -inf" in told and "its gradient is not" in told


def test_a_batch_that_mixes_its_rows(said: Callable[[], str]) -> None:
    check = check_on(f=lambda x: x / x.norm())
    check.batch("f", torch.rand(3, 5))
    check.batch("lambda x: f(x).sum()", torch.rand(3, 5))
    assert check.score() == 0
    assert "does an operation mix the rows?" in said()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (tone(440.0), "an octave too high"),
        (tone(220.0 * math.sqrt(2)), "half an octave too high"),
        (tone(220.0 * 2 ** (-3 / 12)), "3.0 semitones too low"),
        (tone(220.0) * 0.1, "only the level differs, it is 20.0 dB too soft"),
        (torch.zeros(8000), "silent"),
        (tone(220.0) * math.inf, "not finite"),
        (tone(220.0)[1:], "expected shape (8000,)"),
    ],
)
def test_a_wrong_sound(said: Callable[[], str], answer: Tensor, words: str) -> None:
    check = check_on(y=answer)
    check.sound("y", tone(220.0), sample_rate=RATE)
    assert check.score() == 0 and words in said()


def test_a_sound_may_differ_in_what_is_not_heard() -> None:
    check = check_on(y=-tone(220.0), z=tone(220.0) + 1e-6 * torch.randn(8000))
    check.sound("y", tone(220.0), sample_rate=RATE)
    check.sound("z", tone(220.0), sample_rate=RATE)
    assert check.score() == 2


def test_a_reversed_sound(said: Callable[[], str]) -> None:
    ping = tone(220.0) * torch.exp(-torch.arange(8000) / 800)
    check = check_on(y=ping.flip(-1))
    check.sound("y", ping, sample_rate=RATE)
    assert check.score() == 0 and "runs backwards" in said()


def test_refusing(said: Callable[[], str]) -> None:
    def strict(x: float) -> float:
        if x < 0:
            raise ValueError("x must be positive")
        return x

    check = check_on(strict=strict)
    check.refuses("strict(-1)", naming="x")
    assert check.score() == 2
    check.refuses("strict(-1)", naming="gain")
    check.refuses("strict(1)")
    assert check.score() == pytest.approx(0.67)
    told = said()
    assert "does not name gain" in told and "expected a ValueError, got 1" in told


def test_random_inputs_are_repeatable_and_change_with_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = check_on().random(3, 4, low=2, high=5)
    assert torch.equal(first, check_on().random(3, 4, low=2, high=5))
    assert first.dtype == torch.float64 and first.min() >= 2 and first.max() <= 5
    assert not torch.equal(first, classroom.Exercise("test-2", points=1).random(3, 4, low=2, high=5))
    monkeypatch.setenv(module.SEED, "Tuesday")
    assert not torch.equal(first, check_on().random(3, 4, low=2, high=5))
    state = torch.get_rng_state()
    check_on().random(5)
    assert torch.equal(state, torch.get_rng_state())
