"""Published systems that stand on `ddsp_lite`, each small enough to train while one reads about it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["autoencoder"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
