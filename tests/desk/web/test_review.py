"""Tickets for review and what the watch found, as pages."""

from datetime import timedelta

import pytest

from followups.models import Finding
from followups.reports import review
from tests import factories


@pytest.mark.parametrize("name", review.LISTS)
def test_each_list_opens_and_marks_itself(office, as_, name):
    answer = as_(office.sam).get(f"/overdue/review?list={name}")
    assert answer.status_code == 200
    assert f'href="?list={name}" aria-current="true"' in answer.content.decode()


def test_an_unknown_list_is_the_one_that_must_be_empty(office, as_):
    page = as_(office.sam).get("/overdue/review?list=x").content.decode()
    assert "Every open ticket has a next step" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, count):
    for _ in range(count):
        factories.bare_ticket(now=now, team=office.billing, agent=office.ada)
    client = as_(office.sam)
    with django_assert_num_queries(6):
        answer = client.get("/overdue/review")
    assert len(answer.context["page"].rows) == count


def test_findings_stand_until_cleared(office, as_, now):
    Finding.objects.create(kind="sweep-silent", subject="digests", found_at=now, detail="Last finished long ago")
    old = {"kind": "gate-broken", "subject": "7", "found_at": now - timedelta(days=1)}
    Finding.objects.create(**old, cleared_at=now, detail="open without a next step")
    answer = as_(office.sam).get("/overdue/findings")
    assert [row.words for row in answer.context["standing"]] == ["A sweep fell silent"]
    assert [row.words for row in answer.context["cleared"]] == ["A ticket breaks the gate's rule"]
    assert as_(office.sam).get("/overdue").context["findings"] == 1
