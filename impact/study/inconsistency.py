"""Two parts of a study file that do not agree."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from impact.study.words import Loc, quoted, where


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """A value that is well formed but does not fit the rest of the study.

    Attributes
    ----------
    loc
        Where it stands.
    text, fix
        What is wrong, and what to do where that adds something.
    about
        Other locations it rests on; if one of them is wrong in itself, nothing is concluded.
    key
        True if the key is to be marked, not its value.
    """

    loc: Loc
    text: str
    fix: str = ""
    about: tuple[Loc, ...] = ()
    key: bool = False


def repeated(loc: Loc, names: Sequence[str]) -> Iterator[Inconsistency]:
    """Find names that stand in a list more than once."""
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield Inconsistency((*loc, i), f"{where(loc)} names {quoted(name)} more than once.", "keep it once.")
