"""Mornings: "your day" as a mail, once per day and person, at the start of their working day, for those who want it."""

from datetime import datetime, time, timedelta

from django.conf import settings

from followups import worktime
from followups.clock import quiet
from followups.models import Agent, Delivery, DeliveryKind, Site
from followups.reports import your_day

LATEST = timedelta(hours=4)  # after the start: later the day is no news any more
NIGHT = time(0)


def sweep(*, now: datetime) -> int:
    """How many letters were written down."""
    if Site.objects.filter(sending_held=True).exists():
        return 0
    wanting = Agent.objects.filter(is_active=True, listening__your_day=True).exclude(email="")
    people = list(wanting.exclude(absences__from_at__lte=now, absences__until_at__gt=now))
    rests = quiet.of(people) if people else {}
    return sum(_letter(person, rests[person.pk], now) for person in people)


def starts_at(rest: quiet.Rest, now: datetime) -> datetime | None:
    """When the working day of `now` starts for somebody; None on a day off."""
    day = worktime.to_wall(now, rest.zone).date()
    if not worktime.is_working_day(day, rest.calendar):
        return None
    midnight = worktime.to_instant(datetime.combine(day, NIGHT), rest.zone)
    return worktime.next_working_instant(midnight, rest.calendar)


def _letter(person: Agent, rest: quiet.Rest, now: datetime) -> bool:
    start = starts_at(rest, now)
    if start is None or not start <= now < start + LATEST:
        return False
    day = your_day.of(person, zone=rest.zone, now=now)
    fields = {
        "kind": DeliveryKind.YOUR_DAY,
        "agent": person,
        "address": person.email,
        "subject": _subject(day),
        "body": _body(day),
        "made_at": now,
        "due_at": now,
    }
    key = f"day:{person.pk}:{worktime.to_wall(now, rest.zone):%Y-%m-%d}"
    return Delivery.objects.get_or_create(key=key, defaults=fields)[1]


def _subject(day: your_day.Day) -> str:
    overdue = f", {day.overdue_count} overdue" if day.overdue_count else ""
    return f"Your day: {day.promised_count} promised{overdue}"


def _body(day: your_day.Day) -> str:
    parts = [
        ("Overdue", [_line(each) for each in day.overdue]),
        ("Promised today", [_line(each) for each in day.promised]),
        ("Came overnight", [notice.text for notice in day.overnight]),
        ("You stand in for", [f"{each.name}, until {each.until}: {each.count} promised" for each in day.standing_in]),
        ("Free in your team", [_line(each) for each in day.free]),
    ]
    lines = [f"{title}:\n" + "\n".join(f"- {text}" for text in texts) for title, texts in parts if texts]
    return "\n\n".join([*(lines or ["Nothing is promised for today."]), f"{settings.SITE_URL}/your-day"]) + "\n"


def _line(each: your_day.Promised) -> str:
    return f"{each.hour} {each.subject}, {each.customer} ({each.number})"
