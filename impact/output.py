"""Write a run's output whole or not at all: everything is written aside first, then renamed into place."""

import shutil
import tempfile
from pathlib import Path

from impact.errors import OutputError
from impact.report.charts import draw
from impact.report.render import figures, report_html
from impact.report.tables import estimates_csv
from impact.result import RunResult

FIGURES = "figures"
OWN = frozenset({"report.html", "results.json", "estimates.csv", FIGURES})


def rendered(result: RunResult) -> dict[str, str]:
    """Return every file of the output by its path relative to the output folder."""
    drawn = draw(result)
    pages = {
        "report.html": report_html(result, drawn),
        "results.json": result.to_json(),
        "estimates.csv": estimates_csv(result),
    }
    return pages | {f"{FIGURES}/{name}": svg for name, svg in figures(result, drawn).items()}


def write_output(result: RunResult, out: Path) -> Path:
    """Write report, results, estimates and figures to `out`, and return it.

    A folder that holds anything but an earlier output of ours keeps its other files. Until the last step nothing in
    `out` changes; a failure leaves no part of a new output behind.

    Raises
    ------
    OutputError
        If `out` is a file, or cannot be written.
    """
    files = rendered(result)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: a file of this name is in the way. Choose another folder with --out.")
    parent = out.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=parent))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}). Choose another folder with --out.") from None
    try:
        _write_all(files, staging)
        _move_into_place(staging, out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}). Choose another folder with --out.") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


def _write_all(files: dict[str, str], folder: Path) -> None:
    folder.chmod(0o755)
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")


def _move_into_place(staging: Path, out: Path) -> None:
    if not out.exists():
        staging.rename(out)
        return
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-old-", dir=staging.parent) as spare:
        old = Path(spare) / out.name
        if {item.name for item in out.iterdir()} <= OWN:
            _swap_folder(staging, out, old)
        else:
            old.mkdir()
            _swap_items(staging, out, old)


def _swap_folder(staging: Path, out: Path, old: Path) -> None:
    out.rename(old)
    try:
        staging.rename(out)
    except OSError:
        old.rename(out)
        raise


def _swap_items(staging: Path, out: Path, old: Path) -> None:
    for name in sorted(OWN):
        if (out / name).exists():
            (out / name).rename(old / name)
        (staging / name).rename(out / name)
