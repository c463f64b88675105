"""Every check of a study against itself."""

from collections.abc import Iterator

from impact.study.check_areas import check_areas
from impact.study.check_data import Names, check_outcomes, check_outputs, check_sources
from impact.study.check_decision import check_decision
from impact.study.check_time import check_time
from impact.study.inconsistency import Inconsistency
from impact.study.schema import Study


def inconsistencies(study: Study, sources: Names, outcomes: Names) -> Iterator[Inconsistency]:
    """Find everything in which two parts of the study do not agree.

    Parameters
    ----------
    study
        A study that fits the schema.
    sources, outcomes
        All names the file gives to sources and outcomes, which may be more than `study` holds if some were not valid;
        None if they are not known.
    """
    yield from check_time(study)
    yield from check_areas(study)
    yield from check_sources(study)
    yield from check_outcomes(study, sources)
    yield from check_outputs(study, sources)
    yield from check_decision(study, outcomes)
