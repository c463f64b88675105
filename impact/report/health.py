"""The health banner: everything that speaks against the results, gathered in one place and put before them."""

from collections.abc import Sequence
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report.check_words import ALONE, BAYES, other_method, words_of
from impact.report.text import joined, sentence
from impact.result import OutcomeResult, ProblemInfo, RunResult
from models.estimate import Check, Status

MOST_OPEN = 8
FEWEST_AT_THE_EDGE = 2
GAINED = "now shows a difference"
LOST = ("no longer shows", "points the other way")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before believing a number.

    Attributes
    ----------
    mark, word, tone
        The same judgement as a sign, as a word and as a colour: fail, none (no estimate) or warn.
    where
        Outcomes or sources concerned.
    text, detail
        What was found, and more about it; detail may be empty.
    """

    mark: str
    word: str
    tone: str
    where: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class Health:
    """Findings, the gravest first: those shown at once, and the rest; `said` holds every finding they stand for.

    `others` counts what speaks against methods that are not the headline's, and stands with each outcome.
    """

    summary: str
    shown: tuple[Finding, ...]
    more: tuple[Finding, ...]
    more_title: str
    tone: str
    said: frozenset[str]
    others: str = ""


def health(result: RunResult, keys: Sequence[str]) -> Health:
    """Gather failed checks, refusals, warnings and problems with the data; the same finding is said once."""
    outcomes = [result.outcomes[key] for key in keys]
    deciding = result.outcomes.get(result.decision.outcome)
    failed = _checks(outcomes, deciding, Status.FAIL, ("✕", "Failed", "fail"))
    grave = _refusals(result, [o for o in outcomes if not _judged(o)], len(outcomes))
    warned = _checks(outcomes, deciding, Status.WARN, ("!", "Warning", "warn"))
    serious = [p for p in result.data.problems if p.severity in {"warning", "error"}]
    problems = tuple(dict.fromkeys(map(_problem, serious)))
    found = (*failed, *grave, *warned, *problems)
    tone = "fail" if failed or grave else "warn" if found else "good"
    rest = found[MOST_OPEN:]
    title = fmt.things(len(rest), "more finding") if rest else ""
    summary = _summary(len(failed), len(grave), len(warned) + len(problems))
    against = [c for o in outcomes for c in o.checks if c.status in {Status.FAIL, Status.WARN}]
    said = {f.text for f in found} | {sentence(check.finding) for check in against}
    return Health(summary, found[:MOST_OPEN], rest, title, tone, frozenset(said), _others(outcomes, deciding))


def _judged(outcome: OutcomeResult) -> bool:
    """Whether the outcome has a headline with an interval, so that a refusal concerns a companion only."""
    return outcome.headline is not None and outcome.headline.interval is not None


def _summary(failed: int, refused: int, warned: int) -> str:
    parts = [
        *([fmt.things(failed, "failed check")] if failed else []),
        *([fmt.things(warned, "warning")] if warned else []),
        *([f"{fmt.things(refused, 'figure')} that could not be given"] if refused else []),
    ]
    return f"{joined(parts)}." if parts else ""


def _concerns(check: Check, outcome: OutcomeResult, deciding: OutcomeResult | None) -> bool:
    """Whether a check is about the headline or the data, or the Bayesian model behind the decision."""
    other = other_method(check.id, outcome.headline.model if outcome.headline else None)
    return other is None or (other == BAYES and outcome is deciding)


def _others(outcomes: Sequence[OutcomeResult], deciding: OutcomeResult | None) -> str:
    """Count the warnings of other methods, and the figures beside a headline that could not be given."""
    warned = sum(
        check.status in {Status.WARN, Status.FAIL} and not _concerns(check, outcome, deciding)
        for outcome in outcomes
        for check in outcome.checks
    )
    refused = sum(len(outcome.not_estimable) for outcome in outcomes if _judged(outcome))
    parts = [
        *([f"{fmt.things(warned, 'warning')} of methods other than the headline's"] if warned else []),
        *([f"{fmt.things(refused, 'figure')} beside the headline that could not be given"] if refused else []),
    ]
    return f"Below, with each outcome: {joined(parts)}." if parts else ""


@dataclass(slots=True)
class _Said:
    """One check of one status, in every outcome that has it; the same finding of different checks is one too."""

    check: str
    where: list[OutcomeResult]
    findings: list[tuple[str, str]]

    def rank(self, deciding: OutcomeResult | None) -> tuple[bool, bool, int]:
        """Order: what concerns one series alone last, then what concerns the decision first, then by outcomes."""
        elsewhere = not any(outcome is deciding for outcome in self.where)
        return words_of(self.check).heading == ALONE, elsewhere, -len(self.where)


def _checks(
    outcomes: Sequence[OutcomeResult], deciding: OutcomeResult | None, status: Status, look: tuple[str, str, str]
) -> tuple[Finding, ...]:
    said: dict[str, _Said] = {}
    for outcome in outcomes:
        for check in outcome.checks:
            if check.status is status and _concerns(check, outcome, deciding):
                one = said.setdefault(check.id, _Said(check.id, [], []))
                one.where.append(outcome)
                one.findings.append((sentence(check.finding), sentence(check.detail)))
    ordered = sorted(said.values(), key=lambda one: one.rank(deciding))
    edge = [one for one in ordered if all(_only_gains(finding) for finding, _ in one.findings)]
    if len(edge) < FEWEST_AT_THE_EDGE:
        edge = []
    found = [_finding(one, deciding, look, len(outcomes)) for one in ordered if one not in edge]
    return (*found, *([_at_the_edge(edge, look, len(outcomes))] if edge else []))


def _only_gains(finding: str) -> bool:
    """Whether all that a finding warns of is that another choice shows a difference where the headline shows none."""
    return GAINED in finding and not any(worse in finding for worse in LOST)


def _at_the_edge(edge: Sequence[_Said], look: tuple[str, str, str], of: int) -> Finding:
    """Say once that several other choices show a difference, which the headline itself just does not."""
    titles = [words_of(one.check).title for one in edge]
    text = (
        f"The headline's plausible range just reaches no difference: in {fmt.things(len(edge), 'check')} another "
        "choice shows a difference where the headline shows none."
    )
    return Finding(*look, _places([o.title for one in edge for o in one.where], of), text, f"{'; '.join(titles)}.")


def _finding(one: _Said, deciding: OutcomeResult | None, look: tuple[str, str, str], of: int) -> Finding:
    """Say a finding as it is if it is the same everywhere; else what it means, and what it is where that decides."""
    where = _places([outcome.title for outcome in one.where], of)
    words = words_of(one.check)
    if len(set(one.findings)) == 1:
        text, detail = one.findings[0]
        return Finding(*look, where, text, "" if words.warning else detail)
    text = words.warning or f"{words.title}: what was found is said under each of these outcomes."
    pairs = zip(one.where, one.findings, strict=True)
    decisive = next((f"{o.title}: {finding}" for o, (finding, _) in pairs if o is deciding), "")
    return Finding(*look, where, text, decisive)


def _refusals(result: RunResult, outcomes: Sequence[OutcomeResult], of: int) -> tuple[Finding, ...]:
    models = {model.name: model.title for model in result.study.models}
    where: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        for refusal in outcome.not_estimable:
            where.setdefault((models.get(refusal.model, refusal.model), refusal.reason), []).append(outcome.title)
    return tuple(
        Finding("–", "Not possible", "none", f"{_places(titles, of)}; {model}", sentence(reason), "")
        for (model, reason), titles in where.items()
    )


def _places(titles: Sequence[str], outcomes: int) -> str:
    distinct = list(dict.fromkeys(titles))
    return "Every outcome" if len(distinct) == outcomes > 1 else joined(distinct)


def _problem(problem: ProblemInfo) -> Finding:
    return Finding("!", "Warning", "warn", place(problem), sentence(problem.message), sentence(problem.action))


def place(problem: ProblemInfo) -> str:
    """Say where a problem with the data is."""
    parts = [
        f"source {problem.source}" if problem.source else "",
        problem.file or "",
        f"row {fmt.count(problem.row)}" if problem.row is not None else "",
        f"column {problem.column}" if problem.column else "",
    ]
    return ", ".join(part for part in parts if part) or "the data"
