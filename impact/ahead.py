"""Slow fits in processes of their own, begun before the others and two at a time.

A worker is this module run as a program: it reads pickled jobs from its input and writes pickled answers. It is not
forked from the program, which may hold threads, and does not import the program's main module, which may be anything.
An answer does not depend on where it was worked out.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

from impact.errors import ModelError
from impact.fitting import fit_model
from models.case import Case
from models.design import Design
from models.estimate import ModelOutput

WORKERS = 2
"""A fit holds about half a gigabyte and two cores while it samples."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One model to be fitted to one outcome."""

    key: str
    model: str
    case: Case
    design: Design
    options: Any


type Begun = Mapping[str, Mapping[str, Future[ModelOutput]]]
"""Fits that were begun, by outcome and model."""


@contextmanager
def begun(jobs: Sequence[Job]) -> Iterator[Begun]:
    """Begin the jobs, and stop what is left of them at the end; nothing is begun if one alone would gain nothing."""
    if len(jobs) < 2 or (os.cpu_count() or 1) < 2:
        yield {}
        return
    queue: SimpleQueue[tuple[Job, Future[ModelOutput]]] = SimpleQueue()
    futures: dict[str, dict[str, Future[ModelOutput]]] = {}
    for job in jobs:
        future: Future[ModelOutput] = Future()
        futures.setdefault(job.key, {})[job.model] = future
        queue.put((job, future))
    workers = [_worker() for _ in range(min(WORKERS, len(jobs)))]
    threads = [Thread(target=_serve, args=(worker, queue), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        yield futures
    finally:
        for worker in workers:
            worker.kill()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.communicate()


def _worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "impact.ahead"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def _serve(worker: subprocess.Popen[bytes], queue: "SimpleQueue[tuple[Job, Future[ModelOutput]]]") -> None:
    """Hand one job after another to a worker."""
    while True:
        try:
            job, future = queue.get_nowait()
        except Empty:
            return
        try:
            answer = _asked(worker, job)
        except (OSError, EOFError, pickle.UnpicklingError):
            answer = ModelError(
                f"outcome '{job.key}', model '{job.model}': the process that fitted it ended before its time, perhaps "
                "for want of memory. Run again, or leave the model out with --models."
            )
        if isinstance(answer, ModelOutput):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def _asked(worker: subprocess.Popen[bytes], job: Job) -> ModelOutput | Exception:
    assert worker.stdin is not None  # noqa: S101 - both are pipes
    assert worker.stdout is not None  # noqa: S101
    pickle.dump(job, worker.stdin)
    worker.stdin.flush()
    answer: ModelOutput | Exception = pickle.load(worker.stdout)  # noqa: S301 - our own process wrote it
    return answer


def answer_jobs(given: IO[bytes], taken: IO[bytes]) -> None:
    """Answer jobs until there are no more."""
    while True:
        try:
            job = pickle.load(given)  # noqa: S301 - our own process wrote it
        except EOFError:
            return
        answer: ModelOutput | Exception
        try:
            answer = fit_model(job.key, job.model, job.case, job.design, job.options)
        except Exception as error:  # noqa: BLE001 - the border of a process: it is raised again on the other side
            answer = error
        pickle.dump(answer, taken)
        taken.flush()


def _main() -> None:
    """Keep the pipe of answers to ourselves: whatever a library prints goes to the error stream."""
    taken = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer_jobs(sys.stdin.buffer, taken)


if __name__ == "__main__":
    # The jobs name the classes of the imported module, not of this one.
    from impact.ahead import _main as run

    run()
