"""Every classic network, trained in full, beside the very same source run by PyTorch.

    python -m benchmarks.systems [NAME ... | all] [--quick] [--seeds 3] [--data FOLDER] [--output FILE.md]

Each run has a process of its own; both libraries take turns, seed by seed. The time is that of `train`: data,
training and judging, without imports.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import THREADS, parser  # before NumPy, whose threads it sets

LIBRARIES = ("tinygrad_lite", "torch")
TIMES = (("time", "seconds"), ("processor time", "processor"))


def run_one(name: str, library: str, given: argparse.Namespace) -> dict[str, Any]:
    """Train one system in this process; the numbers it reached, and its time."""
    import dataclasses

    if library == "torch":
        import torch

        from benchmarks.twin import twin

        torch.set_num_threads(THREADS)
        module, Place = twin(f"systems.{name}"), twin("systems.outcome").Place
    else:
        from tinygrad_lite.systems import load
        from tinygrad_lite.systems.outcome import Place

        module = load(name)
    settings = module.QUICK if given.quick else module.Settings()
    fewer = {"images": 300} if given.quick and hasattr(settings, "images") else {}
    settings = dataclasses.replace(settings, seed=given.seed, **fewer)
    start, processor = time.perf_counter(), time.process_time()
    outcome = module.train(settings, Place(given.data, None, progress=False))
    return {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - processor,
        "reached": outcome.reached,
        "note": outcome.note,
        "goals": [] if given.quick else [[str(goal), goal.met(outcome.reached)] for goal in module.GOALS],
    }


def in_process(name: str, library: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """`run_one` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.systems", name, "--library", library, "--seed", str(seed)]
    command += ["--quick"] * given.quick + (["--data", str(given.data)] if given.data else [])
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        sys.exit(f"{name} with {library} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The lines of one system in the table: a line for each number it reached."""
    first = runs[LIBRARIES[0]][0]
    lines = []
    for measure in first["reached"]:
        cells = []
        for found in runs.values():
            values = sorted(run["reached"][measure] for run in found)
            spread = f" ({values[0]:.4g} to {values[-1]:.4g})" if len(values) > 1 else ""
            cells.append(f"{statistics.median(values):.4g}{spread}")
        goals = [goal for goal in first["goals"] if goal[0].startswith(f"{measure} ")]
        goal = ", ".join(f"{text.removeprefix(measure).strip()} {'yes' if met else 'NO'}" for text, met in goals)
        lines.append(f"| {name} | {measure} | {' | '.join(cells)} | {goal} |  |")
    lines += [
        time_row(name, what, {library: middle(found, key) for library, found in runs.items()}) for what, key in TIMES
    ]
    return lines


def middle(found: list[dict[str, Any]], key: str) -> float:
    """The median of several runs."""
    return statistics.median(run[key] for run in found)


def time_row(name: str, what: str, seconds: dict[str, float]) -> str:
    """A line of the table: times, and their ratio."""
    ratio = f"{seconds['tinygrad_lite'] / seconds['torch']:.2f}" if "torch" in seconds else ""
    return f"| {name} | {what} | {' | '.join(f'{value:.1f} s' for value in seconds.values())} |  | {ratio} |"


def main() -> None:
    """Run what was asked for, and print the table."""
    from importlib.util import find_spec

    from tinygrad_lite.systems import SYSTEMS

    made = parser("Every classic network beside the same source run by PyTorch.")
    made.add_argument("names", nargs="*", default=["all"], help=f"of {', '.join(SYSTEMS)}; or all")
    made.add_argument("--seeds", type=int, default=1, help="runs with each library, from other seeds")
    made.add_argument("--data", type=Path, help="a folder to look for data sets in")
    made.add_argument("--output", type=Path, help="a file to write the table to as well")
    made.add_argument("--library", choices=LIBRARIES, help=argparse.SUPPRESS)
    made.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    given = made.parse_args()
    names = list(SYSTEMS) if "all" in given.names else given.names
    if unknown := [name for name in names if name not in SYSTEMS]:
        made.error(f"there is no system {unknown[0]!r}; there are {', '.join(SYSTEMS)}")
    if given.library:
        print(json.dumps(run_one(names[0], given.library, given)))
        return
    libraries = [library for library in LIBRARIES if find_spec(library)]
    total = {key: dict.fromkeys(libraries, 0.0) for _, key in TIMES}
    lines = [f"| system | measure | {' | '.join(libraries)} | goal | ratio |", "|---|" + "---|" * (len(libraries) + 3)]
    print("\n".join(lines), flush=True)
    for name in names:
        runs: dict[str, list[dict[str, Any]]] = {library: [] for library in libraries}
        for seed in range(given.seeds):
            for library in libraries:
                runs[library].append(in_process(name, library, seed, given))
        for key, sums in total.items():
            for library in libraries:
                sums[library] += middle(runs[library], key)
        added = row(name, runs)
        if note := runs["tinygrad_lite"][0]["note"]:
            added.append(f"| {name} | note: {' '.join(note.split())} |" + " |" * (len(libraries) + 2))
        lines += added
        print("\n".join(added), flush=True)
    added = [time_row("all", what, total[key]) for what, key in TIMES]
    lines += added
    print("\n".join(added))
    if given.output:
        head = f"Python {sys.version.split()[0]}, {THREADS} threads, a process for each run, the libraries in turn.\n\n"
        given.output.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
