"""The reports on real files against the answers that came with them and the oracle. Skipped without DESK_REAL_DATA."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from followups.actions import importing
from followups.clock import facts
from followups.models import Actor
from followups.reports import catalogue, kept, recontact, resolution, tables, time_to_resolution
from tests.followups.reports.histories import question
from tests.oracle import comparing
from tests.oracle.answers import Oracle

START = datetime(2016, 1, 1, tzinfo=UTC)
AS_OF = datetime(2016, 6, 1, tzinfo=UTC)
BANK_START = datetime(1999, 1, 1, tzinfo=UTC)
BANK_AS_OF = datetime(1999, 3, 1, tzinfo=UTC)
CUTS = (("channel", "channel"), ("family", "category"))
NOW = datetime(2026, 11, 1, tzinfo=UTC)
MAPS = Path(__file__).parent.parent / "samples" / "maps"


def load(folder, tickets, *, events="", **options):
    with (Path(folder) / tickets).open("rb") as file:
        log = (Path(folder) / events).open("rb") if events else None
        try:
            run = importing.start(
                file=file, file_name=tickets, source="csv", by=Actor("import"), now=NOW, events=log, **options
            )
        finally:
            if log:
                log.close()
    importing.run(run=run, now=NOW)
    return run


def answers(folder, name):
    return json.loads((Path(folder) / name).read_text())


def asked(**fields):
    return question(START, AS_OF, **fields)


def counts(row):
    return {
        "den": row.any_issue.den,
        "any_issue": row.any_issue.num,
        "same_issue": row.same_issue.num,
        "immature": row.any_issue.immature,
    }


def share(answer):
    return answer["k"], answer["n"]


@pytest.mark.django_db
def test_incidents(real_data):
    load(real_data, "itsm_tickets.csv.gz", events="itsm_events.csv.gz")
    first, more = answers(real_data, "answers.json")["itsm"], answers(real_data, "answers_more.json")
    for days in (7, 14, 30):
        recontact_of_incidents(more[f"recontact_{days}d"], days)
    assert recontact.report(asked()).total.any_issue.excluded["no_customer"] == more["no_customer"]
    resolution_of_incidents(first, more)
    times_of_incidents(first["ttr_hours"])
    incidents_agree_with_the_oracle()
    the_file_holds_the_same_figures()
    the_facts_hold_the_same_figures(first, more)


def the_facts_hold_the_same_figures(first, more):
    facts.build(now=NOW)
    assert kept.ready()
    recontact_of_incidents(more["recontact_7d"], 7)
    resolution_of_incidents(first, more)
    times_of_incidents(first["ttr_hours"])
    the_file_holds_the_same_figures()
    assert not any(facts.differing().values())


def recontact_of_incidents(wanted, days):
    for of in ("all", "resolved", "unresolved"):
        assert counts(recontact.report(asked(window_days=days, of=of)).total) == wanted[of]
    for by, name in CUTS:
        rows = recontact.report(asked(window_days=days, by=by)).rows
        found = {row.key: counts(row) for row in rows}
        some = {key: row for key, row in wanted[f"resolved_by_{name}"].items() if any(row.values())}
        assert {key: found[key] for key in some} == some


def resolution_of_incidents(first, more):
    total = resolution.report(asked()).total
    assert (total.as_of_rate.num, total.as_of_rate.den) == share(first["resolution_rate_as_of"])
    assert (total.open, total.reopened) == (first["open_backlog_as_of"], more["reopened_by_as_of"])
    for by, name in CUTS:
        found = {row.key: (row.as_of_rate.num, row.as_of_rate.den) for row in resolution.report(asked(by=by)).rows}
        wanted = {key: share(row["resolution_rate_as_of"]) for key, row in first[f"by_{name}"].items()}
        assert {key: found[key] for key in wanted} == wanted


def times_of_incidents(wanted):
    for by, name in (*CUTS, ("priority", "priority")):
        report = time_to_resolution.report(asked(by=by))
        found = {row.key: row for row in report.rows}
        for key, row in wanted[f"by_{name}"].items():
            assert hours(found[key]) == (row["n"], row["events"], row["median_h"], row["p90_h"])
        overall = wanted["overall"]
        assert hours(report.total) == (overall["n"], overall["events"], overall["median_h"], overall["p90_h"])


def hours(row):
    return row.n, row.events, row.median_hours, row.p90_hours


def incidents_agree_with_the_oracle():
    """What the answers do not hold: every other report, and the times by lifelines."""
    oracle = Oracle()
    for name in catalogue.REPORTS:
        comparing.agree(oracle, name, asked(by="channel"))


def the_file_holds_the_same_figures():
    header, total = tables.text(recontact.report(asked())).splitlines()
    found = dict(zip(header.split(","), total.split(","), strict=True))
    assert (found["any_issue_num"], found["any_issue_den"], found["same_issue_num"]) == ("4807", "10362", "1527")
    assert (found["any_issue_immature"], found["any_issue_excluded_no_customer"]) == ("556", "3")


@pytest.mark.django_db
def test_bank_calls(real_data):
    load(real_data, "bank_calls.csv.gz", map=json.loads((MAPS / "bank_calls.json").read_text()))
    wanted = answers(real_data, "answers.json")["bank_feb1999"]
    for days in (1, 3, 7, 14):
        found = recontact.report(question(BANK_START, BANK_AS_OF, window_days=days, by="family"))
        assert came_back(found.total) == share(wanted["recontact_after_served"][f"{days}d"]["eligible"])
        by_kind = {row.key: came_back(row) for row in found.rows}
        for key, row in wanted["recontact_after_served_by_type"].items():
            assert by_kind[key] == share(row[f"{days}d"]["eligible"])
    found = resolution.report(question(BANK_START, BANK_AS_OF, by="family"))
    assert resolved(found.total) == share(wanted["served_rate"])
    assert {row.key: resolved(row) for row in found.rows} == {k: share(v) for k, v in wanted["served_by_type"].items()}


def came_back(row):
    return row.any_issue.num, row.any_issue.den


def resolved(row):
    return row.as_of_rate.num, row.as_of_rate.den
