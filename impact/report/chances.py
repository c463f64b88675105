"""Probabilities in words and numbers, always benefit and harm together."""

from dataclasses import dataclass

from impact.report import format as fmt
from impact.report import wording
from impact.result import OutcomeResult


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability: what of, in short and in full, as a word and as a number, and its tone."""

    short: str
    question: str
    word: str
    number: str
    tone: str


def chances_of(
    outcome: OutcomeResult | None,
    beneficial: float | None,
    worthwhile: float | None,
    harm: float | None,
    equivalent: float | None = None,
    pays: float | None = None,
    margin: float | None = None,
) -> tuple[Chance, ...]:
    """Finish the probabilities that exist; none of them is shown without that of harm.

    Parameters
    ----------
    outcome
        What they are about; None if it is not known.
    beneficial, worthwhile, harm, equivalent, pays
        That it made things better, worthwhile, worse; that it is too small to matter; that scaling up pays.
    margin
        From where on a change for the worse is harm, as declared.
    """
    if not fmt.exists(harm):
        return ()
    enough = wording.worthwhile_words(outcome) if outcome else ""
    worse = wording.harm_words(outcome, margin) if outcome else ""
    least = f" ({enough} or better)" if enough else ""
    most = f" ({worse} or worse)" if worse else ""
    asked = (
        ("Better", "That it made things better", beneficial, "good"),
        ("Worthwhile", f"That the improvement is worthwhile{least}", worthwhile, "good"),
        ("Harm", f"That it did harm{most}", harm, "bad"),
        ("Too small to matter", "That the effect is too small to matter either way", equivalent, "none"),
        ("Pays for itself", "That scaling up is worth more than it costs", pays, "good"),
    )
    return tuple(
        Chance(short, question, wording.likelihood(p), fmt.probability(p), tone)
        for short, question, p, tone in asked
        if p is not None and fmt.exists(p)
    )
