"""The modules that PyTorch's database leaves out, with samples of our own, as the database would have them."""

from collections import namedtuple
from dataclasses import dataclass

import torch
from torch import nn
from torch.testing._internal.common_modules import FunctionInput, ModuleInput

In = namedtuple("In", "shape dtype low high", defaults=(None, None, None))
"""A tensor to call a module with; of integers from `low` to below `high` if `dtype` says so."""


@dataclass
class Info:
    """What `modules.check` asks of an entry of the database."""

    module_cls: type
    samples: list
    """(arguments of the constructor as a tuple or dict, what to call it with)."""
    train_and_eval_differ: bool = False
    supports_gradgrad: bool = True
    module_error_inputs_func: object = None

    @property
    def name(self):
        return f"nn.{self.module_cls.__name__}"

    @property
    def is_lazy(self):
        return issubclass(self.module_cls, nn.modules.lazy.LazyModuleMixin)

    def supported_dtypes(self, device):
        return torch.float32, torch.float64

    def module_inputs_func(self, info, device, dtype, requires_grad, training):
        for built_with, called_with in self.samples:
            args, kwargs = (built_with, {}) if isinstance(built_with, tuple) else ((), built_with)
            inputs = [drawn(one, dtype, requires_grad) for one in called_with]
            yield ModuleInput(FunctionInput(*args, **kwargs), FunctionInput(*inputs))


def drawn(one, dtype, requires_grad):
    if not isinstance(one, In):
        return one
    if one.dtype is None:
        return torch.randn(one.shape, dtype=dtype, requires_grad=requires_grad)
    return torch.randint(one.low, one.high, one.shape).to(one.dtype)


def of(*shape):
    return In(shape)


def ids(high, *shape, low=0):
    return In(shape, torch.int64, low, high)


BAG = (In((6,), torch.int64, 0, 5), torch.tensor([0, 2, 2, 6]))
INDICES = torch.tensor([[[0, 3, 4]], [[1, 2, 5]]])

