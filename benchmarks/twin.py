"""The source of models, training and systems with PyTorch in the place of this package.

`twin("systems.cnn")` is the module `tinygrad_lite.systems.cnn` with its import lines changed: what it takes from
`tinygrad_lite` itself, `nn`, `optim` and `utils` comes from `torch`; what it takes from `models`, `training` and
`systems` comes from their twins; data sets and pictures stay ours. Not a character of the rest is changed.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Sequence
from types import ModuleType

OURS, ROOT = "tinygrad_lite", "torch_twin"
TWINS = ("models", "training", "systems")
STAY = ("datasets", "viz", "later", "files", "gradcheck")


def with_torch(source: str) -> str:
    """The source with its import lines changed."""
    source = re.sub(rf"(?m)^(\s*)import {OURS} as tg$", r"\1import torch as tg", source)
    twins, stay = "|".join(TWINS), "|".join(STAY)
    source = re.sub(rf"(?m)^(\s*from) {OURS}\.({twins})\b", rf"\1 {ROOT}.\2", source)
    return re.sub(rf"(?m)^(\s*from) {OURS}(?!\.(?:{stay})\b)(?! import (?:{stay})\b)", r"\1 torch", source)


class _Loader(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, *, _optimize=-1):  # type: ignore[no-untyped-def]
        text = data.decode() if isinstance(data, bytes) else data
        return super().source_to_code(with_torch(text).encode(), path)

    def get_code(self, fullname):  # type: ignore[no-untyped-def]
        """From the source always: what is cached beside it is ours."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None):  # type: ignore[no-untyped-def]
        if name == ROOT:
            return importlib.machinery.ModuleSpec(ROOT, None, is_package=True)
        if not name.startswith(f"{ROOT}."):
            return None
        original = importlib.util.find_spec(name.replace(ROOT, OURS, 1))
        if original is None or original.origin is None:
            return None
        folders = original.submodule_search_locations
        return importlib.util.spec_from_file_location(
            name, original.origin, loader=_Loader(name, original.origin), submodule_search_locations=folders
        )


def twin(name: str) -> ModuleType:
    """The module of that name below the package, with PyTorch underneath."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return importlib.import_module(f"{ROOT}.{name}")
