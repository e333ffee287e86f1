"""Measure the atlas and write its page: `make atlas`.

An interrupted run goes on where it was. `python -m book.tools.atlas --help` lists the options: other counts, another
seed, more workers, or the workers of a Dask cluster; the numbers (but for times) are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

from book.tools.atlas import page
from book.tools.atlas.measures import SMALL, Settings
from book.tools.atlas.run import AtlasError, run
from book.tools.toc import ROOT


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make atlas", description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes on this machine")
    parser.add_argument("--dask", metavar="ADDRESS", help="measure on a Dask cluster instead, such as tcp://host:8786")
    parser.add_argument("--seed", type=int, default=0, help="of the random pairs and starts")
    parser.add_argument("--small", action="store_true", help="a quick look: few pairs and starts, no page is written")
    asked = parser.parse_args()
    if asked.workers < 1:
        parser.error(f"--workers must be at least 1, got {asked.workers}")
    settings = Settings(**{**asdict(SMALL if asked.small else Settings()), "seed": asked.seed})
    start = time.monotonic()
    try:
        results = run(ROOT, settings, workers=asked.workers, dask=asked.dask)
    except AtlasError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is measured is kept: the same command goes on from there.", file=sys.stderr)
        return 130
    print(f"{len(results)} cells, {(time.monotonic() - start) / 60:.1f} minutes")
    if not asked.small:
        page.DATA.write_text(json.dumps({"settings": asdict(settings), "cells": results}, indent=1), encoding="utf-8")
        page.PAGE.write_text(page.text(settings, results), encoding="utf-8")
        print(f"Written: {page.PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
