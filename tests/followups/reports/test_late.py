from datetime import UTC, datetime, timedelta

import pytest

from followups.models import Ticket
from followups.reports import late
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AS_OF = START + 10 * DAY
LATER = AS_OF + 5 * DAY


def entered_late(name, **fields):
    """A ticket with a contact and a closing, and a contact without a ticket, all entered after as_of."""
    person = histories.person(name, now=START, is_demo=fields.get("is_demo", False))
    row = histories.ticket(person, at=START, **fields)
    histories.contact(row, at=START + DAY, entered_at=LATER)
    histories.contact(None, customer=person, at=START + DAY, entered_at=AS_OF + DAY / 2)
    histories.close(row, at=START + DAY, entered_at=LATER)
    Ticket.objects.filter(pk=row.pk).update(created_at=LATER)


def counted():
    return late.entered_after_as_of(histories.question(START, AS_OF))


def test_what_happened_before_and_was_entered_after_is_counted():
    entered_late("ana")
    assert counted() == 4


def test_practice_rows_are_counted_while_there_is_no_real_ticket_and_never_beside_one():
    entered_late("ana", is_demo=True)
    assert counted() == 4
    histories.ticket(histories.person("ben", now=START), at=START)
    assert counted() == 0
    histories.contact(None, at=START + DAY, entered_at=LATER)
    assert counted() == 1
