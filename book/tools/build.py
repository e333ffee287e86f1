"""Build the book: `make book`.

Checks that every page exists, runs the chapters that changed, writes the pages with warnings as errors, and looks
at the result. With nothing changed since the last good build it only says where the book is.
"""

import argparse
import json
import re
import shutil
import sys
import time
from pathlib import Path

from book.tools.fingerprint import build_digest
from book.tools.toc import ROOT, BookError, pages

SITE, STAMP = Path("_build/html"), Path("_build/book.json")
FORGES = re.compile(r"https://(www\.)?(github\.com|gitlab\.com|bitbucket\.org)/[^/\s]+/[^/\s]+")
REDIRECT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Hear the Gradient</title>
<meta http-equiv="refresh" content="0; url={page}"><link rel="canonical" href="{page}"></head>
<body><p><a href="{page}">Hear the Gradient</a></p></body></html>
"""


def manifest(root: Path) -> dict[str, int]:
    """The built files and their sizes."""
    site = root / SITE
    return {
        path.relative_to(site).as_posix(): path.stat().st_size for path in sorted(site.rglob("*")) if path.is_file()
    }


def is_current(root: Path, digest: str) -> bool:
    """Whether the last build had the same inputs and all that it wrote is still there."""
    try:
        last = json.loads((root / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return last == {"digest": digest, "files": manifest(root)}


def repository_options(repository: str) -> dict:
    """The theme's settings for a public repository: source, issue and launch buttons; none without an address."""
    if not repository:
        return {}
    address = repository.removesuffix("/").removesuffix(".git")
    if not FORGES.fullmatch(address):
        raise BookError(
            f"REPOSITORY={repository} is not the address of a repository. "
            "Give one like https://github.com/owner/name (GitHub, GitLab or Bitbucket), or leave it out."
        )
    return {
        "repository_url": address,
        "repository_branch": "main",
        "path_to_docs": "",
        "use_repository_button": True,
        "use_source_button": True,
        "use_issues_button": "bitbucket.org" not in address,
        "launch_buttons": {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"},
    }


def write_pages(root: Path, options: dict) -> None:
    """Turn the sources and the chapters' results into HTML; every warning is an error."""
    from jupyter_book.sphinx import build_sphinx  # a second that an unchanged book does not wait for

    for folder in (SITE, Path("_build/.doctrees"), Path("_build/jupyter_execute")):
        shutil.rmtree(root / folder, ignore_errors=True)
    result = build_sphinx(
        str(root),
        str(root / SITE),
        noconfig=True,
        path_config=str(root / "_config.yml"),
        confoverrides={
            "external_toc_path": str(root / "_toc.yml"),
            "latex_individualpages": False,
            "nitpicky": True,
            "html_theme_options": options,
        },
        force_all=True,
        freshenv=True,
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    if result:
        raise BookError("The pages could not be written: see the warnings above, each of which counts as an error.")
    first = pages(root)[0].name
    (root / SITE / "index.html").write_text(REDIRECT.format(page=f"{first}.html"), encoding="utf-8")


def build(root: Path, repository: str) -> None:
    """Do all that is needed, and nothing else."""
    listed, options = pages(root), repository_options(repository)
    if is_current(root, build_digest(root, repository)):
        print("Nothing has changed since the last build.")
    else:
        from book.tools import check_build
        from book.tools.execute import execute

        start = time.monotonic()
        (root / STAMP).unlink(missing_ok=True)
        print("Running the chapters that have changed", flush=True)
        execute([page for page in listed if page.is_notebook], root)
        print("Writing the pages", flush=True)
        write_pages(root, options)
        check_build.require(root)
        stamp = {"digest": build_digest(root, repository), "files": manifest(root)}
        (root / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
        print(f"Built {len(listed)} pages in {time.monotonic() - start:.0f} s.")
    print(f"\nOpen {(root / SITE / (listed[0].name + '.html')).resolve().as_uri()}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Build the book into _build/html.")
    parser.add_argument("--repository", default="", help="public address: adds source, issue and launch buttons")
    try:
        build(ROOT, parser.parse_args().repository.strip())
    except BookError as error:
        sys.exit(f"\n{error}")


if __name__ == "__main__":
    main()
