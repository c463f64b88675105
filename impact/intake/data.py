"""What intake hands on: the panels of each outcome, and an account of every row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from impact.intake.problems import Problem
from models.case import Case
from models.panel import Panel
from models.periods import Periods


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of a source that no cell counts, and why."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """Where the rows of a source went.

    Attributes
    ----------
    files
        Names of the files read, without folders; a database's table or query name; sorted.
    sha256
        Hash of each file by name; empty for databases.
    rows
        Rows read, after `where`.
    used
        Rows in a study area and a period of the study.
    set_aside
        Where the others went; `used` and these add up to `rows`.
    published
        True if the rows are already published (street files of data.police.uk), so that they need no suppression.
    """

    name: str
    reader: str
    files: tuple[str, ...]
    sha256: Mapping[str, str]
    rows: int
    used: int
    set_aside: tuple[SetAside, ...]
    simulated: bool
    published: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything the rest of the program sees of the data.

    Attributes
    ----------
    areas, treated
        Names of the study's areas, treated first, and how many of them are treated.
    panels
        One panel per outcome, in the order of the study file.
    cases
        The same panels, each with the others cut from its rows. These hold cells of any size, and are never published
        as they are.
    outputs
        What the service did, one panel of counts per output; exposure 0 where nothing is on record.
    problems
        Warnings and notes; an error raises `impact.errors.DataError` instead.
    """

    areas: tuple[str, ...]
    treated: int
    periods: Periods
    panels: Mapping[str, Panel]
    cases: Mapping[str, Case]
    accounts: Mapping[str, SourceAccount]
    problems: tuple[Problem, ...]
    outputs: Mapping[str, Panel] = field(default_factory=dict)
