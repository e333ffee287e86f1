"""Join the front-end's ES modules into one text, for the two places where a demo runs.

The modules in `frontend/` are plain ES modules without dependencies, written in the small subset that `joined`
checks: `import {a, b} from "./x.js"`, exports before function, const and class, and no top-level name twice. Such
modules can be set one behind the other in one scope, so no build tool is needed. Jupyter gets a module with a
`render` function (`module`), a page of the book a classic script (`script`), which works from file:// too.
"""

from __future__ import annotations

import re
from pathlib import Path

FRONTEND = Path(__file__).with_name("frontend")
IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w-]+\.js)";?[ \t]*\n', re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?function\b|const\b|class\b)", re.MULTILINE)
DECLARATION = re.compile(r"^(?:export\s+)?(?:async\s+)?(?:function\*?|const|let|var|class)\s+([\w$]+)", re.MULTILINE)
EXPORTED = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|class)\s+([\w$]+)", re.MULTILINE)
FOREIGN = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b", re.MULTILINE)


def dependency_order(entry: str, folder: Path = FRONTEND) -> list[str]:
    """Return the names of the modules that entry needs, each after those it imports; raise ValueError on a cycle."""
    order: list[str] = []
    open_modules: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in open_modules:
            raise ValueError(f"front-end modules import each other in a circle: {' -> '.join([*open_modules, name])}")
        path = folder / name
        if not path.is_file():
            raise ValueError(f"the front-end module {name} is missing ({' -> '.join([*open_modules, name])})")
        open_modules.append(name)
        for match in IMPORT.finditer(path.read_text(encoding="utf-8")):
            visit(match.group(2))
        open_modules.pop()
        order.append(name)

    visit(entry)
    return order


def joined(entry: str, folder: Path = FRONTEND) -> str:
    """Return entry and all it imports as one text; raise ValueError where one scope would change its meaning."""
    owners: dict[str, str] = {}
    exports: dict[str, set[str]] = {}
    parts: list[str] = []
    for name in dependency_order(entry, folder):
        text = (folder / name).read_text(encoding="utf-8").rstrip() + "\n"
        exports[name] = set(EXPORTED.findall(text))
        for match in IMPORT.finditer(text):
            wanted = {word.strip() for word in match.group(1).split(",")} - {""}
            missing = wanted - exports[match.group(2)]
            if missing:
                raise ValueError(
                    f"{name} imports {sorted(missing)}, which {match.group(2)} does not export by that name"
                )
        for declared in DECLARATION.findall(text):
            if declared in owners:
                raise ValueError(f"{declared!r} is declared at the top of both {owners[declared]} and {name}")
            owners[declared] = name
        text = EXPORT.sub("", IMPORT.sub("", text))
        foreign = FOREIGN.search(text)
        if foreign:
            raise ValueError(f"{name} holds {foreign.group()!r}, which the bundle cannot join")
        parts.append(f"// {name}\n{text.lstrip()}")
    return "\n".join(parts)


def module(folder: Path = FRONTEND) -> str:
    """Return the front end as one self-contained ES module in anywidget's form (`export default {render}`)."""
    return joined("jupyter.js", folder) + "\nexport default { render };\n"


def script(folder: Path = FRONTEND) -> str:
    """Return the front end as one classic script for the pages of the book."""
    return f'(() => {{\n"use strict";\n{joined("page.js", folder)}}})();\n'


def style(folder: Path = FRONTEND) -> str:
    """Return the demos' style sheet."""
    return (folder / "style.css").read_text(encoding="utf-8")


def instrument_module(folder: Path = FRONTEND) -> str:
    """Return the front end of an instrument as one self-contained ES module in anywidget's form."""
    return joined("instrument-jupyter.js", folder) + "\nexport default { render };\n"


def instrument_script(folder: Path = FRONTEND) -> str:
    """Return the front end of instruments as one classic script for the pages of the book."""
    return f'(() => {{\n"use strict";\n{joined("instrument-page.js", folder)}}})();\n'


def instrument_style(folder: Path = FRONTEND) -> str:
    """Return the style sheet of an instrument, with that of the demos, whose look it shares."""
    return style(folder) + "\n" + (folder / "instrument.css").read_text(encoding="utf-8")
