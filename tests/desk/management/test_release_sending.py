"""What a restore held back is listed before it goes out, each with the key that it had."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from followups.models import Delivery, Site
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


def test_it_releases_a_restore_and_a_clock_in_doubt(capsys):
    Site.objects.update_or_create(pk=1, defaults={"sending_held": True})
    assert said(capsys) == ["Sending goes on."]
    Site.objects.update(clock_suspect_at=timezone.now())
    assert said(capsys) == ["Sending goes on."]
    site = Site.objects.get()
    assert (site.sending_held, site.clock_suspect_at) == (False, None)
    assert said(capsys) == ["Sending was not held."]
