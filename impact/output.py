"""Write a run's output whole or not at all: everything is written aside first, then renamed into place."""

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from impact.errors import OutputError
from impact.report.charts import draw
from impact.report.render import figures, report_html
from impact.report.tables import estimates_csv, sensitivity_csv
from impact.result import RunResult

FIGURES = "figures"
LONGEST_SHOWN = 120


def rendered(result: RunResult) -> dict[str, str]:
    """Return every file of the output by its path relative to the output folder."""
    drawn = draw(result)
    pages = {
        "report.html": report_html(result, drawn),
        "results.json": result.to_json(),
        "estimates.csv": estimates_csv(result),
        "sensitivity.csv": sensitivity_csv(result),
    }
    return pages | {f"{FIGURES}/{name}": svg for name, svg in figures(result, drawn).items()}


def write_output(result: RunResult, out: Path) -> Path:
    """Write report, results, estimates and figures to `out`, and return it.

    Files of the same names are replaced, and figures of ours that this result no longer has are removed; every other
    file in the folder is left alone. All of it happens or none: if anything goes wrong on the way, or the user
    interrupts, what was there before is put back.

    Raises
    ------
    OutputError
        If `out` is a file, or cannot be written.
    """
    files = rendered(result)
    try:
        target = out.resolve()
        if target.exists() and not target.is_dir():
            raise OutputError(f"{out}: a file of this name is in the way. Choose another folder with --out.")
        home = target if target.is_dir() else target.parent
        home.mkdir(parents=True, exist_ok=True)
        staging = home / f".impact-{secrets.token_hex(6)}"
        staging.mkdir()
        try:
            _write_all(files, staging / "new")
            _move_into_place(staging, target, sorted(files))
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        shown = str(out) if len(str(out)) < LONGEST_SHOWN else f"{str(out)[:LONGEST_SHOWN]}..."
        raise OutputError(f"{shown}: cannot be written ({error.strerror}). Choose another folder with --out.") from None
    return out


def _write_all(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


def _move_into_place(staging: Path, target: Path, names: Sequence[str]) -> None:
    if not target.exists():
        (staging / "new").rename(target)
        return
    (target / FIGURES).mkdir(exist_ok=True)
    (staging / "old" / FIGURES).mkdir(parents=True)
    stale = [f"{FIGURES}/{path.name}" for path in (target / FIGURES).glob("*.svg") if _ours(path)]
    moved: list[tuple[Path, Path]] = []
    try:
        for name in {*names, *stale}:
            if (target / name).exists():
                _move(target / name, staging / "old" / name, moved)
        for name in names:
            _move(staging / "new" / name, target / name, moved)
    except BaseException:  # an interruption too: what was there before comes back, whatever happened
        for source, destination in reversed(moved):
            destination.rename(source)
        raise


def _move(source: Path, destination: Path, moved: list[tuple[Path, Path]]) -> None:
    source.rename(destination)
    moved.append((source, destination))


def _ours(path: Path) -> bool:
    """Whether a figure was written by this program: it is then labelled by its own name."""
    label = f'aria-labelledby="{path.stem}-title {path.stem}-desc"'
    with path.open("rb") as handle:
        return label.encode() in handle.read(1000)
