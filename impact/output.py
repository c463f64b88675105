"""Write a run's output whole or not at all: everything is written aside first, then renamed into place."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from impact.errors import OutputError, UsageError
from impact.publish_draws import published_draws
from impact.report.charts import draw
from impact.report.render import diagnostics_html, figures, report_html
from impact.report.tables import estimates_csv, sensitivity_csv
from impact.report.text import slugs
from impact.result import RunResult
from models.posterior import Posterior

FIGURES = "figures"
DRAWS = "draws"
FOLDERS = (FIGURES, DRAWS)
APPENDIX = "diagnostics.html"
LONGEST_SHOWN = 120
NETCDF = ("h5netcdf", "h5py")


def check_draws_can_be_written() -> None:
    """Find out before anything is fitted whether the libraries that write draws are installed.

    Raises
    ------
    UsageError
        If they are not.
    """
    if not all(find_spec(name) for name in NETCDF):
        raise UsageError("--draws needs h5netcdf and h5py. Install them with: pip install 'pilot-impact[draws]'.")


def rendered(
    result: RunResult, posteriors: Mapping[str, Posterior] | None = None, *, draws: bool = False
) -> dict[str, str | bytes]:
    """Return every file of the output by its path relative to the output folder.

    Parameters
    ----------
    posteriors
        The draws of each outcome, by its key: what the appendix shows; None where they are not at hand.
    draws
        Whether the draws themselves are files too.
    """
    known = posteriors or {}
    drawn = draw(result)
    pages: dict[str, str | bytes] = {
        "report.html": report_html(result, drawn),
        "results.json": result.to_json(),
        "estimates.csv": estimates_csv(result),
        "sensitivity.csv": sensitivity_csv(result),
    }
    appendix = diagnostics_html(result, known)
    pages |= {} if appendix is None else {APPENDIX: appendix}
    pages |= _draws(result, known) if draws else {}
    return pages | {f"{FIGURES}/{name}": svg for name, svg in figures(result, drawn).items()}


def _draws(result: RunResult, posteriors: Mapping[str, Posterior]) -> dict[str, str | bytes]:
    from impact.report.diagnostics import netcdf

    kept = {
        key: published_draws(posterior.tree, result.outcomes[key])
        for key, posterior in posteriors.items()
        if posterior.tree is not None
    }
    names = slugs(tuple(kept))
    return {f"{DRAWS}/{name}.nc": netcdf(tree) for name, tree in zip(names, kept.values(), strict=True)}


def write_output(
    result: RunResult, out: Path, posteriors: Mapping[str, Posterior] | None = None, *, draws: bool = False
) -> Path:
    """Write report, results, estimates, figures and what `rendered` makes of draws to `out`, and return it.

    Files of the same names are replaced; figures of ours that this result no longer has are removed, and so is the
    appendix of an earlier run where this one has no draws. The appendix stays where it is not known whether there are
    draws (`posteriors` is None), and every other file in the folder is left alone. All of it happens or none: if
    anything goes wrong on the way, or the user interrupts, what was there before is put back.

    Raises
    ------
    OutputError
        If `out` is a file, or cannot be written.
    """
    files = rendered(result, posteriors, draws=draws)
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
            _move_into_place(staging, target, sorted(files), rerun=posteriors is not None)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        shown = str(out) if len(str(out)) < LONGEST_SHOWN else f"{str(out)[:LONGEST_SHOWN]}..."
        raise OutputError(f"{shown}: cannot be written ({error.strerror}). Choose another folder with --out.") from None
    return out


def _write_all(files: Mapping[str, str | bytes], folder: Path) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def _move_into_place(staging: Path, target: Path, names: Sequence[str], *, rerun: bool) -> None:
    if not target.exists():
        (staging / "new").rename(target)
        return
    for folder in FOLDERS:
        (staging / "old" / folder).mkdir(parents=True)
        if folder == FIGURES or any(name.startswith(f"{folder}/") for name in names):
            (target / folder).mkdir(exist_ok=True)
    stale = [f"{FIGURES}/{path.name}" for path in (target / FIGURES).glob("*.svg") if _ours(path)]
    stale += [APPENDIX] if rerun and _our_page(target / APPENDIX) else []
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


def _our_page(path: Path) -> bool:
    """Whether an appendix was written by this program: it then says so at its top."""
    if not path.is_file():
        return False
    with path.open("rb") as handle:
        return b'content="pilot-impact"' in handle.read(1000)
