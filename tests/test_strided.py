"""Convolutions with the images last give what the others give."""

import numpy as np
import pytest

from tinygrad_lite.ops import conv, strided
from tinygrad_lite.ops.window import Window

CASES = {
    "a DCGAN's": ((9, 3, 14, 14), (5, 3, 4, 4), Window.of((4, 4), (2, 2), (1, 1))),
    "a capsule network's": ((40, 2, 20, 20), (4, 2, 9, 9), Window.of((9, 9), (2, 2))),
    "what does not come out even": ((8, 3, 9, 12), (4, 3, 3, 3), Window.of((3, 3), (3, 2), (1, 0))),
    "dilated": ((8, 3, 11, 13), (4, 3, 3, 2), Window((3, 2), (1, 2), ((2, 1), (0, 3)), (2, 3))),
    "a signal": ((10, 3, 15), (4, 3, 4), Window.of((4,), (2,), (1,))),
    "in space": ((8, 2, 6, 5, 6), (4, 2, 3, 3, 3), Window.of((3, 3, 3), (2, 1, 2), (1, 1, 1))),
}


@pytest.mark.parametrize("dtype", [np.float64, np.complex128, np.float32, np.float16])
@pytest.mark.parametrize("name", CASES)
def test_both_ways_agree(name, dtype, monkeypatch):
    x_shape, weight_shape, window = CASES[name]
    draw = np.random.default_rng(0)

    def numbers(*shape):
        made = draw.standard_normal(shape)
        return (made + 1j * draw.standard_normal(shape) if dtype is np.complex128 else made).astype(dtype)

    x, weight, bias = numbers(*x_shape), numbers(*weight_shape), numbers(weight_shape[0])
    back = numbers(weight_shape[1])
    y = numbers(x_shape[0], weight_shape[0], *window.counts(x_shape[2:]))

    def all_three():
        return (
            conv._conv(x, weight, bias, window),
            conv._conv_transpose(y, weight, back, window, x_shape[2:]),
            conv._conv_weight(x, y, window),
        )

    ran = []
    for part in ("conv", "conv_transpose", "conv_weight"):
        usual = getattr(strided, part)
        monkeypatch.setattr(strided, part, lambda *args, usual=usual: ran.append(1) or usual(*args))
    found = all_three()
    assert len(ran) == 3
    monkeypatch.setattr(strided, "worth_it", lambda *args, **kwargs: False)
    expected = all_three()
    assert len(ran) == 3
    tolerance = {np.float16: 1e-2, np.float32: 1e-4}.get(dtype, 1e-10)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


def test_few_images_or_long_rows_go_the_other_way():
    window = Window.of((4, 4), (2, 2))
    assert strided.worth_it(8, window, (7, 7), groups=1, longest=8)
    assert not strided.worth_it(7, window, (7, 7), groups=1, longest=8)
    assert not strided.worth_it(8, window, (7, 9), groups=1, longest=8)
    assert not strided.worth_it(8, window, (7, 7), groups=2, longest=8)
    assert not strided.worth_it(8, Window.of((2, 2), (2, 2)), (7, 7), groups=1, longest=8)
    assert not strided.worth_it(8, Window.of((4, 4)), (7, 7), groups=1, longest=8)
