"""What leaves the desk for its own people says whether the call may be made at that moment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.clock import telling
from followups.models import Delivery, FollowUp, Notice
from tests import factories

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 25, 7, tzinfo=UTC)  # 2:00 in New York


def delivery(size=1, **fields):
    ada = factories.agent("ada")
    made = NIGHT - timedelta(hours=9)
    keys = []
    for turn in range(size):
        customer = factories.customer(now=made, zone="America/New_York", email=f"{turn}@example.org")
        row = factories.promise(promised_by=NIGHT - timedelta(hours=8), now=made, customer=customer, **fields)
        given = {"recipient": ada, "kind": "reminder", "stage": "overdue", "version": 1, "at": NIGHT}
        keys.append(Notice.objects.create(**given, follow_up=row, ticket=row.ticket, text="Overdue: call Ana.").pk)
    return Delivery(agent=ada, gathered=keys)


def test_call_that_must_not_be_made_now_says_from_when():
    words = telling.words(delivery(), now=NIGHT)
    assert words.body.startswith(
        "Overdue: call Ana. Do not call now. Outside the hours in which she may be called: 09:00 to 20:00 in"
        " America/New_York. Again from Wed 25 Nov 09:00 her time.\n"
    )


def test_mail_may_be_written_at_night():
    assert "Do not call" not in telling.words(delivery(channel="email"), now=NIGHT).body


def test_call_in_her_hours_says_nothing_more():
    row = delivery()
    FollowUp.objects.update(acknowledged_until=None)
    assert "Do not call" not in telling.words(row, now=NIGHT + timedelta(hours=7)).body


@pytest.mark.parametrize("size", [1, 3])
def test_queries_do_not_grow_with_what_was_gathered(size):
    row = delivery(size)
    with CaptureQueriesContext(connection) as caught:
        telling.words(row, now=NIGHT)
    assert len(caught) == 3
