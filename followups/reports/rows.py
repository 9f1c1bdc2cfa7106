"""The shapes of the answers: plain dataclasses, the same for page, API and CSV."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from followups.reports import statistics

TOTAL = "total"
WHERE_ASKED = ("at_common_mix", "against", "outreach", "pairs")


@dataclass(frozen=True)
class CommonMix:
    """The share at the channels and families of the whole question, where `covered` (a share of that mix) suffices."""

    rate: float | None
    covered: float | None


@dataclass(frozen=True)
class Against:
    """The share of an earlier period; `difference` is now less then, with Newcombe's interval. `at_old_mix` is now's share
    if as many had come of each channel and family as then; `verdict` what may be said, of `against.VERDICTS`.
    """

    num: int
    den: int
    rate: float | None
    immature: int
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    at_old_mix: float | None
    verdict: str


@dataclass(frozen=True)
class Row:
    """A share with its 95 % interval (Wilson). Nothing to divide by: None, never 0. The last two stand only where asked."""

    key: str
    num: int
    den: int
    rate: float | None
    ci_low: float | None
    ci_high: float | None
    immature: int
    excluded: dict[str, int]
    at_common_mix: CommonMix | None = field(default=None, kw_only=True)
    against: Against | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Recontact:
    key: str
    any_issue: Row
    same_issue: Row


@dataclass(frozen=True)
class Pair:
    """Families: what had ended, and what the customer asked next ("": a contact without a ticket); `of` all ends
    followed by any issue and not by the same.
    """

    ended: str
    asked: str
    n: int
    of: int


@dataclass(frozen=True)
class Resolution:
    """`horizons` by days ("1", "3", "7", "30"); `open` and `ended_unresolved` are those of the as-of rate."""

    key: str
    as_of_rate: Row
    horizons: dict[str, Row]
    reopened: int
    open: int
    ended_unresolved: int


@dataclass(frozen=True)
class Within:
    """Within how many hours half, and nine of ten; None: not reached within what could be watched."""

    median_hours: float | None
    p90_hours: float | None


@dataclass(frozen=True)
class First(Within):
    """Until the first resolution that was said, whatever came of it: `n` were, `not_held` of these did not hold."""

    n: int
    not_held: int


@dataclass(frozen=True)
class TimeToResolution:
    """Hours to four places; None: not reached within what could be watched. `working`: the same in working hours."""

    key: str
    n: int
    events: int
    median_hours: float | None
    p90_hours: float | None
    resolved_by: dict[str, float | None]
    open: int
    ended_unresolved: int
    working: Within
    first: First
    excluded: dict[str, int]


@dataclass(frozen=True)
class Promises(Row):
    """Counts of the same denominator; `told_share` is of all follow-ups that fell due (`due`)."""

    tried_in_time: int
    empty_handed: int
    kept_late: int
    never_done: int
    moved_by_us: int
    due: int
    told_share: float | None
    median_wait_hours: float | None
    median_late_hours: float | None


@dataclass(frozen=True)
class DeadEnds(Row):
    """`orphans` and `no_first_step` are of this moment, not of the period; None in a cut by time.

    `tangible`: of the tickets with a dead end, those whose customer got something other than news within the days asked.
    """

    attempted: int
    no_remedy: int
    unreachable: int
    gave_up: int
    replaced: int
    told: int
    waived: int
    waived_by_kind: dict[str, int]
    orphans: int | None
    no_first_step: int | None
    tangible: Row


@dataclass(frozen=True)
class Effort:
    """Per problem, within the days asked: means; `days` from her first contact to her last. None where there is none."""

    contacts: float | None
    transfers: float | None
    channel_switches: float | None
    retold: float | None
    days: float | None


@dataclass(frozen=True)
class FirstContact(Row):
    """Counts of the same denominator; a unit may be both. `effort` is what a problem cost its customer, on average."""

    came_again: int
    not_resolved: int
    effort: Effort


@dataclass(frozen=True)
class Confirmed(Row):
    """The band `[low, high]`: confirmed by the customer, and not refuted by her word or a contact."""

    low: float | None
    high: float | None
    refuted: int
    claimed: int


@dataclass(frozen=True)
class Chase(Row):
    """`often`: promises asked after more than once; `contacts`: all those contacts together."""

    often: int
    contacts: int


@dataclass(frozen=True)
class Silent(Row):
    """`num` in its kinds, and what may be done about it; some are held out, to see what reaching out does."""

    waived: int
    gave_up: int
    imported: int
    waiting: int
    to_contact: int
    held_out: int
    not_to_contact: int


@dataclass(frozen=True)
class Effect:
    """`difference` is of those to be contacted less those held out, with Newcombe's interval; `verdict` as in `Against`."""

    to_contact: Row
    held_out: Row
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    verdict: str


@dataclass(frozen=True)
class Outreach:
    """What became of the customers drawn in the period within 30 days: came back to us, were resolved, were reached by us."""

    came_back: Effect
    resolved: Effect
    reached: Effect
    why: str


@dataclass(frozen=True)
class Workload:
    """Open at as_of, by age; done in the period; and by day (ISO date) what is promised and what the people can carry.

    A day holds `promised` (follow-ups), `minutes`, `people`, `per_person` (minutes) and `budget` (minutes); the last three
    are None in a cut by other than teams.
    """

    key: str
    open: int
    overdue: int
    no_first_step: int
    ages: dict[str, int]
    opened: int
    ended: int
    resolved: int
    days: dict[str, dict[str, int | None]]


@dataclass(frozen=True)
class Targets(Row):
    """`kinds` by name; those of rules by name are not in the whole."""

    missed: int
    kinds: dict[str, Row]


@dataclass(frozen=True)
class Report:
    """`headline` is the figure in a sentence, `definition` its meaning, `counted` how, in the statistician's words."""

    name: str
    headline: str
    definition: str
    counted: str
    entered_after_as_of: int
    total: Any
    rows: list[Any] = field(default_factory=list)
    familiar: Row | None = None
    outreach: Outreach | None = None
    pairs: list[Pair] | None = None


def figures(row: Any) -> dict[str, Any]:
    """A row or a report as a dict, without what was not asked to stand beside its shares."""
    return asdict(
        row, dict_factory=lambda pairs: {name: it for name, it in pairs if it is not None or name not in WHERE_ASKED}
    )


def share(key: str, num: int, den: int, *, immature: int = 0, excluded: Mapping[str, int] | None = None) -> Row:
    return Row(**parts(key, num, den, immature=immature, excluded=excluded))


def parts(
    key: str, num: int, den: int, *, immature: int = 0, excluded: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The fields of a `Row`, for the shapes that carry more."""
    interval = statistics.wilson(num, den)
    return {
        "key": key,
        "num": num,
        "den": den,
        "rate": num / den if den else None,
        "ci_low": interval.low if interval else None,
        "ci_high": interval.high if interval else None,
        "immature": immature,
        "excluded": dict(excluded or {}),
    }


def number(count: int) -> str:
    """A count in words: thousands apart by a thin blank, as on the pages."""
    return f"{count:,}".replace(",", "\u2009")


def percent(share_of: float | None) -> str:
    """A share in words: "89 %", or a dash where there is nothing to divide by."""
    return "\u2013" if share_of is None else f"{share_of * 100:.0f}\u00a0%"
