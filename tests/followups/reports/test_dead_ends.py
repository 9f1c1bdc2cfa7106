from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from followups.clock import facts
from followups.reports import dead_ends, kept
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)


def ticket(**fields):
    return histories.ticket(None, at=START, **fields)


def replaced(outcome="no_remedy", *, told=None, **fields):
    """A dead end, its follow-up kept, and the ticket solved after all."""
    row = ticket(**fields)
    step = histories.promise(row, made=START + DAY, by=START + 2 * DAY, told=told)
    histories.replaced(row, at=START + DAY, by=step, outcome=outcome)
    histories.close(row, at=START + 3 * DAY)


def report(**fields):
    return dead_ends.report(histories.question(START, AS_OF, **fields))


def test_dead_ends_are_counted_of_all_closings_but_duplicates_and_spam():
    replaced("no_remedy", told=START + DAY)
    replaced("unreachable", told=AS_OF + DAY)
    histories.close(ticket(), at=START + DAY, outcome="withdrawn", why="gave_up")
    histories.close(ticket(), at=START + DAY, outcome="withdrawn", why="solved_elsewhere")
    histories.close(ticket(), at=START + DAY, outcome="spam")
    total = report().total
    assert (total.num, total.den, total.attempted) == (3, 6, 3)
    assert (total.no_remedy, total.unreachable, total.gave_up) == (1, 1, 1)
    assert (total.replaced, total.told) == (2, 1)
    assert total.excluded == {"duplicate": 0, "spam": 1}


def test_what_was_undone_is_no_closing():
    row = ticket()
    histories.close(row, at=START + DAY).ticket.closures.update(undone_at=START + DAY + timedelta(seconds=5))
    histories.close(row, at=START + 2 * DAY)
    assert report().total.den == 1


def test_waivers_stand_on_a_line_of_their_own_by_kind():
    sam = factories.agent("sam", "supervisor")
    for kind in ("exhausted", "exhausted", "deceased"):
        histories.waive(ticket(), at=START + DAY, by=sam, kind=kind)
    total = report().total
    assert (total.den, total.rate, total.waived) == (0, None, 3)
    assert total.waived_by_kind == {"final_answer": 0, "exhausted": 2, "legal": 0, "deceased": 1, "other": 0}


def test_open_tickets_without_a_first_step_are_counted_at_this_moment():
    ticket(team=factories.team("North"))
    found = report(by="team")
    assert found.total.no_first_step == 1
    assert [(row.key, row.den, row.no_first_step) for row in found.rows] == [("North", 0, 1)]
    assert found.headline.endswith("1 open tickets have no first step at this moment.")


def test_what_is_of_this_moment_has_no_week():
    replaced()
    ticket()
    found = report(by="week")
    assert [(row.key, row.orphans, row.no_first_step) for row in found.rows] == [("2026-W10", None, None)]
    assert found.total.no_first_step == 1


def test_tickets_that_break_the_rule_are_orphans():
    """What the gate refuses is made behind its back, and taken away again before it looks."""
    closed = ticket()
    histories.close(closed, at=START + DAY)
    followed = ticket()
    histories.promise(followed, made=START, by=START + DAY)
    assert report().total.orphans == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        cursor.execute("DELETE FROM followups_closure WHERE ticket_id = %s", [closed.pk])
        assert report().total.orphans == 2
        cursor.execute("DELETE FROM followups_contact WHERE ticket_id IN (%s, %s)", [closed.pk, followed.pk])
        cursor.execute("DELETE FROM followups_followup WHERE ticket_id = %s", [followed.pk])
        cursor.execute("DELETE FROM followups_ticket WHERE id IN (%s, %s)", [closed.pk, followed.pk])
    assert report().total.orphans == 0


def by_force(statement, *given):
    """Behind the back of the gate and of the marks."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        cursor.execute(statement, given)
        cursor.execute("SET LOCAL session_replication_role = 'origin'")


def closed():
    row = ticket()
    histories.close(row, at=START + DAY)
    return row


CLOSED = "UPDATE followups_ticket SET state = 'closed', closed_at = opened_at WHERE id = %s"
OPENED = "UPDATE followups_ticket SET state = 'open', closed_at = NULL, outcome = '' WHERE id = %s"


def without_a_word():
    row = ticket()
    return lambda: by_force(CLOSED, row.pk)


def without_a_word_any_more():
    row = closed()
    return lambda: row.closures.update(undone_at=START + DAY)


def without_the_mark_of_its_import():
    row = ticket(imported_closed_at=START + DAY, imported_resolved_at=START + DAY)
    by_force(
        "UPDATE followups_ticket SET state = 'closed', closed_at = opened_at, imported = true WHERE id = %s", row.pk
    )
    return lambda: by_force("UPDATE followups_ticket SET imported = false WHERE id = %s", row.pk)


def closed_with_a_step():
    row = closed()
    step = histories.promise(row, made=START, by=START + DAY)
    return lambda: by_force("UPDATE followups_followup SET state = 'scheduled', ended_at = NULL WHERE id = %s", step.pk)


def open_without_the_step_that_it_had():
    row = ticket()
    step = histories.promise(row, made=START, by=START + DAY, state="scheduled", ended_at=None)
    return lambda: by_force(
        "UPDATE followups_followup SET state = 'kept', ended_at = promised_by WHERE id = %s", step.pk
    )


def open_without_a_step_for_its_dead_end():
    row = ticket()
    step = histories.promise(row, made=START, by=START + DAY, state="scheduled", ended_at=None)
    histories.replaced(row, at=START, by=step)
    by_force("UPDATE followups_ticket SET ever_followed = false WHERE id = %s", row.pk)
    return lambda: by_force(
        "UPDATE followups_followup SET state = 'kept', ended_at = promised_by WHERE id = %s", step.pk
    )


def opened_again_without_a_step():
    row = closed()
    histories.promise(row, made=START, by=START + DAY)
    return lambda: by_force(OPENED, row.pk)


@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize(
    "broken",
    [
        without_a_word,
        without_a_word_any_more,
        without_the_mark_of_its_import,
        closed_with_a_step,
        open_without_the_step_that_it_had,
        open_without_a_step_for_its_dead_end,
        opened_again_without_a_step,
    ],
)
def test_an_orphan_is_found_however_it_was_made(broken, ready):
    """The rule is broken after the facts were made, and all is taken back before the gate looks."""
    with transaction.atomic():
        closed()
        break_it = broken()
        if ready:
            facts.build(now=AS_OF)
        assert kept.ready() == ready
        assert report().total.orphans == 0
        break_it()
        assert report().total.orphans == 1
        if ready:
            facts.sweep(now=AS_OF)
        assert [(row.key, row.orphans) for row in report(by="channel").rows if row.orphans] == [("phone", 1)]
        transaction.set_rollback(True)
