"""Mark one submission, in a process of its own: whatever it does to this process, the others do not notice."""

import asyncio
import json
import logging
import resource
import sys
from pathlib import Path

from book.tools import notebooks
from book.tools.marking import submissions
from book.tools.marking.jail import GIGABYTE, Terms
from book.tools.marking.merge import merge
from book.tools.marking.run import run
from book.tools.marking.score import Result, score

OWN_MEMORY = 6 * GIGABYTE  # address space of this process: a flood of output must not fill the machine


def main() -> None:
    """Read a job from stdin, leave the result in the file that the job names."""
    logging.basicConfig(level=logging.CRITICAL)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (OWN_MEMORY, OWN_MEMORY))
    job = json.load(sys.stdin)
    result = Result(job["student"], job["chapter"], Path(job["path"]).name)
    merged = merge(notebooks.read(Path(job["source"])), submissions.read(Path(job["path"])))
    asyncio.run(run(merged, Terms(**job["terms"])))
    Path(job["result"]).write_text(json.dumps(score(merged, result).as_dict()), encoding="utf-8")


if __name__ == "__main__":
    main()
