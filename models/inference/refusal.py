"""Why a method gives no inference."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoInference:
    """A method's refusal, in words a person can act on."""

    reason: str
