"""What a build depends on, as digests: equal digests mean that nothing needs doing again."""

import hashlib
import os
import platform
from collections.abc import Iterable
from pathlib import Path

import pooch

BUILD_FILES = ("_config.yml", "_toc.yml", "requirements.txt", "constraints.txt", "pyproject.toml")
IGNORED_PARTS = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache"}
IGNORED_SUFFIXES = {".pyc", ".nbi", ".nbc"}


def tree(folder: Path) -> list[Path]:
    """The files below a folder, without caches, in a fixed order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not IGNORED_PARTS & set(path.parts) and path.suffix not in IGNORED_SUFFIXES
    )


def digest(root: Path, paths: Iterable[Path], *words: str) -> str:
    """One digest of files (names and contents) and words."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    for word in words:
        total.update(f"\0{word}".encode())
    return total.hexdigest()


def recordings() -> str:
    """Which of librosa's example recordings are at hand: the chapters' results depend on it."""
    folder = Path(os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa"))
    files = sorted(folder.glob("*.*")) if folder.is_dir() else []
    return "\n".join(f"{path.name} {path.stat().st_size}" for path in files if path.suffix in {".ogg", ".hdf5"})


def package_digest(root: Path) -> str:
    """What every chapter's result depends on besides its own cells: the package, the environment, the recordings."""
    files = [*tree(root / "ddsp_lite"), root / "requirements.txt", root / "constraints.txt"]
    return digest(root, files, platform.python_version(), platform.machine(), recordings())


def build_digest(root: Path, repository: str) -> str:
    """What the built pages depend on."""
    files = [*tree(root / "book"), *tree(root / "ddsp_lite"), *(root / name for name in BUILD_FILES)]
    return digest(root, files, platform.python_version(), platform.machine(), recordings(), repository)
