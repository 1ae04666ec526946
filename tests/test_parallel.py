"""Several threads on one array: the same numbers, errors that arrive, a count that can be set."""

import numpy as np
import pytest

import tinygrad_lite as tg
from tinygrad_lite.parallel import each


@pytest.fixture(params=[1, 2, 5])
def threads(request):
    before = tg.get_num_threads()
    tg.set_num_threads(request.param)
    yield request.param
    tg.set_num_threads(before)


def test_each_keeps_the_order(threads):
    assert each(lambda k: k * k, range(20)) == [k * k for k in range(20)]
    assert each(str, []) == []


def test_an_error_arrives(threads):
    with pytest.raises(ZeroDivisionError):
        each(lambda k: 1 // (k - 7), range(20))
    assert each(abs, [-1, -2]) == [1, 2]  # and leaves the threads usable


def big_answers():
    tg.manual_seed(0)
    x = tg.randn(3, 100, 1000, requires_grad=True)
    w, b = tg.ones(1000, requires_grad=True), tg.zeros(1000, requires_grad=True)
    out = tg.nn.functional.layer_norm(tg.nn.functional.gelu(x).erf(), (1000,), w, b)
    return [g.numpy() for g in (out.detach(), *tg.autograd.grad(out.square().sum(), [x, w, b]))]


def test_the_number_of_threads_does_not_change_the_numbers():
    before = tg.get_num_threads()
    answers = []
    for n in (1, 3):
        tg.set_num_threads(n)
        answers.append(big_answers())
    tg.set_num_threads(before)
    for a, b in zip(*answers, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_another_count_is_refused(n):
    with pytest.raises(RuntimeError, match="positive integer"):
        tg.set_num_threads(n)
