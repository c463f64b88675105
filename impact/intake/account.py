"""The account of a source: every row is either in a cell or set aside for a named reason."""

import ibis

from impact.intake.areas import AreaList
from impact.intake.data import SetAside, SourceAccount
from impact.intake.placing import Placed
from models.periods import Periods

USED = "used"


def account(placed: Placed, areas: AreaList, periods: Periods) -> SourceAccount:
    """Count where the rows of a source went; a row is set aside for the first reason that applies."""
    asked, rows = placed.asked, placed.rows
    police = asked.police_uk
    reasons = [
        (rows["area"].isnull(), "no LSOA" if police else "no area"),
        *([(rows["moment"].isnull(), "no date")] if placed.timed else []),
        *([(rows["area"].isin(sorted(areas.around)), "areas around, for displacement only")] if areas.around else []),
        (~rows["area"].isin(areas.names), "other districts" if police else "other areas"),
    ]
    if asked.measured:
        reasons += [
            (rows["period"] < periods.first, "before the baseline"),
            (rows["period"] >= periods.first + len(periods), "after the follow-up"),
        ]
    fate = rows.select(fate=ibis.cases(*reasons, else_=USED))
    found = fate.group_by("fate").aggregate(rows=lambda t: t.count()).to_pyarrow().to_pylist()
    counts = {each["fate"]: each["rows"] for each in found}
    staged = placed.staged
    return SourceAccount(
        name=asked.name,
        reader=asked.source.reader,
        files=tuple(f.name for f in staged.files),
        sha256={f.name: f.sha256 for f in staged.files if f.sha256 is not None},
        rows=placed.total,
        used=counts.get(USED, 0),
        set_aside=tuple(SetAside(reason, counts[reason]) for _, reason in reasons if counts.get(reason)),
        simulated=asked.source.simulated,
        published=police,
    )
