"""Optimisers, under PyTorch's names."""

from tinygrad_lite.later import later
from tinygrad_lite.optim.adam import Adam
from tinygrad_lite.optim.adamw import AdamW
from tinygrad_lite.optim.optimizer import Optimizer
from tinygrad_lite.optim.sgd import SGD

_LATER = {
    "adadelta": ["Adadelta"],
    "adafactor": ["Adafactor"],
    "adagrad": ["Adagrad"],
    "adamax": ["Adamax"],
    "asgd": ["ASGD"],
    "lbfgs": ["LBFGS"],
    "muon": ["Muon"],
    "nadam": ["NAdam"],
    "radam": ["RAdam"],
    "rmsprop": ["RMSprop"],
    "rprop": ["Rprop"],
    "sparse_adam": ["SparseAdam"],
}
__getattr__, __dir__ = later(__name__, ["lr_scheduler", "swa_utils", *_LATER], _LATER)
__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "swa_utils",
]
