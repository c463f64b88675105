"""From intake to what may be published: small cells are suppressed here, and rows are accounted for."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from impact.intake.data import Intake, SourceAccount
from impact.result import DataInfo, ProblemInfo, SetAsideInfo, SourceInfo, WindowInfo
from models.describe import GroupTrend, WindowValue
from models.estimate import Path


def data_info(data: Intake) -> DataInfo:
    """Account for the sources, the areas, the periods and every row."""
    return DataInfo(
        sources={name: _source_info(account) for name, account in data.accounts.items()},
        areas=data.areas,
        periods=data.periods.labels,
        roles=tuple(role.value for role in data.periods.roles),
        rows=sum(account.rows for account in data.accounts.values()),
        problems=tuple(ProblemInfo(**asdict(problem)) for problem in data.problems),
    )


def _source_info(account: SourceAccount) -> SourceInfo:
    return SourceInfo(
        reader=account.reader,
        files=account.files,
        rows=account.rows,
        used=account.used,
        set_aside=tuple(SetAsideInfo(s.reason, s.rows) for s in account.set_aside),
        simulated=account.simulated,
    )


def too_small(n: float, minimum: int) -> bool:
    """Whether a cell stands on so few people that it must not be shown; an empty cell shows nobody."""
    return 0 < n < minimum


def window_infos(values: Sequence[WindowValue], minimum: int) -> tuple[WindowInfo, ...]:
    """Areas by windows, with small cells suppressed: neither their value nor their size is given."""
    return tuple(
        WindowInfo(v.area, v.treated, v.window, None, None, None, None, suppressed=True)
        if too_small(v.n, minimum)
        else WindowInfo(v.area, v.treated, v.window, v.value, v.lo, v.hi, v.n, suppressed=False)
        for v in values
    )


def trend_paths(trends: Sequence[GroupTrend], minimum: int) -> tuple[Path, ...]:
    """Series of the groups, with small cells blank."""
    return tuple(_blanked(trend.path, trend.n, minimum) for trend in trends)


def suppress_paths(paths: Sequence[Path], treated: GroupTrend, minimum: int) -> tuple[Path, ...]:
    """Models' series of the treated areas, blank wherever the treated areas' own cell is small."""
    return tuple(_blanked(path, treated.n, minimum) for path in paths)


def _blanked(path: Path, n: Sequence[float], minimum: int) -> Path:
    points = tuple(
        replace(point, value=None) if too_small(size, minimum) else point
        for point, size in zip(path.points, n, strict=True)
    )
    return Path(path.name, points)
