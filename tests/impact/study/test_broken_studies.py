"""Broken studies: one edit of a valid one each; every problem has its place, and there are no others."""

import re
from collections.abc import Callable

import pytest

type Edits = dict[str, str]
type Expected = list[tuple[str, str]]

UNKNOWN_KEYS: dict[str, tuple[Edits, Expected]] = {
    "misspelt": ({"seed: 2": "sed: 2"}, [("68:1", "unknown key 'sed'; did you mean 'seed'?")]),
    "misspelt and needed: said once": (
        {"  treated:": "  treted:"},
        [("16:3", "unknown key 'treted' in areas; did you mean 'treated'?")],
    ),
    "wrong case": ({"  unit: m": "  Unit: m"}, [("26:3", "unknown key 'Unit' in time; did you mean 'unit'?")]),
    "key named as in Python": ({"{from: 2018-04": "{from_: 2018-04"}, [("27:14", "did you mean 'from'?")]),
    "in a list item": (
        {"why: Covid": "reason: Covid"},
        [("29:36", "unknown key 'reason' in item 1 of time.exclude.")],
    ),
    "in the wrong section": ({"seed: 2": "phase_in: 2"}, [("68:1", "move it into 'intervention'")]),
    "of another kind": (
        {"    kind: count\n": "    kind: count\n    horizon: 90\n"},
        [("56:5", "horizon is for time_to_event outcomes; this one is count")],
    ),
    "no space after the colon": (
        {"{area: district, time: surveyed_on}": "{area:district, time: surveyed_on}"},
        [("31:40", "put a space after the colon: 'area: …'")],
    ),
    "named as what pydantic writes for keys": ({"seed: 2": "'[key]': 2"}, [("68:1", "unknown key '[key]'.")]),
    "named as a kind": ({"at_least: Sat": "count: Sat"}, [("41:5", "unknown key 'count' in outcomes.satisfaction.")]),
    "nothing like it": (
        {"  level: district\n": "  xyz: district\n"},
        [("15:3", "The keys here are level, treated, comparison, aliases, recode, neighbours, dominant")],
    ),
    "hard space in a key": (
        {"    at_least: S": "    at\u00a0least: S"},
        [("41:5", r"unknown key 'at\xa0least' in outcomes.satisfaction; did you mean 'at_least'?")],
    ),
}

MISSING_KEYS: dict[str, tuple[Edits, Expected]] = {
    "of the file": ({"schema: 1\n": ""}, [("1:1", "the study file needs the key 'schema'.")]),
    "of a section": ({"  start: 2023-04-01\n": ""}, [("5:1", "intervention needs the key 'start'.")]),
    "of a list item": ({", to: 2022-03": ""}, [("29:7", "item 1 of time.exclude needs the key 'to'.")]),
    "of an outcome": (
        {"    better: higher\n": ""},
        [("36:3", "outcomes.satisfaction needs the key 'better'.")],
    ),
    "kind": ({"    kind: count\n": ""}, [("53:3", "outcomes.asb needs the key 'kind': binary, continuous")]),
    "kind, misspelt": ({"    kind: count\n": "    knid: count\n"}, [("55:5", "did you mean 'kind'?")]),
    "a section, empty": ({"  asb:": "  abc:\n  asb:"}, [("53:3", "outcomes.abc is empty; it must be a section")]),
}

