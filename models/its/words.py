"""Words that several checks of a single series share."""

from models.periods import TimeUnit


def number_of(n: int, unit: TimeUnit) -> str:
    """Say a number of periods: 1 month, 2 months."""
    return f"{n:,} {unit.value}{'' if n == 1 else 's'}"
