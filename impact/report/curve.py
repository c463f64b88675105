"""The specification curve: every combination of choices sorted by its estimate, and below it which choices it made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from markupsafe import Markup

from impact.report import format as fmt
from impact.report.axis import Axis
from impact.report.canvas import MARGIN, SMALL, WIDTH
from impact.report.evidence import FILES, Drawn, noted, numbers_table
from impact.report.quantities import Terms, leaves_out_none, terms_of
from impact.report.small import UPRIGHT_ROOM, Chart, Upright, number
from impact.report.tables import Table, rest_of, table
from impact.report.text import capital, wrapped
from impact.result import OutcomeResult
from models.estimate import Evidence, Row

CUT = "Ranges that go on further are cut at the edge."
PART, OF = "; ", ": "
LEFT, RIGHT = 182.0, WIDTH - MARGIN
TOP, HEIGHT = 40.0, 190.0
HEAD, STRIP = 30.0, 19.0  # of a question in the matrix, and of each line of a choice
MOST_LINES = 3
FEW = 15  # combinations listed from either end
MOST_QUESTIONS, MOST_CHOICES = 12, 12

type Choices = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Spec:
    """One combination with an estimate: its row and the choice it makes on every question."""

    row: Row
    place: float
    choices: Choices


def specification_curve(evidence: Evidence, outcome: OutcomeResult, caption: str) -> Drawn:
    """Finish the curve of all combinations that have an estimate, and the tables behind it."""
    terms = terms_of(evidence, outcome)
    known = [Spec(row, terms.place(row.estimate), choices_of(row)) for row in evidence.rows if row.estimate is not None]
    specs = sorted(known, key=lambda spec: spec.place)
    axis = terms.axis((spec.row for spec in specs), (0.0, UPRIGHT_ROOM))
    if axis is None:
        return Drawn(caption, Markup(), ("No combination has an estimate.",), ())
    ends = [terms.place(end) for spec in specs for end in (spec.row.lo, spec.row.hi) if end is not None]
    cut = any(not axis.lo <= end <= axis.hi for end in ends)
    said = (*_said(specs, len(evidence.rows), terms), *([CUT] if cut else []))
    questions = questions_of(specs)
    chart = Chart(WIDTH, TOP + HEIGHT + _matrix_height(questions) + 12)
    _curve(chart, specs, axis, terms)
    _matrix(chart, specs, questions)
    choices = [_choices_table(specs, questions, terms)] if questions else []
    drawing = chart.finished(" ".join((f"{caption}.", *said)))
    return Drawn(caption, drawing, (*said, *noted(evidence)), (*choices, _list(specs, terms)))


def choices_of(row: Row) -> Choices:
    """Read the choices from a row's note, or else its label: "weights: equal; areas: all"."""
    for text in (row.note, row.label):
        found: dict[str, str] = {}
        question = ""
        for part in text.split(PART):
            name, mark, choice = part.partition(OF)
            if mark:
                question = name.strip()
                found[question] = choice.strip()
            elif question:  # a name that holds the very mark that parts them
                found[question] += PART + part
        if found:
            return found
    return {}


def questions_of(specs: Sequence[Spec]) -> dict[str, tuple[str, ...]]:
    """Questions on which the combinations differ, with the choices made: the study's own first, then by name."""
    found: dict[str, set[str]] = {}
    for spec in specs:
        for question, choice in spec.choices.items():
            found.setdefault(question, set()).add(choice)
    own = next((spec.choices for spec in specs if spec.row.chosen), {})
    several = {
        question: tuple(sorted(choices, key=lambda choice: (choice != own.get(question), choice)))[:MOST_CHOICES]
        for question, choices in found.items()
        if len(choices) > 1
    }
    return dict(list(several.items())[:MOST_QUESTIONS])


def _said(specs: Sequence[Spec], tried: int, terms: Terms) -> tuple[str, ...]:
    least, most = (terms.written(terms.value(specs[end].place)) for end in (0, -1))
    own = next((spec for spec in specs if spec.row.chosen), None)
    ours = "" if own is None else f"; the study's own is {terms.written(terms.value(own.place))}"
    middle = _middle(specs, terms)
    said = [f"The {fmt.things(len(specs), 'estimate')} run from {least} to {most}, the middle is {middle}{ours}."]
    missing = tried - len(specs)
    return (*said, *([f"{fmt.things(missing, 'combination')} could not be estimated."] if missing else []))


def _middle(specs: Sequence[Spec], terms: Terms) -> str:
    return terms.written(terms.value(median(spec.place for spec in specs)))


# The drawing -----------------------------------------------------------------------------------------------------


