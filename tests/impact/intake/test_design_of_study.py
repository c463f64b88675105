"""The choices of a study, laid over its periods."""

from collections.abc import Callable
from typing import Any

import numpy as np

from impact.intake.design import borders, design_of
from impact.intake.read import read
from impact.study.schema import Study
from models.design import Design, Shape

type Build = Callable[..., Study]

AREAS = ("Ash", "Birch", "Cedar")
CASES = "district,day\n" + "".join(f"{a},2023-{m:02d}-05\n" for m in range(1, 13) for a in AREAS)


def designed(build: Build, **changes: Any) -> Design:
    """Baseline January to June 2023; phase-in in July; follow-up to December."""
    intervention = {"name": "Something", "start": "2023-07-01", "end": "2023-12-31", "phase_in": 1}
    study = build({"cases.csv": CASES}, **({"intervention": intervention} | changes))
    return design_of(study, read(study).periods)


def months(mask: Any) -> list[int]:
    assert mask.dtype == np.bool_
    return [int(m) + 1 for m in np.flatnonzero(mask)]


def test_what_is_not_declared(build: Build) -> None:
    assert designed(build) == Design(shared_delivery=False, level=0.95, seed=0)


def test_plain_choices(build: Build) -> None:
    intervention = {"name": "Something", "start": "2023-07-01", "end": "2023-12-31", "delivery": "shared"}
    study = build({"cases.csv": CASES}, intervention=intervention)
    study = study.model_copy(update={"level": 0.9, "seed": 7})
    periods = read(study).periods
    assert design_of(study, periods) == Design(shared_delivery=True, level=0.9, seed=7)
    assert design_of(study, periods, seed=8).seed == 8


def test_borders_and_dominant_areas_go_by_their_names_in_the_study(build: Build) -> None:
    found = designed(
        build,
        areas={
            "aliases": {"C": "Cedar"},
            "neighbours": {"Ash": ["Birch", "Elm"], "C": ["Birch"], "Birch": ["Ash"]},
            "dominant": ["C"],
        },
    )
    assert found.neighbours["Ash"] == ("Birch", "Elm")
    assert found.neighbours["Birch"] == ("Ash",)
    assert found.neighbours["Cedar"] == ("Birch",)
    assert found.dominant == ("Cedar",)


def test_borders_stay_under_the_areas_they_were_declared_for() -> None:
    found = borders({"a": ("b", "c", "b"), "b": ("c",), "island": (), "A": ("d",)}, {"A": "a"})
    assert found == {"a": ("b", "c", "d"), "b": ("c",), "island": ()}


def test_shocks_are_the_exclusions_that_cost_a_window_something(build: Build) -> None:
    exclude = [
        {"from": "2023-02", "to": "2023-03", "why": "flood"},
        {"from": "2023-03-31", "to": "2023-04-01"},
        {"from": "2023-07", "to": "2023-08", "why": "strike"},
        {"from": "2023-07-01", "to": "2023-07-31", "why": "phase-in only"},
        {"from": "2020", "to": "2021", "why": "before the data"},
    ]
    found = designed(build, time={"exclude": exclude})
    assert [(s.why, months(s.periods)) for s in found.shocks] == [("flood", [2, 3]), ("", [3, 4]), ("strike", [8])]


def test_the_gap_after_the_baseline_is_no_shock(build: Build) -> None:
    exclude = [{"from": "2023-05", "to": "2023-06", "why": "gap"}, {"from": "2023-04", "to": "2023-05", "why": "both"}]
    found = designed(build, time={"baseline": {"from": "2023-01", "to": "2023-04"}, "exclude": exclude})
    assert [(s.why, months(s.periods)) for s in found.shocks] == [("both", [4])]


def test_the_peak_is_what_is_left_of_it_in_the_baseline(build: Build) -> None:
    chosen = {"chosen_on": {"from": "2023-02-15", "to": "2023-04", "why": "most complaints"}}
    assert months(designed(build, areas=chosen).peak) == [2, 3, 4]
    excluded = {"exclude": [{"from": "2023-03", "to": "2023-04"}]}
    assert months(designed(build, areas=chosen, time=excluded).peak) == [2]
    assert months(designed(build, areas=chosen, time={"exclude": [{"from": "2023-02", "to": "2023-04"}]}).peak) == []


def test_changes_that_are_modelled_become_events_from_the_period_they_came_in(build: Build) -> None:
    concurrent = [
        {"what": "Move", "when": "2023-03-20", "areas": ["A"], "modelled": "level"},
        {"what": "Strike", "when": "2023-04", "until": "2023-05-02", "modelled": "pulse"},
        {"what": "Only a threat", "when": "2023-04"},
        {"what": "Too late", "when": "2024-04", "modelled": "both"},
        {"what": "Long before", "when": "2020", "modelled": "slope"},
        {"what": "Over before", "when": "2020", "until": "2022", "modelled": "pulse"},
        {"what": "All the time", "when": "2023-01", "modelled": "level"},
    ]
    intervention = {"name": "Something", "start": "2023-07-01", "end": "2023-12-31", "concurrent": concurrent}
    found = designed(build, intervention=intervention, areas={"aliases": {"A": "Ash"}})
    assert [(e.what, e.shape, e.areas, months(e.periods)) for e in found.events] == [
        ("Move", Shape.LEVEL, ("Ash",), list(range(3, 13))),
        ("Strike", Shape.PULSE, (), [4, 5]),
    ]
