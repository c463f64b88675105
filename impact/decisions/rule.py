"""The rule itself: from what is believed to a verdict. See `impact.decision` for its reasons."""

from dataclasses import dataclass

from impact.probabilities import Probabilities
from impact.result_decision import Verdict
from impact.study.decision import Rule

SURE_OF_DIRECTION = 0.95
GUARDRAIL_VETO = 0.5
LEAST_SECURITY = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rule reads of the deciding outcome.

    Attributes
    ----------
    chances
        Probabilities of the effect.
    net_benefit, expected
        Probability that scaling up pays, and the expected net benefit in money; None without a declared value.
    """

    chances: Probabilities
    net_benefit: float | None = None
    expected: float | None = None

    @property
    def read(self) -> float:
        """Probability that the thresholds are held against: of a net benefit, else of a worthwhile effect."""
        return self.chances.worthwhile if self.net_benefit is None else self.net_benefit

    @property
    def loses(self) -> bool:
        """Whether scaling up is expected to cost more than it gains."""
        return self.expected is not None and self.expected <= 0


def harmful(chances: Probabilities, rule: Rule) -> bool:
    """Whether harm is too probable to scale up."""
    return chances.harm >= rule.harm


def harmed(chances: Probabilities) -> bool:
    """Whether a guardrail was harmed, so that it vetoes scaling up."""
    return chances.harm >= GUARDRAIL_VETO or 1.0 - chances.beneficial >= SURE_OF_DIRECTION


def verdict(reading: Reading, rule: Rule, *, blocked: bool, learning_pays: bool = True) -> Verdict:
    """Apply the rule where something can be told.

    More benefit never gives a worse verdict, and an obstacle never a better one.

    Parameters
    ----------
    reading
        What is believed.
    rule
        The declared thresholds.
    blocked
        Whether something stands against scaling up whatever the deciding outcome says.
    learning_pays
        False where an extension is declared and neither it nor any other is worth its cost.
    """
    if reading.read < rule.stop_if:
        return "stop"
    enough = reading.read >= rule.scale_up_if and reading.chances.beneficial >= SURE_OF_DIRECTION
    if enough and not (blocked or reading.loses or harmful(reading.chances, rule)):
        return "scale_up"
    return "stop" if reading.loses and not learning_pays else "extend"
