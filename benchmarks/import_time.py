"""How long `import tinygrad_lite` takes, over `import numpy`, each in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.harness import contenders, medians, options, show


def fresh(statement: str) -> None:
    """Run one statement in a new interpreter, which may keep compiled files as an installed package does."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)


def main() -> None:
    """Print the table."""
    quick = options(__doc__ or "").quick
    names = [name for name in ("tinygrad_lite", "torch") if name in contenders()]
    work = {"numpy": lambda: fresh("import numpy")} | {
        name: (lambda name=name: fresh(f"import {name}")) for name in names
    }
    found = medians(work, 3 if quick else 21, 1)
    over = {name: found[name] - found["numpy"] for name in names}
    show("Import, over NumPy's", {"time above `import numpy`": (over, 1.0)})
    print(f"import numpy itself: {found['numpy'] * 1e3:.0f} ms; goal: at most 40 ms above it")


if __name__ == "__main__":
    main()
