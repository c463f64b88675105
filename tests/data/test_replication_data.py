"""The small published data sets hold what their READMEs say, and their scripts make them so."""

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import impact

DATA = Path(__file__).resolve().parents[2] / "data"
PRINTED = 0.005  # two decimals are published


def restaurants() -> pd.DataFrame:
    return pd.read_csv(DATA / "card_krueger" / "restaurants.csv")


def sales() -> pd.DataFrame:
    return pd.read_csv(DATA / "kiel_mcclain" / "sales.csv")


def counties() -> pd.DataFrame:
    return pd.read_csv(DATA / "teen_employment" / "employment.csv")


def cigarettes() -> pd.DataFrame:
    return pd.read_csv(DATA / "prop99" / "cigarettes.csv")


def test_restaurants_are_those_of_card_and_krueger() -> None:
    table = restaurants()
    assert table.groupby(["state", "quarter"]).size().to_dict() == {
        ("New Jersey", "1992-Q1"): 331,
        ("New Jersey", "1992-Q4"): 331,
        ("Pennsylvania", "1992-Q1"): 79,
        ("Pennsylvania", "1992-Q4"): 79,
    }
    assert int(table["fte"].isna().sum()) == 26
    means = table.groupby(["state", "quarter"])["fte"].mean().to_dict()
    assert list(means.values()) == pytest.approx([20.44, 21.03, 23.33, 21.17], abs=PRINTED)


def test_sales_are_those_of_kiel_and_mcclain() -> None:
    table = sales()
    assert table["year"].value_counts().to_dict() == {1978: 179, 1981: 142}
    assert table["place"].value_counts().to_dict() == {"farther away": 225, "near the incinerator": 96}
    assert table.notna().all(axis=None)
    assert (table["real_price"] > 0).all()


def test_counties_are_a_complete_panel_and_the_study_names_those_that_raised() -> None:
    table = counties()
    assert table.shape == (2500, 4)
    assert not table.duplicated(["county", "year"]).any()
    raised = table.dropna(subset="first_raise").groupby("county")["first_raise"].first()
    assert raised.value_counts().to_dict() == {2004: 20, 2006: 40, 2007: 131}
    areas = impact.load_study(DATA.parent / "studies" / "teen_employment.yaml").areas
    assert set(areas.treated) == {str(county) for county in raised.index}
    assert {a: d.year for a, d in areas.starts.items()} == {str(c): int(y) for c, y in raised.items() if y > 2004}


def test_cigarettes_are_a_complete_panel() -> None:
    table = cigarettes()
    assert table.shape == (1209, 3)
    assert table["state"].nunique() == 39
    assert sorted(table["year"].unique()) == list(range(1970, 2001))
    assert not table.duplicated(["state", "year"]).any()
    assert table.notna().all(axis=None)


def test_countries_are_a_complete_panel_of_income() -> None:
    table = pd.read_csv(DATA / "german_reunification" / "countries.csv")
    assert table.shape == (748, 9)
    assert table["country"].nunique() == 17
    assert sorted(table["year"].unique()) == list(range(1960, 2004))
    assert not table.duplicated(["country", "year"]).any()
    assert table["dollars"].notna().all()
    investment = table[table["investment_1980s"].notna()]
    assert investment["year"].tolist() == [1980] * 17
    early = table[table["year"].between(1981, 1990)].groupby("country")["dollars"].mean()
    assert early["West Germany"] == pytest.approx(15_808.9, abs=0.05)  # published with one decimal


@pytest.mark.parametrize(
    ("folder", "source", "made"),
    [
        (
            "card_krueger",
            "nj,d,d_nj,fte,bk\n1,0,0,15.0,1\n0,1,0,,1\n",
            [["state", "quarter", "fte"], ["New Jersey", "1992-Q1", "15"], ["Pennsylvania", "1992-Q4", ""]],
        ),
        (
            "kiel_mcclain",
            "year,price,rprice,nearinc,rooms\n1981,95000.0,72964.671875,1,5\n1978,60000.0,60000.0,0,7\n",
            [
                ["year", "place", "real_price", "log_price"],
                ["1981", "near the incinerator", "72964.67", "11.461632"],
                ["1978", "farther away", "60000.00", "11.002100"],
            ],
        ),
        (
            "teen_employment",
            "year,countyreal,lpop,lemp,first.treat,treat\n2004,8001.0,5.9,8.33687,2007.0,1.0\n2003,13011.0,1,2.5,0.0,0.0\n",
            [
                ["county", "year", "first_raise", "log_employment"],
                ["8001", "2004", "2007", "8.336870"],
                ["13011", "2003", "", "2.500000"],
            ],
        ),
        (
            "german_reunification",
            "country,year,gdp,infrate,trade,schooling,invest70,invest80,industry\nUK,1980,8502,17.970591,,32.900002,.22601999,17,42\n",
            [
                [
                    *("country", "year", "dollars", "inflation", "trade", "schooling"),
                    *("investment_1970s", "investment_1980s", "industry"),
                ],
                ["UK", "1980", "8502", "17.97059", "", "32.9", "0.22602", "17", "42"],
            ],
        ),
        (
            "prop99",
            "State;Year;PacksPerCapita;treated\nUtah;1971;71.09999847;0\nAlabama;1970;89.80000305;0\n",
            [["state", "year", "packs"], ["Alabama", "1970", "89.8"], ["Utah", "1971", "71.1"]],
        ),
    ],
)
def test_each_script_takes_the_columns_needed(folder: str, source: str, made: list[list[str]], tmp_path: Path) -> None:
    given, out = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_text(source, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(DATA / folder / "prepare.py"), str(given), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    with out.open(encoding="utf-8", newline="") as written:
        assert list(csv.reader(written)) == made
