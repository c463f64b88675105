"""The key `predictors` of an outcome, right and wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from impact.study import load_study

RIGHT = Path(__file__).parents[3] / "studies" / "german_reunification.yaml"


def test_it_is_read_with_its_training() -> None:
    study = load_study(RIGHT)
    first, *_, last = study.outcomes["income"].predictors
    assert (first.title, first.value, str(first.from_), str(first.to)) == ("GDP per person", "dollars", "1981", "1990")
    assert last.training is not None
    assert (last.value, last.training.value) == ("investment_1980s", "investment_1970s")
    assert study.to_dict()["outcomes"]["income"]["predictors"][0]["from"] == "1981"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ("from: 1981, to: 1990, training", "from: 1981, to: 1991, training"),
            "what was known before the start (1991-",
        ),
        (("from: 1971, to: 1980}}", "from: 1981, to: 1980}}"), "this stretch ends (1980) before it begins (1981)."),
        (
            ("from: 1971, to: 1980}}\n      - {title: Trade", "from: 1981, to: 1990}}\n      - {title: Trade"),
            "training (1981 to 1990) must come earlier than its predictor (1981 to 1990).",
        ),
        (
            ("from: 1971, to: 1980}}\n      - {title: Trade", "from: 1971, to: 1990}}\n      - {title: Trade"),
            "training (1971 to 1990) must come earlier than its predictor (1981 to 1990).",
        ),
        (
            ("{value: investment_1970s, from: 1980, to: 1980}", "{value: investment_1970s, from: 1981, to: 1981}"),
            "training (1981 to 1981) must come earlier than its predictor (1980 to 1980).",
        ),
        (("    reader: panel\n", ""), "predictors are read from one row per area and period, and source 'countries'"),
        (("value: trade, from: 1981", "from: 1981"), "needs the key 'value'"),
        (("training: {value: trade", "traning: {value: trade"), "did you mean 'training'?"),
        (("from: 1980, to: 1985", "from: 80, to: 1985"), "item 5 of outcomes.income.predictors must be a day, month"),
        (("validation: 10", "validation: 1"), "models.synthetic.validation must be a whole number of at least 2"),
        (("method: sc", "method: scm"), "models.synthetic.method must be sc, sdid or ascm, not 'scm'"),
    ],
)
def test_mistakes_are_named_at_their_place(
    problems: Callable[[str], list[str]], edit: tuple[str, str], said: str
) -> None:
    text = RIGHT.read_text(encoding="utf-8")
    assert edit[0] in text
    found = problems(text.replace(edit[0], edit[1], 1))
    assert len(found) == 1, found
    assert said in found[0]
