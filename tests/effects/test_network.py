"""The feedback delay network: its response in closed form, its twin, decays as asked, gradients, edges, the graph."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from ddsp_lite import effects

F64 = torch.float64
RUNS = [effects.delay_network, effects.delay_network_twin]


def random_network(*batch: int, lines: int = 3, taps: int = 2) -> list[torch.Tensor]:
    """Taps, lag, matrix, input and output gains of a network that decays."""
    matrix = 0.6 * effects.orthogonal_matrix(torch.randn(*batch, lines, lines, dtype=F64))
    gains = torch.randn(2, *batch, lines, dtype=F64)
    mix = torch.rand(*batch, lines, taps, dtype=F64) / taps
    return [mix, torch.randint(1, 6, (*batch, lines)), matrix, *gains]


@pytest.mark.parametrize("run", RUNS)
def test_response_in_closed_form(run) -> None:
    """g^T (D^-1 - A)^-1 b, at every frequency of a window in which the network falls silent."""
    taps, lag, matrix, into, out = random_network(lines=4)
    y = run(torch.eye(1, 512, dtype=F64)[0], taps, lag, matrix, into, out)
    w = 2 * math.pi * torch.arange(257, dtype=F64) / 512
    delay = torch.exp(-1j * w[:, None, None] * (lag[:, None] + torch.arange(2)))
    inverse = torch.diag_embed(1 / (taps * delay).sum(-1)) - matrix
    expected = torch.linalg.solve(inverse, into.to(inverse)) @ out.to(inverse)
    torch.testing.assert_close(torch.fft.rfft(y), expected)


def test_equals_its_twin_on_both_ways() -> None:
    x, (taps, lag, *rest), weight = torch.randn(2, 40), random_network(2), torch.randn(2, 40)
    inputs = [t.requires_grad_() for t in (x, taps, *rest)]

    def gradients(run, **options):
        y = run(inputs[0], inputs[1], lag, *inputs[2:])
        return torch.autograd.grad((y * weight).sum(), inputs, **options)

    compiled = gradients(effects.delay_network)
    composed = gradients(effects.delay_network, create_graph=True)
    twin = gradients(effects.delay_network_twin)
    for one, two, three in zip(compiled, composed, twin, strict=True):
        torch.testing.assert_close(one, two)
        torch.testing.assert_close(one, three)


@pytest.mark.slow
def test_gradients() -> None:
    taps, lag, *rest = random_network(2, lines=2)
    inputs = [t.requires_grad_() for t in (torch.randn(2, 9, dtype=F64), taps, *rest)]
    assert gradcheck(lambda x, taps, *rest: effects.delay_network(x, taps, lag, *rest), inputs)
    assert gradgradcheck(lambda x, taps, *rest: effects.delay_network(x, taps, lag, *rest), inputs)


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_operators_keep_the_rules(dtype: torch.dtype) -> None:
    x, (taps, lag, *rest) = torch.randn(2, 12, dtype=dtype), random_network(2)
    # What enters the lines has no gradient of its own, so no generic check of gradients is asked for.
    utilities = ("test_schema", "test_faketensor", "test_autograd_registration")
    torch.library.opcheck(torch.ops.ddsp_lite.delay_network, (x, taps, lag, *rest), test_utils=utilities)
    y, v = torch.ops.ddsp_lite.delay_network(x, taps, lag, *rest)
    torch.library.opcheck(torch.ops.ddsp_lite.delay_network_backward, (y, x, taps, lag, *rest, v))


def test_an_orthogonal_matrix_keeps_energy() -> None:
    """No gain is below one, so all that a click brings in is still there: what enters the lines keeps its power."""
    matrix = effects.orthogonal_matrix(torch.randn(5, 4, 4, dtype=F64))
    torch.testing.assert_close(matrix @ matrix.mT, torch.eye(4, dtype=F64).expand(5, 4, 4))
    lag, click = torch.tensor([3, 4, 5, 7]), torch.eye(1, 5000, dtype=F64)
    args = torch.ones(1, 4, 1, dtype=F64), lag[None], matrix[:1], torch.full((1, 4), 0.5, dtype=F64)
    v = torch.ops.ddsp_lite.delay_network(click, *args, torch.ones(1, 4, dtype=F64))[1]
    held = [sum(v[0, j, n - m + 1 : n + 1].square().sum() for j, m in enumerate(lag.tolist())) for n in (100, 4999)]
    assert held == pytest.approx([1.0, 1.0])


def test_decays_as_asked() -> None:
    rate, lengths = 8000, torch.tensor([113.0, 151.0, 197.0, 241.0, 283.0, 331.0], dtype=F64)
    y = effects.feedback_delay_network(
        torch.eye(1, 16384, dtype=F64)[0], lengths / rate, 1.2, sample_rate=rate, decay_high=0.3
    )
    blocks = y.reshape(-1, 2048)[:4] * torch.hann_window(2048, dtype=F64)
    power = torch.fft.rfft(blocks).abs().square()
    for low, high, seconds in ((10, 80, 1.2), (960, 1014, 0.3)):
        level = 10 * torch.log10(power[:, low:high].sum(-1))
        slope = (level[0] - level[-1]) / (3 * 2048 / rate)
        assert (60 / slope).item() == pytest.approx(seconds, rel=0.1)


def test_gradients_in_all_settings() -> None:
    x = torch.randn(2, 16, dtype=F64, requires_grad=True)
    delays = torch.tensor([3.4, 4.7, 6.1], dtype=F64, requires_grad=True)
    decay, high = (torch.tensor(v, dtype=F64, requires_grad=True) for v in ([30.0, 50.0], 12.0))
    free, into, out = (torch.randn(s, dtype=F64, requires_grad=True) for s in ((3, 3), (3,), (2, 3)))

    def run(x, delays, decay, high, free, into, out):
        matrix = effects.orthogonal_matrix(free)
        return effects.feedback_delay_network(
            x, delays, decay, sample_rate=1, decay_high=high, matrix=matrix, input_gains=into, output_gains=out
        )

    assert gradcheck(run, (x, delays, decay, high, free, into, out))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize(("decay", "high"), [(1e-30, 1e-30), (1e20, 1e20), (1e20, 1e-20), (0.5, 5.0)])
def test_finite_at_the_edges(dtype: torch.dtype, decay: float, high: float) -> None:
    for x in (torch.zeros(60, dtype=dtype), torch.randn(1, dtype=dtype), torch.randn(300, dtype=dtype)):
        values = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in ([0.003, 0.1, 1e6], decay, high)]
        y = effects.feedback_delay_network(x.requires_grad_(), *values[:2], sample_rate=1000, decay_high=values[2])
        assert y.dtype == dtype
        for result in (y, *torch.autograd.grad(y.sum(), (x, *values))):
            assert result.isfinite().all()


def test_tail_reaches_zero_without_denormal_numbers() -> None:
    x = torch.zeros(3000, dtype=F64, requires_grad=True)
    click = torch.cat([torch.ones(1, dtype=F64), x])
    y = effects.feedback_delay_network(click, torch.tensor([3.0, 4.0]), 30.0, sample_rate=1)
    assert (y[2500:] == 0).all()
    (gradient,) = torch.autograd.grad(y[-1], x)
    assert (gradient[:500] == 0).all()


def test_batches_equal_loops() -> None:
    x, delays, decay = torch.randn(3, 1, 50), 0.003 + torch.rand(2, 4) / 100, torch.rand(3, 2)
    y = effects.feedback_delay_network(x, delays, decay, sample_rate=1000)
    assert y.shape == (3, 2, 50)
    alone = effects.feedback_delay_network(x[2, 0], delays[1], decay[2, 1], sample_rate=1000)
    torch.testing.assert_close(y[2, 1], alone)


def test_graph(assert_traces) -> None:
    def run(x, delays, decay, high):
        return effects.feedback_delay_network(x, delays, decay, sample_rate=1000, decay_high=high)

    x, y = torch.randn(2, 60)
    here = torch.tensor([0.0041, 0.0053]), torch.tensor(0.5), torch.tensor(0.2)
    there = torch.tensor([0.0072, 0.0123]), torch.tensor(0.3), torch.tensor(0.1)
    assert_traces(run, [x, *here], [y, *there], operations=250)


X, D = torch.ones(2, 8), torch.tensor([4.0, 5.0])
GIVEN = dict(zip(("taps", "lag", "matrix", "input_gains", "output_gains"), random_network(lines=2), strict=True))


def primitive(**options) -> torch.Tensor:
    return effects.delay_network(**{"x": X} | GIVEN | options)


def network(**options) -> torch.Tensor:
    return effects.feedback_delay_network(**{"x": X, "delays": D, "decay": 1.0, "sample_rate": 1} | options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: primitive(x=X.long()), "x must be a float32 or float64 tensor"),
        (lambda: primitive(lag=torch.tensor([1.0, 2.0])), r"lag must be an int64 tensor \(..., lines\)"),
        (lambda: primitive(lag=torch.tensor([1, 0])), "lag must be at least 1, got 0"),
        (
            lambda: primitive(taps=torch.ones(3, 2)),
            r"taps must be a tensor \(..., 2, K\), got a tensor of shape \(3, 2\)",
        ),
        (lambda: primitive(matrix=torch.ones(2, 3)), r"matrix must be a tensor \(..., 2, 2\)"),
        (lambda: primitive(input_gains=torch.ones(())), r"input_gains must be a tensor \(..., 2\)"),
        (lambda: primitive(output_gains=torch.tensor([1.0, math.nan])), "output_gains must be finite, got nan"),
        (lambda: primitive(output_gains=torch.ones(3, 2)), "x and lag and taps and matrix .* must broadcast"),
        (lambda: network(delays=4.0), r"delays must be a tensor \(..., lines\), got 4.0"),
        (lambda: network(delays=torch.tensor([4.0, 2.0])), "delays must be at least 3 s, got 2.0"),
        (lambda: network(decay=0.0), "decay must be above 0 s, got 0.0"),
        (lambda: network(decay_high=-1.0), "decay_high must be above 0 s, got -1.0"),
        (lambda: network(decay=torch.ones(3)), "x and delays and decay and decay_high must broadcast"),
        (lambda: network(matrix=torch.ones(3, 3)), r"matrix must be a tensor \(..., 2, 2\)"),
        (lambda: effects.orthogonal_matrix(torch.ones(2, 3)), r"free must be a tensor of square matrices"),
        (lambda: effects.orthogonal_matrix(torch.ones(2, 2) * math.inf), "free must be finite, got inf"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