WRONG_VALUES: dict[str, tuple[Edits, Expected]] = {
    "schema 2": ({"schema: 1": "schema: 2"}, [("1:9", "schema must be 1, the one version this program reads, not 2.")]),
    "schema in quotes": ({"schema: 1": "schema: '1'"}, [("1:9", "Fix: remove the quotes.")]),
    "id with spaces": ({"id: norfolk-early": "id: Norfolk early"}, [("3:7", "lower-case letters, digits, - and _")]),
    "percent sign": ({"worthwhile: 0.05": "worthwhile: 5%"}, [("43:17", "Fix: 5% is written 0.05.")]),
    "outcome name": ({"  asb:": "  ASB rate:"}, [("53:3", "the name 'ASB rate' in outcomes must be")]),
    "1_0 is no number": ({"phase_in: 2": "phase_in: 1_0"}, [("9:13", "must be a whole number such as 3, not '1_0'.")]),
    "0o14 is no number": ({"phase_in: 2": "phase_in: 0o14"}, [("9:13", "not '0o14'.")]),
    "0x1F is no number": ({"phase_in: 2": "phase_in: 0x1F"}, [("9:13", "not '0x1F'.")]),
    "1:30 is no number": ({"phase_in: 2": "phase_in: 1:30"}, [("9:13", "not '1:30'.")]),
    "1e3 is not whole": ({"phase_in: 2": "phase_in: 1e3"}, [("9:13", "not 1e3.")]),
    "number in quotes": ({"phase_in: 2": "phase_in: '2'"}, [("9:13", "Fix: remove the quotes.")]),
    "too long a number": ({"phase_in: 2": f"phase_in: {'9' * 5000}"}, [("9:13", "must be a whole number")]),
    "infinite": ({"worthwhile: 0.05": "worthwhile: 1e999"}, [("43:17", "must be a number such as 0.05, not 1e999.")]),
    "not a number": ({"worthwhile: 0.05": "worthwhile: .nan"}, [("43:17", "not '.nan'.")]),
    "yes is not true": (
        {"{path: survey.csv": "{simulated: yes, path: survey.csv"},
        [("31:23", "sources.survey.simulated must be true or false, not 'yes'.")],
    ),
    "negative": ({"phase_in: 2": "phase_in: -1"}, [("9:13", "intervention.phase_in must be 0 or more, not -1.")]),
    "zero": ({"horizon: 90": "horizon: 0"}, [("49:14", "outcomes.recurrence.horizon must be more than 0, not 0.")]),
    "80 for a probability": (
        {"scale_up_if: 0.8": "scale_up_if: 80"},
        [
            ("67:23", "decision.rule.scale_up_if must be less than 1, not 80."),
        ],
    ),
    "95 for a level": (
        {"level: 0.9": "level: 95"},
        [("69:8", "level must be less than 1, not 95.")],
    ),
    "a level that is none": ({"level: 0.9": "level: 0.5"}, [("69:8", "level must be more than 0.5")]),
    "a flag in other words": (
        {"per_period: true": "per_period: yes"},
        [("56:63", "must be true or false, not 'yes'.")],
    ),
    "day not written in full": ({"start: 2023-04-01": "start: 2023-4-1"}, [("7:10", "Fix: write 2023-04-01.")]),
    "day that does not exist": ({"end: 2024-03-31": "end: 2024-02-30"}, [("8:8", "must be a day that exists")]),
    "year of long ago": ({"end: 2024-03-31": "end: 0024-03-31"}, [("8:8", "must be a date from 1700 to 2200")]),
    "month that does not exist": ({"from: 2018-04": "from: 2018-13"}, [("27:20", "must be a date that exists")]),
    "not a date": ({"from: 2018-04": "from: spring"}, [("27:20", "such as 2023-04-01, 2023-04, 2023-Q2 or 2023")]),
    "extract day as in Britain": ({"2024-06-30": "30/06/2024"}, [("50:13", "must be a day written YYYY-MM-DD")]),
    "unknown word": ({"unit: month": "unit: months"}, [("26:9", "did you mean 'month'?")]),
    "unknown kind": (
        {"kind: count": "kind: counts"},
        [("55:11", "outcomes.asb.kind must be binary, continuous, count")],
    ),
    "word for a list": (
        {"comparison: [": "comparison: all #["},
        [("17:15", "must be a list such as [a, b], or the word 'others', not 'all'.")],
    ),
    "list for a section": ({"cost: {amount: 31500, currency: GBP}": "cost: [31500]"}, [("11:9", "not a list")]),
    "text for a section": (
        {"  asb:": "  x: count\n  asb:"},
        [("53:6", "must be a section with keys such as source, kind and better, not 'count'.")],
    ),
    "text for a list": ({"models: [did, its]": "models: did"}, [("64:9", "Fix: write [did].")]),
    "mapping for a list": (
        {"    - {from: 2020-04": "      {from: 2020-04"},
        [("29:7", "Fix: put '- ' before the first key of each item.")],
    ),
    "list for text": ({"level: district": "level: [district]"}, [("15:10", "areas.level must be text, not a list.")]),
    "nothing for text": ({"level: district": "level:"}, [("15:3", "areas.level is empty; it must be text.")]),
    "null for text": ({"level: district": "level: ~"}, [("15:10", "areas.level is empty; it must be text.")]),
    "null in a list": ({"treated: [": "treated: [null, "}, [("16:13", "item 1 of areas.treated is empty")]),
    "blank text": ({"level: district": "level: ' '"}, [("15:10", "areas.level is blank.")]),
    "empty list": ({"models: [did, its]": "models: []"}, [("64:9", "models is empty; it needs at least 1 item.")]),
    "too short a list": (
        {"levels: [Very dissatisfied, Dissatisfied, Neither, Satisfied, Very satisfied]": "levels: [Satisfied]"},
        [("40:13", "outcomes.satisfaction.levels has only 1 item; it needs at least 2.")],
    ),
    "delimiter of two": (
        {"{path: survey.csv": '{delimiter: ";;", path: survey.csv'},
        [("31:23", "sources.survey.delimiter must be one character")],
    ),
    "where that keeps nothing": (
        {"Anti-social behaviour}}": "[]}}"},
        [("33:78", "sources.incidents.where.'Crime type' is empty")],
    ),
    "list of nothing valid": (
        {"treated: [South Norfolk, Broadland]": "treated: [~]"},
        [("16:13", "item 1 of areas.treated is empty; it must be text.")],
    ),
    "unknown model": ({"[did, its]": "[dld, its]"}, [("64:10", "there is no model 'dld'; did you mean 'did'?")]),
    "unknown model with options": ({"[did, its]": "{xyz: {}}"}, [("64:10", "the models are did, its")]),
    "model options out of range": (
        {"[did, its]": "{its: {harmonics: 9, lags: 0, impact: both}}"},
        [
            ("64:27", "models.its.harmonics must be a whole number from 0 to 6, not 9."),
            ("64:36", "models.its.lags must be a whole number of at least 1, not 0."),
            ("64:47", "models.its.impact must be level_and_slope, level or slope, not 'both'."),
        ],
    ),
}

