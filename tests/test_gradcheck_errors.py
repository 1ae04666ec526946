"""Functions that cannot be checked: the message says why, and which perturbation did it."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.gradcheck import GradcheckError, gradcheck, gradgradcheck

METHODS = ["ladder", "jacobian", "taylor"]


def leaf(dtype=tg.float64):
    return tg.tensor([0.5, 0.9999, 0.2], dtype=dtype, requires_grad=True)


def raises_above_one(x):
    if (x.detach() > 1).any():
        raise ArithmeticError("not above one")
    return x * x


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_raises_at_a_perturbed_point(method):
    with pytest.raises(GradcheckError) as caught:
        gradcheck(raises_above_one, leaf(), method=method)
    text = str(caught.value)
    assert "raised ArithmeticError: not above one" in text
    assert "input `x` perturbed at [1] by +" in text
    assert " to 1.0" in text


def test_a_function_that_raises_where_two_elements_move_together():
    def together(x):
        if (x.detach() > tg.tensor([0.5, 0.99, 9.0], dtype=tg.float64)).sum() > 1:
            raise ArithmeticError("too much at once")
        return x * x

    x = tg.tensor([0.4999, 0.9899, 0.2], dtype=tg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="elements of the inputs perturbed together.*too much at once"):
        for seed in range(20):
            gradcheck(together, x, seed=seed)


def test_it_is_named_with_fixed_steps_too():
    x = tg.tensor([0.5, 1 - 1e-9], dtype=tg.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"perturbed at \[1\] by \+1e-06 to 1"):
        gradcheck(raises_above_one, x, eps=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_with_other_outputs_at_a_perturbed_point(method):
    with pytest.raises(GradcheckError, match=r"perturbed at \[1\].*gave 2 numbers, and 3 at the point"):
        gradcheck(lambda x: x[x.detach() < 1] * 2, leaf(), method=method)


def test_a_function_that_returns_fewer_tensors_at_a_perturbed_point():
    def fewer(x):
        return (x * 2, x * 3) if (x.detach() < 1).all() else x * 2

    with pytest.raises(GradcheckError, match=r"perturbed at \[1\].*1 tensors returned, and 2 at the point"):
        gradcheck(fewer, leaf())


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
@pytest.mark.parametrize("options", [{}, {"method": "jacobian"}, {"eps": 1e-3}])
def test_a_function_that_depends_on_how_often_it_is_called(dtype, options):
    calls = []

    def counts(x):
        calls.append(1)
        return x * len(calls)

    with pytest.raises(GradcheckError, match=r"depends on how often.*output 0 was 0.5 at \[0\], and 1 when"):
        gradcheck(counts, leaf(dtype), **options)


@pytest.mark.parametrize("after", [2, 3, 4, 6])
def test_a_function_that_changes_later(after):
    calls = []

    def later(x):
        calls.append(1)
        return x * (2 if len(calls) > after else 1)

    with pytest.raises(GradcheckError, match="depends on how often it is called"):
        gradcheck(later, leaf())


def test_a_function_that_raises_when_it_is_called_again():
    calls = []

    def once(x):
        calls.append(1)
        if len(calls) > 1:
            raise ArithmeticError("only once")
        return x * 2

    with pytest.raises(
        GradcheckError, match="raised ArithmeticError when called again with the same inputs: only once"
    ):
        gradcheck(once, leaf())


def test_random_numbers_are_the_same_each_time():
    assert gradcheck(lambda x: x * tg.rand(3, dtype=tg.float64), leaf())


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x.detach().sum().item(), "it returned float"),
        (lambda x: x.detach().numpy(), "it returned ndarray"),
        (lambda x: None, "it returned NoneType"),
        (lambda x: x.detach().long(), "it returned a tensor of int64"),
        (lambda x: (x.detach() > 0, x.detach().long()), "it returned a tensor of bool, a tensor of int64"),
    ],
    ids=["number", "array", "nothing", "integers", "several"],
)
@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_function_that_returns_no_fractions(check, function, says):
    with pytest.raises(ValueError, match=f"to return tensors of fractions, but {says}"):
        check(function, leaf())


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (tg.ones(3), "a tensor of float32"),
        ((np.ones(3), 2.0), r"ndarray \(no tensor\), float \(no tensor\)"),
        ((), "none"),
        (tg.tensor([1, 2]), "a tensor of int64"),
    ],
    ids=["constant", "array", "nothing", "integers"],
)
def test_inputs_that_cannot_be_differentiated_by(inputs, says):
    with pytest.raises(ValueError, match=f"at least one input tensor to require gradient.*The inputs are: {says}"):
        gradcheck(tg.sin, inputs)


def test_an_output_that_has_lost_its_graph_is_wrong_and_a_constant_is_not():
    with pytest.raises(GradcheckError, match="the path from its inputs is broken, as by detach"):
        gradcheck(lambda x: x.detach() * 2, leaf())
    assert gradcheck(lambda x: tg.ones(3, dtype=tg.float64), leaf())
    assert gradcheck(tg.floor, leaf())


def test_an_input_that_is_written_to():
    def writes(x):
        x.detach().mul_(2)
        return x * 1

    with pytest.raises(GradcheckError, match="writes into its input `x`"):
        gradcheck(writes, leaf())


def test_a_point_that_is_not_finite():
    with pytest.raises(GradcheckError, match="the outputs are not finite at the point"):
        gradcheck(tg.log, tg.tensor([-1.0], dtype=tg.float64, requires_grad=True))


def test_what_is_raised_at_the_point_itself_is_left_as_it_is():
    def missing(x):
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        gradcheck(missing, leaf())


def test_without_exceptions_it_is_false_or_a_report():
    calls = []

    def counts(x):
        calls.append(1)
        return x * len(calls)

    assert gradcheck(counts, leaf(), raise_exception=False) is False
    assert gradcheck(raises_above_one, leaf(), raise_exception=False) is False
    report = gradcheck(counts, leaf(), report=True)
    assert not report.ok
    assert "depends on how often" in str(report)
    assert "perturbed at [1]" in str(gradcheck(raises_above_one, leaf(), report=True))


def test_a_sum_may_pass_one_gradient_on_to_two_inputs():
    x, y = (tg.rand(2, 2, dtype=tg.float64, requires_grad=True) for _ in range(2))
    assert gradcheck(lambda a, b: a + b, (x, y))
    assert gradcheck(lambda a, b: (a + b.T).exp(), (x, y))


def test_a_gradient_in_memory_that_is_used_again():
    buffer = np.zeros(3)

    class Reused(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            buffer[...] = g.numpy() * 2
            return tg.from_numpy(buffer)

    with pytest.raises(GradcheckError, match="shares memory with the gradient of input .* of an earlier run"):
        gradcheck(Reused.apply, leaf())


def test_ties_in_overlapping_windows_are_kinks_with_a_valid_subgradient():
    x = tg.tensor([[[1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]], dtype=tg.float64)
    x.requires_grad_()
    for seed in range(10):
        assert gradcheck(lambda x: tg.nn.functional.max_pool2d(x, 2, stride=1), x, seed=seed)


@pytest.mark.parametrize("factor", [1e-5, 1e-3, 1.0, 1e4])
def test_float16_has_room_for_small_and_large_derivatives(factor):
    assert gradcheck(lambda x: x * factor, leaf(tg.float16))
