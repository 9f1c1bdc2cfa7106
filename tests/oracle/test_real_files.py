"""The reports on real files against the answers that came with them and the oracle. Skipped without DESK_REAL_DATA."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import Count

from followups.actions import closing, customers, importing
from followups.clock import facts
from followups.models import Actor, Customer, LoggedResolution, Ticket
from followups.reports import catalogue, kept, recontact, resolution, tables, time_to_resolution
from tests import factories
from tests.followups.reports.histories import question
from tests.oracle import comparing, doors
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
    assert LoggedResolution.objects.count() == first["ever_resolved_by_events"]
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


PERIOD = {"from": "2016-01-01T00:00:00Z", "to": "2016-06-01T00:00:00Z", "as_of": "2016-06-01T00:00:00Z"}
SEEN = (
    ("recontact", "channel"),
    ("recontact", "family"),
    ("resolution", "channel"),
    ("time-to-resolution", "priority"),
)


def seen(door):
    """What page, JSON and file say; each says what the others say."""
    found = {}
    for name, by in SEEN:
        given = PERIOD | {"by": by}
        told, page = door.json(name, given), door.page(name, given)
        assert page.told(name) == [doors.said(name, told[key]) for key in told if key != "total"] + [
            doors.said(name, told["total"])
        ]
        found[name, by] = told, door.file(name, given), page.lines, page.figures
    return found


def doors_give_the_answers(found, first, more):
    for by, name in CUTS:
        told = found["recontact", by][0]
        mine = {key: {part: row[column] for part, column in COUNTS.items()} for key, row in told.items()}
        some = {key: row for key, row in more["recontact_7d"][f"resolved_by_{name}"].items() if any(row.values())}
        assert mine["total"] == more["recontact_7d"]["resolved"]
        assert {key: mine[key] for key in some} == some
    stood = {
        key: (row["as_of_rate_num"], row["as_of_rate_den"]) for key, row in found["resolution", "channel"][0].items()
    }
    wanted = {key: share(row["resolution_rate_as_of"]) for key, row in first["by_channel"].items()}
    assert stood.pop("total") == share(first["resolution_rate_as_of"])
    assert stood == wanted
    waited = found["time-to-resolution", "priority"][0]
    for key, row in {**first["ttr_hours"]["by_priority"], "total": first["ttr_hours"]["overall"]}.items():
        mine = waited[key]
        assert (mine["n"], mine["events"], mine["median_hours"], mine["p90_hours"]) == (
            row["n"],
            row["events"],
            row["median_h"],
            row["p90_h"],
        )


COUNTS = {
    "den": "any_issue_den",
    "any_issue": "any_issue_num",
    "same_issue": "same_issue_num",
    "immature": "any_issue_immature",
}


def reopened_long_after(by, count):
    """Tickets of the answers that come back ten years later."""
    rows = Ticket.objects.filter(imported=True, imported_resolved_at__range=(START, AS_OF)).order_by("pk")[:count]
    for row in rows:
        closing.reopen(ticket=row, reason="It is back", by=by, now=NOW)


@pytest.mark.full
@pytest.mark.django_db
def test_incidents_at_every_door(real_data):
    """As the answers say, from the rows and from the facts, and the same after reopenings later than as_of; after a merge
    and a late import as the rows then say.
    """
    load(real_data, "itsm_tickets.csv.gz", events="itsm_events.csv.gz")
    root = factories.agent("root", "admin", is_staff=True)
    by, door = Actor("web", agent=root), doors.Doors(root, NOW)
    before = seen(door)
    doors_give_the_answers(before, answers(real_data, "answers.json")["itsm"], answers(real_data, "answers_more.json"))
    reopened_long_after(by, 3)
    assert seen(door) == before
    facts.build(now=NOW)
    assert kept.ready()
    assert seen(door) == before
    reopened_long_after(by, 3)
    assert seen(door) == before
    while facts.follow():
        pass
    assert seen(door) == before
    merged_and_imported_late(by)
    assert seen(door) != before
    the_rows_say_so()
    while facts.follow():
        pass
    the_rows_say_so()
    assert not any(facts.differing().values())


def merged_and_imported_late(by):
    """Two who came often turn out to be one; her old tickets come in from another file."""
    often = Ticket.objects.values("customer").annotate(n=Count("pk")).order_by("-n")
    one, other = Customer.objects.filter(pk__in=[row["customer"] for row in often[:2]])
    customers.merge(customer=one, into=other, by=by, now=NOW)
    lines = ["reference,customer_ref,channel,category,opened_at,resolved_at,closed_at,status"]
    for month in ("02", "03", "04"):
        days = ",".join(f"2016-{month}-{day}T08:00:00Z" for day in ("03", "04", "05"))
        lines.append(f"LATE{month},{other.reference},phone,Category 26,{days},closed")
    text = "\n".join(lines)
    run = importing.start(
        file=io.BytesIO(text.encode()), file_name="late.csv", source="csv", by=by, now=NOW + timedelta(days=1)
    )
    importing.run(run=run, now=NOW + timedelta(days=1))
    assert Ticket.objects.filter(reference__startswith="LATE", customer=other).count() == 3


def the_rows_say_so():
    oracle = Oracle()
    for name in catalogue.REPORTS:
        comparing.agree(oracle, name, asked(by="family" if name == "recontact" else "channel"))


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