AREAS_AND_TIME: dict[str, tuple[Edits, Expected]] = {
    "on both sides": ({"[Breckland, ": "[Broadland, "}, [("17:16", "'Broadland' is in areas.treated too")]),
    "treated twice": (
        {"Norfolk, Broadland]\n  c": "Norfolk, South Norfolk]\n  c"},
        [
            ("13:73", "'Broadland' is not an area of this study"),
            ("16:28", "areas.treated names 'South Norfolk' more than once."),
            ("21:53", "'Broadland' is not an area of this study"),
            ("22:14", "'Broadland' is not an area of this study"),
        ],
    ),
    "compared twice": (
        {"Great Yarmouth, ": "Norwich, "},
        [("17:83", "areas.comparison names 'Norwich' more than once.")],
    ),
    "alias to nowhere": (
        {'{KLWN: "King\'s Lynn and West Norfolk"}': "{KLWN: Kings Lynn and West Norfolk}"},
        [("18:19", 'is not an area of this study; did you mean "King\'s Lynn and West Norfolk"?')],
    ),
    "alias that renames an area": (
        {"{KLWN:": "{Norwich:"},
        [("18:13", "'Norwich' is an area of this study, so it cannot")],
    ),
    "alias of an alias": (
        {"{KLWN:": "{KL: KLWN, KLWN:"},
        [("18:17", "'KLWN' is itself only another spelling.")],
    ),
    "recoded to nowhere": ({"to: Norwich": "to: Norwhich"}, [("20:37", "did you mean 'Norwich'?")]),
    "neighbour of nothing": (
        {"Broadland: [Norwich]": "Norwhich: [Broadland]"},
        [("21:53", "'Norwhich' is not an area of this study; did you mean 'Norwich'?")],
    ),
    "neighbour of itself": ({"Broadland: [Norwich]": "Broadland: [Broadland]"}, [("21:65", "a neighbour of itself")]),
    "dominant elsewhere": (
        {"dominant: [Broadland]": "dominant: [Norwhich]"},
        [("22:14", "'Norwhich' is not an area of this study; did you mean 'Norwich'?")],
    ),
    "dominant twice": (
        {"dominant: [Broadland]": "dominant: [Norwich, Norwich]"},
        [("22:23", "areas.dominant names 'Norwich' more than once.")],
    ),
    "nothing left of the treated areas": (
        {"dominant: [Broadland]": "dominant: [Broadland, Norwich, South Norfolk]"},
        [("22:13", "areas.dominant names every area of areas.treated")],
    ),
    "nothing left of the comparison areas, by another spelling": (
        {
            "[Breckland, Great Yarmouth, ": "[",
            ", North Norfolk, Norwich]": "]",
            "dominant: [Broadland]": "dominant: [KLWN]",
            "to: Norwich": "to: Broadland",
        },
        [("22:13", "areas.dominant names every area of areas.comparison")],
    ),
    "ring in the study": (
        {"displacement: [Fenland": "displacement: [Norwich", "compared_with: [Ips": "compared_with: [Broadland, Ips"},
        [
            ("23:26", "'Norwich' is in areas.comparison too; ring areas lie around those of the study."),
            ("23:61", "'Broadland' is in areas.treated too"),
        ],
    ),
    "ring on both sides": (
        {"compared_with: [Ips": "compared_with: [Waveney, Ips"},
        [("23:61", "'Waveney' is in areas.rings.displacement too; an area is on one side.")],
    ),
    "ring area twice": (
        {"displacement: [Fenland": "displacement: [Waveney"},
        [("23:35", "areas.rings.displacement names 'Waveney' more than once.")],
    ),
    "ring by another spelling": (
        {"displacement: [Fenland": "displacement: [KLWN"},
        [("23:26", "'KLWN' is only another spelling of \"King's Lynn and West Norfolk\".")],
    ),
    "ring of nothing": (
        {"compared_with: [Ipswich]": "compared_with: []"},
        [("23:60", "is empty; it needs at least 1")],
    ),
    "ring without its comparison": (
        {", compared_with: [Ipswich]": ""},
        [("23:3", "areas.rings needs the key 'compared_with'.")],
    ),
    "people moved from nowhere": (
        {"instead_of: South Norfolk, ": ""},
        [("20:77", "cannot be moved without knowing which area's population they are in.")],
    ),
    "people moved to where they are": (
        {"instead_of: South Norfolk, ": "instead_of: Norwich, "},
        [("20:110", "'to' and 'instead_of' are the same area")],
    ),
    "nobody moved": (
        {"population: 11700": "population: 0"},
        [("20:116", "population in item 1 of areas.recode must be")],
    ),
    "chosen backwards": (
        {"to: 2018-09, why": "to: 2017, why"},
        [("24:34", "this stretch ends (2017) before it begins (2018-05).")],
    ),
    "chosen on the follow-up": (
        {"to: 2018-09, why": "to: 2023-04, why"},
        [("24:34", "a stretch of the baseline, which ends on 2023-03-31, not on later values.")],
    ),
    "chosen before the baseline": (
        {"{from: 2018-05, to: 2018-09": "{from: 2017-04, to: 2018-09"},
        [("24:21", "the stretch begins (2017-04) before the baseline (2018-04).")],
    ),
    "concurrent elsewhere": (
        {"areas: [South Norfolk, Broadland]": "areas: [Norfolk]"},
        [("13:58", "'Norfolk' is not an area of this study")],
    ),
    "end before start": (
        {"end: 2024-03-31": "end: 2022-03-31"},
        [("8:8", "ends (2022-03-31) before the start (2023-04-01)")],
    ),
    "phase-in as long as the follow-up": ({"phase_in: 2": "phase_in: 12"}, [("9:13", "no follow-up is left")]),
    "baseline backwards": ({"to: 2023-03}": "to: 2017-03}"}, [("27:33", "ends (2017-03) before it begins (2018-04)")]),
    "baseline over the start": ({"to: 2023-03}": "to: 2023}"}, [("27:33", "the baseline runs to 2023-12-31")]),
    "baseline after the start": (
        {"{from: 2018-04, to: 2023-03}": "{from: 2023-05}"},
        [("27:20", "begins (2023-05) when the intervention has already started (2023-04-01)")],
    ),
    "exclusion backwards": (
        {"from: 2020-04, to: 2022": "from: 2020-04, to: 2019"},
        [("29:27", "ends (2019-03) before it")],
    ),
    "exclusion of all of the baseline": (
        {"from: 2020-04, to: 2022-03": "from: 2017, to: 2023-Q1"},
        [("29:7", "leaves nothing of the baseline (2018-04-01 to 2023-03-31)")],
    ),
    "exclusions that together leave nothing": (
        {"    - {from: 2020": "    - {from: 2018, to: 2020-04}\n    - {from: 2022-02, to: 2023-03}\n    - {from: 2020"},
        [("30:7", "leaves nothing of the baseline")],
    ),
    "exclusion of the follow-up": (
        {"from: 2020-04, to: 2022-03": "from: 2023-06, to: 2024"},
        [("29:7", "leaves nothing of the follow-up (2023-06-01 to 2024-03-31)")],
    ),
}

