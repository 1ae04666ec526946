"""Checkpoints: `save` and `load`, in the formats of safetensors, PyTorch and NumPy.

Example:
    >>> import tempfile, pathlib
    >>> import tinygrad_lite as tg
    >>> model = tg.nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "model.safetensors")
    ...     tg.save(model.state_dict(), path)
    ...     model.load_state_dict(tg.load(path))
    <All keys matched successfully>
"""

from tinygrad_lite.later import later

__all__ = ["LoadError", "add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

__getattr__, __dir__ = later(
    __name__,
    (),
    {
        "allowed": ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "safe_globals"],
        "errors": ["LoadError"],
        "files": ["load", "save"],
    },
)
