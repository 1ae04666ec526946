"""Learning rates that change during training, under PyTorch's names."""

from tinygrad_lite.optim.lr_scheduler.base import LRScheduler, _LRScheduler
from tinygrad_lite.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from tinygrad_lite.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tinygrad_lite.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from tinygrad_lite.optim.lr_scheduler.factors import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from tinygrad_lite.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from tinygrad_lite.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad_lite.optim.optimizer import Optimizer

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "_LRScheduler",
]
