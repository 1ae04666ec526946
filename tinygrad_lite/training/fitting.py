"""`fit` trains a model; `evaluate` judges one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tinygrad_lite as tg
from tinygrad_lite import Tensor, nn
from tinygrad_lite.optim import Optimizer
from tinygrad_lite.training.checkpoint import StrPath
from tinygrad_lite.training.history import History
from tinygrad_lite.training.run import Run
from tinygrad_lite.utils.data import DataLoader, Dataset, TensorDataset

__all__ = ["evaluate", "fit"]

Loss = Callable[[Any, Any], Tensor]
Metrics = Sequence[Loss] | Mapping[str, Loss]
Step = Callable[[Any, Any], Any]


def fit(
    model: nn.Module,
    data: Any,
    loss: Loss | None = None,
    optimizer: Optimizer | Mapping[str, Optimizer] | None = None,
    *,
    epochs: int = 10,
    batch_size: int | None = None,
    validation: Any = None,
    metrics: Metrics = (),
    step: Step | None = None,
    scheduler: Any = None,
    schedule_by: str = "epoch",
    clip_norm: float | None = None,
    patience: int | None = None,
    monitor: str | None = None,
    checkpoint: StrPath | None = None,
    save_every: float = 60.0,
    on_epoch: Callable[[History], object] | None = None,
    progress: bool = True,
) -> History:
    """Train a model, and report loss and metrics of every epoch.

    What it does is the loop that everybody writes: for every batch `optimizer.zero_grad()`,
    `loss(model(input), target).backward()`, `optimizer.step()`. After each epoch the model is judged on
    `validation`, in evaluation mode and without gradients.

    Args:
        model: the module to train, in place.
        data: a `DataLoader` or another iterable of batches that can be gone through again and again; or a
            `Dataset`, or a tuple of tensors with one row an example, of which shuffled batches are made. A batch
            is (input, target); a batch of one tensor is its own target, as for an autoencoder.
        loss: takes the output and the target, returns a tensor with one number: a loss module, or a function.
        optimizer: updates the model's parameters. Several, by name, if `step` does the updates itself.
        epochs: how often to go through the data, in all: a run that is resumed does what is left of them.
        batch_size: examples in a batch, where `fit` makes the batches (32 unless told).
        validation: what to judge the model by after each epoch: data of the same kind, or a function that takes
            the model and returns numbers by name. They are reported with `val_` before their names.
        metrics: functions like `loss` to report besides; by name, or by their own names.
        step: what to do with a batch instead of `loss(model(input), target)`: takes the model and the batch, and
            returns the loss as a tensor; or, having done backward and updates itself (as for a GAN, which has two
            optimisers), returns numbers to report by name.
        scheduler: one of `optim.lr_scheduler`.
        schedule_by: when to call its `step`: after each "epoch" or each "step". One that wants a number, such as
            `ReduceLROnPlateau`, is given `monitor`'s.
        clip_norm: the largest norm that all gradients together may have (`nn.utils.clip_grad_norm_`).
        patience: stop after so many epochs without a better `monitor`, and keep the weights of the best epoch.
        monitor: the number to stop by; "val_loss", or without validation "loss", unless told. Large is good unless
            the name holds "loss" or "error".
        checkpoint: a file to keep the state of the run in. If it exists, training goes on from there, in the middle
            of an epoch too, and ends with bit for bit the weights it would have had. For that `data` and the
            order of its examples must be the same, their order being drawn from the usual generators. A Ctrl-C
            lets the step in progress end, writes the file, and raises.
        save_every: seconds between writes of `checkpoint`; it is written after each epoch as well.
        on_epoch: called with the history after each epoch.
        progress: whether to show a progress bar.

    Returns:
        The numbers of each epoch by name, with those of the epochs before, where the run was resumed.

    Raises:
        ValueError: arguments that do not go together, no data, or a `checkpoint` of another run.
        TypeError: `data`, `loss` or what `step` returned is of a wrong kind.
        RuntimeError: the loss has more than one number.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite import nn, optim
        >>> _ = tg.manual_seed(0)
        >>> x = tg.linspace(-1, 1, 64).unsqueeze(1)
        >>> model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        >>> history = fit(model, (x, x ** 2), nn.MSELoss(), optim.Adam(model.parameters(), lr=0.02),
        ...               epochs=60, progress=False)
        >>> history["loss"][0] > 10 * history["loss"][-1]
        True
    """
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"fit: batch_size is {batch_size}; it should be 1 at least")
    loader = _batches(data, batch_size, shuffle=True)
    run = Run(
        model=model,
        loader=loader,
        step=step if step is not None else _usual_step(loss, metrics),
        optimizers=_by_name(optimizer),
        scheduler=scheduler,
        schedule_by=schedule_by,
        clip_norm=clip_norm,
        patience=patience,
        monitor=monitor or ("loss" if validation is None else "val_loss"),
        judge=_judge(validation, loss, metrics, batch_size),
        checkpoint=checkpoint,
        save_every=save_every,
        on_epoch=on_epoch,
    )
    if (loss is None) == (step is None):
        raise ValueError("fit: give either `loss`, a function of output and target, or `step`, one of model and batch")
    return run.go(epochs, progress)


def evaluate(
    model: nn.Module, data: Any, loss: Loss | None = None, metrics: Metrics = (), *, batch_size: int | None = None
) -> dict[str, float]:
    """Judge a model: the means of loss and metrics over all examples, in evaluation mode and without gradients.

    Args:
        model: the module; it is put back into the mode it was in.
        data: batches, a dataset or a tuple of tensors, as for `fit`; not shuffled.
        loss: reported as "loss".
        metrics: functions like `loss`, by name or by their own names.
        batch_size: examples in a batch, where batches are made here (256 unless told).

    Returns:
        Numbers by name. Means of batches are weighted by their numbers of examples.

    Raises:
        ValueError: there are no examples, or nothing to report.

    Example:
        >>> import tinygrad_lite as tg
        >>> from tinygrad_lite.training import accuracy
        >>> evaluate(tg.nn.Identity(), (tg.eye(3), tg.tensor([0, 1, 1])), metrics=[accuracy])
        {'accuracy': 0.666...}
    """
    measures = {**({} if loss is None else {"loss": loss}), **_metrics(metrics)}
    if not measures:
        raise ValueError("evaluate: give a `loss` or `metrics` to report")
    totals = dict.fromkeys(measures, 0.0)
    examples = 0
    was_training = model.training
    model.eval()
    try:
        with tg.no_grad():
            for batch in _batches(data, batch_size or 256, shuffle=False):
                inputs, target = pair(batch)
                output, count = model(inputs), len(target)
                examples += count
                for name, measure in measures.items():
                    totals[name] += float(measure(output, target)) * count
    finally:
        model.train(was_training)
    if not examples:
        raise ValueError("evaluate: there are no examples")
    return {name: total / examples for name, total in totals.items()}


def pair(batch: Any) -> tuple[Any, Any]:
    """Input and target of a batch; one tensor alone is both."""
    if isinstance(batch, Tensor):
        return batch, batch
    if isinstance(batch, (list, tuple)) and len(batch) in (1, 2):
        return batch[0], batch[-1]
    kind = f"{type(batch).__name__} of {len(batch)}" if isinstance(batch, (list, tuple)) else type(batch).__name__
    raise TypeError(f"a batch should be (input, target), this is a {kind}; give fit a `step` that knows what to do")


def _metrics(metrics: Metrics) -> dict[str, Loss]:
    if isinstance(metrics, Mapping):
        return dict(metrics)
    return {getattr(metric, "__name__", type(metric).__name__.lower()): metric for metric in metrics}


def _usual_step(loss: Loss | None, metrics: Metrics) -> Step:
    measures = _metrics(metrics)

    def step(model: Any, batch: Any) -> Any:
        inputs, target = pair(batch)
        output = model(inputs)
        assert loss is not None
        found = loss(output, target)
        if not measures:
            return found
        with tg.no_grad():
            return found, {name: float(measure(output, target)) for name, measure in measures.items()}

    return step


def _judge(validation: Any, loss: Loss | None, metrics: Metrics, batch_size: int | None) -> Any:
    if validation is None or callable(validation):
        return validation
    return lambda model: evaluate(model, validation, loss, metrics, batch_size=batch_size)


def _by_name(optimizer: Optimizer | Mapping[str, Optimizer] | None) -> dict[str, Optimizer]:
    if optimizer is None:
        return {}
    return dict(optimizer) if isinstance(optimizer, Mapping) else {"optimizer": optimizer}


def _batches(data: Any, batch_size: int | None, shuffle: bool) -> Iterable[Any]:
    if isinstance(data, Tensor):
        data = (data,)
    if isinstance(data, tuple) and data and all(isinstance(part, Tensor) for part in data):
        data = TensorDataset(*data)
    if isinstance(data, Dataset):
        if not len(data):  # type: ignore[arg-type]
            raise ValueError("there are no examples in `data`")
        return DataLoader(data, batch_size=batch_size or 32, shuffle=shuffle)
    if isinstance(data, DataLoader) or (hasattr(data, "__iter__") and not hasattr(data, "__next__")):
        return data
    why = "it can be gone through only once" if hasattr(data, "__next__") else "that is none of them"
    raise TypeError(f"data should be batches, a Dataset or a tuple of tensors, not {type(data).__name__}: {why}")
