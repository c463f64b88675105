"""Is this installation sound? Each finding is a fact that was tried, not a version that was read."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from io import StringIO
from pathlib import Path

OLDEST = (3, 12)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one thing is as it must be, and what was found."""

    sound: bool
    text: str


def examine() -> tuple[Finding, ...]:
    """Try everything a run needs: Python, our packages, the database, the models, the charts."""
    return tuple(_tried(check) for check in (_python, _top_level, _models_are_ours, _database, _models, _charts))


def _tried(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever is broken here is the finding
        name = check.__name__.strip("_").replace("_", " ")
        return Finding(sound=False, text=f"{name}: {type(error).__name__}: {error}. Install the package again.")


def _python() -> Finding:
    text = f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return Finding(sys.version_info[:2] >= OLDEST, f"{text} (needs {OLDEST[0]}.{OLDEST[1]} or newer)")


def _top_level() -> Finding:
    try:
        files = distribution("pilot-impact").files or []
    except PackageNotFoundError:
        return Finding(sound=False, text="the distribution pilot-impact is not installed; run pip install.")
    tops = {f.parts[0] for f in files if f.suffix in {".py", ".typed"} and len(f.parts) > 1}
    editable = any(f.name.endswith(".pth") for f in files)
    sound = editable or tops == {"impact", "models"}
    kind = "installed from a checkout" if editable else f"holds {', '.join(sorted(tops))}"
    return Finding(sound, f"the distribution pilot-impact {kind}")


def _models_are_ours() -> Finding:
    import impact
    import models

    ours = Path(impact.__file__).resolve().parent.parent
    theirs = Path(models.__file__ or "").resolve().parent.parent
    text = "the package `models` is ours"
    return Finding(
        ours == theirs, text if ours == theirs else f"another package named `models` is in the way: {theirs}"
    )


def _database() -> Finding:
    import ibis

    from impact.intake.sources import workspace

    with workspace() as work:
        answer = work.con.to_pyarrow(ibis.literal(41) + 1).as_py()
    return Finding(answer == 42, "DuckDB answers")


def _models() -> Finding:
    from models.registry import MODELS

    return Finding(sound=True, text=f"models: {', '.join(MODELS)}")


def _charts() -> Finding:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    FigureCanvasSVG(Figure()).print_svg(StringIO())  # type: ignore[no-untyped-call]
    return Finding(sound=True, text="matplotlib draws SVG")
