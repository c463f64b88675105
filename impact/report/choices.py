"""How far an outcome's answer depends on choices: what was tried, in how many cases the answer changed, every check."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report.check_words import COMPUTED, HEADINGS, METHODS, is_gate, other_method, words_of
from impact.report.curve import specification_curve
from impact.report.evidence import Drawn, Ranges, drawn, ranges
from impact.report.quantities import Terms, leaves_out_none, terms_of
from impact.report.text import joined, sentence
from impact.result import OutcomeResult
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status

MOST_NAMED = 5
OVER_TIME = "event_study"
LOOKS = {
    Status.FAIL: ("✕", "Failed", "fail"),
    Status.WARN: ("!", "Warning", "warn"),
    Status.NOT_RUN: ("–", "Not run", "none"),
    Status.PASS: ("✓", "Passed", "pass"),
}
LEGEND = (
    "In the drawings below, the square is the study's own choice and circles are others; the line through each is its "
    "plausible range, and an arrow marks a range that goes on. The upright line is no difference; what is shaded would"
    " be a worthwhile improvement."
)
PASSED = LOOKS[Status.PASS][2]
FEW_PASSED = 2


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check: the same judgement as a sign, a word and a tone; what was found; and at most one kind of numbers."""

    mark: str
    word: str
    tone: str
    title: str
    finding: str
    detail: str
    ranges: Ranges | None
    drawn: Drawn | None


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Checks that answer one question, gravest first; those that passed are folded under a title if they are many.

    All checks of a method that is not the headline's are folded.
    """

    heading: str
    checks: tuple[CheckView, ...]
    folded: tuple[CheckView, ...]
    folded_title: str
    folded_mark: str = LOOKS[Status.PASS][0]
    folded_tone: str = PASSED


@dataclass(frozen=True, slots=True)
class ChoicesView:
    """The section: what was tried in plain sentences, the two large charts if there are such, and all other checks."""

    sentences: tuple[str, ...]
    large: tuple[CheckView, ...]
    legend: str
    groups: tuple[CheckGroup, ...]


def choices_view(outcome: OutcomeResult, place: str, *, simulated: bool) -> ChoicesView | None:
    """Finish the section of an outcome, whose ids begin with `place`; None if there are no checks.

    Gates stand with the answer of the Bayesian model, where there is one.
    """
    checks = [check for check in outcome.checks if outcome.posterior is None or not is_gate(check.id)]
    if not checks:
        return None
    large: list[CheckView] = []
    groups: dict[str, list[CheckView]] = {heading: [] for heading in (*HEADINGS, *METHODS.values())}
    own: list[Check] = []
    main = outcome.headline.model if outcome.headline else None
    for i, check in enumerate(checks):
        view = _view(check, outcome, f"{place}-check-{i}", simulated=simulated)
        other = other_method(check.id, main)
        if other:
            groups[METHODS[other]].append(view)
            continue
        own.append(check)
        if check.evidence is not None and (check.id == OVER_TIME or check.evidence.figure is Figure.CURVE):
            large.append(view)
        else:
            groups[words_of(check.id).heading].append(view)
    return ChoicesView(
        sentences=(*_tried(own, outcome), *_counted(own), *_of_others(checks, own)),
        large=tuple(large),
        legend=LEGEND if any(view.ranges for views in groups.values() for view in views) else "",
        groups=tuple(_group(heading, views) for heading, views in groups.items() if views),
    )


def gates_view(outcome: OutcomeResult, place: str, *, simulated: bool) -> CheckGroup | None:
    """Finish the gates of an outcome's Bayesian model, all of them folded; None if there are none."""
    gates = [check for check in outcome.checks if is_gate(check.id)]
    if not gates:
        return None
    views = [_view(check, outcome, f"{place}-gate-{i}", simulated=simulated) for i, check in enumerate(gates)]
    return _group(COMPUTED, views)


def _group(heading: str, views: Sequence[CheckView]) -> CheckGroup:
    order = {tone: i for i, (_, _, tone) in enumerate(LOOKS.values())}
    ordered = tuple(sorted(views, key=lambda view: order[view.tone]))
    if heading in METHODS.values():
        return CheckGroup(heading, (), ordered, _all_of(ordered), ordered[0].mark, ordered[0].tone)
    passed = tuple(view for view in ordered if view.tone == PASSED)
    if len(passed) <= FEW_PASSED:
        return CheckGroup(heading, ordered, (), "")
    return CheckGroup(heading, ordered[: -len(passed)], passed, f"{fmt.count(len(passed))} passed")


def _all_of(views: Sequence[CheckView]) -> str:
    """Say what came of all checks of a method: "9 checks: 2 warnings, 6 passed, 1 not run"."""
    counts = {tone: sum(view.tone == tone for view in views) for _, _, tone in LOOKS.values()}
    parts = [
        f"{fmt.count(n)} {'warnings' if tone == 'warn' and n > 1 else word.lower()}"
        for _, word, tone in LOOKS.values()
        if (n := counts[tone])
    ]
    return f"{fmt.things(len(views), 'check')}: {', '.join(parts)}"


