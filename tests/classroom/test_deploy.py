"""The hub's configuration: keys that the chart knows, measured figures, a lock without addresses, an image."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from book.tools import hub
from book.tools.toc import ROOT

VALUES = yaml.safe_load((ROOT / "deploy/values.yaml").read_text(encoding="utf-8"))
# The keys of Zero to JupyterHub's chart that are used here: a misspelt one would be ignored without a word.
CHART = {
    "hub": {"config", "concurrentSpawnLimit"},
    "proxy": {"https"},
    "singleuser": {
        "image", "memory", "cpu", "startTimeout", "defaultUrl", "storage", "extraEnv", "lifecycleHooks",
        "cloudMetadata", "networkPolicy",
    },
    "cull": {"enabled", "timeout", "every", "maxAge"},
    "prePuller": {"hook", "continuous"},
    "scheduling": {"userScheduler", "userPlaceholder"},
}  # fmt: skip
UNITS = {"M": 1e6, "G": 1e9}


def size(text: str) -> float:
    """Bytes, from Kubernetes' way of writing them."""
    return float(text[:-1]) * UNITS[text[-1]]


def test_all_keys_are_the_charts() -> None:
    assert set(VALUES) == set(CHART)
    assert {part: set(VALUES[part]) for part in CHART} == CHART


def test_limits_leave_room_above_what_a_student_takes() -> None:
    memory = VALUES["singleuser"]["memory"]
    guarantee, limit = size(memory["guarantee"]), size(memory["limit"])
    assert 400e6 < guarantee < limit / 2
    assert "320 MB" in (ROOT / "deploy/values.yaml").read_text(encoding="utf-8")
    cpu = VALUES["singleuser"]["cpu"]
    assert 0 < cpu["guarantee"] < cpu["limit"]
    measured = ROOT / "_build/hub-measured.json"
    if measured.is_file():
        assert json.loads(measured.read_text(encoding="utf-8"))["megabytes"]["student"] * 1e6 < guarantee


def test_students_get_their_copy_and_idle_servers_stop() -> None:
    words: list[Any] = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert words[:2] == ["sh", "-c"] and re.match(r"gitpuller https://\S+ main hear-the-gradient ", words[2])
    assert VALUES["singleuser"]["defaultUrl"] == "/lab/tree/hear-the-gradient/index/index.ipynb"
    assert VALUES["cull"]["enabled"] and VALUES["cull"]["timeout"] <= VALUES["cull"]["maxAge"]
    assert VALUES["prePuller"]["hook"]["enabled"]


def test_nothing_but_capitals_is_to_be_filled_in() -> None:
    image, hosts = VALUES["singleuser"]["image"], VALUES["proxy"]["https"]["hosts"]
    for word in (image["tag"], *hosts, VALUES["hub"]["config"]["DummyAuthenticator"]["password"]):
        assert word == word.upper(), "an example that could be left in by mistake"


def test_the_proxys_lock_is_pinned_and_names_no_address() -> None:
    wanted = json.loads((ROOT / "deploy/hub/package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = json.loads((ROOT / "deploy/hub/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert lock[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert not [name for name, entry in lock.items() if "resolved" in entry]
    assert all(entry.get("integrity") for name, entry in lock.items() if name)


def test_the_proxy_runs_by_node_itself() -> None:
    with hub.node().open("rb") as file:
        assert file.read(4) in (b"\x7fELF", b"\xcf\xfa\xed\xfe"), "the wrapper would leave the proxy behind"


@pytest.mark.parametrize("name", ["requirements.txt", "runtime.txt", "postBuild"])
def test_the_image_has_what_repo2docker_reads(name: str) -> None:
    path: Path = ROOT / "binder" / name
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert lines
    if name == "requirements.txt":
        assert {"-r ../requirements.txt", "-c ../constraints.txt", "-e ."} <= set(lines)
        assert [line for line in lines if line.startswith("nbgitpuller==")], "values.yaml calls gitpuller"
    if name == "runtime.txt":
        assert re.fullmatch(r"python-3\.1[1-9]", lines[0])
    if name == "postBuild":
        assert os.access(path, os.X_OK) and lines[0].startswith("#!")
