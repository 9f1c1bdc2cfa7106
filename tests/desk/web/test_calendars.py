"""The calendar page: a change shows its effect first, is saved as it was seen, and holidays are only proposed."""

from datetime import UTC, datetime

import pytest

from desk.web import calendars
from desk.web.forms import hours
from followups.actions import rehearing
from followups.models import Policy, Reminder
from tests import factories

WEEK = {f"day_{number}": "09:00-17:00" if number < 5 else "" for number in range(7)}
LINES = {"days-TOTAL_FORMS": "2", "days-INITIAL_FORMS": "0"}
SENT = {"zone": "", **WEEK, **LINES, "country": "US", "part": ""}
THANKSGIVING = {"on": "2026-11-26", "name": "Thanksgiving Day", "hours": []}


def utc(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def look(client, path="/calendars", **changes):
    return client.post(path, {**SENT, **changes, "do": "look"})


def save(client, path="/calendars", **changes):
    seen = look(client, path, **changes).context["seen"]
    return client.post(path, {**SENT, **changes, "do": "save", "seen": seen})


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("09:00-17:00", [["09:00", "17:00"]]),
        ("9-12:30, 13.30 - 17", [["09:00", "12:30"], ["13:30", "17:00"]]),
        ("9h to 12h and 14h15–18h", [["09:00", "12:00"], ["14:15", "18:00"]]),
        ("22:00-06:00", [["22:00", "06:00"]]),
        ("0-24", [["00:00", "00:00"]]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text, periods):
    assert hours.read(text) == periods
    assert hours.read(hours.written(periods)) == periods


@pytest.mark.parametrize("text", ["nine", "09:00", "09:00-", "9-17 x", "9-17 18-19 20", "-"])
def test_other_words_are_not_hours(text):
    with pytest.raises(ValueError, match=r"^"):
        hours.read(text)


def test_the_effect_is_shown_and_nothing_saved(office, as_, now):
    row = factories.promise(promised_by=utc(25, 16), now=now, team=office.billing)
    due = factories.promise(promised_by=utc(26, 12), now=now, team=office.billing)
    answer = look(as_(office.root), proposed="2026-11-26")
    page = answer.content.decode()
    assert (answer.status_code, answer.context["effect"].later, answer.context["effect"].off) == (200, 3, 1)
    assert "<strong>3 reminders later</strong>, <strong>0 earlier</strong>, of 2 open promises." in page
    assert f'/tickets/{due.ticket.number}"' in page
    assert "<strong>1 promised time would fall on a day off</strong> and stays as said." in page
    assert 'value="2026-11-26"' in page
    assert Policy.objects.get(team=None).special_days == []
    assert row.reminders.get(stage="escalated").due_at == utc(26, 10)


def test_saved_as_it_was_seen_the_reminders_move(office, as_, now):
    row = factories.promise(promised_by=utc(25, 16), now=now, team=office.billing)
    client = as_(office.root)
    answer = save(client, proposed="2026-11-26", day_0="09:00-12:30, 13:30-17:00", zone="UTC")
    assert (answer.status_code, answer.url) == (302, "/calendars")
    policy = Policy.objects.get(team=None)
    assert (policy.zone, policy.week[0]) == ("UTC", [["09:00", "12:30"], ["13:30", "17:00"]])
    assert policy.special_days == [THANKSGIVING]
    assert row.reminders.get(stage="escalated").due_at == utc(27, 10)
    assert "Saved. 1 reminder moved; every promised time stays." in client.get("/calendars").content.decode()


def test_what_was_not_seen_is_shown_first(office, as_):
    client = as_(office.root)
    seen = look(client, day_5="10:00-14:00").context["seen"]
    for given in ({"day_5": "10:00-15:00", "seen": seen}, {"day_5": "10:00-15:00"}):
        answer = client.post("/calendars", {**SENT, **given, "do": "save"})
        assert (answer.status_code, answer.context["effect"].nothing) == (200, True)
    assert Policy.objects.get(team=None).week[5] == []


def test_what_already_climbs_may_be_left(office, as_, now):
    row = factories.promise(promised_by=utc(24, 9), now=utc(23, 9), team=office.billing, stage="overdue")
    Reminder.objects.filter(follow_up=row, due_at__lte=now).update(state="sent")
    before = row.reminders.get(stage="escalated").due_at
    client = as_(office.root)
    changed = {"day_1": "09:00-10:15, 13:00-17:00"}
    page = look(client, **changed)
    assert page.context["effect"].climbing == 1
    assert "Leave what already climbs" in page.content.decode()
    save(client, **changed, climbing="leave")
    assert row.reminders.get(stage="escalated").due_at == before


def test_a_team_takes_hours_of_its_own_and_follows_the_desk_again(office, as_, now):
    client, path = as_(office.root), f"/calendars/{office.billing.pk}"
    save(client, day_4="")
    assert client.get(path).context["forms"].main["day_4"].value() == ""
    assert save(client, path, day_4="09:00-12:00").url == path
    assert Policy.objects.get(team=office.billing).week[4] == [["09:00", "12:00"]]
    row = factories.promise(promised_by=utc(27, 11, 45), now=now, team=office.billing)
    assert row.reminders.get(stage="overdue").due_at == utc(30, 9, 15)
    client.post(f"/policy/{office.billing.pk}/dropping")
    assert Policy.objects.of(office.billing.pk).week[4] == [["09:00", "12:00"]]
    assert "Follow the desk's calendar again" in client.get(path).text
    assert client.post(path, {"do": "follow"}).url == path
    assert "Follow the desk's calendar again" not in client.get(path).text
    assert Policy.objects.of(office.billing.pk).week[4] == []
    assert row.reminders.get(stage="overdue").due_at == utc(30, 9, 30)


def test_special_days_are_entered_changed_and_taken_out(office, as_):
    client = as_(office.root)
    lines = {"days-0-on": "2026-12-24", "days-0-name": "Christmas Eve", "days-0-hours": "9-12"}
    save(client, **lines)
    eve = {"on": "2026-12-24", "name": "Christmas Eve", "hours": [["09:00", "12:00"]]}
    assert Policy.objects.get(team=None).special_days == [eve]
    out = {**lines, "days-TOTAL_FORMS": "3", "days-INITIAL_FORMS": "1", "days-0-out": "on"}
    save(client, **out, **{"days-1-on": "2027-01-01", "days-1-name": "New Year"})
    assert Policy.objects.get(team=None).special_days == [{"on": "2027-01-01", "name": "New Year", "hours": []}]


def test_holidays_are_proposed_from_today_on_and_what_was_edited_is_never_proposed_again(office, as_):
    client = as_(office.root)
    first = [day["on"].isoformat() for day in client.get("/calendars").context["forms"].proposals]
    assert first[:2] == ["2026-11-26", "2026-12-25"]
    assert (len(first), first[-1][:4]) == (17, "2027")
    save(client, **{"days-0-on": "2026-11-26", "days-0-name": "Turkey day", "days-0-hours": "9-13"})
    answer = client.post("/calendars", {**SENT, "do": "offer", "country": "DE", "part": "BY"})
    offered = {day["on"].isoformat(): day["name"] for day in answer.context["forms"].proposals}
    assert (answer.status_code, offered["2027-01-06"]) == (200, "Epiphany")
    again = client.get("/calendars").context["forms"].proposals
    assert "2026-11-26" not in {day["on"].isoformat() for day in again}
    kept = {"on": "2026-11-26", "name": "Turkey day", "hours": [["09:00", "13:00"]]}
    row = {"days-TOTAL_FORMS": "3", "days-INITIAL_FORMS": "1"}
    line = {"days-0-on": "2026-11-26", "days-0-name": "Turkey day", "days-0-hours": "9-13"}
    save(client, **row, **line, proposed="2026-11-26")
    assert Policy.objects.get(team=None).special_days == [kept]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"zone": "Nowhere"}, "zone"),
        ({"day_2": "morning"}, "day_2"),
        ({"day_2": "9-12, 11-13"}, "day_2"),
        ({"day_2": "26-27"}, "day_2"),
        ({f"day_{number}": "" for number in range(7)}, "__all__"),
    ],
)
def test_what_nobody_can_work_by_is_refused_at_its_field(office, as_, changes, field):
    answer = look(as_(office.root), **changes)
    assert (answer.status_code, list(answer.context["forms"].main.errors)) == (400, [field])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"days-0-on": "Christmas"}, "on"),
        ({"days-0-name": "Christmas"}, "on"),
        ({"days-0-on": "2026-12-25", "days-0-hours": "9-12, 10-13"}, "hours"),
        ({"days-0-on": "1850-12-25"}, "on"),
    ],
)
def test_a_wrong_line_is_refused_at_its_field(office, as_, line, field):
    answer = look(as_(office.root), **line)
    assert (answer.status_code, list(answer.context["forms"].special.errors[0])) == (400, [field])


