"""Personal columns are never read, and what is published holds no value of a row."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from impact.intake.findings import Findings
from impact.intake.needs import needs_of
from impact.intake.problems import Problem
from impact.intake.read import gather, read
from impact.intake.sources import find, stage, workspace
from impact.study.schema import Study
from models.panel import per_cell

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

PERSON = "Jo Bloggs"
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day", "id": "ref"}}
OUTCOMES = {
    "n": {"kind": "count", "source": "cases", "better": "lower"},
    "v": {"kind": "binary", "source": "cases", "value": "v", "better": "higher"},
}


def cases(one_a_month: str) -> Any:
    lines = one_a_month.splitlines()
    body = [f"{line},{i % 2 if i % 4 else ''},{PERSON} {i},R-{PERSON}-{i}" for i, line in enumerate(lines[1:])]
    return "\n".join([f"{lines[0]},v,name,ref", *body])


def test_only_the_columns_the_study_names_are_staged(build: Build, one_a_month: str) -> None:
    study = build({"cases.csv": cases(one_a_month)}, sources={"cases": CASES}, outcomes=OUTCOMES)
    findings = Findings()
    asked = needs_of(study)["cases"]
    with workspace() as work:
        staged = stage(work, study.folder, asked, find(asked, study.folder, findings), findings)
        assert staged is not None
        assert set(staged.columns) == {"district", "day", "ref", "v"}
        assert set(staged.rows.columns) == {"at", *staged.columns.values()}


def test_warnings_and_notes_hold_no_value_of_a_row(build: Build, one_a_month: str) -> None:
    text = cases(one_a_month) + f"\n{PERSON},2023-01-01,1,x,a\n,2023-01-01,1,{PERSON},b\nAsh,,1,{PERSON},c\n"
    found = read(build({"cases.csv": text}, sources={"cases": CASES}, outcomes=OUTCOMES))
    assert {p.code for p in found.problems} == {"other_areas", "blank_area", "blank_date", "response_rate"}
    assert PERSON not in repr([asdict(p) for p in found.problems])
    assert PERSON not in repr(found.accounts)


def test_only_sums_leave(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": cases(one_a_month)}, sources={"cases": CASES}, outcomes=OUTCOMES))
    assert PERSON not in repr(found)
    for panel in found.panels.values():
        for array in per_cell(panel.cells).values():
            assert array.shape[:2] == (3, 6)
            assert array.dtype == np.float64


def test_errors_quote_only_named_columns(build: Build, errors: Errors, one_a_month: str) -> None:
    text = cases(one_a_month).replace("2023-01-05,", "never,", 1) + f"\nAsh,2023-01-01,1,{PERSON},R-{PERSON}-0\n"
    found = errors(build({"cases.csv": text}, sources={"cases": CASES}, outcomes=OUTCOMES))
    assert [p.code for p in found] == ["bad_date", "repeated_id"]
    assert "'never'" in found[0].message
    assert PERSON not in "".join(map(str, found))


def test_a_damaged_line_is_not_quoted(build: Build, errors: Errors, one_a_month: str) -> None:
    (problem,) = errors(build({"cases.csv": cases(one_a_month) + f"\nAsh,{PERSON}\n"}, sources={"cases": CASES}))
    assert problem.code == "ragged_line"
    assert PERSON not in str(problem)


def test_findings_are_told_once(build: Build, one_a_month: str) -> None:
    findings = Findings()
    gather(build({"cases.csv": one_a_month + ",\n"}), lambda _text: None, findings)
    before = findings.others
    for problem in before:
        findings.warn(problem.code, problem.message, problem.action, source=problem.source, column=problem.column)
    assert findings.others == before
