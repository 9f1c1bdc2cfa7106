"""What a restore held back is listed before it goes out, each with the key that it had."""

from datetime import time, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from followups.actions import mailing
from followups.models import Actor, Delivery, Mailing, Site
from tests import factories

pytestmark = pytest.mark.django_db


def said(capsys, *options) -> list[str]:
    call_command("release_sending", *options)
    return capsys.readouterr().out.splitlines()


def waiting(key, at, **fields):
    given = {"kind": "told", "address": "a@example.org", "subject": "S", "body": "B", "made_at": at, "due_at": at}
    return Delivery.objects.create(key=key, **{**given, **fields})


def test_a_dry_run_lists_what_waits_and_releases_nothing(capsys):
    now = timezone.now()
    Site.objects.update_or_create(pk=1, defaults={"sending_held": True})
    waiting("told:1:1", now - timedelta(hours=2))
    waiting("told:2:1", now + timedelta(hours=2))
    waiting("told:3:1", now - timedelta(hours=2), state="sent", sent_at=now)
    factories.promise(promised_by=now - timedelta(minutes=5), now=now - timedelta(minutes=20))
    lines = said(capsys, "--dry-run")
    assert [line.split()[-1] for line in lines[:2]] == ["told:1:1", "told:2:1"]
    assert lines[2:] == [
        "2 messages wait; 1 would go out at once.",
        "1 reminders are due; they are told in the desk in any case.",
    ]
    assert not any("example.org" in line for line in lines)
    assert Site.objects.get().sending_held


def test_a_report_by_mail_that_would_be_sent_again_is_listed_too(capsys):
    """After a restore the desk has forgotten that it sent the latest one; its key is the same as then."""
    now = timezone.now()
    sam = factories.agent("sam", "supervisor", email="sam@example.org")
    at = mailing.Schedule(period="days_7", rhythm="month", at=time(8), zone="UTC", day=(now - timedelta(days=2)).day)
    row = mailing.make(report="resolution", words={}, schedule=at, by=Actor(door="web", agent=sam), now=now)
    assert said(capsys, "--dry-run")[0] == "0 messages wait; 0 would go out at once."
    Mailing.objects.update(settled_at=now - timedelta(days=5))
    key = f"report:{row.pk}:{now - timedelta(days=2):%Y%m%d}T080000Z"
    assert said(capsys, "--dry-run")[0] == f"{now - timedelta(days=2):%F} 08:00:00Z report {key}"
    assert not Delivery.objects.exists()


def test_it_releases_a_restore_and_a_clock_in_doubt(capsys):
    Site.objects.update_or_create(pk=1, defaults={"sending_held": True})
    assert said(capsys) == ["Sending goes on."]
    Site.objects.update(clock_suspect_at=timezone.now())
    assert said(capsys) == ["Sending goes on."]
    site = Site.objects.get()
    assert (site.sending_held, site.clock_suspect_at) == (False, None)
    assert said(capsys) == ["Sending was not held."]
