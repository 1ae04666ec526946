"""Whole programs side by side: time of a training step, and how much memory they take.

    python -m benchmarks.training [--quick] [--only lstm gpt]

Time: both libraries in turn in one process, medians. Memory: each program in a process of its own, its largest
size less that after importing the library.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.harness import THREADS, contenders, medians, parser, show  # before NumPy, whose threads it sets

import numpy as np  # isort: skip

STEPS_FOR_MEMORY = 20


def _step(model: Any, loss: Callable[[], Any], optimizer: Any) -> Callable[[], Any]:
    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def lstm(m: Any) -> Callable[[], Any]:
    """LSTM 1-64-32 and a dense layer over 50 steps, batch 32."""
    m.manual_seed(0)

    class Model(m.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = m.nn.LSTM(1, 64, batch_first=True)
            self.second = m.nn.LSTM(64, 32, batch_first=True)
            self.out = m.nn.Linear(32, 1)

        def forward(self, x: Any) -> Any:
            x, _ = self.first(x)
            x, _ = self.second(x)
            return self.out(x[:, -1])

    model = Model()
    x, y = m.randn(32, 50, 1), m.randn(32, 1)
    return _step(model, lambda: m.nn.functional.mse_loss(model(x), y), m.optim.Adam(model.parameters()))


def gpt(m: Any, layers: int = 4, width: int = 128, heads: int = 4, tokens: int = 64, vocabulary: int = 65) -> Any:
    """A GPT of 4 layers, 128 wide, 4 heads, 64 tokens, 65 letters, batch 16."""
    m.manual_seed(0)
    nn, F = m.nn, m.nn.functional

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = (part.view(b, t, heads, c // heads).transpose(1, 2) for part in self.qkv(x).split(c, dim=2))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.proj(y.transpose(1, 2).contiguous().view(b, t, c))

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.attention, self.ln2 = nn.LayerNorm(width), Attention(), nn.LayerNorm(width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.ln1(x))
            return x + self.mlp(self.ln2(x))

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.letters, self.places = nn.Embedding(vocabulary, width), nn.Embedding(tokens, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.ln, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, ids: Any) -> Any:
            x = self.letters(ids) + self.places(m.arange(ids.shape[1]))
            return self.head(self.ln(self.blocks(x)))

    model = GPT()
    text = m.randint(0, vocabulary, (16, tokens + 1))
    x, y = text[:, :-1], text[:, 1:]

    def loss() -> Any:
        return F.cross_entropy(model(x).view(-1, vocabulary), y.reshape(-1))

    return _step(model, loss, m.optim.AdamW(model.parameters()))


def cnn(m: Any) -> Callable[[], Any]:
    """Two convolutions of 32 and 64 filters with pooling, dense 64, dense 10, on 28 x 28, batch 64."""
    m.manual_seed(0)
    nn = m.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 5 * 5, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    x, y = m.rand(64, 1, 28, 28), m.randint(0, 10, (64,))
    return _step(model, lambda: nn.functional.cross_entropy(model(x), y), m.optim.Adam(model.parameters()))


def adam(m: Any) -> Callable[[], Any]:
    """A step of Adam over a million parameters in 100 tensors."""
    m.manual_seed(0)
    params = [m.nn.Parameter(m.randn(100, 100)) for _ in range(100)]
    for p in params:
        p.grad = m.randn(100, 100)
    return m.optim.Adam(params).step


def loader(m: Any) -> Callable[[], Any]:
    """An epoch of a DataLoader over 60,000 samples of 784 numbers in memory, batch 64."""
    m.manual_seed(0)
    data = import_module(f"{m.__name__}.utils.data")
    random = np.random.default_rng(0)
    samples, labels = random.random((60_000, 784), np.float32), random.integers(0, 10, 60_000)
    dataset = data.TensorDataset(m.from_numpy(samples), m.from_numpy(labels))
    batches = data.DataLoader(dataset, batch_size=64, shuffle=True)

    def epoch() -> int:
        return sum(len(y) for _, y in batches)

    return epoch


PROGRAMS: dict[str, tuple[Callable[[Any], Callable[[], Any]], float, int]] = {
    "lstm": (lstm, 1.0, 60),
    "gpt": (gpt, 1.5, 25),
    "cnn": (cnn, 1.0, 25),
    "adam": (adam, 1.0, 60),
    "loader": (loader, 0.5, 3),
}
"""Each program, the ratio to PyTorch's time that it is to stay under, and how many rounds to time."""


def growth(library: str, program: str) -> float:
    """How many MiB a fresh process grows by while `program` runs, beyond what importing `library` takes."""
    code = f"import benchmarks.training as t; t.print_growth({library!r}, {program!r})"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(json.loads(ran.stdout.splitlines()[-1]))


def print_growth(library: str, program: str) -> None:
    """Print by how many MiB this process grows while a program runs; for `growth`."""
    m = import_module(library)
    m.set_num_threads(THREADS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = PROGRAMS[program][0](m)
    for _ in range(1 if program == "loader" else STEPS_FOR_MEMORY):
        run()
    print(json.dumps((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


def show_memory(programs: Sequence[str], libraries: Sequence[str]) -> None:
    """Print the table of memory."""
    print(f"{'Peak memory above import, MiB':34}{''.join(f'{name:>16}' for name in libraries)}")
    for program in programs:
        found = [growth(library, program) for library in libraries]
        ratio = f"{found[0] / found[1]:9.2f}{1.1:8.1f}" if len(found) > 1 else ""
        print(f"{program:34}{''.join(f'{mib:16.1f}' for mib in found)}{ratio}")
    print()


def main() -> None:
    """Print the tables."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), help="which programs")
    chosen = arguments.parse_args()
    # First, while this process is small: Linux counts what a process was before it became another program.
    show_memory(chosen.only, [name for name in ("tinygrad_lite", "torch") if find_spec(name)])
    libraries = contenders()
    rows = {}
    for name in chosen.only:
        build, goal, rounds = PROGRAMS[name]
        work = {library: build(module) for library, module in libraries.items()}
        rows[name] = (medians(work, 3 if chosen.quick else rounds, 1), goal)
    show("Training", rows)


if __name__ == "__main__":
    main()
