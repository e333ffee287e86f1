"""A real JupyterHub on this machine: ten students at once open a chapter, run cells of it, and pass an exercise."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from book.tools import classroom, exercises, hub, notebooks
from book.tools.marking.merge import merge
from book.tools.toc import ROOT

CHAPTER = ROOT / "book/index.ipynb"
MEASURED = ROOT / "_build/hub-measured.json"
STUDENTS = [f"student{number}" for number in range(10)]
TOKEN = "0123456789abcdef" * 2
PASSED = "3.0"  # what the second exercise is worth


def free_ports(count: int) -> int:
    """The first of so many neighbouring ports that nobody uses."""
    for first in range(18000, 19000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError("no ports")


@dataclass
class Class:
    """The hub as its own interface shows it."""

    port: int
    server: subprocess.Popen
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)

    async def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """One request, as the service `class`."""
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers={"Authorization": f"token {TOKEN}"},
            body=None if body is None and method == "GET" else json.dumps(body or {}),
            request_timeout=60,
            allow_nonstandard_methods=True,
        )
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body) if answer.body else None

    async def ready(self, path: str, what: Any, seconds: float = 150) -> Any:
        """Ask until `what` is true of the answer."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = await self.ask(path)
                if what(answer):
                    return answer
            except (OSError, HTTPClientError):
                pass
            assert time.monotonic() < end, f"{path}: not ready after {seconds:.0f} s"
            assert self.server.poll() is None, "the hub has stopped"
            await asyncio.sleep(0.5)

    async def execute(self, student: str, kernel: str, cells: list[str]) -> list[dict[str, Any]]:
        """Run cells, one after the other; what each returned or failed with."""
        address = f"ws://127.0.0.1:{self.port}/user/{student}/api/kernels/{kernel}/channels"
        channel = await websocket_connect(HTTPRequest(address, headers={"Authorization": f"token {TOKEN}"}))
        results = []
        try:
            for source in cells:
                name = uuid.uuid4().hex
                content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
                header = {"msg_id": name, "msg_type": "execute_request", "session": name, "username": student}
                message = {"header": header | {"version": "5.3", "date": ""}, "parent_header": {}, "metadata": {}}
                await channel.write_message(
                    json.dumps(message | {"content": content, "channel": "shell", "buffers": []})
                )
                result: dict[str, Any] = {}
                while True:
                    text = await asyncio.wait_for(channel.read_message(), 120)
                    assert text is not None, f"{student}: the kernel's channel was closed"
                    came = json.loads(text)
                    if came["parent_header"].get("msg_id") != name:
                        continue
                    if came["msg_type"] in ("execute_result", "error"):
                        result = came["content"]
                    if came["msg_type"] == "status" and came["content"]["execution_state"] == "idle":
                        break
                results.append(result)
        finally:
            channel.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    while await channel.read_message() is not None:
                        pass
        return results


def exercise_cells() -> list[str]:
    """What a student runs: the chapter's statements that the second exercise needs, an answer, the check."""
    notebook = notebooks.read(CHAPTER)
    second = exercises.find(notebook)[1]
    merged = merge(notebook, notebook)
    before = [cell.source for place, cell in enumerate(merged.cells)
              if cell.metadata.kind == "chapter" and place in merged.needed]  # fmt: skip
    return [*before, exercises.solution(second.solution.source), exercises.without_hidden(second.check.source)]


async def lesson(room: Class, student: str) -> tuple[str, dict[str, Any]]:
    """Log in, open the chapter, run cells of it, answer, check, save."""
    began = time.monotonic()
    taken = room.seconds.setdefault(student, {})
    await room.ask(f"/hub/api/users/{student}", "POST")
    await room.ask(f"/hub/api/users/{student}/server", "POST")
    await room.ready(f"/hub/api/users/{student}", lambda user: user["servers"].get("", {}).get("ready"))
    taken["server"] = time.monotonic() - began
    opened = await room.ask(f"/user/{student}/api/contents/index.ipynb")
    kernel = (await room.ask(f"/user/{student}/api/kernels", "POST", {"name": "python3"}))["id"]
    *cells, check = exercise_cells()
    (first,) = await room.execute(student, kernel, ["import torch\nfloat(torch.ones(3).sum())"])
    assert first["data"]["text/plain"] == "3.0"
    taken["first result"] = time.monotonic() - began
    results = await room.execute(student, kernel, [*cells, check])
    assert not [result for result in results if "ename" in result], results
    taken["exercise passed"] = time.monotonic() - began
    chapter = nbformat.from_dict(opened["content"])
    answer = next(cell for cell in chapter.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "index-2")
    answer.source = cells[-1]
    kept = {"type": "notebook", "format": "json", "content": chapter}
    await room.ask(f"/user/{student}/api/contents/index.ipynb", "PUT", kept)
    return kernel, results[-1]


