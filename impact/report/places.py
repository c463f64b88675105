"""What the areas of a study are called: wards, districts, or one town centre."""

from dataclasses import dataclass

from impact.report import format as fmt
from impact.report.text import capital, clean, width
from impact.result import StudyInfo
from models.estimate import Clusters

AREA = "area"
MOST_ROOM = 12.0  # of the word, in units of the font size: longer ones make legends run into each other


@dataclass(frozen=True, slots=True)
class Places:
    """The two groups in words, singular where there is one: "treated wards", "comparison ward".

    `level` is what one area is called.
    """

    level: str
    treated: str
    comparison: str

    @property
    def one(self) -> bool:
        """True if a single area is treated."""
        return self.treated == f"treated {self.level}"

    def legend(self, group: str) -> str:
        """Name a group where a line or a column begins with it."""
        return capital(self.treated if group == "treated" else self.comparison)


def places(study: StudyInfo) -> Places:
    """Find what the areas of a study are called."""
    level = level_of(study)
    treated = f"treated {level if len(study.treated) == 1 else plural(level)}"
    comparison = f"comparison {level if len(study.comparison) == 1 else plural(level)}"
    return Places(level, treated, comparison)


def level_of(study: StudyInfo) -> str:
    """What one area is called; "area" where the study's own word is too long for a legend."""
    level = clean(study.area_level).strip()
    return level if level and width(level) <= MOST_ROOM else AREA


def plural(noun: str) -> str:
    """Give the plural of what an area is called."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in set("aeiou") else f"{noun}s"


def areas_words(clusters: Clusters, level: str = AREA, *, later: bool = False) -> str:
    """Say how many areas an estimate rests on, or how many periods if those are what its interval counts.

    `later` where there are no comparison areas: what an estimate is compared with then started later.
    """
    beside = "that had not started yet" if later else "comparison"
    other = f"{fmt.count(clusters.comparison)} {beside}" if clusters.comparison else "none to compare"
    areas = f"{fmt.things(clusters.treated, f'treated {level}', f'treated {plural(level)}')}, {other}"
    return f"{fmt.things(clusters.periods, 'period')} of {areas}" if clusters.periods else areas


def compared_later(study: StudyInfo) -> bool:
    """Whether treated areas are compared with those that had not started yet, for want of comparison areas."""
    if study.comparison:
        return False
    return any(model.options.get("compared_with") == "not_yet" for model in study.models)