def test_a_day_named_twice_is_refused_where_it_is_named_again(office, as_):
    answer = look(as_(office.root), **{"days-0-on": "2026-12-25", "days-1-on": "2026-12-25"})
    assert (answer.status_code, answer.context["forms"].special.errors) == (
        400,
        [{}, {"on": ["This day is in the list already."]}],
    )


@pytest.mark.parametrize("reader", ["sam", "aud"])
def test_supervisors_and_auditors_read(office, as_, reader):
    Policy.objects.filter(team=None).update(special_days=[THANKSGIVING])
    client = as_(getattr(office, reader))
    page = client.get(f"/calendars/{office.billing.pk}").content.decode()
    assert "Thanksgiving Day" in page
    assert 'name="day_0"' not in page
    assert client.post("/calendars", {**SENT, "do": "look"}).status_code == 403


def test_a_week_as_a_picture_goes_on_after_midnight():
    week = factories.week([6], ("22:00", "06:00"))
    days = calendars.picture(week)
    assert (days[6]["bars"], days[0]["bars"]) == ([{"x": 1320, "width": 120}], [{"x": 0, "width": 360}])
    assert calendars.picture(factories.week([0], ("00:00", "00:00")))[0]["bars"] == [{"x": 0, "width": 1440}]


@pytest.mark.parametrize("count", [0, 2])
def test_the_page_asks_as_often_for_two_teams_as_for_four(office, as_, django_assert_num_queries, count):
    for place in range(count):
        type(office.billing).objects.create(name=f"Team {place}")
    client = as_(office.root)
    with django_assert_num_queries(6):
        client.get("/calendars")


def test_the_page_says_how_many_are_still_being_moved(office, as_, now, monkeypatch):
    monkeypatch.setattr(rehearing, "BATCH", 2)
    for minute in range(5):
        factories.promise(promised_by=utc(25, 16, minute), now=now, team=office.billing)
    client = as_(office.root)
    save(client, day_3="")
    answer = client.get("/calendars")
    assert "Saved. Reminders are being moved" in answer.text
    assert "<strong>3 open follow-ups are being moved to these hours.</strong>" in answer.text
    assert "3 open follow-ups" in client.get(f"/calendars/{office.billing.pk}").text
    rehearing.go_on(now=now)
    assert "being moved to these hours" not in client.get("/calendars").text
