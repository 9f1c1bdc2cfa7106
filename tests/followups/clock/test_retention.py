"""What ran out goes; what has not, stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from followups.clock import retention
from followups.models import IdempotentAnswer, OneTimeLink

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_answers_are_kept_for_72_hours():
    for age in (71, 72, 73):
        IdempotentAnswer.objects.create(path="/", key=str(age), body_digest="", at=NOW - age * HOUR)
    assert retention.sweep(now=NOW) == 1
    assert set(IdempotentAnswer.objects.values_list("key", flat=True)) == {"71", "72"}


def test_links_go_once_used_or_run_out():
    for name, expires, used in (("fresh", HOUR, None), ("used", HOUR, NOW), ("old", -HOUR, None)):
        OneTimeLink.objects.create(digest=name, made_at=NOW, expires_at=NOW + expires, used_at=used)
    assert retention.sweep(now=NOW) == 2
    assert list(OneTimeLink.objects.values_list("digest", flat=True)) == ["fresh"]


def test_sessions_go_once_they_ran_out():
    for name, expires in (("here", HOUR), ("gone", -HOUR)):
        Session.objects.create(session_key=name, session_data="", expire_date=NOW + expires)
    retention.sweep(now=NOW)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["here"]
