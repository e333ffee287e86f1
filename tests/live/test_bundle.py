"""The front end's modules are joined in the right order, and refused where joining would change their meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddsp_lite.live import bundle

GOOD = {
    "base.js": "export const ONE = 1;\nexport function two() {\n  return 2;\n}\n",
    "middle.js": 'import { ONE, two } from "./base.js";\nconst three = ONE + two();\nexport class Four {}\n',
    "page.js": 'import {\n  Four,\n} from "./middle.js";\nimport {two} from "./base.js"\nnew Four(two());\n',
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_modules_stand_after_what_they_import(tmp_path: Path) -> None:
    assert bundle.dependency_order("page.js", written(tmp_path, GOOD)) == ["base.js", "middle.js", "page.js"]


def test_imports_and_exports_are_gone(tmp_path: Path) -> None:
    text = bundle.script(written(tmp_path, GOOD))
    assert "import" not in text
    assert "export" not in text
    assert text.index("const ONE = 1;") < text.index("const three") < text.index("new Four")
    assert text.startswith("(() => {")
    assert text.endswith("})();\n")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"base.js": 'import {Four} from "./middle.js";\nexport const ONE = 1;\nexport function two() {}\n'}, "circle"),
        ({"middle.js": 'import {ONE} from "./nowhere.js";\n'}, "nowhere.js is missing"),
        ({"middle.js": 'import {NINE} from "./base.js";\nexport class Four {}\n'}, r"\['NINE'\]"),
        ({"middle.js": 'import {ONE as UNO} from "./base.js";\nexport class Four {}\n'}, "ONE as UNO"),
        ({"middle.js": 'import {ONE} from "./base.js";\nconst two = 2;\nexport class Four {}\n'}, "'two' is declared"),
        ({"middle.js": 'import * as base from "./base.js";\nexport class Four {}\n'}, "cannot join"),
        ({"middle.js": "export default class Four {}\nexport class Four {}\n"}, "cannot join|declared"),
        ({"base.js": "export let ONE = 1;\nexport function two() {}\n"}, "ONE|cannot join"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bundle.script(written(tmp_path, {**GOOD, **changed}))


def test_the_front_end_is_one_module_and_one_script() -> None:
    module, script = bundle.module(), bundle.script()
    assert module.count("export default { render };") == 1
    assert "function mount(" in module
    assert "function mount(" in script
    assert "export" not in [line.split(" ")[0] for line in script.splitlines()]
    for text in (module, script, bundle.style()):
        assert "http://" not in text.replace("http://www.w3.org/", "")
        assert "https://" not in text