def kernel_process(room: Class, student: str) -> psutil.Process:
    """A student's kernel."""
    for process in psutil.Process(room.server.pid).children(recursive=True):
        if "ipykernel_launcher" in " ".join(process.cmdline()) and process.environ().get("USER") == student:
            return process
    raise AssertionError(f"{student} has no kernel")


def shares(room: Class) -> dict[str, Any]:
    """Megabytes (proportional shares) of the hub, its proxy, and a student's server and kernel."""
    found: dict[str, Any] = {"hub": 0.0, "proxy": 0.0, "server": [], "kernel": []}
    for process in [psutil.Process(room.server.pid), *psutil.Process(room.server.pid).children(recursive=True)]:
        used, words = process.memory_full_info().pss / 1e6, " ".join(process.cmdline())
        if process.pid == room.server.pid:
            found["hub"] = round(used)
        elif "configurable-http-proxy" in words:
            found["proxy"] = round(used)
        elif "ipykernel_launcher" in words:
            found["kernel"].append(used)
        elif "singleuser" in words:
            found["server"].append(used)
    found["students"] = len(found["kernel"])
    for part in ("server", "kernel"):
        found[part] = round(sum(found[part]) / len(found[part]))
    return found | {"student": found["server"] + found["kernel"]}


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "chapters").mkdir()
    nbformat.write(classroom.student(notebooks.read(CHAPTER)), folder / "chapters/index.ipynb")
    return folder


@pytest.mark.slow
def test_ten_students_at_once(hub_folder: Path) -> None:
    port = free_ports(3)
    settings = hub.environment(hub_folder / "chapters", hub_folder, port, "a password") | {"HUB_API_TOKEN": TOKEN}
    with (hub_folder / "log").open("w") as log:
        server = subprocess.Popen(hub.command(), cwd=hub_folder, env=settings, stdout=log, stderr=subprocess.STDOUT)
    room = Class(port, server)
    everything: list[psutil.Process] = []

    async def day() -> None:
        await room.ready("/hub/api/", bool)
        lessons = await asyncio.gather(*(lesson(room, student) for student in STUDENTS))
        assert [result["data"]["text/plain"] for _, result in lessons] == [PASSED] * len(STUDENTS)
        found = shares(room)
        assert found["students"] == len(STUDENTS)
        latest = {
            what: round(max(taken[what] for taken in room.seconds.values()), 1) for what in room.seconds["student0"]
        }
        MEASURED.write_text(json.dumps({"megabytes": found, "seconds, the last of ten": latest}), encoding="utf-8")

        killed, kernel = kernel_process(room, STUDENTS[0]), lessons[0][0]
        running = asyncio.ensure_future(room.execute(STUDENTS[0], kernel, ["import time; time.sleep(60)"]))
        await asyncio.sleep(1)
        killed.kill()
        saved = await room.ask(f"/user/{STUDENTS[0]}/api/contents/index.ipynb")
        assert "octaves - rate * slope" in json.dumps(saved["content"])
        await asyncio.sleep(4)  # the server notices, and starts another
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        results = await room.execute(STUDENTS[0], kernel, exercise_cells())
        assert results[-1]["data"]["text/plain"] == PASSED
        assert kernel_process(room, STUDENTS[0]).pid != killed.pid

    try:
        asyncio.run(day())
        everything = psutil.Process(server.pid).children(recursive=True)
        assert len(everything) >= 2 * len(STUDENTS) + 1
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(60)
        finally:
            server.kill()
    _, alive = psutil.wait_procs(everything, timeout=10)
    for process in alive:
        process.kill()
    assert not alive, f"left behind: {alive}"
