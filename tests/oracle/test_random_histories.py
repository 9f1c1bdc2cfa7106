"""The reports against the oracle, on desks that a seed made up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from followups.reports import catalogue, cuts
from tests.followups.reports.histories import question
from tests.oracle import comparing, random_history, raw
from tests.oracle.answers import Oracle

SEEDS = (1, 2)
DAY = timedelta(days=1)


def questions():
    """The whole history and parts of it, looked at from its midst, its end and long after."""
    start = random_history.START
    yield question(start, start + 70 * DAY)
    yield question(start, start + 200 * DAY)
    yield question(start + 20 * DAY, start + 55 * DAY, end=start + 45 * DAY)


def recontact_agrees(oracle):
    for asked in questions():
        for days, of in ((1, "all"), (7, "resolved"), (7, "unresolved"), (14, "all"), (30, "resolved")):
            one = question(asked.start, asked.as_of, end=asked.end, window_days=days, of=of, by="channel")
            found = comparing.of_recontact(one)
            wanted = oracle.recontact(comparing.asked(one))
            assert {key: row for key, row in found.items() if any(row.values())} == {
                key: row for key, row in wanted.items() if any(row.values())
            }


def resolution_agrees(oracle):
    for asked in questions():
        assert comparing.of_resolution(asked) == oracle.resolution(comparing.asked(asked))
        for days in (1, 3, 7, 30):
            assert comparing.of_horizon(asked, days) == oracle.horizon(comparing.asked(asked), days)


def time_to_resolution_agrees(oracle):
    for asked in questions():
        wanted = oracle.times(comparing.asked(asked))
        shares = wanted.pop("resolved_by")
        found = comparing.of_times(asked)
        assert found.pop("resolved_by") == {days: pytest.approx(share, abs=1e-9) for days, share in shares.items()}
        assert found == wanted


def promises_agree(oracle):
    for asked in questions():
        wanted = oracle.promises(comparing.asked(asked))
        assert comparing.of_promises(asked) == {name: count for name, count in wanted.items() if count}


def dead_ends_agree(oracle):
    for asked in questions():
        assert comparing.of_dead_ends(asked) == oracle.dead_ends(comparing.asked(asked))


def every_figure_lists_exactly_its_rows(_oracle):
    asked = question(random_history.START, random_history.START + 70 * DAY, by="site")
    for module in catalogue.REPORTS.values():
        for source in module.SOURCES:
            tally = cuts.tally(asked, source)
            for key, figures in {None: tally.total, **tally.rows}.items():
                for part in source.parts:
                    found, rows = cuts.listed(asked, module.SOURCES, part=part, key=key, limit=1000, offset=0)
                    assert (part, key, len(rows), found) == (part, key, figures[part], figures[part])


def a_longer_window_never_counts_fewer_on_one_mature_cohort(_oracle):
    start = random_history.START
    before = {"any_issue": 0, "same_issue": 0}
    for window in (1, 3, 7, 14, 30, 60):
        asked = question(start, start + 300 * DAY, window_days=window, of="all")
        found = comparing.of_recontact(asked)["total"]
        assert found["immature"] == 0
        assert before["any_issue"] <= found["any_issue"]
        assert before["same_issue"] <= found["same_issue"] <= found["any_issue"]
        before = found


def shifting_all_times_by_weeks_changes_nothing(_oracle):
    start, shift = random_history.START, "interval '364 days'"
    asked = question(start, start + 70 * DAY)
    later = question(start + 364 * DAY, start + 434 * DAY)
    before = [unlabelled(module.report(asked).total) for module in catalogue.REPORTS.values()]
    with transaction.atomic():
        random_history.shift(shift)
        after = [unlabelled(module.report(later).total) for module in catalogue.REPORTS.values()]
        transaction.set_rollback(True)
    assert after == before


def unlabelled(total):
    """Days are labels; what is promised on each of them is not."""
    return replace(total, days=list(total.days.values())) if hasattr(total, "days") else total


AGREEMENTS = (
    recontact_agrees,
    resolution_agrees,
    time_to_resolution_agrees,
    promises_agree,
    dead_ends_agree,
    every_figure_lists_exactly_its_rows,
    a_longer_window_never_counts_fewer_on_one_mature_cohort,
    shifting_all_times_by_weeks_changes_nothing,
)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_reports_agree_with_the_oracle(seed):
    random_history.make(seed)
    oracle = Oracle(raw.load())
    for agrees in AGREEMENTS:
        agrees(oracle)