DATA: dict[str, tuple[Edits, Expected]] = {
    "unknown source": (
        {"source: survey": "source: surveys"},
        [("37:13", "there is no source 'surveys'; did you mean")],
    ),
    "unknown exposure": ({"source: people": "source: folk"}, [("56:24", "there is no source 'folk'.")]),
    "unknown outcome": ({"outcome: recurrence": "outcome: recurence"}, [("66:12", "did you mean 'recurrence'?")]),
    "placebo decides": (
        {"    worthwhile: -0.03": "    role: placebo"},
        [("66:12", "'recurrence' is a placebo")],
    ),
    "no place": ({"{path: survey.csv, ": "{"}, [("31:3", "source 'survey' needs a path or a uri.")]),
    "two places": (
        {"{path: survey.csv, ": "{path: survey.csv, uri: 'postgres://x/y', "},
        [("31:30", "source 'survey' has both a path and a uri.")],
    ),
    "table and query": (
        {"path: survey.csv": "uri: 'postgres://x/y', table: t, query: select 1"},
        [("31:45", "a table or a query, not both")],
    ),
    "table of a CSV": ({"path: survey.csv": "path: survey.csv, table: t"}, [("31:30", "'table' is for a database")]),
    "sheet of a CSV": ({"path: survey.csv": "path: survey.csv, sheet: t"}, [("31:30", "'sheet' is for an Excel file")]),
    "delimiter of an Excel file": (
        {"path: survey.csv": "path: survey.xlsx, delimiter: ;"},
        [("31:31", "'delimiter' is for a CSV file, and 'survey.xlsx' is not one.")],
    ),
    "eligible in street files": (
        {"reader: police.uk,": "reader: police.uk, columns: {eligible: a, case_mix: [b]},"},
        [
            ("33:66", "'eligible' is for sources with one row per case, and reader police.uk has none."),
            ("33:79", "'case_mix' is for sources with one row per case"),
        ],
    ),
    "accepted where a count is added up": (
        {
            "{source: people, ": "{source: people, ",
            "columns: {area: district, time: surveyed_on}": "columns: {accepted: a}",
            "    source: incidents\n    kind: count\n": "    source: survey\n    kind: count\n    value: n\n",
        },
        [("31:40", "'accepted' is for sources with one row per case; outcome 'asb' reads a count per row.")],
    ),
    "accepted is eligible": (
        {"accepted: took": "accepted: fit"},
        [("32:108", "'accepted' is the same column as 'eligible'")],
    ),
    "case mix twice": ({"[type]": "[type, type]"}, [("32:131", "names 'type' more than once")]),
    "case mix of identifiers": (
        {"case_mix: [type]": "case_mix: [type, ref], id: ref"},
        [("32:131", "'ref' identifies a row, so no two cases would be alike.")],
    ),
    "police.uk by the week": ({"unit: month": "unit: week"}, [("33:45", "time.unit is week")]),
    "police.uk not counted": (
        {"source: survey": "source: incidents"},
        [("38:11", "police.uk files can only be counted")],
    ),
    "police.uk with a value": (
        {"kind: count\n": "kind: count\n    value: Month\n"},
        [("56:5", "police.uk files have one row per incident")],
    ),
    "police.uk as population": (
        {"source: people": "source: incidents"},
        [("56:24", "police.uk files hold no population")],
    ),
    "panel without a value": ({"reader: police.uk": "reader: panel"}, [("53:3", "the count needs a column")]),
    "level that is none": (
        {"at_least: Sat": "at_least: sat"},
        [("41:15", "'satisfied' is not one of the levels; did you")],
    ),
    "lowest level": ({"at_least: Satisfied": "at_least: Very dissatisfied"}, [("41:15", "every answer would count")]),
    "level twice": ({"Neither, Satisfied": "Dissatisfied, Satisfied"}, [("40:47", "more than once")]),
    "worthwhile the wrong way": ({"worthwhile: -0.03": "worthwhile: 0.03"}, [("52:17", "below 0, not 0.03")]),
    "worthwhile zero": ({"worthwhile: -0.03": "worthwhile: 0"}, [("52:17", "worthwhile is 0")]),
    "worthwhile in points": ({"worthwhile: 0.05": "worthwhile: 5"}, [("43:17", "between -1 and 1, not 5.")]),
    "worthwhile in percent": (
        {"kind: count\n": "kind: count\n    worthwhile: -5\n"},
        [("56:17", "a change of -5% is written -0.05.")],
    ),
    "two primary outcomes": (
        {"kind: count\n": "kind: count\n    role: primary\n"},
        [("56:11", "there is a primary outcome already, 'satisfaction'.")],
    ),
    "duration without either": (
        {"    event: first_visit_on\n    censor: extract_date\n": ""},
        [("58:3", "outcome 'response_time' needs 'event'")],
    ),
    "duration with both": (
        {"    event: first_visit_on\n    censor: extract_date\n": "    event: a\n    value: b\n"},
        [("62:5", "from 'event' or from 'value', not from both")],
    ),
    "duration with censor": ({"event: first_visit_on": "value: days"}, [("62:5", "'censor' goes with 'event'")]),
    "model twice": ({"[did, its]": "[did, did]"}, [("64:15", "models names 'did' more than once.")]),
    "no model": ({"[did, its]": "{}"}, [("64:9", "models names no model.")]),
    "rule": ({"stop_if: 0.2": "stop_if: 0.8"}, [("67:37", "stop_if (0.8) must be less than scale_up_if (0.8).")]),
}

