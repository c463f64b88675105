"""Every row is accounted for: it is in a cell, or set aside for a named reason."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impact.intake.read import read
from impact.study.schema import Study

type Build = Callable[..., Study]

CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
ROW = st.tuples(
    st.sampled_from(["Ash", "Birch", "Cedar", "Oak", "", "Old Ash"]),
    st.sampled_from(
        ["2022-12-31", "2023-01-01", "2023-02-15", "2023-03-31", "2023-04-01", "2023-06-30", "2023-07-01", ""]
    ),
    st.sampled_from(["Bad", "Good", ""]),
)
WHOLE = [(a, d, "Good") for a in ("Ash", "Birch", "Cedar") for d in ("2023-01-01", "2023-06-30")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=40))
def test_cells_add_up_to_the_rows_used(build: Build, rows: Any) -> None:
    rows = rows + WHOLE
    text = "district,day,v\n" + "".join(",".join(row) + "\n" for row in rows)
    study = build(
        {"cases.csv": text},
        areas={"aliases": {"Old Ash": "Ash"}},
        outcomes={
            "n": {"kind": "count", "source": "cases", "better": "lower"},
            "v": {"kind": "ordinal", "source": "cases", "value": "v", "levels": ["Bad", "Good"], "better": "higher"},
        },
    )
    found = read(study)
    account = found.accounts["cases"]
    known = [r for r in rows if r[0] in {"Ash", "Birch", "Cedar", "Old Ash"} and "2023-01" <= r[1] < "2023-07"]
    assert account.rows == len(rows) == account.used + sum(s.rows for s in account.set_aside)
    assert account.used == len(known) == found.panels["n"].cells.events.sum()
    assert found.panels["v"].cells.n.sum() == sum(1 for r in known if r[2])
    reasons = ["no area", "no date", "other areas", "before the baseline", "after the follow-up"]
    assert [r for r in reasons if r in {s.reason for s in account.set_aside}] == [s.reason for s in account.set_aside]
    assert all(s.rows > 0 for s in account.set_aside)


def test_each_reason(build: Build, one_a_month: str) -> None:
    rows = ",2023-01-01\nAsh,\nOak,2023-01-01\nOak,2023-02-01\nElm,2023-01-01\n"
    rows += "Ash,2022-12-31\nAsh,2023-07-01\nAsh,2023-08-01\n"
    found = read(build({"cases.csv": one_a_month + rows}))
    account = found.accounts["cases"]
    assert {s.reason: s.rows for s in account.set_aside} == {
        "no area": 1, "no date": 1, "other areas": 3, "before the baseline": 1, "after the follow-up": 2,
    }  # fmt: skip
    assert (account.rows, account.used) == (26, 18)
    by_code = {p.code: p for p in found.problems}
    assert by_code["other_areas"].message == "3 rows of 2 other areas are set aside."
    assert by_code["other_areas"].severity == "note"
    assert (by_code["blank_area"].rows, by_code["blank_area"].severity) == (1, "warning")
    assert (by_code["blank_date"].rows, by_code["blank_date"].column) == (1, "day")


def test_files_hashes_and_flags(build: Build, one_a_month: str) -> None:
    import hashlib

    study = build(
        {"x/cases.csv": one_a_month, "people.csv": "district,people\nAsh,1\nBirch,2\nCedar,3\nOak,4\n"},
        sources={
            "cases": {**CASES, "path": "x/*.csv", "simulated": True},
            "people": {"path": "people.csv", "columns": {"area": "district"}},
            "spare": {"path": "nowhere.csv"},
        },
        outcomes={
            "n": {
                "kind": "count",
                "source": "cases",
                "better": "lower",
                "exposure": {"source": "people", "value": "people"},
            }
        },
    )
    said = []
    found = read(study, said.append)
    cases, people = found.accounts["cases"], found.accounts["people"]
    assert cases.sha256 == {"cases.csv": hashlib.sha256(one_a_month.encode()).hexdigest()}
    assert (cases.files, cases.simulated, cases.published, cases.reader) == (("cases.csv",), True, False, "generic")
    assert (people.rows, people.used, people.simulated) == (4, 3, False)
    assert {s.reason: s.rows for s in people.set_aside} == {"other areas": 1}
    assert list(found.accounts) == ["cases", "people"]
    assert said == ["reading cases: cases.csv", "reading people: people.csv"]
    assert [(p.code, p.source) for p in found.problems] == [("unused_source", "spare")]


def test_files_of_one_name_are_told_apart_by_their_folders(build: Build, one_a_month: str) -> None:
    header, *rows = one_a_month.splitlines()
    halves = {
        f"{name}/cases.csv": "\n".join([header, *rows[part]]) for name, part in (("a", slice(9)), ("b", slice(9, None)))
    }
    found = read(build(halves, sources={"cases": {**CASES, "path": "*/cases.csv"}}))
    assert found.accounts["cases"].files == ("a/cases.csv", "b/cases.csv")
    assert found.accounts["cases"].used == 18


def test_where_comes_before_everything(build: Build, one_a_month: str) -> None:
    text = (
        one_a_month.replace("day\n", "day,type,size\n").replace("-05\n", "-05,ASB,2\n")
        + "nowhere,never,Theft,\nx,y,ASB,3\n"
    )
    source = {**CASES, "where": {"type": "ASB", "size": ["1", "2"]}}
    assert read(build({"cases.csv": text}, sources={"cases": source})).accounts["cases"].rows == 18


def test_twice_the_same(build: Build, one_a_month: str) -> None:
    study = build({"cases.csv": one_a_month + "Oak,2023-01-01\n,\n"})
    first, second = read(study), read(study)
    assert first.problems == second.problems
    assert first.accounts == second.accounts
    assert (first.panels["n"].cells.events == second.panels["n"].cells.events).all()


def test_a_file_that_a_glob_finds_twice_is_read_once(build: Build, one_a_month: str) -> None:
    study = build({"a/b/cases.csv": one_a_month}, sources={"cases": {**CASES, "path": "**/**/*.csv"}})
    assert read(study).accounts["cases"].rows == 18
