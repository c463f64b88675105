"""The numbers behind a check, finished for print: ranges drawn in the table itself, or a chart with its table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from impact.report import dots, series, small
from impact.report import format as fmt
from impact.report.axis import Axis
from impact.report.quantities import Terms, terms_of
from impact.report.tables import Table, rest_of, table
from impact.report.text import capital, sentence
from impact.result import OutcomeResult
from models.estimate import Evidence, Figure, Row

MOST_ROWS = 60
OWN = "the study's own"
FILES = "results.json and sensitivity.csv hold them all"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of ranges: its label, its drawing (empty if there is nothing to draw), its numbers in words.

    `own` marks the study's own choice; `empty` a row without numbers, whose note says why.
    """

    label: str
    note: str
    own: bool
    empty: bool
    drawing: Markup
    estimate: str
    range: str
    p: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading, which may be empty."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """A table whose rows are drawn on one axis.

    `columns` counts its columns and `beside` those beside the labels, `ruler` holds the axis (empty if no row has a
    number) and `with_p` says whether any row has a p value.
    """

    caption: str
    ruler: Markup
    axis: str
    left: str
    right: str
    with_p: bool
    columns: str
    beside: str
    groups: tuple[Group, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with sentences about it and the tables of its numbers."""

    caption: str
    drawing: Markup
    notes: tuple[str, ...]
    tables: tuple[Table, ...]


def ranges(evidence: Evidence, outcome: OutcomeResult, name: str, caption: str) -> Ranges:
    """Finish rows one below another, each with its range on one axis; ids in it begin with `name`."""
    terms = terms_of(evidence, outcome)
    shown = capped(evidence.rows)
    axis = terms.axis(shown, (0.0, small.TRACK_WIDTH))
    with_p = any(row.p_value is not None for row in shown)
    lines = [_line(row, terms, axis, f"{name}-lines") for row in shown]
    return Ranges(
        caption=caption,
        ruler=_ruler(axis, f"{name}-lines", terms, own=any(row.chosen for row in shown)),
        axis=terms.caption,
        left=f"← {terms.sides[0]}" if terms.sides[0] else "",
        right=f"{terms.sides[1]} →" if terms.sides[1] else "",
        with_p=with_p,
        columns=fmt.count(4 + with_p),
        beside=fmt.count(3 + with_p),
        groups=_grouped(shown, lines),
        notes=(*noted(evidence), *rest_of(len(evidence.rows), len(shown), "rows", "in this order", FILES)),
    )


def drawn(evidence: Evidence, outcome: OutcomeResult, caption: str) -> Drawn:
    """Finish a chart of rows in time order, or of many values, with its table."""
    terms = terms_of(evidence, outcome)
    named = f"{caption}: the numbers"
    if evidence.figure is Figure.DISTRIBUTION:
        # A note says what the values are; without one they are the choices themselves, among which a rank means much.
        drawing, said = dots.distribution(evidence.rows, terms, caption, ranked=not evidence.note)
        return Drawn(caption, drawing, (*said, *noted(evidence)), (numbers_table(evidence.rows, terms, named),))
    drawing, said = series.over_time(_spoken(evidence.rows, fmt.short_period), terms, caption)
    numbers = numbers_table(_spoken(evidence.rows, fmt.period), terms, named)
    return Drawn(caption, drawing, (*said, *noted(evidence)), (numbers,))


def _spoken(rows: Sequence[Row], write: Callable[[str], str]) -> list[Row]:
    """Write labels that are periods, or stretches of them, in words."""
    return [replace(row, label=" to ".join(map(write, row.label.split(" to ")))) for row in rows]


def _ruler(axis: Axis | None, name: str, terms: Terms, *, own: bool) -> Markup:
    """Draw the axis; a worthwhile improvement is shaded where the rows stand beside the study's own estimate."""
    return small.ruler(axis, name, terms.null, terms.zone if own else None) if axis else Markup()


def capped(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Keep the first rows, and the study's own choice wherever it stands."""
    if len(rows) <= MOST_ROWS:
        return tuple(rows)
    late = [row for row in rows[MOST_ROWS:] if row.chosen][:MOST_ROWS]
    return (*rows[: MOST_ROWS - len(late)], *late)


def noted(evidence: Evidence) -> tuple[str, ...]:
    """Give the note of an evidence as a sentence, if it has one."""
    return (sentence(evidence.note),) if evidence.note else ()


def numbers_table(rows: Sequence[Row], terms: Terms, caption: str) -> Table:
    """Give rows as a plain table, for charts that do not hold their numbers themselves."""
    shown = capped(rows)
    grouped = any(row.group for row in shown)
    ranged = any(row.lo is not None for row in shown)
    with_p = any(row.p_value is not None for row in shown)
    noted_rows = any(row.note for row in shown)
    columns = [("What is shown", False), *([("Group", False)] if grouped else []), ("Estimate", True)]
    columns += [("Plausible range", True)] if ranged else []
    columns += [("p", True)] if with_p else []
    columns += [("Note", False)] if noted_rows else []
    body = []
    for row in shown:
        cells = [own_label(row), *([row.group] if grouped else [])]
        cells += [terms.written(row.estimate) if row.estimate is not None else "none"]
        cells += [terms.range(row) or "–"] if ranged else []
        cells += [fmt.p_value(row.p_value) or "–"] if with_p else []
        cells += [row.note] if noted_rows else []
        body.append(tuple(cells))
    notes = rest_of(len(rows), len(shown), "rows", "in this order", FILES)
    return replace(table(caption, columns, body, notes), stacked=True)


def own_label(row: Row) -> str:
    """Label of a row that says which is the study's own, unless its note says what it is."""
    return f"{capital(row.label)}{'' if row.note or not row.chosen else f' ({OWN})'}"


def _line(row: Row, terms: Terms, axis: Axis | None, name: str) -> Line:
    if row.estimate is None or axis is None:
        reason = sentence(row.note) or "No estimate."
        return Line(capital(row.label), reason, row.chosen, True, Markup(), "", "", "")
    ends = None if row.lo is None or row.hi is None else (terms.place(row.lo), terms.place(row.hi))
    return Line(
        label=capital(row.label),
        note=row.note,
        own=row.chosen,
        empty=False,
        drawing=small.track(axis, name, terms.place(row.estimate), ends, own=row.chosen),
        estimate=terms.written(row.estimate),
        range=terms.range(row),
        p=fmt.p_value(row.p_value),
    )


def _grouped(rows: Sequence[Row], lines: Sequence[Line]) -> tuple[Group, ...]:
    """Put neighbouring lines of the same group under one heading."""
    groups: list[tuple[str, list[Line]]] = []
    for row, line in zip(rows, lines, strict=True):
        if not groups or groups[-1][0] != row.group:
            groups.append((row.group, []))
        groups[-1][1].append(line)
    return tuple(Group(heading, tuple(members)) for heading, members in groups)