def _curve(chart: Chart, specs: Sequence[Spec], axis: Axis, terms: Terms) -> None:
    scale, step = Upright(axis, TOP + HEIGHT, HEIGHT), (RIGHT - LEFT) / len(specs)
    scale.lines(chart, LEFT, RIGHT)
    for i, line in enumerate(wrapped(terms.caption, (LEFT - 70 - MARGIN) / SMALL, 4)):
        chart.text(MARGIN, TOP + 18 + 18 * i, line)
    if terms.sides[1]:
        chart.text(MARGIN, TOP, f"↑ {terms.sides[1]}")
        chart.text(MARGIN, TOP + HEIGHT, f"↓ {terms.sides[0]}")
    kinds = ["dark" if leaves_out_none(spec.row, terms) else "pale" for spec in specs]
    places = [LEFT + step * (i + 0.5) for i in range(len(specs))]
    ranges = [_range(spec, x, scale, terms) for spec, x in zip(specs, places, strict=True)]
    points = [f"M{number(x)} {number(scale.y(spec.place))}h0" for spec, x in zip(specs, places, strict=True)]
    _by_kind(chart, "whisker", kinds, ranges, min(max(step * 0.7, 0.5), 3))
    scale.null(chart, terms.null, LEFT, RIGHT)
    _by_kind(chart, "point", kinds, points, min(max(step * 1.2, 2.2), 8))
    for spec, x in zip(specs, places, strict=True):
        if spec.row.chosen:
            _own(chart, x, scale.y(spec.place))


def _range(spec: Spec, x: float, scale: Upright, terms: Terms) -> str:
    if spec.row.lo is None or spec.row.hi is None:
        return ""
    low, high = (number(scale.y(terms.place(end))) for end in (spec.row.lo, spec.row.hi))
    return f"M{number(x)} {low}V{high}"


def _by_kind(chart: Chart, what: str, kinds: Sequence[str], steps: Sequence[str], thick: float) -> None:
    for kind in ("pale", "dark"):
        of_kind = "".join(step for step, its in zip(steps, kinds, strict=True) if its == kind)
        chart.path(f"{what} {kind}", of_kind, thick)


def _own(chart: Chart, x: float, y: float) -> None:
    """Mark the study's own combination through curve and matrix."""
    chart.line("mine", (x, TOP - 14), (x, chart.height - 8))
    chart.diamond("mine", x, y, 7)
    chart.text(min(max(x, LEFT + 38), RIGHT - 38), TOP - 20, "This study", "strong", "middle")


def _matrix_height(questions: Mapping[str, Sequence[str]]) -> float:
    return sum(HEAD + STRIP * sum(len(_lines(choice)) for choice in choices) for choices in questions.values())


def _lines(choice: str) -> tuple[str, ...]:
    return wrapped(capital(choice), (LEFT - MARGIN - 14) / SMALL, MOST_LINES)


def _matrix(chart: Chart, specs: Sequence[Spec], questions: Mapping[str, Sequence[str]]) -> None:
    y, step = TOP + HEIGHT, (RIGHT - LEFT) / len(specs)
    width = min(max(step * 0.8, 0.6), 6)
    for question, choices in questions.items():
        y += HEAD
        chart.line("grid", (MARGIN, y - HEAD + 8), (RIGHT, y - HEAD + 8))
        chart.text(MARGIN, y - 4, capital(question), "strong", room=RIGHT - MARGIN)
        for choice in choices:
            lines = _lines(choice)
            for j, line in enumerate(lines):
                chart.text(MARGIN + 8, y + STRIP * j + 14, line)
            top, tall = number(y + 3), number(STRIP - 5)
            at = (i for i, spec in enumerate(specs) if spec.choices.get(question) == choice)
            ticks = "".join(f"M{number(LEFT + step * (i + 0.5))} {top}v{tall}" for i in at)
            chart.path("made", ticks, width)
            y += STRIP * len(lines)


# The tables ------------------------------------------------------------------------------------------------------


def _choices_table(specs: Sequence[Spec], questions: Mapping[str, Sequence[str]], terms: Terms) -> Table:
    """Give for every choice the middle of its estimates and how many of them lie on one side."""
    rows = []
    for question, choices in questions.items():
        for choice in choices:
            made = [spec for spec in specs if spec.choices.get(question) == choice]
            clear = sum(bool(leaves_out_none(spec.row, terms)) for spec in made)
            label = f"{capital(question)}: {choice}"
            rows.append((label, fmt.count(len(made)), _middle(made, terms), fmt.count(clear)))
    columns = [("Choice", False), ("Combinations", True), ("Middle estimate", True)]
    note = "A combination shows a difference if its plausible range leaves out no difference."
    return table("What each choice does", [*columns, ("Show a difference", True)], rows, [note])


def _list(specs: Sequence[Spec], terms: Terms) -> Table:
    """Give the combinations at either end and the study's own, in order of their estimates."""
    ends = {*range(FEW), *range(len(specs) - FEW, len(specs))}
    shown = [spec.row for i, spec in enumerate(specs) if i in ends or spec.row.chosen]
    few = len(shown) < len(specs)
    told = [replace(row, note="") if choices_of(row) else row for row in shown]
    made = numbers_table(told, terms, "The combinations at either end" if few else "Every combination")
    which = f"the {FEW} lowest, the {FEW} highest and the study's own"
    return replace(made, notes=tuple(rest_of(len(specs), len(shown), "combinations", which, FILES)))
