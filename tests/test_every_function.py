"""What holds for every function that computes sound: one table of cases (`tests/cases.py`), one list of demands."""

from __future__ import annotations

import importlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import forward_ad, gradcheck, gradgradcheck

from ddsp_lite.live import compile as compiler
from ddsp_lite.live.controls import Bars
from ddsp_lite.live.trace import UnsupportedOperation
from tests.cases import CASES, MODULES, Case, Maker

ELSEWHERE = {"losses.Against"}  # a class: tests/losses/test_all.py
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_function = pytest.mark.parametrize(
    "case", {case.name: case for case in reversed(CASES)}.values(), ids=lambda case: case.name
)


def test_every_public_function_has_a_case() -> None:
    public = {f"{name}.{f}" for name in MODULES for f in importlib.import_module(f"ddsp_lite.{name}").__all__}
    assert {case.name for case in CASES} == public - ELSEWHERE


def with_leaves(case: Case, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[Tensor]]:
    leaves = {name: value.detach().requires_grad_() for name, value in case.leaves(arguments).items()}
    return arguments | leaves, list(leaves.values())


def value_and_gradients(case: Case, arguments: dict[str, Any]) -> list[Tensor]:
    """What the function gives, and the gradients of a weighted sum of it; zeros where there is none."""
    arguments, leaves = with_leaves(case, arguments)
    results = case.call(arguments)
    weighted = [
        (torch.cos(torch.arange(y.numel())).reshape(y.shape).to(y) * y).abs().sum() for y in results if y.requires_grad
    ]
    if not weighted or not leaves:
        return [y.detach() for y in results]
    found = torch.autograd.grad(sum(weighted), leaves, allow_unused=True)
    return [y.detach() for y in results] + [
        torch.zeros_like(x) if g is None else g for x, g in zip(leaves, found, strict=True)
    ]


@every_case
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    batch=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    n=st.sampled_from([1, 2, 7, 12, 64, 75]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    ends=st.sampled_from(["", "low", "high"]),
    level=st.sampled_from([0.0, 1e-30, 1.0, 1e6]),
    strided=st.booleans(),
)
def test_is_finite_and_the_same_alone(case: Case, batch, n, dtype, ends, level, strided) -> None:
    maker = Maker(batch, max(n, case.least), dtype, ends, level, strided)
    arguments = case.make(maker)
    found = value_and_gradients(case, arguments)
    assert all(y.isfinite().all() for y in found)
    results = case.call(arguments)
    if not case.wide:
        assert {y.dtype for y in results} == {dtype}
    if not case.batched:
        return
    assert all(y.shape[: len(batch)] == batch for y in results)
    last = tuple(size - 1 for size in batch)
    for together, alone in zip(results, case.call(maker.alone(arguments, last)), strict=True):
        tolerance = 1e-4 if torch.float32 in (dtype, together.dtype) else 1e-9
        scale = together[last].abs().max().item()
        torch.testing.assert_close(alone, together[last], rtol=tolerance, atol=tolerance * scale)


@each_function
def test_a_batch_of_none_is_empty_or_refused(case: Case) -> None:
    try:
        results = case.call(case.make(Maker((0,))))
    except ValueError as error:
        assert re.search(r"got .*\(0, ", str(error)), error  # noqa: PT017 - which of the two it is, is not promised
    else:
        assert all(y.shape[0] == 0 for y in results) or not case.batched
        assert all(y.isfinite().all() for y in results)


def refused(case: Case, arguments: dict[str, Any], name: str, value: Any) -> str:
    """Call with one argument replaced; say what was wrong with the answer, or nothing."""
    shown = (
        f"{name}={value!r}"
        if not isinstance(value, Tensor)
        else f"{name}: {value.dtype} {tuple(value.shape)} {value.flatten()[:1]}"
    )
    try:
        case.function(**(arguments | {name: value}))
    except ValueError as error:
        said = str(error)
        missing = [] if re.search(rf"\b{name}\b", said) else ["does not name it"]
        number = value.flatten()[0].item() if isinstance(value, Tensor) and value.numel() else value
        if isinstance(number, float | int) and not isinstance(number, bool) and not isinstance(value, Tensor):
            missing += [] if f"{number:g}".lstrip("-") in said else ["does not show the value"]
        missing += [] if "must" in said else ["does not say what must be"]
        return f"{shown}: {', '.join(missing)}: {said}" if missing else ""
    except Exception as error:
        return f"{shown}: {type(error).__name__}: {error}"
    return f"{shown}: not refused"


