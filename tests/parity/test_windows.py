"""Convolutions, pooling, padding, resizing: what PyTorch's op database does not try."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import LAYOUTS, agree, case, table

import tinygrad_lite as tg

# PyTorch warns of defaults that once were others, and of kernels that "same" does not suit.
pytestmark = pytest.mark.filterwarnings("ignore")

SIGNAL, IMAGE, VOLUME = (2, 4, 9), (2, 4, 6, 7), (1, 2, 4, 5, 3)
TIES = np.array([[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, -1.0], [2.0, 2.0, -3.0, -3.0]]])
HOLES = np.array([[[1.0, np.nan, -np.inf, -np.inf], [np.nan, 0.0, -np.inf, -np.inf]]])


def f(name, *args, **kwargs):
    """The program that calls a function of nn.functional."""
    return lambda m, *xs: getattr(m.nn.functional, name)(*xs, *args, **kwargs)


def conv(name, *shapes, **kwargs):
    what = " ".join(f"{k}={v}" for k, v in kwargs.items())
    return case(f"{name} {shapes} {what}", f(name, **kwargs), *shapes)


CONVOLUTIONS = [
    conv("conv1d", SIGNAL, (6, 4, 1)),
    conv("conv1d", SIGNAL, (6, 2, 3), (6,), stride=2, padding=1, groups=2),
    conv("conv1d", (4, 9), (3, 4, 2), (3,), padding="same", dilation=3),
    conv("conv1d", SIGNAL, (4, 1, 3), padding=2, groups=4),
    conv("conv2d", IMAGE, (8, 4, 3, 3), (8,), padding=1),
    conv("conv2d", IMAGE, (2, 4, 3, 3), (2,), padding=1),
    conv("conv2d", IMAGE, (8, 4, 1, 1), (8,)),
    conv("conv2d", IMAGE, (8, 4, 1, 1), stride=2),
    conv("conv2d", IMAGE, (8, 1, 3, 2), (8,), stride=(2, 1), groups=4),
    conv("conv2d", IMAGE, (12, 1, 3, 3), padding=1, groups=4),
    conv("conv2d", IMAGE, (4, 2, 2, 4), padding="same", groups=2, dilation=(2, 1)),
    conv("conv2d", (4, 6, 7), (3, 4, 6, 7), (3,)),
    conv("conv2d", (0, 4, 6, 7), (3, 4, 3, 3), (3,)),
    conv("conv2d", (3, 20, 2, 2), (16, 20, 2, 2), padding=1),
    conv("conv3d", VOLUME, (3, 2, 2, 3, 1), (3,), stride=(1, 2, 1), padding=(1, 0, 1)),
    conv("conv_transpose1d", SIGNAL, (4, 3, 3), (3,), stride=3, output_padding=2),
    conv("conv_transpose1d", SIGNAL, (4, 1, 3), (2,), groups=2, padding=1, stride=2, output_padding=1),
    conv("conv_transpose1d", SIGNAL, (4, 3, 3), (3,), dilation=3, output_padding=2, padding=1),
    conv("conv_transpose2d", IMAGE, (4, 3, 3, 3), (3,), padding=1),
    conv("conv_transpose2d", IMAGE, (4, 1, 3, 3), padding=1, groups=4),
    conv("conv_transpose2d", IMAGE, (4, 1, 3, 3), padding=1, groups=4, stride=2),
    conv("conv_transpose2d", (4, 6, 7), (4, 2, 2, 3), (4,), stride=(2, 3), groups=2),
    conv("conv_transpose3d", VOLUME, (2, 3, 2, 2, 1), (3,), stride=2),
]


def pool(name, *args, shape=IMAGE, **kwargs):
    what = " ".join(map(str, (*args, *kwargs.items())))
    return case(f"{name} {shape if isinstance(shape, tuple) else 'values'} {what}", f(name, *args, **kwargs), shape)


POOLS = [
    pool("max_pool1d", 3, 2, 1, shape=SIGNAL, return_indices=True),
    pool("max_pool1d_with_indices", 2, shape=SIGNAL),
    pool("max_pool2d_with_indices", 2),
    pool("max_pool3d_with_indices", 2, shape=VOLUME),
    pool("max_pool2d", 2, return_indices=True),
    pool("max_pool2d", (3, 2), (2, 1), (1, 0), return_indices=True),
    pool("max_pool2d", 3, 3, 1, ceil_mode=True, return_indices=True),
    pool("max_pool2d", 2, 1, 0, (2, 3), return_indices=True),
    pool("max_pool2d", 2, 1, shape=TIES, return_indices=True),
    pool("max_pool2d", 2, 1, 1, shape=HOLES, return_indices=True),
    pool("max_pool2d", (6, 7), return_indices=True),
    pool("max_pool3d", 2, 1, 1, shape=VOLUME, return_indices=True),
    pool("avg_pool1d", 3, 2, 1, True, False, shape=SIGNAL),
    pool("avg_pool2d", 3, 2, 1, ceil_mode=True),
    pool("avg_pool2d", 3, 2, 1, ceil_mode=True, count_include_pad=False),
    pool("avg_pool2d", 2, divisor_override=3),
    pool("avg_pool2d", (6, 7)),
    pool("avg_pool3d", (2, 3, 1), 1, shape=VOLUME),
    pool("adaptive_avg_pool1d", 4, shape=SIGNAL),
    pool("adaptive_avg_pool2d", (4, None)),
    pool("adaptive_avg_pool2d", (3, 7)),
    pool("adaptive_avg_pool3d", 1, shape=VOLUME),
    pool("adaptive_max_pool2d", (4, 5), return_indices=True),
    pool("adaptive_max_pool2d", (2, 7), return_indices=True),
    pool("adaptive_max_pool1d", 4, shape=SIGNAL, return_indices=True),
    case("lp_pool1d", f("lp_pool1d", 2, 3), SIGNAL, domain=(0.2, 2.0)),
    case("lp_pool2d", f("lp_pool2d", 3, 2, ceil_mode=True), IMAGE, domain=(0.2, 2.0)),
    case("lp_pool3d", f("lp_pool3d", 2, 2), VOLUME, domain=(0.2, 2.0)),
    pool("local_response_norm", 3),
    case(
        "max_unpool2d",
        lambda m, x: m.nn.functional.max_unpool2d(
            *m.nn.functional.max_pool2d(x, 2, return_indices=True), 2, output_size=(2, 4, 7, 7)
        ),
        IMAGE,
    ),
]

REARRANGED = [
    *(
        pool("pad", widths, mode)
        for mode in ("reflect", "replicate", "circular")
        for widths in ((1, 2, 0, 3), (-1, 2, 0, 0), (2, -1, -2, 1))
    ),
    pool("pad", (1, -2, 0, 0, 3, 0), "constant", 1.5),
    pool("unfold", (2, 3), 2, 1, (1, 2)),
    pool("unfold", 2, shape=(4, 6, 7)),
    pool("fold", (4, 3), 2, shape=(2, 8, 6)),
    pool("fold", 4, (2, 1), 1, (1, 0), 2, shape=(8, 6)),
    pool("pixel_shuffle", 2, shape=(3, 8, 2, 3)),
    pool("pixel_unshuffle", 3, shape=(2, 1, 6, 3)),
    pool("channel_shuffle", 2),
]

RESIZED = [
    *(
        pool("interpolate", size, factor, mode, corners, again, shape=shape)
        for mode, shape in (("linear", SIGNAL), ("bilinear", IMAGE), ("bicubic", IMAGE), ("trilinear", VOLUME))
        for size, factor, corners, again in ((3, None, None, None), (None, 1.7, None, None), (None, 1.7, None, True),
                                             (5, None, True, None), (1, None, True, None))
    ),
    *(
        pool("interpolate", None, 1.6, mode, shape=shape)
        for mode in ("nearest", "nearest-exact", "area")
        for shape in (SIGNAL, IMAGE, VOLUME)
    ),
    *(pool("interpolate", (4, 9), mode=mode, antialias=True) for mode in ("bilinear", "bicubic")),
    pool("upsample", None, 2),
    case("affine_grid", f("affine_grid", (2, 3, 4, 5), align_corners=False), (2, 2, 3)),
    case("affine_grid aligned", f("affine_grid", (1, 1, 1, 3, 2), align_corners=True), (1, 3, 4)),
    *(
        case(f"grid_sample {mode} {outside} {corners}", f("grid_sample", mode, outside, corners), IMAGE, (2, 3, 5, 2))
        for mode in ("bilinear", "nearest", "bicubic")
        for outside in ("zeros", "border", "reflection")
        for corners in (False, True)
    ),
    case("grid_sample of volumes", f("grid_sample", align_corners=False), VOLUME, (1, 2, 2, 2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("line", table(CONVOLUTIONS, POOLS, REARRANGED, RESIZED))
def test_windows_agree(line, dtype):
    if dtype == "float32" and "bicubic" in line.name:  # second derivatives that nearly cancel
        line = replace(line, order=1)
    agree(line, dtype)


@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize("line", table(CONVOLUTIONS[::4], POOLS[::4], REARRANGED[::4]))
def test_windows_agree_in_any_layout(line, layout):
    agree(line, layout=layout)


@pytest.mark.parametrize("line", table(CONVOLUTIONS, REARRANGED))
def test_windows_agree_for_complex_numbers(line):
    agree(line, "complex128")


ERRORS = [
    ("groups", f("conv2d", groups=3), IMAGE, (4, 2, 3, 3)),
    ("channels", f("conv2d"), IMAGE, (4, 3, 3, 3)),
    ("bias", f("conv2d"), IMAGE, (4, 4, 3, 3), (3,)),
    ("kernel too large", f("conv2d"), IMAGE, (4, 4, 9, 3)),
    ("dimensions", f("conv2d"), (4, 4), (4, 4, 3, 3)),
    ("padding word", f("conv2d", padding="full"), IMAGE, (4, 4, 3, 3)),
    ("same with stride", f("conv2d", padding="same", stride=2), IMAGE, (4, 4, 3, 3)),
    ("too many strides", f("conv2d", stride=(1, 1, 1)), IMAGE, (4, 4, 3, 3)),
    ("output padding", f("conv_transpose2d", stride=2, output_padding=2), IMAGE, (4, 4, 3, 3)),
    ("transposed channels", f("conv_transpose2d"), IMAGE, (3, 4, 3, 3)),
    ("padding of pool", f("max_pool2d", 2, 1, 2), IMAGE),
    ("reflect", f("pad", (7, 0), "reflect"), IMAGE),
    ("circular", f("pad", (8, 0), "circular"), IMAGE),
    ("odd pad", f("pad", (1, 2, 3)), IMAGE),
    ("pad mode", f("pad", (1, 2), "mirror"), IMAGE),
    ("size and factor", f("interpolate", 3, 2.0), IMAGE),
    ("neither", f("interpolate"), IMAGE),
    ("mode and dimensions", f("interpolate", 3, mode="bilinear"), SIGNAL),
    ("align_corners", f("interpolate", 3, mode="nearest", align_corners=True), IMAGE),
    ("grid", f("grid_sample", align_corners=False), IMAGE, (2, 3, 5, 3)),
    ("grid mode", f("grid_sample", "cubic", align_corners=False), IMAGE, (2, 3, 5, 2)),
    ("columns", f("fold", (4, 3), 2), (2, 7, 6)),
    ("blocks", f("fold", (4, 3), 2), (2, 8, 5)),
    ("shuffle", f("pixel_shuffle", 3), IMAGE),
    ("unshuffle", f("pixel_unshuffle", 4), IMAGE),
    ("unpool", lambda m, x: m.nn.functional.max_unpool2d(x, (x * 0 + 99).long(), 2), (1, 1, 2, 2)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error[0])
def test_windows_refuse_what_pytorch_refuses(error):
    _, program, *shapes = error
    with pytest.raises(Exception) as theirs:
        program(torch, *(torch.ones(shape) for shape in shapes))
    with pytest.raises(theirs.type):
        program(tg, *(tg.ones(shape) for shape in shapes))
