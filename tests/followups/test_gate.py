"""The gate in the database: whatever door a write comes through, no ticket ends or is left without a word for it."""

import threading
from datetime import timedelta

import pgtrigger
import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from followups.actions import closing, promising, scheduling, waiving
from followups.models import Actor, Closure, FollowUp, Ticket, Waiver
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def ticket(now):
    return factories.ticket(now=now)


@pytest.fixture
def by(ticket):
    return Actor("web", agent=factories.agent("ada"))


def close(ticket, by, now):
    scheduling_free = closing.Closing("resolved", evidence="observed", evidence_text="The money is there.")
    return closing.close(ticket=ticket, closing=scheduling_free, by=by, now=now)


def raw(sql, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_update_of_state_is_refused(ticket, now):
    with pytest.raises(IntegrityError, match="closed and has an open follow-up"):
        Ticket.objects.filter(pk=ticket.pk).update(state="closed", closed_at=now)
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_raw_sql_that_ends_ticket_and_step_is_refused(ticket, now):
    with pytest.raises(IntegrityError, match="without a closure or a waiver"):
        raw(
            "UPDATE followups_followup SET state = 'called_off', ended_at = now() WHERE ticket_id = %s;"
            "UPDATE followups_ticket SET state = 'closed', closed_at = now() WHERE id = %s",
            ticket.pk,
            ticket.pk,
        )


def test_bulk_update_and_save_are_refused(ticket, now):
    ticket.state, ticket.closed_at = "closed", now
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.bulk_update([ticket], ["state", "closed_at"])
    with pytest.raises(IntegrityError), transaction.atomic():
        ticket.save()


def test_ending_the_only_step_is_refused(ticket, now):
    with pytest.raises(IntegrityError, match="open without a next step"):
        ticket.follow_ups.update(state="kept", ended_at=now)


def test_deleting_the_only_step_is_refused(ticket):
    with pytest.raises(Exception, match="Cannot delete"):
        ticket.follow_ups.all().delete()
    with pytest.raises(IntegrityError, match="open without a next step"), pgtrigger.ignore(), transaction.atomic():
        ticket.follow_ups.all().delete()


def test_forgetting_that_it_had_a_step_is_refused(ticket):
    raw("UPDATE followups_ticket SET ever_followed = false WHERE id = %s", ticket.pk)
    ticket.refresh_from_db()
    assert ticket.ever_followed is True


def test_moving_the_only_step_to_another_ticket_is_refused(ticket, now):
    other = factories.ticket(now=now)
    with pytest.raises(IntegrityError, match="open without a next step"):
        FollowUp.objects.filter(ticket=ticket).update(ticket=other)


def test_marking_as_imported_by_hand_is_refused(ticket, now):
    with pytest.raises(IntegrityError, match="only an import"):
        Ticket.objects.filter(pk=ticket.pk).update(imported=True)
    with pytest.raises(IntegrityError, match="only an import"):
        factories.bare_ticket(now=now, state="closed", closed_at=now, imported=True)


def test_new_closed_ticket_is_refused(now):
    with pytest.raises(IntegrityError, match="without a closure or a waiver"):
        factories.bare_ticket(now=now, state="closed", closed_at=now)


def test_open_imported_ticket_may_have_no_step(now):
    ticket = factories.bare_ticket(now=now, source="csv")
    assert list(Ticket.objects.without_next_step()) == [ticket]


def test_taking_away_the_closure_is_refused(ticket, by, now):
    close(ticket, by, now)
    with pytest.raises(IntegrityError, match="without a closure or a waiver"):
        Closure.objects.filter(ticket=ticket).update(reopened_at=now)
    with pytest.raises(Exception, match="Cannot delete"):
        Closure.objects.filter(ticket=ticket).delete()


def test_new_step_on_a_closed_ticket_is_refused(ticket, by, now):
    close(ticket, by, now)
    with pytest.raises(IntegrityError, match="closed and has an open follow-up"):
        factories.follow_up(ticket, promised_by=now + timedelta(hours=1), now=now)


def test_reopening_by_hand_is_refused(ticket, by, now):
    close(ticket, by, now)
    with pytest.raises(IntegrityError, match="open without a next step"):
        Ticket.objects.filter(pk=ticket.pk).update(state="open", closed_at=None, resolved_at=None, outcome="")


def test_old_closure_does_not_close_again(ticket, by, now):
    """A reopened ticket carries a closure of before; it no longer stands."""
    close(ticket, by, now)
    closing.reopen(ticket=ticket, reason="Not so", by=by, now=now)
    with pytest.raises(IntegrityError, match="without a closure or a waiver"):
        raw(
            "UPDATE followups_followup SET state = 'called_off', ended_at = now()"
            " WHERE ticket_id = %s AND state = 'scheduled';"
            "UPDATE followups_ticket SET state = 'closed', closed_at = now() WHERE id = %s",
            ticket.pk,
            ticket.pk,
        )


def test_dead_end_closure_that_closes_is_refused(ticket, now):
    with pytest.raises(IntegrityError, match="closure_dead_end_is_replaced"):
        Closure.objects.create(
            ticket=ticket, outcome="no_remedy", closed=True, at=now, entered_at=now, by_name="x", door="shell",
            category=ticket.category, channel="phone",
        )  # fmt: skip


def test_taking_away_the_waiver_is_refused(ticket, by, now):
    sam = Actor("web", agent=factories.agent("sam", "supervisor"))
    closing.close(ticket=ticket, closing=closing.Closing("no_remedy"), by=by, now=now)
    waiving.waive(ticket=ticket, kind="exhausted", reason="All ways tried.", by=sam, now=now)
    with pytest.raises(IntegrityError, match="without a closure or a waiver"):
        Waiver.objects.filter(ticket=ticket).update(reopened_at=now)


def test_two_transactions_that_each_end_one_of_two_steps(ticket, now):
    """Both read that the other step is still open; the one that commits second must fail."""
    second = factories.follow_up(ticket, promised_by=now + timedelta(hours=5), now=now)
    first = ticket.follow_ups.exclude(pk=second.pk).get()
    both_wrote, results = threading.Barrier(2, timeout=10), []

    def end(pk):
        try:
            with transaction.atomic():
                FollowUp.objects.filter(pk=pk).update(state="kept", ended_at=now)
                both_wrote.wait()
            results.append("ended")
        except IntegrityError:
            results.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end, args=[pk]) for pk in (first.pk, second.pk)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(results) == ["ended", "refused"]
    assert ticket.follow_ups.open().count() == 1


def test_two_people_close_at_once(ticket, by, now):
    """The second finds it closed; nothing is written twice."""
    start, results = threading.Barrier(2, timeout=10), []

    def act():
        try:
            start.wait()
            close(ticket, by, now)
            results.append("closed")
        except closing.Refused as refusal:
            results.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(results) == ["already-closed", "closed"]
    assert Closure.objects.filter(ticket=ticket).count() == 1


def test_acts_of_one_ticket_do_not_wait_for_each_other_for_ever(ticket, by, now):
    """Ten threads plan, move and note on one ticket: every one ends, none in a deadlock."""
    follow_up = ticket.follow_ups.get()
    errors = []

    def act(turn):
        try:
            step = promising.Step(promised_by=now + timedelta(days=2, minutes=turn), channel="email")
            if turn % 2:
                scheduling.schedule(ticket=ticket, step=step, by=by, now=now)
            else:
                scheduling.acknowledge(follow_up=follow_up, by=by, now=now)
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=[turn]) for turn in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert errors == []
    assert ticket.follow_ups.open().count() == 6
