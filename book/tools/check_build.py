"""Look at the finished book before anyone reads it.

Every page of `_toc.yml` is there, every code cell ran without error or warning and stands in its page, no page
loads anything from elsewhere, no link or icon inside the book is dead.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from book.tools import notebooks
from book.tools.execute import result_path
from book.tools.toc import ROOT, BookError, Page, pages

LOADS = {
    "script": "src", "img": "src", "audio": "src", "video": "src", "source": "src", "iframe": "src", "embed": "src",
    "object": "data", "link": "href",
}  # fmt: skip
LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "shortcut", "prefetch", "preconnect", "dns-prefetch"}
STYLE_URL = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?([^"')\s]+)""")
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
ICON_WORDS = {"solid", "regular", "brands", "lg", "inline"}
HIDDEN_CELLS = {"remove-cell", "remove_cell"}


@cache
def soup(path: Path) -> BeautifulSoup:
    """A parsed page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def is_external(address: str) -> bool:
    """Whether an address points out of the book to another host."""
    return urlsplit(address).scheme in {"http", "https"} or address.startswith("//")


def loaded(path: Path) -> Iterator[str]:
    """The addresses that a browser fetches when it opens a page."""
    for tag, attribute in LOADS.items():
        for element in soup(path).find_all(tag):
            if tag != "link" or LOADING_LINKS & {word.lower() for word in element.get("rel", [])}:
                yield element.get(attribute) or ""
            yield from (part.split()[0] for part in (element.get("srcset") or "").split(",") if part.strip())
    for style in soup(path).find_all("style"):
        yield from STYLE_URL.findall(style.string or "")


def page_faults(html: Path, page: Page, root: Path) -> list[str]:
    """What is wrong in one page of the table of contents."""
    if not html.is_file():
        return [f"was not built: {html.relative_to(root)} is missing"]
    found = [
        f"shows a build error: {box.get_text(' ', strip=True)[:200]}" for box in soup(html).select(".system-message")
    ]
    if not page.is_notebook:
        return found
    if not result_path(root, page).is_file():
        return [*found, "was not executed"]
    source, executed = notebooks.read(page.source), notebooks.read(result_path(root, page))
    found += notebooks.faults(source, executed, compared=False)
    visible = [
        c for c in notebooks.code_cells(source) if not HIDDEN_CELLS & set(c.metadata.get("tags", [])) and c.source
    ]
    shown = len(soup(html).select("div.cell"))
    if shown != len(visible):
        found.append(f"shows {shown} of its {len(visible)} code cells")
    return found


def address_faults(html: Path, site: Path) -> list[str]:
    """Addresses of one file that leave the book or lead nowhere inside it."""
    found = [f"loads {address} from another host" for address in loaded(html) if is_external(address)]
    addresses = {a["href"] for a in soup(html).find_all("a", href=True)} | {a for a in loaded(html) if a}
    for address in sorted(addresses):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (html.parent / unquote(parts.path)).resolve() if parts.path else html
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site) or not target.is_file():
            found.append(f"leads to {address}, which does not exist")
        elif parts.fragment and target.suffix == ".html" and not has_anchor(target, unquote(parts.fragment)):
            found.append(f"leads to {address}, where nothing has that name")
    return found


def has_anchor(html: Path, name: str) -> bool:
    """Whether a page has an element of that name, or, for a demo's state such as "cutoff=q:2", that demo."""
    if "=" in name:
        demos = (part.partition("=")[0] for part in name.split("&"))
        return all(soup(html).find(class_="ddsp-demo", attrs={"data-id": demo}) for demo in demos)
    return soup(html).find(id=name) is not None or soup(html).find(attrs={"name": name}) is not None


def icon_faults(html: Path, site: Path) -> list[str]:
    """Icons of one file that the stylesheet does not draw."""
    drawn = set(ICON.findall((site / "_static/icons.css").read_text(encoding="utf-8")))
    used = {
        name for element in soup(html).select('[class*="fa-"]') for name in ICON.findall(" ".join(element["class"]))
    }
    return [
        f"uses the icon {name}: draw it in book/extensions/icons.json" for name in sorted(used - drawn - ICON_WORDS)
    ]


def style_faults(site: Path) -> list[str]:
    """Stylesheets that load from another host or load a missing file."""
    found = []
    for path in site.rglob("*.css"):
        for address in STYLE_URL.findall(path.read_text(encoding="utf-8")):
            name = path.relative_to(site)
            if is_external(address):
                found.append(f"{name}: loads {address} from another host")
            elif not address.startswith(("data:", "#", "%23")) and not (path.parent / urlsplit(address).path).is_file():
                found.append(f"{name}: loads {address}, which does not exist")
    return found


def check(root: Path = ROOT) -> list[str]:
    """Everything that is wrong with the built book."""
    soup.cache_clear()
    site = (root / "_build/html").resolve()
    found = [
        f"{page.name}: {fault}" for page in pages(root) for fault in page_faults(site / f"{page.name}.html", page, root)
    ]
    for html in sorted(site.rglob("*.html")):
        name = html.relative_to(site)
        if name.parts[0] != "_static":
            found += [f"{name}: {fault}" for fault in address_faults(html, site) + icon_faults(html, site)]
    return found + style_faults(site)


def require(root: Path = ROOT) -> None:
    """BookError with all faults, if there are any."""
    found = check(root)
    if found:
        raise BookError("The book was built, but is not fit to be read:\n" + "\n".join(f"  {fault}" for fault in found))


if __name__ == "__main__":
    try:
        require()
    except BookError as fault:
        sys.exit(str(fault))
