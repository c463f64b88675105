"""Where a key of a study file stands, for what only the data can show to be wrong with it."""

from impact.study.schema import Study
from impact.study.words import Loc, where
from impact.study.yaml_marks import parse_document


def position(study: Study, loc: Loc) -> str:
    """Name a place in the study file, with its line: 'item 1 of areas.dominant (study.yaml, line 24)'.

    A study built in Python has no lines.
    """
    if not study.text:
        return where(loc)
    line = parse_document(study.text, study.file_name).place(loc).line
    return f"{where(loc)} ({study.file_name}, line {line})"
