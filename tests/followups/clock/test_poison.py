"""A row that cannot be sent: found, set aside, shown, tried again, given up; the others go out on time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from followups.clock import poison, reminders, watch
from followups.models import Event, Finding, Notice, Reminder
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)

# The database refuses the history of these tickets, whatever the reason may be in earnest.
POISON = """
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM followups_ticket WHERE id = NEW.ticket_id AND subject = 'spoilt') THEN
        RAISE EXCEPTION 'it is spoilt' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER spoil BEFORE INSERT ON followups_notice FOR EACH ROW EXECUTE FUNCTION spoil();
"""
CURE = "DROP TRIGGER spoil ON followups_notice; DROP FUNCTION spoil();"


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def spoiling(request):
    execute(POISON.format(code=getattr(request, "param", "23514")))
    yield
    execute(CURE)


def promises(n: int, *, spoilt: set[int] = frozenset()) -> list:
    ada, rows = factories.agent("ada", team=factories.team()), []
    for place in range(n):
        row = factories.promise(promised_by=DUE, now=DUE - timedelta(minutes=30), owner=ada, team=factories.team())
        if place in spoilt:
            row.ticket.subject = "spoilt"
            row.ticket.save()
        rows.append(row)
    return rows


def test_the_others_go_out_in_the_same_sweep(spoiling):
    rows = promises(40, spoilt={7, 31})
    assert reminders.sweep(now=DUE) == 38
    bad = {rows[7].pk, rows[31].pk}
    assert set(Notice.objects.values_list("follow_up", flat=True)) == {row.pk for row in rows} - bad
    assert Notice.objects.count() == Event.objects.filter(kind="follow_up.due").count() == 38
    aside = Reminder.objects.filter(attempts=1, stage="due", state="waiting", due_at=DUE + timedelta(minutes=1))
    assert set(aside.values_list("follow_up", flat=True)) == bad
    found = Finding.objects.filter(kind="reminder-poison", cleared_at__isnull=True)
    assert set(found.values_list("subject", flat=True)) == {str(key) for key in bad}
    assert all("it is spoilt" in row.detail for row in found)


def test_it_is_tried_again_at_growing_distances_and_given_up_after_eight(spoiling):
    [row] = promises(1, spoilt={0})
    row.reminders.exclude(stage="due").delete()
    now, waits = DUE, []
    for _ in range(8):
        assert reminders.sweep(now=now) == 0
        due = row.reminders.get().due_at
        waits.append(int((due - now).total_seconds() / 60))
        now = due
    assert waits[:7] == [1, 5, 15, 60, 120, 240, 480]
    reminder = row.reminders.get()
    assert (reminder.state, reminder.attempts) == ("dead", 8)
    watch.sweep(now=now)
    assert Finding.objects.filter(kind="reminder-poison", cleared_at__isnull=True).count() == 1, "shown until it ends"
    assert reminders.sweep(now=now + timedelta(days=1)) == 0


def test_once_it_can_be_sent_it_goes_out_and_the_finding_is_cleared(spoiling):
    [row] = promises(1, spoilt={0})
    reminders.sweep(now=DUE)
    row.ticket.subject = "fine again"
    row.ticket.save()
    assert reminders.sweep(now=DUE + timedelta(seconds=59)) == 0
    assert reminders.sweep(now=DUE + timedelta(seconds=60)) == 1
    watch.sweep(now=DUE + timedelta(minutes=2))
    assert Finding.objects.get(kind="reminder-poison").cleared_at == DUE + timedelta(minutes=2)


def test_where_everything_fails_nothing_is_wrong_with_the_rows(spoiling):
    rows = promises(30, spoilt=set(range(30)))
    with pytest.raises(Exception, match="it is spoilt"):
        reminders.sweep(now=DUE)
    assert not Reminder.objects.filter(attempts__gt=0).exists()
    assert Finding.objects.count() == 0
    waiting = Reminder.objects.filter(stage="due", state="waiting", due_at=DUE + timedelta(minutes=1))
    assert waiting.count() == len(rows), "others get their turn before them"


@pytest.mark.parametrize("spoiling", ["57P03"], indirect=True)
def test_a_database_that_is_away_sets_nothing_aside(spoiling):
    promises(3, spoilt={1})
    with pytest.raises(OperationalError):
        reminders.sweep(now=DUE)
    assert (Notice.objects.count(), Finding.objects.count()) == (0, 0)
    assert not Reminder.objects.filter(attempts__gt=0).exists()


def test_an_error_of_no_row_is_raised():
    error = ValueError("before anything was claimed")
    with pytest.raises(ValueError, match="before anything"):
        poison.without([], error, handle=reminders.remind, now=DUE)
