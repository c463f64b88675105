"""The one place that prints. Results go to stdout; progress, warnings and errors go to stderr."""

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from impact.errors import ImpactError


def say(text: str) -> None:
    """Print a result."""
    click.echo(text)


def whisper(text: str) -> None:
    """Print something beside the result: to stderr."""
    click.echo(text, err=True)


def show_error(error: "ImpactError") -> None:
    """Print every problem of an error, and how many there are."""
    count = len(error.problems)
    number = "" if count == 1 else f" ({count} problems)"
    whisper(click.style(f"{error.title}{number}", fg="red", bold=True))
    for problem in error.problems:
        whisper("")
        whisper(problem)


@contextmanager
def progress() -> "Iterator[Callable[[str], None]]":
    """Give a function that shows what is being done: a spinner on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda text: whisper(f"  {text}")
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("starting") as status:

        def show(text: str) -> None:
            status.update(text)
            console.print(f"  {text}", highlight=False, markup=False)

        yield show


def internal_error(error: Exception, trace: str) -> None:
    """Say that the program is at fault, and keep the trace in a file for a report of the fault."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="impact-fault-", suffix=".txt", delete=False, encoding="utf-8") as f:
        f.write(trace)
    whisper(click.style("This is a fault of the program, not of your study.", fg="red", bold=True))
    whisper(f"{type(error).__name__}. Nothing was written. The details are in {f.name}; please report them.")
