"""The whole class: `make mark SUBMISSIONS=folder`."""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from book.tools.marking import feedback, grades, jail
from book.tools.marking.jail import JailError, Terms
from book.tools.marking.score import Result
from book.tools.marking.submissions import Chapter, Submission, as_job, chapters, find
from book.tools.toc import ROOT, notebooks

AT_ONCE = 2
START = 60.0  # seconds for a worker besides its notebook


def work(submission: Submission, terms: Terms) -> Result:
    """Mark one submission in a process of its own; what goes wrong with it becomes a remark."""
    result = Result(submission.student, submission.chapter.name, submission.path.name)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "result.json"
        job = json.loads(as_job(submission)) | {"terms": asdict(terms), "result": str(kept)}
        worker = subprocess.Popen(
            [sys.executable, "-m", "book.tools.marking.worker"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        try:
            _, said = worker.communicate(json.dumps(job), timeout=terms.notebook_seconds + START)
        except subprocess.TimeoutExpired:
            said = "it did not end"
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        if kept.is_file():
            result = Result.from_dict(json.loads(kept.read_text(encoding="utf-8")))
        else:
            last = (said.strip().splitlines() or [f"the worker ended with {worker.returncode}"])[-1]
            result.remarks.append(f"could not be marked: {last[:300]}")
    if submission.remark:
        result.remarks.append(submission.remark)
    return result


def proved(known: list[Chapter], terms: Terms) -> None:
    """The teacher's own chapters must get full marks on this machine, or nobody is marked."""
    own = [Submission("the chapter itself", chapter.source, chapter) for chapter in known]
    terms = replace(terms, cell_seconds=terms.notebook_seconds, trusted=True)
    for result in marked(own, terms, label="Checking the chapters themselves"):
        lost = [exercise for exercise in result.exercises if exercise.points < exercise.maximum]
        if lost or not result.exercises:
            reasons = [f"  {one.name}: {one.reason}\n{one.checked}" for one in lost] + result.remarks
            raise JailError(f"The solutions of {result.chapter} do not get full marks here:\n" + "\n".join(reasons))


def marked(found: list[Submission], terms: Terms, label: str) -> Iterator[Result]:
    """Mark submissions, two at a time, with a progress bar."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(work, submission, terms) for submission in found]
        try:
            for done in tqdm(as_completed(running), total=len(found), desc=label, unit="notebook"):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def mark(folder: Path, sources: list[Path], terms: Terms) -> list[Result]:
    """Mark all submissions in a folder against the chapters in `sources`."""
    known = chapters(sources)
    found = find(folder, known)
    terms = replace(terms, packages=jail.probe(terms), seed=terms.seed or secrets.token_hex(8))
    wanted = {submission.chapter.name for submission in found if submission.chapter}
    results = [
        Result(one.student, "", one.path.name if one.path else "", remarks=[one.remark])
        for one in found
        if one.chapter is None
    ]
    with tempfile.TemporaryDirectory(prefix="mark-") as compiled:
        os.chmod(compiled, 0o777)  # the chapters' kernels, which are other users, fill it
        terms = replace(terms, compiled=compiled)
        proved([chapter for chapter in known if chapter.name in wanted], terms)
        results += marked([one for one in found if one.chapter], terms, label="Marking")
    return sorted(results, key=lambda result: (result.student.casefold(), result.chapter))


def main() -> None:
    """Mark, write grades and feedback, and say where they are."""
    parser = argparse.ArgumentParser(description="Mark a folder of submissions.")
    parser.add_argument("submissions", type=Path, help="a folder with one sub-folder, or one notebook, a student")
    parser.add_argument("--results", type=Path, default=ROOT / "dist/marks", help="where grades and feedback go")
    parser.add_argument("--unsafe", action="store_true", help="run student code without a jail")
    options = parser.parse_args()
    if not options.submissions.is_dir():
        sys.exit(f"There is no folder {options.submissions}: make mark SUBMISSIONS=folder")
    sources = [page.source for page in notebooks()]
    try:
        results = mark(options.submissions.resolve(), sources, Terms(unsafe=options.unsafe))
    except JailError as error:
        sys.exit(str(error))
    if not results:
        sys.exit(f"There are no submissions in {options.submissions}: one sub-folder, or one notebook, a student.")
    table = grades.write(results, options.results)
    pages = feedback.write(results, options.results / "feedback")
    print(f"\nGrades of {len(pages)} students: {table}\nA page for each of them: {options.results / 'feedback'}")
    troubled = sum(1 for result in results if not result.exercises)
    if troubled:
        print(f"{troubled} could not be marked: the column remarks says why.")


if __name__ == "__main__":
    main()
