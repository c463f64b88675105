"""Studies that are unusual but right, and what is read from them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from impact.study import load_study
from impact.study.schema import Study
from models.bayes.options import BayesOptions
from models.its import ItsOptions

STUDIES = sorted((Path(__file__).parents[3] / "studies").glob("*.yaml"))

RIGHT = {
    "quoted date": {"start: 2023-04-01": "start: '2023-04-01'"},
    "no end": {"  end: 2024-03-31\n": ""},
    "no comparison": {
        "comparison: [": "comparison: [] #[",
        "to: Norwich": "to: Broadland",
        '{KLWN: "King\'s Lynn and West Norfolk"}': "{}",
    },
    "every other area": {"comparison: [": "comparison: others #[", "to: Norwich": "to: Elsewhere"},
    "neighbours of comparison areas": {"Broadland: [Norwich]}": "Norwich: [Broadland], KLWN: [Fenland]}"},
    "uptake without eligibility": {"eligible: fit, ": ""},
    "chosen on the whole baseline": {"{from: 2018-05, to: 2018-09": "{from: 2018-Q2, to: 2023-Q1"},
    "alias of a listed area": {"areas: [South Norfolk, Broadland]}": "areas: [KLWN]}"},
    "baseline from the first period": {"{from: 2018-04, to: 2023-03}": "{to: 2023-03}"},
    "baseline to the start": {"{from: 2018-04, to: 2023-03}": "{from: 2018-04}"},
    "part of the baseline excluded": {"from: 2020-04, to": "from: 2017, to"},
    "gap between exclusions": {
        "    - {from: 2020-04, to: 2022-03": "    - {from: 2018, to: 2020-04}\n    - {from: 2020-06, to: 2023-03",
    },
    "several values to keep": {"Anti-social behaviour}}": "[Anti-social behaviour, Drugs]}}"},
    "glob of no known format": {'"*-street.csv"': '"data/*", delimiter: ";"'},
    "tab between fields": {"path: survey.csv": 'path: survey.tsv, delimiter: "\\t"'},
    "DuckDB file": {"path: survey.csv": "path: survey.duckdb, table: survey"},
    "DuckDB file of one table": {"path: survey.csv": "path: survey.duckdb"},
    "database": {"path: survey.csv": "uri: 'postgres://x@y/z', query: select * from survey"},
    "no threshold of a rating": {"    at_least: Satisfied\n": ""},
    "ratings in numbers": {
        "[Very dissatisfied, Dissatisfied, Neither, Satisfied, Very satisfied]": "[1, 2, 3, 4, 5]",
        "at_least: Satisfied": "at_least: 4",
    },
    "days as a number": {"    event: first_visit_on\n    censor: extract_date\n": "    value: days\n"},
    "no model named": {"models: [did, its]\n": ""},
    "keys with nothing": {"  end: 2024-03-31\n": "  end:\n", "{from: 2018-04, to: 2023-03}": "{from: ~, to: null}"},
    "weeks": {"unit: month": "unit: week", "reader: police.uk": "reader: generic"},
    "areas with odd names": {"[South Norfolk, Broadland]\n": "[no, 1_0]\n", "neighbours: {South": "# {",
                             "areas: [South Norfolk, Broadland]}": "areas: []}",
                             "dominant: [Broadland]": "dominant: []"},
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_right(case: str, valid: str, problems: Callable[[str], list[str]]) -> None:
    for old, new in RIGHT[case].items():
        assert old in valid
        valid = valid.replace(old, new, 1)
    assert problems(valid) == []


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_shipped_study_loads_and_survives_a_round_trip(path: Path, tmp_path: Path) -> None:
    assert_round_trip(load_study(path), tmp_path)


def test_full_study_survives_a_round_trip(valid: str, tmp_path: Path) -> None:
    assert_round_trip(load_text(valid, tmp_path), tmp_path)


@pytest.mark.parametrize("models", ["[its, did]", "{its: {harmonics: 2}, did: }", "{panel: {}}"])
def test_models_survive_a_round_trip(models: str, valid: str, tmp_path: Path) -> None:
    study = load_text(valid.replace("[did, its]", models), tmp_path)
    again = assert_round_trip(study, tmp_path)
    assert again.model_options == study.model_options
    assert list(again.model_options) == list(study.model_options)


def test_model_options_are_read(valid: str, tmp_path: Path) -> None:
    study = load_text(valid.replace("[did, its]", "{its: {harmonics: 2, impact: level}}"), tmp_path)
    assert study.model_options == {"its": ItsOptions(impact="level", harmonics=2)}


@pytest.mark.parametrize("months", [1, 3, 6])
def test_one_of_several_numbers_is_read_as_a_number(months: int, valid: str, tmp_path: Path) -> None:
    study = load_text(valid.replace("[did, its]", f"{{did: , bayes: {{bin: {months}}}}}"), tmp_path)
    assert study.model_options["bayes"] == BayesOptions(bin=months)  # type: ignore[arg-type]


def load_text(text: str, folder: Path) -> Study:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def assert_round_trip(study: Study, folder: Path) -> Study:
    again = load_text(yaml.safe_dump(study.to_dict(), allow_unicode=True, sort_keys=False), folder)
    assert again.to_dict() == study.to_dict()
    assert all(getattr(again, name) == getattr(study, name) for name in Study.model_fields)
    return again
