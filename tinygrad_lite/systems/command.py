"""`tinygrad-lite train NAME`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_lite.arguments import whole
from tinygrad_lite.systems import SYSTEMS, load
from tinygrad_lite.systems.outcome import Outcome, Place

__all__ = ["main"]


def parser() -> argparse.ArgumentParser:
    """The list of systems, each with the options of its settings."""
    listed = "\n".join(f"  {name:<12} {what}" for name, what in SYSTEMS.items())
    made = argparse.ArgumentParser(
        prog="tinygrad-lite train",
        description="Train one of the classic networks on real data.",
        epilog=f"systems:\n{listed}\n\n`tinygrad-lite train NAME --help` lists the options of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("name", choices=list(SYSTEMS), metavar="NAME", help="the system to train")
    return made


def options(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """The options of one system: one for each field of its settings, and those that all have."""
    made = argparse.ArgumentParser(
        prog=f"tinygrad-lite train {name}",
        description=module.__doc__,
        epilog="A run that was stopped goes on where it was when the same command is given again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--full", action="store_true", help="the whole data and schedule instead of a quick run")
    made.set_defaults(data=None)
    if module.DATA:
        where = "(otherwise: the folder that TINYGRAD_LITE_DATA names, then what was fetched, then a stand-in)"
        made.add_argument("--data", type=Path, metavar="FOLDER", help=f"where the data set {module.DATA} is {where}")
    made.add_argument(
        "--output", type=Path, metavar="FOLDER", default=Path("tinygrad_lite_run", name),
        help="where to write weights, pictures and what a stopped run goes on from (default: %(default)s)",
    )  # fmt: skip
    made.add_argument("--fresh", action="store_true", help="start anew, whatever was stopped in the output folder")
    quick, full = module.QUICK, module.Settings()
    for field in dataclasses.fields(full):
        usual, total = getattr(quick, field.name), getattr(full, field.name)
        default = f"{usual}" if usual == total else f"{usual}, with --full {total}"
        explained = f"{field.metadata.get('help', field.name)} (default: {default})"
        made.add_argument(
            f"--{field.name.replace('_', '-')}", type=_kind(field.name, total), metavar=field.name.upper(),
            default=None, choices=field.metadata.get("choices"), help=explained,
        )  # fmt: skip
    return made


def _kind(name: str, value: Any) -> Any:
    """What makes a setting of a word: one like its value, and no negative numbers of things."""
    return whole(1 if name == "batch_size" else 0) if type(value) is int else type(value)


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status: 0, 1 for data or files that cannot be used, 130 after Ctrl-C."""
    name = parser().parse_args(arguments[:1]).name
    module = load(name)
    given = options(name, module).parse_args(arguments[1:])
    changed = {
        field.name: getattr(given, field.name)
        for field in dataclasses.fields(module.Settings)
        if getattr(given, field.name) is not None
    }
    try:
        settings = dataclasses.replace(module.Settings() if given.full else module.QUICK, **changed)
        return _run(name, module, settings, given)
    except (OSError, ValueError, ImportError) as error:
        print(f"tinygrad-lite train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"\ntinygrad-lite train: {stop if str(stop) else 'interrupted'}", file=sys.stderr)
        return 130


def _run(name: str, module: ModuleType, settings: Any, given: argparse.Namespace) -> int:
    given.output.mkdir(parents=True, exist_ok=True)
    state = given.output / "unfinished"
    _prepare(state, settings, given.fresh)
    start = time.perf_counter()
    outcome = module.train(settings, Place(given.data, state, progress=True))
    seconds = time.perf_counter() - start
    _report(name, module, outcome, seconds)
    for path in _save(outcome, given.output) + _draw(module, outcome, given.output):
        print(f"wrote {path}")
    shutil.rmtree(state)
    return 0


def _prepare(state: Path, settings: Any, fresh: bool) -> None:
    """Make the folder for checkpoints; refuse one that a run with other settings has left."""
    wanted = dataclasses.asdict(settings)
    if fresh and state.exists():
        shutil.rmtree(state)
    state.mkdir(exist_ok=True)
    noted = state / "settings.json"
    kept = any(state.glob("*.pt"))  # a run that ended before its first checkpoint has left nothing to lose
    if kept and noted.exists() and (left := json.loads(noted.read_text(encoding="utf-8"))) != wanted:
        differing = ", ".join(f"{key} {left.get(key)}" for key in wanted if left.get(key) != wanted[key])
        raise ValueError(f"{state} holds a stopped run with other settings ({differing}); --fresh starts anew")
    noted.write_text(json.dumps(wanted), encoding="utf-8")


def _report(name: str, module: ModuleType, outcome: Outcome, seconds: float) -> None:
    if outcome.note:
        print(f"note: {outcome.note}")
    print(f"{name}: {SYSTEMS[name]}, {outcome.source or 'no data needed'} ({seconds:.1f} s)")
    for measure, value in outcome.reached.items():
        goals = [f"{goal.sign} {goal.bound}" for goal in module.GOALS if goal.measure == measure]
        print(f"  {measure:<40} {value:>8.4g}" + (f"   (a full run: {' and '.join(goals)})" if goals else ""))


def _save(outcome: Outcome, folder: Path) -> list[Path]:
    import tinygrad_lite as tg

    written = []
    for name, model in outcome.models.items():
        path = folder / f"{name}.safetensors"
        tg.save(model.state_dict(), path)
        written.append(path)
    return written


def _draw(module: ModuleType, outcome: Outcome, folder: Path) -> list[Path]:
    try:
        import matplotlib
    except ImportError:
        print("no pictures: they need matplotlib (pip install 'tinygrad_lite[plot]')")
        return []
    matplotlib.use("agg")
    written = []
    for name, figure in module.draw(outcome).items():
        path = folder / f"{name.replace(' ', '_')}.png"
        figure.savefig(path, dpi=150)
        written.append(path)
    return written