INFOS = [
    Info(nn.AdaptiveLogSoftmaxWithLoss, [
        ((8, 20, [5, 10], 2.0), (of(7, 8), ids(20, 7))), ((8, 20, [5, 10, 15], 2.0, True), (of(8), ids(20))),
        ((8, 12, [4], 1.0), (of(3, 8), ids(4, 3))),
    ]),
    Info(nn.AlphaDropout, [((0.3,), (of(4, 5),)), ((0.0,), (of(3),)), ((1.0,), (of(3),))], True),
    Info(nn.ChannelShuffle, [((2,), (of(2, 4, 3),)), ((3,), (of(1, 6, 2, 2),))]),
    Info(nn.CosineSimilarity, [((), (of(3, 4), of(3, 4))), ((0, 1e-3), (of(3, 4), of(3, 4)))]),
    Info(nn.CrossMapLRN2d, [((3,), (of(2, 3, 2, 2),)), ((5, 0.1, 0.5, 2.0), (of(2, 3, 2, 2),))],
         supports_gradgrad=False),
    Info(nn.Dropout, [((), (of(4, 5),)), ((0.2, False), (of(7,),)), ((1,), (of(3),)), ((0,), (of(3),))], True),
    Info(nn.Dropout1d, [((), (of(4, 5, 2),)), ((0.2,), (of(4, 5),))], True),
    Info(nn.Dropout2d, [((), (of(4, 5, 2, 2),)), ((0.2,), (of(4, 5, 3),))], True),
    Info(nn.Dropout3d, [((), (of(4, 5, 2, 2, 2),)), ((0.2,), (of(4, 5, 3, 2),))], True),
    Info(nn.EmbeddingBag, [
        ((5, 3), BAG), ((5, 3, None, 2.0, False, "sum"), BAG), ((5, 3, None, 2.0, False, "max"), BAG),
        ((5, 3, 1.0), (ids(5, 2, 4),)), ({"num_embeddings": 5, "embedding_dim": 3, "padding_idx": -1}, BAG),
        ({"num_embeddings": 5, "embedding_dim": 3, "mode": "sum", "include_last_offset": True},
         (*BAG, of(6))),
    ], supports_gradgrad=False),
    Info(nn.FeatureAlphaDropout, [((0.3,), (of(4, 5, 2),))], True),
    Info(nn.Flatten, [((), (of(2, 3, 4),)), ((0, -2), (of(2, 3, 4),))]),
    Info(nn.Fold, [(((4, 5), (2, 2)), (of(2, 12, 12),)), ((4, 2, 1, 1, 2), (of(8, 9),))]),
    Info(nn.Hardsigmoid, [((), (of(4, 5),))]),
    Info(nn.Identity, [((), (of(4, 5),)), ((1, "and", None), (of(3),))]),
    Info(nn.LazyBatchNorm1d, [((), (of(4, 3),)), ((1e-3, None, True, True), (of(4, 3, 2),))]),
    Info(nn.LazyBatchNorm2d, [((), (of(4, 3, 2, 2),)), ((1e-3, 0.2, False), (of(4, 3, 2, 2),))]),
    Info(nn.LazyBatchNorm3d, [((), (of(4, 3, 2, 2, 2),)), ({"bias": False}, (of(4, 3, 2, 2, 2),))]),
    Info(nn.LazyInstanceNorm1d, [((), (of(4, 3, 5),))]),
    Info(nn.LazyInstanceNorm2d, [((), (of(4, 3, 2, 2),))]),
    Info(nn.LazyInstanceNorm3d, [((), (of(4, 3, 2, 2, 2),)), ({"track_running_stats": False}, (of(4, 3, 2, 2, 2),))]),
    Info(nn.LazyLinear, [((4,), (of(2, 3),)), ((4, False), (of(5),))]),
    Info(nn.MaxUnpool1d, [((2,), (of(2, 1, 3), INDICES)), ((3, 2), (of(2, 1, 3), INDICES, [8]))]),
    Info(nn.MaxUnpool2d, [((2,), (of(2, 1, 1, 3), INDICES[:, None]))]),
    Info(nn.MaxUnpool3d, [((2,), (of(2, 1, 1, 1, 3), INDICES[:, None, None]))]),
    Info(nn.NLLLoss2d, [((), (of(2, 3, 2, 2), ids(3, 2, 2, 2)))]),
    Info(nn.PairwiseDistance, [((), (of(3, 4), of(3, 4))), ((1.0, 1e-3, True), (of(3, 4), of(3, 4)))]),
    Info(nn.PixelShuffle, [((2,), (of(2, 8, 2, 3),))]),
    Info(nn.PixelUnshuffle, [((2,), (of(2, 1, 4, 6),))]),
    Info(nn.RReLU, [((), (of(4, 5),)), ((0.1, 0.2), (of(7),))], True),
    Info(nn.TripletMarginLoss, [
        ((), (of(3, 4), of(3, 4), of(3, 4))),
        ({"margin": 2.0, "p": 1.0, "swap": True, "reduction": "none"}, (of(3, 4), of(3, 4), of(3, 4))),
    ]),
    Info(nn.TripletMarginWithDistanceLoss, [
        ({"margin": 2.0}, (of(3, 4), of(3, 4), of(3, 4))), ({"swap": True}, (of(3, 4), of(3, 4), of(3, 4))),
        ({"distance_function": nn.functional.cosine_similarity}, (of(3, 4), of(3, 4), of(3, 4))),
    ]),
    Info(nn.Unflatten, [((1, (2, 3)), (of(2, 6, 2),)), ((-1, [2, -1]), (of(6),))]),
    Info(nn.Unfold, [((2,), (of(2, 3, 4, 5),)), (((2, 3), 1, (0, 1), 2), (of(3, 4, 5),))]),
    Info(nn.Upsample, [
        ((5,), (of(2, 3, 4),)), ({"scale_factor": 2}, (of(2, 3, 4, 5),)),
        ({"scale_factor": (2, 1.5), "mode": "bilinear"}, (of(2, 3, 4, 5),)),
        ({"size": (3, 4, 5), "mode": "trilinear", "align_corners": True}, (of(1, 2, 2, 2, 2),)),
        ({"size": (6, 7), "mode": "bicubic"}, (of(1, 2, 4, 5),)),
        ({"scale_factor": 1.7, "mode": "linear", "recompute_scale_factor": True}, (of(2, 3, 4),)),
    ]),
    Info(nn.UpsamplingBilinear2d, [((5,), (of(2, 3, 4, 5),)), ({"scale_factor": 2}, (of(2, 3, 4, 5),))]),
    Info(nn.UpsamplingNearest2d, [((5,), (of(2, 3, 4, 5),)), ({"scale_factor": (2, 3)}, (of(2, 3, 4, 5),))]),
]  # fmt: skip

MORE = {info.name: info for info in INFOS}
