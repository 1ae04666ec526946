"""Models and weights from the internet: nothing is downloaded here."""

from __future__ import annotations

import os
from typing import Any, NoReturn

__all__ = ["download_url_to_file", "get_dir", "list", "load", "load_state_dict_from_url", "set_dir"]


class _Folder:
    path: str | None = None


def get_dir() -> str:
    """The folder that PyTorch keeps downloads in: `hub` in TORCH_HOME, or in ~/.cache/torch.

    Example:
        >>> import tinygrad_lite as tg
        >>> tg.hub.get_dir().endswith("hub")
        True
    """
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return _Folder.path or os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Choose that folder."""
    _Folder.path = os.path.expanduser(d)


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what} would be downloaded, which tinygrad_lite does not do. Download the file yourself and pass it to "
        "tg.load(); PyTorch's .pt and .pth files are read."
    )


def load_state_dict_from_url(url: str, *args: Any, **kwargs: Any) -> NoReturn:
    """Weights from the internet.

    Raises:
        NotImplementedError: always: download the file and pass it to `tinygrad_lite.load`.
    """
    _refuse(url)


def download_url_to_file(url: str, dst: str, *args: Any, **kwargs: Any) -> NoReturn:
    """A file from the internet.

    Raises:
        NotImplementedError: always.
    """
    _refuse(url)


def load(repo_or_dir: str, model: str, *args: Any, **kwargs: Any) -> NoReturn:
    """A model from the internet.

    Raises:
        NotImplementedError: always.
    """
    _refuse(f"the model {model!r} of {repo_or_dir}")


def list(github: str, *args: Any, **kwargs: Any) -> NoReturn:
    """The models of a repository.

    Raises:
        NotImplementedError: always.
    """
    _refuse(f"the list of models of {github}")