def usual_suspects(name: str, value: Any) -> list[Any]:
    """Values of the wrong kind, and NaN and infinity."""
    if isinstance(value, Tensor):
        if not value.dtype.is_floating_point:
            return ["loud"]
        spoilt = []
        for bad in (torch.nan, torch.inf, -torch.inf):
            spoilt.append(value.clone())
            spoilt[-1].view(-1)[-1] = bad
        return ["loud", [1.0], value.to(torch.int64), value.half(), *spoilt]
    if isinstance(value, bool) or value is None or isinstance(value, torch.dtype):
        return []
    if isinstance(value, str):
        return ["nothing of that name", 3]
    if isinstance(value, int) and name != "sample_rate":
        return ["loud", 2.5, -1]
    if isinstance(value, float | int):
        return ["loud", torch.nan, torch.inf, *((0, -1) if name == "sample_rate" else ())]
    return ["loud"]


@every_case
def test_bad_arguments_are_refused_by_name(case: Case) -> None:
    arguments = case.make(Maker((2,), max(12, case.least)))
    faults = [
        refused(case, arguments, name, bad) for name, value in arguments.items() for bad in usual_suspects(name, value)
    ]
    for name, values in case.wrong.items():
        like = arguments.get(name)
        for bad in values:
            faults.append(
                refused(case, arguments, name, torch.full_like(like, bad) if isinstance(like, Tensor) else bad)
            )
    for name in ("x", "excitation", "force", "prediction", "target", "control"):
        if name in arguments and not case.name.startswith("units."):
            faults.append(refused(case, arguments, name, arguments[name][..., :0]))
            faults.append(refused(case, arguments, name, torch.tensor(1.0)))
    tensors = [n for n in case.leaves(arguments) if len(case.leaves(arguments)) > 1]
    for name in tensors:
        wider = torch.cat([arguments[name], arguments[name][:1]])  # 3 beside 2: no broadcast
        faults.append(refused(case, arguments, name, wider))
    assert not [fault for fault in faults if fault], "\n".join(fault for fault in faults if fault)


@each_function
def test_two_threads_at_once(case: Case) -> None:
    arguments = case.make(Maker((2,), 3000, torch.float32) if case.name not in SLOW else Maker((2,), 48, torch.float32))
    alone = value_and_gradients(case, arguments)
    with ThreadPoolExecutor(2) as pool:
        for together in pool.map(lambda _: value_and_gradients(case, arguments), range(4)):
            assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here to compare with the CPU")
def test_gpu_equals_cpu() -> None:
    for case in CASES:
        arguments = case.make(Maker((2,), 96, torch.float32))
        moved = {name: value.cuda() if isinstance(value, Tensor) else value for name, value in arguments.items()}
        if "dtype" in arguments:
            moved["device"] = "cuda"
        for ours, theirs in zip(value_and_gradients(case, moved), value_and_gradients(case, arguments), strict=True):
            assert ours.is_cuda or not case.leaves(arguments), case.name
            scale = theirs.abs().max().item()
            torch.testing.assert_close(
                ours.cpu(), theirs, rtol=1e-4, atol=1e-4 * scale, msg=lambda said, case=case: f"{case.name}: {said}"
            )


def differentiable(case: Case, arguments: dict[str, Any]):
    """The function of its leaves alone, complex results as pairs; and the leaves."""
    arguments, leaves = with_leaves(case, arguments)
    names = list(case.leaves(arguments))

    def function(*values: Tensor) -> tuple[Tensor, ...]:
        results = case.call(arguments | dict(zip(names, values, strict=True)))
        return tuple(torch.view_as_real(y) if y.is_complex() else y for y in results if y.requires_grad)

    return function, leaves


@every_case
def test_gradients(case: Case) -> None:
    function, leaves = differentiable(case, case.make(Maker((2,), 8)))
    assert not leaves or gradcheck(function, leaves, eps=case.step, fast_mode=True)


@every_case
def test_second_derivatives(case: Case) -> None:
    function, leaves = differentiable(case, case.make(Maker((2,), 8)))
    assert not leaves or gradgradcheck(function, leaves, eps=case.step, fast_mode=True)


