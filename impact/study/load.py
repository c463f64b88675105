"""Read a study file: everything that is wrong with it, at once and each thing once, or a study."""

from pathlib import Path

from pydantic import ValidationError

from impact.errors import StudyError
from impact.study.consistency import inconsistencies
from impact.study.explain import complaints
from impact.study.json_schema import study_schema
from impact.study.places import Document, Problem
from impact.study.prune import Pruned
from impact.study.schema import Study
from impact.study.yaml_marks import read_document

__all__ = ["load_study", "study_schema"]

ROUNDS = 20


def load_study(path: str | Path) -> Study:
    """Read and check a study file; its data are not looked at.

    Parameters
    ----------
    path
        The study file: YAML, UTF-8.

    Raises
    ------
    StudyError
        If the file cannot be read or is not a valid study; it holds one text for each problem, in file order, with
        file, line and column.
    """
    document = read_document(path)
    study, found = check_document(document) if document.complete else (None, [])
    problems = sorted(dict.fromkeys((*document.problems, *found)), key=lambda problem: problem.place)
    if study is None or problems:
        raise StudyError([document.render(problem) for problem in problems])
    return study.located(Path(path), document.text)


def check_document(document: Document) -> tuple[Study | None, list[Problem]]:
    """Check a document against the schema and against itself.

    What does not fit the schema is cut out and the rest checked again, until it fits; what touches a cut is not
    reported, so that no mistake appears twice.

    Returns
    -------
    tuple
        The study, or what is left of it; None if nothing usable is left. And the problems, in no order.
    """
    pruned = Pruned(document.data, document.unread)
    problems: list[Problem] = []
    for _ in range(ROUNDS):
        data = pruned.data()
        try:
            study = Study.model_validate(data)
        except ValidationError as error:
            found = [(pruned.original(c.loc), c) for c in complaints(error, data)]
            fresh = [(loc, c) for loc, c in found if pruned.reports(loc, c)]
            problems += [Problem(document.place(loc, key=c.key), c.text, c.fix) for loc, c in fresh]
            if not pruned.cut(found):
                return None, problems
        else:
            return study, problems + _cross_checked(study, document, pruned)
    return None, problems


def _cross_checked(study: Study, document: Document, pruned: Pruned) -> list[Problem]:
    problems = []
    for finding in inconsistencies(study, pruned.names("sources"), pruned.names("outcomes")):
        loc = pruned.original(finding.loc)
        if not any(pruned.touches(pruned.original(at)) for at in (finding.loc, *finding.about)):
            problems.append(Problem(document.place(loc, key=finding.key), finding.text, finding.fix))
    return problems
