"""Keeps what a demo took long to make (compiled model, landscape, picture), so that making it again is quick.

A record is found by a hash of all that went into it: the demo's source with everything it uses, its controls and
panels, this package's own source and PyTorch's version. So a change of any of these makes a new record, and nothing
is ever stale.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs
import torch

from ddsp_lite.live.snippet import LIBRARIES, PACKAGE

KEPT = 200
SOURCES = ("*.py", "*.c", "*.h")


def folder() -> Path:
    """Return where records are kept: $DDSP_LITE_CACHE, or a folder of the user's cache."""
    return Path(os.environ.get("DDSP_LITE_CACHE") or platformdirs.user_cache_dir("ddsp_lite")) / "live"


def package_hash() -> str:
    """Return a hash of this package's source."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in PACKAGE.rglob(pattern)):
        digest.update(f"{path.relative_to(PACKAGE)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def module_hash(module: ModuleType) -> str:
    """Return what tells one state of an imported module from another: its source, or nothing for installed ones."""
    file = getattr(module, "__file__", None)
    if file is None or any(library in Path(file).resolve().parents for library in (*LIBRARIES, PACKAGE)):
        return module.__name__
    return module.__name__ + hashlib.sha256(Path(file).read_bytes()).hexdigest()


def key(parts: Any, modules: list[ModuleType]) -> str:
    """Return the name of a record made from parts (JSON) with these modules."""
    everything = [parts, package_hash(), torch.__version__, sorted(module_hash(module) for module in modules)]
    return hashlib.sha256(json.dumps(everything, sort_keys=True, default=repr).encode()).hexdigest()


def load(name: str) -> dict[str, Any] | None:
    """Return a kept record, or None."""
    path = folder() / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        os.utime(path)
    except (OSError, ValueError):
        return None
    return record


def store(name: str, record: dict[str, Any]) -> None:
    """Keep a record, and forget the oldest ones. Does nothing where the folder cannot be written."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder(), suffix=".new", delete=False, encoding="utf-8") as file:
            json.dump(record, file, allow_nan=False)
        os.replace(file.name, folder() / f"{name}.json")
        records = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in records[:-KEPT]:
            path.unlink(missing_ok=True)
    except OSError:
        return