# Under vmap each member would have its own lag: refused by name. The losses average over what they are given.
NOT_MAPPED = {"effects.feedback_delay_network"}
VMAP = [case for case in CASES if case.batched and not case.fixed and not case.name.startswith("effects.delay_network")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # by PyTorch, at the first jvp
@each_function
def test_transforms_of_torch_func(case: Case) -> None:
    """Gradients and slopes in a direction agree with reverse mode, which `test_gradients` compares with differences."""
    arguments, leaves = with_leaves(case, case.make(Maker((2,), 8)))
    if not leaves:
        return
    names = list(case.leaves(arguments))

    def weighted(*values: Tensor) -> Tensor:
        results = case.call(arguments | dict(zip(names, values, strict=True)))
        parts = [torch.view_as_real(y) if y.is_complex() else y for y in results]
        return sum((y * torch.cos(i + torch.arange(y.numel())).reshape(y.shape)).sum() for i, y in enumerate(parts))

    values = tuple(x.detach() for x in leaves)
    expected = torch.autograd.grad(weighted(*leaves), leaves, allow_unused=True)
    expected = [torch.zeros_like(x) if g is None else g for x, g in zip(values, expected, strict=True)]
    found = torch.func.grad(weighted, argnums=tuple(range(len(values))))(*values)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-9 * theirs.abs().max().item())
    directions = tuple(x.abs().mean() * torch.cos(torch.arange(x.numel())).reshape(x.shape).to(x) for x in values)
    parts = torch.cat([(g.conj() * d).real.reshape(-1) for g, d in zip(expected, directions, strict=True)])
    slope, accuracy = parts.sum(), {"rtol": 1e-7, "atol": 1e-9 * parts.abs().max().item()}
    with forward_ad.dual_level():
        y = weighted(*(forward_ad.make_dual(x, d) for x, d in zip(values, directions, strict=True)))
        torch.testing.assert_close(forward_ad.unpack_dual(y).tangent, slope, **accuracy)
    _, tangent = torch.func.jvp(weighted, values, directions)
    torch.testing.assert_close(tangent, slope, **accuracy)


@pytest.mark.parametrize("case", {case.name: case for case in VMAP}.values(), ids=lambda case: case.name)
def test_vmap_is_a_batch(case: Case) -> None:
    arguments = case.make(Maker((2,), 8))
    leaves = case.leaves(arguments)
    if not leaves:
        return

    def alone(*values: Tensor) -> tuple[Tensor, ...]:
        return tuple(case.call(arguments | dict(zip(leaves, values, strict=True))))

    if case.name in NOT_MAPPED:
        with pytest.raises(ValueError, match="lag must be the same for all members"):
            torch.func.vmap(alone)(*leaves.values())
        return
    for ours, theirs in zip(torch.func.vmap(alone)(*leaves.values()), case.call(arguments), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9 * theirs.abs().max().item())


# What the compiler for pages and Jupyter does not know, and says so.
LOOPS = {
    "ballistics": ("effects.ballistics", "effects.compressor"),
    "allpass_chain": ("effects.allpass_chain", "effects.phaser"),
    "lagged_recursion": (
        "effects.lagged_recursion",
        "effects.feedback_delay",
        "effects.flanger",
        "streaming.feedback_delay",
        "physical.karplus_strong",
        "physical.waveguide_string",
    ),
    "delay_network": ("effects.delay_network", "effects.feedback_delay_network"),
    "tract": ("physical.tract",),
    "linalg_matrix_exp": ("effects.orthogonal_matrix",),
}
NOT_IN_A_PAGE = {name: loop for loop, names in LOOPS.items() for name in names}


@pytest.mark.slow
@each_function
def test_compiles_for_the_browser_or_says_that_it_cannot(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps of the compiler but the last, LLVM's: an operation that it does not know is named."""
    monkeypatch.setattr(compiler, "_assemble", lambda body: b"")
    arguments = case.make(Maker((), 8, torch.float32))
    leaves = {n: v for n, v in case.leaves(arguments).items() if not v.is_complex()}
    controls = {n: Bars(v.numel(), start=v.reshape(-1).tolist(), low=-1e6, high=1e6) for n, v in leaves.items()}

    def demo(**values: Tensor) -> dict[str, Tensor]:
        shaped = {name: value.reshape(leaves[name].shape) for name, value in values.items()}
        results = case.call(arguments | shaped)
        parts = [torch.view_as_real(y) if y.is_complex() else y for y in results]
        return {"loss": sum(y.float().square().sum() for y in parts)}

    try:
        compiler.compile_model(demo, controls)
    except UnsupportedOperation as error:
        assert NOT_IN_A_PAGE[case.name] in str(error)  # noqa: PT017 - the other functions must raise nothing
    else:
        assert case.name not in NOT_IN_A_PAGE


# Their plain loops take seconds for seconds of sound.
SLOW = {case.name for case in CASES if case.name.endswith("_twin")}
