"""Whole error texts: each `golden/study_errors/NAME.yaml` and, in NAME.txt, what is said about it.

When a wording is changed on purpose, run with UPDATE_GOLDEN=1 and read the difference.
"""

import os
from pathlib import Path

import pytest

from impact.errors import StudyError
from impact.study import load_study

GOLDEN = Path(__file__).parents[2] / "golden" / "study_errors"
STUDIES = sorted(GOLDEN.glob("*.yaml"))


def said(path: Path) -> str:
    with pytest.raises(StudyError) as caught:
        load_study(path.name)
    return "\n\n".join(caught.value.problems) + "\n"


def test_there_are_studies() -> None:
    assert len(STUDIES) >= 10


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_text(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(said(path), encoding="utf-8")
    assert said(path) == expected.read_text(encoding="utf-8")
