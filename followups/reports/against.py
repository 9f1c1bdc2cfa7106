"""Two periods beside each other: the difference of a share, its range, and what may be said of it in a word."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from followups.reports import mix, rows, statistics, windows

# Nobody is compared on fewer.
ENOUGH = 30

FEWER, MORE, ALIKE, FEW, NONE, MIX_FEWER, MIX_MORE, UNFINISHED = (
    "fewer",
    "more",
    "alike",
    "too_few",
    "unknown",
    "fewer_but_for_mix",
    "more_but_for_mix",
    "not_over",
)
VERDICTS = (FEWER, MORE, ALIKE, FEW, NONE, MIX_FEWER, MIX_MORE, UNFINISHED)
FOR_MIX = (MIX_FEWER, MIX_MORE)


# What was counted, and of how many.
Counts = tuple[int, int]


def earlier(question: windows.Question, *, lagging: bool = False) -> windows.Question:
    """The same asked of the period before of the same length, or of the same dates a year before, by the desk's wall clock.

    `lagging`: from as long after the period as now; else from now, as what happened within the days asked stands.
    """
    zone = ZoneInfo(question.zone)
    first, last = (instant.astimezone(zone).replace(tzinfo=None) for instant in (question.start, question.end))
    back = (lambda at: at - (last - first)) if question.against == "before" else _year_before
    start, end = (_instant(back(at), zone) for at in (first, last))
    as_of = question.as_of - (question.end - end) if lagging else question.as_of
    return replace(question, start=start, end=end, as_of=as_of, against=None)


def _year_before(at: datetime) -> datetime:
    leap_day = (at.month, at.day) == (2, 29)
    return at.replace(year=at.year - 1, day=28 if leap_day else at.day)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(windows.UTC)


def compared(now: mix.Stratum, before: mix.Stratum, parts: tuple[str, str, str], *, over: bool) -> rows.Against:
    """Now less before; `over`: whether the later period has ended."""
    num, den, immature = (sum(figures[part] for figures in before.values()) for part in parts)
    mine = (sum(figures[parts[0]] for figures in now.values()), sum(figures[parts[1]] for figures in now.values()))
    difference = statistics.newcombe(*mine, num, den)
    at_old_mix = mix.at(now, mix.weights(before, parts[1]), *parts[:2]).rate
    return rows.Against(
        num=num,
        den=den,
        rate=num / den if den else None,
        immature=immature,
        difference=difference.value if difference else None,
        ci_low=difference.low if difference else None,
        ci_high=difference.high if difference else None,
        at_old_mix=at_old_mix,
        verdict=verdict(mine, (num, den), at_old_mix) if over else UNFINISHED,
    )


def verdict(now: Counts, before: Counts, at_old_mix: float | None = None) -> str:
    """What may be said of two counts (num, den). Nothing below 30; no change within the interval; and neither more nor
    fewer where as many cases at the old mix would not show it (E10 of the definitions).
    """
    difference = statistics.newcombe(*now, *before)
    if difference is None:
        return NONE
    if min(now[1], before[1]) < ENOUGH:
        return FEW
    told = _told(difference)
    if told == ALIKE or at_old_mix is None:
        return told
    mixed = statistics.newcombe(at_old_mix * now[1], now[1], *before)
    return told if mixed and _told(mixed) == told else {MORE: MIX_MORE, FEWER: MIX_FEWER}[told]


def _told(difference: statistics.Difference) -> str:
    if difference.low > 0:
        return MORE
    return FEWER if difference.high < 0 else ALIKE
