from collections.abc import Callable
from pathlib import Path

import pytest

from impact.errors import StudyError
from impact.study import load_study

type Problems = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def valid() -> str:
    """A study that uses most of what the schema has."""
    return (Path(__file__).parent / "valid.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Problems:
    """Load a study from its text and return the problems found, each without the folder of the file."""
    path = tmp_path_factory.mktemp("study") / "x.yaml"

    def load(text: str) -> list[str]:
        path.write_text(text, encoding="utf-8", newline="")
        try:
            load_study(path)
        except StudyError as error:
            return [problem.removeprefix(f"{path.parent}/") for problem in error.problems]
        return []

    return load
