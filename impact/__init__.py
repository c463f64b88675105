"""Judge a small pilot: from a study file to one honest report and a decision.

>>> import impact
>>> study = impact.load_study("study.yaml")  # doctest: +SKIP
>>> result = impact.run(study)  # doctest: +SKIP

Importing this package loads nothing heavy; the statistics, the database and the charts are loaded when they are used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impact.pipeline import run
    from impact.result import RunResult
    from impact.study.load import load_study

__version__ = "0.1.0"
__all__ = ["RunResult", "__version__", "load_study", "run"]

_HOME = {"load_study": "impact.study.load", "run": "impact.pipeline", "RunResult": "impact.result"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'impact' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
