"""The layers and losses, a module for each family; each family loads when it is first used."""

from typing import TYPE_CHECKING

from tinygrad_lite.later import later
from tinygrad_lite.nn.modules.container import *
from tinygrad_lite.nn.modules.module import *

if TYPE_CHECKING:  # what a type checker and an editor see
    from tinygrad_lite.nn.modules.activation import *
    from tinygrad_lite.nn.modules.adaptive import *
    from tinygrad_lite.nn.modules.batchnorm import *
    from tinygrad_lite.nn.modules.channelshuffle import *
    from tinygrad_lite.nn.modules.conv import *
    from tinygrad_lite.nn.modules.distance import *
    from tinygrad_lite.nn.modules.dropout import *
    from tinygrad_lite.nn.modules.flatten import *
    from tinygrad_lite.nn.modules.fold import *
    from tinygrad_lite.nn.modules.instancenorm import *
    from tinygrad_lite.nn.modules.lazyconv import *
    from tinygrad_lite.nn.modules.linear import *
    from tinygrad_lite.nn.modules.linear_cross_entropy import *
    from tinygrad_lite.nn.modules.linear_cross_entropy_options import *
    from tinygrad_lite.nn.modules.loss import *
    from tinygrad_lite.nn.modules.margins import *
    from tinygrad_lite.nn.modules.multihead import *
    from tinygrad_lite.nn.modules.normalization import *
    from tinygrad_lite.nn.modules.padding import *
    from tinygrad_lite.nn.modules.parameters import *
    from tinygrad_lite.nn.modules.pixelshuffle import *
    from tinygrad_lite.nn.modules.pooling import *
    from tinygrad_lite.nn.modules.rnn import *
    from tinygrad_lite.nn.modules.rnncell import *
    from tinygrad_lite.nn.modules.sparse import *
    from tinygrad_lite.nn.modules.transformer import *
    from tinygrad_lite.nn.modules.transformerlayer import *
    from tinygrad_lite.nn.modules.unpooling import *
    from tinygrad_lite.nn.modules.upsampling import *

LATER: dict[str, tuple[str, ...]] = {
    "activation": (
        "CELU", "ELU", "GELU", "GLU", "SELU", "LogSigmoid", "LogSoftmax", "Mish", "SiLU", "Sigmoid", "Softmax",
        "Softmax2d", "Softmin", "Softplus", "Softsign", "Tanh", "Tanhshrink",
    ),
    "adaptive": ("AdaptiveLogSoftmaxWithLoss",),
    "batchnorm": (
        "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d",
        "SyncBatchNorm",
    ),
    "channelshuffle": ("ChannelShuffle",),
    "conv": ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    "distance": ("CosineSimilarity", "PairwiseDistance"),
    "dropout": ("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"),
    "flatten": ("Flatten", "Unflatten"),
    "fold": ("Fold", "Unfold"),
    "instancenorm": (
        "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
        "LazyInstanceNorm3d",
    ),
    "lazy": (),
    "lazyconv": (
        "LazyConv1d", "LazyConv2d", "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
    ),
    "linear": ("Bilinear", "Identity", "LazyLinear", "Linear"),
    "linear_cross_entropy": ("LinearCrossEntropyLoss",),
    "linear_cross_entropy_options": ("LinearCrossEntropyOptions",),
    "loss": (
        "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "GaussianNLLLoss", "HuberLoss", "KLDivLoss",
        "L1Loss", "MSELoss", "NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss",
    ),
    "margins": (
        "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss",
        "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss", "TripletMarginLoss",
        "TripletMarginWithDistanceLoss",
    ),
    "multihead": ("MultiheadAttention",),
    "normalization": ("CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"),
    "padding": tuple(
        f"{kind}Pad{n}d" for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero") for n in (1, 2, 3)
    ),
    "parameters": ("ParameterDict", "ParameterList"),
    "piecewise": (
        "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6",
        "Softshrink", "Threshold",
    ),
    "pixelshuffle": ("PixelShuffle", "PixelUnshuffle"),
    "pooling": (
        *(f"{kind}Pool{n}d" for kind in ("AdaptiveAvg", "AdaptiveMax", "Avg", "LP", "Max") for n in (1, 2, 3)),
    ),
    "rnn": ("GRU", "LSTM", "RNN", "RNNBase"),
    "rnncell": ("GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"),
    "sparse": ("Embedding", "EmbeddingBag"),
    "unpooling": ("FractionalMaxPool2d", "FractionalMaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
    "transformer": ("Transformer", "TransformerDecoder", "TransformerEncoder"),
    "transformerlayer": ("TransformerDecoderLayer", "TransformerEncoderLayer"),
    "upsampling": ("Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"),
    "utils": (),
}  # fmt: skip
"""The families, with the names that each defines."""

__getattr__, __dir__ = later(__name__, LATER, LATER)
