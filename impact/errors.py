"""Everything that can go wrong for a user, in one tree.

::

    ImpactError              exit code
    ├── UsageError            2   the command was called wrongly
    ├── StudyError            3   the study file is invalid          (problems: places in the YAML)
    ├── DataError             4   the data are invalid               (problems: source, file, row or column)
    ├── ModelError            5   a model could not be fitted
    └── OutputError           2   the output cannot be written where it was asked for

An error says what is wrong, where, and what to do next. Exit code 70 is kept for a fault of ours and 130 for an
interruption; neither has a class here.
"""

from collections.abc import Sequence
from typing import ClassVar

EXIT_USAGE = 2
EXIT_STUDY = 3
EXIT_DATA = 4
EXIT_MODEL = 5
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class ImpactError(Exception):
    """A failure that the user can act on.

    Attributes
    ----------
    problems
        One text per problem, each complete in itself; never empty.
    exit_code
        Exit code of the command.
    """

    exit_code: ClassVar[int] = EXIT_INTERNAL
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n\n".join(self.problems))


class UsageError(ImpactError):
    """The command or function was called wrongly."""

    exit_code = EXIT_USAGE
    title = "The command cannot run"


class StudyError(ImpactError):
    """The study file is invalid."""

    exit_code = EXIT_STUDY
    title = "The study file is not valid"


class DataError(ImpactError):
    """The data are invalid, or do not fit the study."""

    exit_code = EXIT_DATA
    title = "The data are not valid"


class ModelError(ImpactError):
    """A model could not be fitted for a reason other than the design of the study."""

    exit_code = EXIT_MODEL
    title = "A model could not be fitted"


class OutputError(ImpactError):
    """The output cannot be written where it was asked for."""

    exit_code = EXIT_USAGE
    title = "The output cannot be written"
