"""A row that the database itself refuses, or whose reader's settings are broken, is set aside; the others go out."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from followups.clock import reminders
from followups.models import Notice, Reminder
from tests import factories

DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MADE = datetime(2026, 11, 19, 11, 40, tzinfo=UTC)
REFUSES = """
CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER refuses BEFORE INSERT ON followups_notice
    FOR EACH ROW WHEN (NEW.follow_up_id = '{key}') EXECUTE FUNCTION refuses();
"""
pytestmark = pytest.mark.django_db


def test_a_row_that_a_trigger_refuses_holds_up_no_other():
    ada = factories.agent("ada", team=factories.team())
    rows = [factories.promise(promised_by=DUE, now=MADE, team=factories.team(), owner=ada) for _ in range(5)]
    with connection.cursor() as cursor:
        cursor.execute(REFUSES.format(key=rows[2].pk))
    assert reminders.sweep(now=DUE) == 4
    assert set(Notice.objects.values_list("follow_up", flat=True)) == {row.pk for row in rows} - {rows[2].pk}
    assert Reminder.objects.values_list("state", "attempts").get(follow_up=rows[2], stage="due") == ("waiting", 1)


def test_a_reader_whose_zone_is_no_more_holds_up_no_other():
    ada = factories.agent("ada", team=factories.team())
    eve = factories.agent("eve", team=factories.team(), zone="Nowhere/Atlantis")
    rows = [factories.promise(promised_by=DUE, now=MADE, team=factories.team(), owner=who) for who in (ada, eve, ada)]
    assert reminders.sweep(now=DUE) == 3
    assert set(Notice.objects.values_list("recipient", "follow_up")) == {
        (ada.pk, rows[0].pk),
        (eve.pk, rows[1].pk),
        (ada.pk, rows[2].pk),
    }
