import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from impact.report import text


def test_hidden_and_reordering_characters_are_dropped() -> None:
    assert text.clean("a\u202eb\u0007c\ufeff\ud800d") == "abcd"
    assert text.clean("two\nlines\tand") == "two lines and"


def test_letters_of_any_script_and_joined_emoji_stay() -> None:
    kept = "Caerffili, Ynys Môn, 北京, اربيل, 👩\u200d🚒"
    assert text.clean(kept) == kept


def test_markup_is_kept_as_laid_out() -> None:
    assert text.clean(Markup("<svg>\n</svg>")) == "<svg>\n</svg>"


def test_lists_read_as_a_person_would_write_them() -> None:
    assert [text.joined(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [("no answers", "No answers."), ("Done!", "Done!"), ("  what? ", "What?"), ("", ""), ("1 area", "1 area.")],
)
def test_sentences(given_text: str, expected: str) -> None:
    assert text.sentence(given_text) == expected


def test_abbreviations_keep_their_capitals() -> None:
    assert [text.lower_first(t) for t in ("No district", "LSOA missing", "")] == ["no district", "LSOA missing", ""]


def test_slugs_are_distinct_and_safe() -> None:
    made = text.slugs(["ASB count", "asb/count", "../../etc", "", "<b>"])
    assert made == ("asb-count", "asb-count-2", "etc", "x", "b")


@given(st.text(max_size=400), st.floats(3, 60))
def test_fitted_text_fits(value: str, room: float) -> None:
    assert text.width(text.fitted(value, room)) <= max(room, 1.0)


@given(st.text(max_size=400), st.floats(5, 40), st.integers(1, 3))
def test_wrapped_lines_fit_and_lose_nothing_while_there_is_room(value: str, room: float, lines: int) -> None:
    made = text.wrapped(value, room, lines)
    assert len(made) <= lines
    assert all(text.width(line) <= room for line in made)
    if not any(line.endswith("…") for line in made):
        assert " ".join(made) == " ".join(value.split())
