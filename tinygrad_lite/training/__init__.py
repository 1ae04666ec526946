"""The training loop that people don't have to write: `fit`, with what it reports and what it can resume from.

Everything here is an ordinary program on top of `nn`, `optim` and `utils.data`, and meant to be read as one.

Example:
    >>> import tinygrad_lite as tg
    >>> from tinygrad_lite import nn, optim
    >>> from tinygrad_lite.training import accuracy, fit
    >>> _ = tg.manual_seed(0)
    >>> x = tg.randn(200, 2)
    >>> y = (x[:, 0] > x[:, 1]).long()
    >>> model = nn.Linear(2, 2)
    >>> history = fit(model, (x, y), nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=1.0),
    ...               epochs=5, metrics=[accuracy], progress=False)
    >>> history["accuracy"][-1] > 0.95
    True
"""

from tinygrad_lite.later import later

_NAMES = {
    "checkpoint": ["CheckpointWarning"],
    "fitting": ["evaluate", "fit"],
    "history": ["History"],
    "metrics": ["accuracy", "mean_absolute_error"],
}
__getattr__, __dir__ = later(__name__, (), _NAMES)
__all__ = sorted(name for names in _NAMES.values() for name in names)
