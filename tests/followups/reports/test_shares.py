"""What stands beside a share: the same at the mix of all together, and against an earlier period."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from followups.reports import against, catalogue, mix, recontact, resolution, shares, statistics, windows
from tests import factories
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AS_OF = START + 90 * DAY


def stratum(**counts):
    """By channel alone: solved of all."""
    return {(channel, "Billing"): {"num": num, "den": den, "immature": 0} for channel, (num, den) in counts.items()}


PARTS = ("num", "den", "immature")


def test_e10_is_not_worse_at_the_old_mix():
    """Ten desks of the size of the example, so that the range does not hold 0."""
    before = stratum(phone=(800, 1000), email=(100, 200))
    now = stratum(phone=(180, 200), email=(600, 1000))
    found = against.compared(now, before, PARTS, over=True)
    assert (found.rate, found.difference) == (pytest.approx(0.75), pytest.approx(-0.10))
    assert found.ci_high < 0
    assert found.at_old_mix == pytest.approx(0.85)
    assert found.verdict == "fewer_but_for_mix"


def test_the_worked_example_itself_is_within_its_range():
    found = against.compared(
        stratum(phone=(18, 20), email=(60, 100)), stratum(phone=(80, 100), email=(10, 20)), PARTS, over=True
    )
    assert (found.at_old_mix, found.verdict) == (pytest.approx(0.85), "alike")


def test_a_period_that_is_not_over_is_not_judged():
    now, before = stratum(phone=(10, 100)), stratum(phone=(90, 100))
    assert against.compared(now, before, PARTS, over=False).verdict == "not_over"
    assert against.compared(now, before, PARTS, over=True).verdict == "fewer"


def test_a_share_at_the_mix_is_said_only_where_most_of_the_mix_is_covered():
    wanted = {("phone", "Billing"): 90, ("email", "Billing"): 10}
    assert mix.at(stratum(phone=(30, 60)), wanted, "num", "den").rate == pytest.approx(0.5)
    most = mix.at(stratum(phone=(30, 60)), wanted | {("email", "Billing"): 11}, "num", "den")
    assert (most.rate, most.covered) == (None, pytest.approx(90 / 101))
    assert mix.at({}, wanted, "num", "den").covered == 0.0
    assert mix.at({}, {}, "num", "den").covered is None


@pytest.mark.parametrize(
    ("which", "start", "end", "wanted"),
    [
        ("before", "2026-03-01", "2026-04-01", ("2026-01-29", "2026-03-01")),
        ("year", "2026-03-01", "2026-04-01", ("2025-03-01", "2025-04-01")),
        ("year", "2024-02-29", "2024-03-01", ("2023-02-28", "2023-03-01")),
        # A week with the change to summer time: whole days of the wall clock, 167 h and 168 h.
        ("before", "2026-03-23", "2026-03-30", ("2026-03-16", "2026-03-23")),
    ],
)
def test_the_earlier_period_is_of_whole_days_of_the_desk(which, start, end, wanted):
    zone = ZoneInfo("Europe/Vienna")
    instants = [datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC) for day in (start, end)]
    asked = histories.question(instants[0], AS_OF, end=instants[1], zone="Europe/Vienna", against=which)
    found = against.earlier(asked)
    assert tuple(f"{at.astimezone(zone):%Y-%m-%d}" for at in (found.start, found.end)) == wanted
    assert {at.astimezone(zone).hour for at in (found.start, found.end)} == {0}
    assert (found.as_of, found.against) == (AS_OF, None)
    assert against.earlier(asked, lagging=True).as_of == AS_OF - (asked.end - found.end)


def ended(n, *, at, again=0, team, channel="phone", family="Billing"):
    """Resolved after a day; the first `again` came back the day after."""
    for place in range(n):
        who = histories.person(f"{team.name}-{channel}-{family}-{at:%m%d}-{place}", now=at)
        row = histories.ticket(who, at=at, team=team, channel=channel, family=family)
        histories.close(row, at=at + DAY)
        if place < again:
            histories.contact(row, at=at + 2 * DAY)


def asked(**fields):
    return histories.question(START, fields.pop("as_of", AS_OF), **{"end": START + 30 * DAY, "by": "team", **fields})


@pytest.mark.django_db
def test_each_team_at_the_mix_of_all_together():
    """North has the hard channel, South the easy one; on the same channel North is the better."""
    north, south = factories.team("North"), factories.team("South")
    ended(6, at=START, again=3, team=north, channel="email")
    ended(2, at=START, again=0, team=north)
    ended(1, at=START, again=1, team=south, channel="email")
    ended(7, at=START, again=1, team=south)
    found = {row.key: row.same_issue for row in shares.report(recontact, asked()).rows}
    assert (found["North"].num, found["South"].num) == (3, 2)
    # The whole: 7 by mail, 9 by phone.
    assert found["North"].at_common_mix.rate == pytest.approx((3 / 6) * 7 / 16 + 0 * 9 / 16)
    assert found["South"].at_common_mix.rate == pytest.approx(1 * 7 / 16 + (1 / 7) * 9 / 16)
    assert {row.at_common_mix.covered for row in found.values()} == {1.0}


@pytest.mark.django_db
def test_at_the_common_mix_the_family_counts_too_and_what_a_team_never_had_is_not_guessed():
    north, south = factories.team("North"), factories.team("South")
    ended(2, at=START, team=north)
    ended(2, at=START, team=south, family="Delivery")
    found = shares.report(recontact, asked()).rows
    assert {(row.any_issue.at_common_mix.rate, row.any_issue.at_common_mix.covered) for row in found} == {(None, 0.5)}
    assert shares.report(recontact, asked(by="channel")).rows[0].any_issue.at_common_mix is None


@pytest.mark.django_db
def test_the_mix_of_a_share_is_that_of_the_definition():
    """By an independent sum over the rows of the report, cut by the pairs themselves."""
    teams = [factories.team(name) for name in ("A", "B", "C")]
    for place, team in enumerate(teams):
        for turn, (channel, family) in enumerate((c, f) for c in ("phone", "email") for f in ("Billing", "Delivery")):
            ended(
                1 + (place * 3 + turn) % 4,
                at=START,
                again=(place + turn) % 2,
                team=team,
                channel=channel,
                family=family,
            )
    cells = {}
    for team in teams:
        for channel in ("phone", "email"):
            for family in ("Billing", "Delivery"):
                filters = recontact_filters(team, channel, family)
                row = recontact.report(asked(by=None, filters=filters)).total.any_issue
                cells[team.name, channel, family] = (row.num, row.den)
    weights = {}
    for (_, *pair), (_, den) in cells.items():
        weights[tuple(pair)] = weights.get(tuple(pair), 0) + den
    for row in shares.report(recontact, asked()).rows:
        mine = {pair: cells[row.key, *pair] for pair in weights}
        known = {pair: weight for pair, weight in weights.items() if mine[pair][1]}
        wanted = sum(mine[pair][0] / mine[pair][1] * weight for pair, weight in known.items()) / sum(known.values())
        assert row.any_issue.at_common_mix.rate == pytest.approx(wanted)


def recontact_filters(team, channel, family):
    return windows.Filters(team=team.pk, channel=channel, family=family)


@pytest.mark.django_db
def test_nobody_is_ranked_on_fewer_than_thirty():
    ended(30, at=START, team=factories.team("Zeta"))
    ended(31, at=START, team=factories.team("Omega"))
    ended(2, at=START, team=factories.team("Alpha"))
    found = shares.report(recontact, asked())
    assert [row.key for row in found.rows] == ["Omega", "Zeta", "Alpha"]
    assert [shares.is_few("recontact", asked(), row) for row in found.rows] == [False, False, True]
    assert not any(shares.is_few("recontact", asked(by="channel"), row) for row in found.rows)


@pytest.mark.django_db
def test_two_periods_are_the_difference_of_what_each_says_alone():
    north = factories.team("North")
    ended(40, at=START + 2 * DAY, again=30, team=north)
    ended(50, at=START - 20 * DAY, again=5, team=north)
    question = asked(against="before")
    now = recontact.report(asked()).total.same_issue
    before = recontact.report(against.earlier(question)).total.same_issue
    found = shares.report(recontact, question)
    share = found.total.same_issue.against
    assert (share.num, share.den, share.immature) == (before.num, before.den, before.immature) == (5, 50, 0)
    wanted = statistics.newcombe(now.num, now.den, before.num, before.den)
    assert (share.difference, share.ci_low, share.ci_high) == wanted
    assert share.verdict == "more"
    assert found.rows[0].same_issue.against == share


@pytest.mark.django_db
def test_what_has_not_its_days_behind_it_is_counted_apart_on_both_sides():
    north = factories.team("North")
    ended(3, at=START + 28 * DAY, team=north)
    ended(4, at=START - 2 * DAY, again=1, team=north)
    late = shares.report(recontact, asked(against="before", by=None, as_of=START + 31 * DAY)).total.any_issue
    assert (late.den, late.immature, late.against.den, late.against.immature) == (0, 3, 4, 0)
    assert late.against.verdict == "unknown"
    early = asked(against="before", by=None, end=START + 3 * DAY, as_of=START + 3 * DAY)
    then = shares.report(recontact, early).total.any_issue.against
    assert (then.den, then.immature, then.verdict) == (0, 4, "unknown")


@pytest.mark.django_db
def test_a_share_that_never_stops_changing_stands_against_nothing():
    found = shares.report(resolution, asked(against="before", by=None)).total
    assert found.as_of_rate.against is None
    assert {days: row.against.verdict for days, row in found.horizons.items()} == dict.fromkeys(
        ("1", "3", "7", "30"), "unknown"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("name", catalogue.REPORTS)
@pytest.mark.parametrize("by", ["team", "week", None])
def test_the_strata_of_every_report_add_up_to_its_shares(name, by):
    team = factories.team("North")
    ended(3, at=START, again=1, team=team)
    step = histories.promise(
        histories.ticket(histories.person("eve", now=START), at=START, team=team),
        made=START,
        by=START + DAY,
        told=START,
    )
    histories.replaced(step.ticket, at=START + DAY, by=step)
    histories.close(step.ticket, at=START + 2 * DAY)
    question = asked(by=by, against="before")
    found = shares.report(catalogue.REPORTS[name], question)
    if name not in shares.SHARES:
        assert name in ("time-to-resolution", "workload")
        return
    described = shares.SHARES[name]
    strata = mix.strata(question, described.counted)
    for share in described.each:
        whole = mix.whole(strata)
        for row, one in [(found.total, whole), *((row, strata[row.key]) for row in found.rows if by == "team")]:
            counts = [sum(figures[part] for figures in one.values()) for part in share.parts]
            stands = shares.get(row, share.at)
            assert counts == [stands.num, stands.den, stands.immature]
