"""What the evaluator wrote: the study file, read and checked."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impact.study.schema import Study

__all__ = ["load_study"]


def load_study(path: str | Path) -> "Study":
    """Read and check a study file; see `impact.study.load.load_study`, which is only imported when it is needed."""
    from impact.study import load

    return load.load_study(path)