SEVERAL: dict[str, tuple[Edits, Expected]] = {
    "schema and consistency together, in file order": (
        {
            "level: district": "level: [x]",
            "source: people": "source: folk",
            "seed: 2": "sed: 2",
            "to: 2023-03}": "to: 2017}",
        },
        [
            ("15:10", "areas.level must be text"),
            ("27:33", "the baseline ends (2017) before it begins (2018-04)"),
            ("56:24", "there is no source 'folk'."),
            ("68:1", "unknown key 'sed'"),
        ],
    ),
    "nothing follows from a source that is dropped": (
        {"survey: {path: survey.csv": "survey: {path: [survey.csv]"},
        [("31:18", "sources.survey.path must be text, not a list.")],
    ),
    "an outcome that lacks a key is still checked": (
        {"    source: survey\n": "    source: surveys\n", "    better: higher\n": "", "at_least: S": "at_least: s"},
        [("36:3", "needs the key 'better'"), ("37:13", "no source 'surveys'"), ("41:15", "not one of the levels")],
    ),
    "nor from a misspelt key": ({"    event: first": "    evnt: first"}, [("61:5", "did you mean 'event'?")]),
    "nor from a bad date": ({"start: 2023-04-01": "start: April", "end: 2024": "end: 2001"}, [("7:10", "YYYY-MM-DD")]),
    "list items keep their numbers": (
        {"treated: [South": "treated: [[], South", "[Breckland, Great": "[Broadland, Great"},
        [("16:13", "item 1 of areas.treated must be text"), ("17:16", "'Broadland' is in areas.treated too")],
    ),
    "an unknown kind hides nothing": (
        {"kind: count": "kind: counts", "    better: lower\n  response": "    better: down\n    foo: 1\n  response"},
        [("55:11", "did you mean 'count'?"), ("57:13", "must be higher or lower"), ("58:5", "unknown key 'foo'")],
    ),
    "duplicate key and more": (
        {"phase_in: 2": "phase_in: -2\n  phase_in: x", "[did, its]": "[did, xyz]"},
        [
            ("9:13", "0 or more"),
            ("10:3", "'phase_in' is given twice; it stands in line 9 already"),
            ("65:15", "there is no model 'xyz'"),
        ],
    ),
    "tag and more": (
        {"phase_in: 2": "phase_in: !!int x"},
        [("9:13", "the tag '!!int' is not read"), ("9:13", "whole number")],
    ),
    "reference, without what would follow from it": (
        {
            "treated: [South": "treated: &t [South",
            "Broadland: [Norwich]}": "Broadland: *t}",
            "unit: month": "unit: moth",
        },
        [("16:12", "anchors such as '&t' are not read here."), ("26:9", "did you mean 'month'?")],
    ),
    "merge key, without the keys it would bring": (
        {"  asb:\n    source: incidents\n    kind: count\n": "  asb:\n    <<: {kind: count}\n"},
        [("54:5", "merge keys (<<) are not read here.")],
    ),
}

CASES = UNKNOWN_KEYS | MISSING_KEYS | WRONG_VALUES | AREAS_AND_TIME | DATA | SEVERAL


def edited(text: str, edits: Edits) -> str:
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_study_they_are_made_from_is_valid(valid: str, problems: Callable[[str], list[str]]) -> None:
    assert problems(valid) == []


def test_no_case_is_lost() -> None:
    groups = (UNKNOWN_KEYS, MISSING_KEYS, WRONG_VALUES, AREAS_AND_TIME, DATA, SEVERAL)
    assert len(CASES) == sum(len(group) for group in groups)


@pytest.mark.parametrize("case", CASES)
def test_broken(case: str, valid: str, problems: Callable[[str], list[str]]) -> None:
    edits, expected = CASES[case]
    found = problems(edited(valid, edits))
    places = [re.match(r"x\.yaml:(\d+:\d+): ", problem) for problem in found]
    assert [place[1] if place else "nowhere" for place in places] == [place for place, _ in expected], found
    for problem, (_, fragment) in zip(found, expected, strict=True):
        assert fragment in problem
        assert not re.search(r"Input should|type=|pydantic|extra_forbidden|Traceback|Error", problem)