def _view(check: Check, outcome: OutcomeResult, name: str, *, simulated: bool) -> CheckView:
    evidence = check.evidence
    shown: tuple[Ranges | None, Drawn | None] = (None, None)
    if evidence is not None and evidence.rows:
        caption = f"{evidence.title.rstrip('.')}{' (simulated records)' if simulated else ''}"
        match evidence.figure:
            case Figure.FOREST:
                shown = (ranges(evidence, outcome, name, caption), None)
            case Figure.CURVE:
                shown = (None, specification_curve(evidence, outcome, caption))
            case _:
                shown = (None, drawn(evidence, outcome, caption))
    title, finding = words_of(check.id).title, sentence(check.finding)
    return CheckView(*LOOKS[check.status], title, finding, sentence(check.detail), *shown)


# What was tried --------------------------------------------------------------------------------------------------


def _tried(checks: Sequence[Check], outcome: OutcomeResult) -> tuple[str, ...]:
    """Say how many other ways there were to work out the headline, and in how many the answer changes."""
    curves = [c.evidence for c in checks if c.evidence is not None and c.evidence.figure is Figure.CURVE]
    again = [c.evidence for c in checks if c.evidence is not None and words_of(c.id).again]
    found = [how for evidence in curves or again for how in _answers(evidence, outcome)]
    if not found:
        return ()
    single = len(found) == 1
    each = f", {'' if single else 'each '}a combination of choices that could be defended" if curves else ""
    said = f"The estimate was worked out again in {fmt.things(len(found), 'other way')}{each}."
    hows = {
        "turned": "the estimate points the other way",
        "lost": "it no longer shows a difference",
        "gained": "it now shows a difference",
    }
    made = [how for how in hows if how in found]
    parts = [f"{f'in {fmt.count(found.count(how))} ' if len(made) > 1 else ''}{hows[how]}" for how in made]
    changed = len(found) - found.count("same")
    if not changed:
        return (f"{said} {'That does not change' if single else 'Not one of them changes'} the answer.",)
    where = "then" if single else f"in {fmt.count(changed)} of them"
    return (f"{said} The answer changes {where}: {joined(parts)}.",)


def _answers(evidence: Evidence, outcome: OutcomeResult) -> Iterable[str]:
    """Say of every alternative whether it gives the same answer as the study's own choice."""
    own = _own(evidence, outcome)
    if evidence.quantity is not Quantity.OUTCOME or own is None:
        return
    terms = terms_of(evidence, outcome)
    for row in evidence.rows:
        if row.estimate is not None and not row.chosen:
            yield _answer(own, row, terms)


def _own(evidence: Evidence, outcome: OutcomeResult) -> Row | None:
    """The study's own choice among the rows, or else the headline."""
    chosen = next((row for row in evidence.rows if row.chosen and row.estimate is not None), None)
    head = outcome.headline
    if chosen is not None or head is None or head.scale is not evidence.scale:
        return chosen
    return Row(head.method, head.estimate, *(head.interval or (None, None)))


def _answer(own: Row, other: Row, terms: Terms) -> str:
    first, second = (terms.place(row.estimate) for row in (own, other) if row.estimate is not None)
    if first * second < 0:
        return "turned"
    before, after = leaves_out_none(own, terms), leaves_out_none(other, terms)
    if before is None or after is None or before == after:
        return "same"
    return "lost" if before else "gained"


def _counted(checks: Sequence[Check]) -> tuple[str, ...]:
    """Say how many checks were made, and which speak against the answer: first those that repeat the headline."""
    against = [words_of(c.id) for c in checks if c.status in {Status.FAIL, Status.WARN}]
    titles = list(dict.fromkeys(words.title for words in sorted(against, key=lambda words: not words.again)))
    idle = sum(check.status is Status.NOT_RUN for check in checks)
    more = f"; and {fmt.count(len(titles) - MOST_NAMED)} more" if len(titles) > MOST_NAMED else ""
    said = f"Of {fmt.things(len(checks), 'check')}, {fmt.count(len(against)) if against else 'none'} "
    said += "gives a warning" if len(against) < 2 else "give a warning"
    said += f" ({'; '.join(titles[:MOST_NAMED])}{more})" if against else ""
    said += f", and {fmt.count(idle)} could not be made" if idle else ""
    return (f"{said}.",)


def _of_others(checks: Sequence[Check], own: Sequence[Check]) -> tuple[str, ...]:
    """Say how many checks concern methods that are not the headline's, and how many of those give a warning."""
    about = [check for check in checks if check not in own]
    warned = sum(check.status in {Status.FAIL, Status.WARN} for check in about)
    if not about:
        return ()
    gives = "gives" if warned == 1 else "give"
    said = f"{fmt.count(warned)} of them {gives} a warning" if warned else "none warns"
    concern = "concerns" if len(about) == 1 else "concern"
    return (f"{fmt.things(len(about), 'more check')} {concern} other methods than the headline's; {said}.",)
