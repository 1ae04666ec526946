"""The command line: `tinygrad-lite`, or `python -m tinygrad_lite`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tinygrad_lite.arguments import whole
from tinygrad_lite.demo import OPTIMIZERS, Settings, run
from tinygrad_lite.version import VERSION

DESCRIPTION = """\
Train a multilayer perceptron on handwritten digits, check its gradient numerically, and draw its
computation graph and its learning curve.

Without options it takes the 1,797 digits of 8 x 8 pixels that come with the package, a fifth of them
held out for testing.

`tinygrad-lite gradcheck my_file.py:my_fn --shape 3x4` checks the gradients of a function of one's own;
`tinygrad-lite graph my_file.py:build_model --input 1x28x28 -o net.html` shows the graph of a model;
`tinygrad-lite data` lists public data sets, and `tinygrad-lite data fetch NAME` gets one;
`tinygrad-lite train NAME` trains one of the classic networks, from the perceptron to a GPT."""

COMMANDS = {
    "gradcheck": "tinygrad_lite.gradcheck.command",
    "graph": "tinygrad_lite.viz.command",
    "data": "tinygrad_lite.datasets.command",
    "train": "tinygrad_lite.systems.command",
}
"""What a first argument calls; each module has a `main`."""


def _rate(text: str) -> float:
    """An argument type: a learning rate."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text} is no learning rate: it must be positive and finite")
    return value


def parser() -> argparse.ArgumentParser:
    """What the command line understands."""
    made = argparse.ArgumentParser(
        prog="tinygrad-lite", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = Settings()
    hidden = " ".join(map(str, usual.hidden))
    made.add_argument(
        "--hidden", type=whole(1), nargs="*", default=list(usual.hidden), metavar="N",
        help=f"sizes of the hidden layers, in order; none for a linear classifier (default: {hidden})",
    )  # fmt: skip
    made.add_argument(
        "--epochs", type=whole(0), default=usual.epochs, metavar="N",
        help="how often to go through the training images (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--batch", type=whole(1), default=usual.batch, metavar="N",
        help="images in a training step (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--lr", type=_rate, default=None, metavar="RATE",
        help="learning rate (default: "
        + ", ".join(f"{rate} for {name}" for name, (_, rate) in OPTIMIZERS.items())
        + ")",
    )  # fmt: skip
    made.add_argument(
        "--optimizer", choices=list(OPTIMIZERS), default=usual.optimizer, help="optimiser (default: %(default)s)"
    )
    made.add_argument(
        "--seed", type=whole(0), default=usual.seed, metavar="N",
        help="seed of the initial weights, the split and the order of the images (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--output", type=Path, default=usual.output, metavar="FOLDER",
        help="where to write the weights and the pictures (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--data", type=Path, default=None, metavar="PATH",
        help="train on other images: a folder with the four MNIST files in IDX format (plain or .gz), or an .npz "
        "file with x_train, y_train, x_test, y_test",
    )  # fmt: skip
    made.add_argument("--version", action="version", version=f"tinygrad_lite {VERSION}")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0 for success, 1 for data or files that cannot be used, 2 for arguments that make no sense, 130 when
    interrupted. A first argument that is one of `COMMANDS` hands over to its module.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        return import_module(COMMANDS[arguments[0]]).main(arguments[1:])
    given = parser().parse_args(arguments)
    try:
        return run(Settings(**vars(given)))
    except (OSError, ValueError) as error:
        print(f"tinygrad-lite: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntinygrad-lite: interrupted", file=sys.stderr)
        return 130
