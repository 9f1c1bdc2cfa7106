"""The overdue board: who sees what, and acts on several rows at once."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from followups import numbers
from followups.models import Contact, Delivery, Event, FollowUp, Move, Notice
from tests import factories

BUDGET = 12


@pytest.fixture
def overdue_one(office, now):
    """Makes overdue follow-ups of Billing; told unless said."""

    def make(hours=3, **fields):
        fields = {"team": office.billing, "told_at": now - timedelta(days=2), **fields}
        return factories.promise(promised_by=now - timedelta(hours=hours), now=now - timedelta(days=3), **fields)

    return make


def words(response):
    return response.content.decode()


def test_the_board_says_why_until_when_and_whose(office, as_, overdue_one, now):
    row = overdue_one(owner=office.ada, stage="escalated", will_bring="refund decision", team=office.billing)
    contact = {"ticket": row.ticket, "direction": "outbound", "channel": "phone", "at": now, "entered_at": now}
    Contact.objects.create(**contact, reached="no_answer", follow_up=row)
    page = words(as_(office.sam).get("/overdue"))
    for said in (
        "Refund missing",
        "overdue 3",
        "2nd try",
        "refund decision",
        "Ada",
        "Billing · escalated",
        f"/follow-ups/{row.pk}",
    ):
        assert said in page


def test_what_somebody_acknowledged_says_so_and_no_longer_that_it_escalated(office, as_, overdue_one, now):
    overdue_one(stage="escalated", acknowledged_by=office.sue, acknowledged_until=now + timedelta(hours=1))
    page = words(as_(office.sam).get("/overdue"))
    assert "Sue is on it" in page
    assert "escalated" not in page


def test_supervisors_see_their_teams_and_admins_and_auditors_all(office, as_, overdue_one):
    overdue_one()
    overdue_one(team=office.delivery)
    seen = {
        name: as_(getattr(office, name)).get("/overdue").context["board"].total
        for name in ("sam", "olu", "root", "aud")
    }
    assert seen == {"sam": 1, "olu": 1, "root": 2, "aud": 2}


def test_an_auditor_gets_no_tick_boxes(office, as_, overdue_one):
    overdue_one()
    assert 'name="selected"' in words(as_(office.sam).get("/overdue"))
    assert 'name="selected"' not in words(as_(office.aud).get("/overdue"))


def test_the_printable_list_holds_all_with_numbers_to_call(office, as_, overdue_one, now):
    calls, quiet = {"phone": "+14155550101"}, {"phone": "+14155550102", "do_not_contact": "all"}
    for fields in (calls, quiet):
        overdue_one(customer=factories.customer(now=now, **fields))
    for _ in range(30):
        overdue_one()
    client = as_(office.sam)
    page = words(client.get("/overdue?all=1"))
    assert page.count('name="selected"') == 32
    assert ("+14155550101" in page, "+14155550102" in page) == (True, False)
    assert "+1415" not in words(client.get("/overdue"))


def test_auditors_read_no_names_on_the_board(office, as_, overdue_one, now):
    overdue_one(customer=factories.customer(now=now, phone="+14155550101"))
    soon = {"promised_by": now + timedelta(hours=1), "now": now, "team": office.billing}
    factories.promise(**soon, customer=factories.customer(now=now))
    factories.bare_ticket(now=now, team=office.billing, customer=factories.customer(now=now))
    for path in ("/overdue?all=1", "/overdue/review"):
        assert "Ana Lopez" in words(as_(office.sam).get(path))
        page = words(as_(office.aud).get(path))
        assert "Refund missing" in page
        assert "Ana Lopez" not in page
        assert "+1415" not in page


def test_filters_by_band_and_owner(office, as_, overdue_one):
    recent, old = overdue_one(1, owner=office.ada), overdue_one(24 * 9)

    def shown(query):
        return [line["row"].pk for line in as_(office.sam).get(f"/overdue{query}").context["lines"]]

    assert shown("") == [old.pk, recent.pk]
    assert shown("?band=hours") == [recent.pk]
    assert shown("?band=older") == [old.pk]
    assert shown(f"?owner={office.ada.pk}") == [recent.pk]
    assert shown("?owner=none") == [old.pk]
    assert shown("?owner=99999999999999999999&band=nonsense") == []


def test_pages_follow_each_other_without_gap_or_double(office, as_, overdue_one):
    made = [overdue_one(hours) for hours in range(60, 3, -1)]
    client = as_(office.sam)
    pages = [client.get("/overdue")]
    while pages[-1].context["page"].older:
        pages.append(client.get(f"/overdue{pages[-1].context['page'].older}"))
    shown = [line["row"].pk for page in pages for line in page.context["lines"]]
    assert [len(page.context["lines"]) for page in pages] == [25, 25, 7]
    assert shown == [row.pk for row in made]


@pytest.mark.parametrize("mark", ["x", "2026-01-01T00:00:00+00:00~x", "~", "\x00~1", "9" * 40])
def test_a_mark_that_is_none_shows_the_first_page(office, as_, overdue_one, mark):
    overdue_one()
    assert len(as_(office.sam).get(f"/overdue?after={quote(mark)}").context["lines"]) == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_board_asks_as_often_for_one_row_as_for_three(
    office, as_, overdue_one, now, django_assert_num_queries, rows
):
    for _ in range(rows):
        overdue_one(owner=office.ada)
        factories.promise(promised_by=now + timedelta(hours=1), now=now, team=office.billing)
    client = as_(office.sam)
    with django_assert_num_queries(BUDGET):
        client.get("/overdue")


def act(client, name, chosen, **fields):
    return client.post(f"/overdue/{name}", {"selected": [str(row.pk) for row in chosen], **fields})


def test_several_are_handed_to_a_person_who_is_told_once_each(office, as_, overdue_one):
    chosen, left = [overdue_one(owner=office.ada), overdue_one()], overdue_one(owner=office.ada)
    given = {"handover-to": f"agent:{office.ben.pk}", "handover-note": "Ada is ill", "query": "band=today"}
    answer = act(as_(office.sam), "assignments", chosen, **given)
    assert (answer.status_code, answer.url) == (302, "/overdue?band=today")
    assert {row.owner for row in FollowUp.objects.filter(pk__in=[row.pk for row in chosen])} == {office.ben}
    assert FollowUp.objects.get(pk=left.pk).owner == office.ada
    assert Notice.objects.filter(recipient=office.ben, kind="assigned", text__endswith="Ada is ill").count() == 2
    notes = Event.objects.filter(kind="follow_up.assigned").values_list("data__note", "by__username")
    assert list(notes) == [("Ada is ill", "sam")] * 2


def test_handed_to_the_team_anybody_may_take_it(office, as_, overdue_one):
    row = overdue_one(owner=office.ada)
    act(as_(office.sam), "assignments", [row], **{"handover-to": f"team:{office.billing.pk}"})
    row.refresh_from_db()
    assert (row.owner, row.team) == (None, office.billing)


def test_nobody_of_another_team_can_be_handed_anything(office, as_, overdue_one):
    row = overdue_one(owner=office.ada)
    answer = act(as_(office.sam), "assignments", [row], **{"handover-to": f"agent:{office.olu.pk}"})
    assert answer.status_code == 400
    assert "handover-to" in words(answer)
    assert FollowUp.objects.get().owner == office.ada


def test_an_unfinished_form_comes_back_with_its_ticks(office, as_, overdue_one):
    row = overdue_one()
    answer = act(as_(office.sam), "moves", [row], **{"moving-to": "slot", "moving-reason": ""})
    assert answer.status_code == 400
    assert answer.context["moving"].errors["reason"] == ["This field is required."]
    assert (
        f'value="{row.pk}" aria-label="Select Refund missing, {numbers.read_aloud(row.ticket.number)}" data-key="x" checked'
        in words(answer)
    )


def test_rows_of_other_teams_are_not_touched(office, as_, overdue_one):
    row = overdue_one(team=office.delivery, owner=office.olu)
    act(as_(office.sam), "assignments", [row], **{"handover-to": f"agent:{office.ben.pk}"})
    act(as_(office.sam), "moves", [row], **{"moving-to": "slot", "moving-reason": "x"})
    act(as_(office.sam), "acknowledgements", [row])
    row.refresh_from_db()
    assert (row.owner, row.acknowledged_by, row.moves.count()) == (office.olu, None, 0)


def test_what_is_refused_is_said_row_by_row_and_the_rest_is_done(office, as_, overdue_one, now):
    done, fine = overdue_one(), overdue_one()
    factories.follow_up(done.ticket, promised_by=now + timedelta(days=1), now=now)
    FollowUp.objects.filter(pk=done.pk).update(state="kept", ended_at=now)
    client = as_(office.sam)
    page = words(client.get(act(client, "acknowledgements", [done, fine]).url))
    assert "1 acknowledged" in page
    assert "1 not done" in page
    assert (
        f"{numbers.read_aloud(done.ticket.number)}</span> <strong>Refund missing</strong>: This follow-up has ended."
        in page
    )
    assert FollowUp.objects.get(pk=fine.pk).acknowledged_by == office.sam
    assert "not done" not in words(client.get("/overdue"))


def test_a_supervisor_works_on_what_is_owned_but_foreign(office, as_, overdue_one):
    row = overdue_one(team=office.delivery, owner=office.sam)
    act(as_(office.sam), "acknowledgements", [row])
    assert FollowUp.objects.get().acknowledged_by == office.sam


def test_moved_without_her_agreement_a_told_promise_is_broken_and_nobody_is_written_to(office, as_, overdue_one):
    told, silent = overdue_one(), overdue_one(told_at=None)
    old = told.promised_by
    answer = act(as_(office.sam), "moves", [told, silent], **{"moving-to": "slot", "moving-reason": "Ada is ill"})
    assert answer.status_code == 302
    told.refresh_from_db()
    silent.refresh_from_db()
    assert (told.broken_by, silent.broken_by) == (old, None)
    assert told.promised_by > timezone.now()
    assert told.promised_from < told.promised_by
    assert list(Move.objects.values_list("reason", "agreed", "by__username")) == [("Ada is ill", False, "sam")] * 2
    assert Delivery.objects.count() == 0


def test_moved_to_one_time_in_the_readers_zone(office, as_, overdue_one, now):
    office.sam.zone = "Europe/Madrid"
    office.sam.save()
    row = overdue_one(channel="email")
    day = (now + timedelta(days=2)).date()
    given = {"moving-to": "time", "moving-by": f"{day}T15:30", "moving-reason": "Parts late"}
    assert act(as_(office.sam), "moves", [row], **given).status_code == 302
    row.refresh_from_db()
    madrid = row.promised_by.astimezone(timezone.zoneinfo.ZoneInfo("Europe/Madrid"))
    assert f"{madrid:%Y-%m-%d %H:%M}" == f"{day} 15:30"


@pytest.mark.parametrize("by", ["", "2020-01-01T10:00", "soon"])
def test_one_time_must_be_named_and_lie_ahead(office, as_, overdue_one, by):
    row = overdue_one()
    given = {"moving-to": "time", "moving-by": by, "moving-reason": "x"}
    answer = act(as_(office.sam), "moves", [row], **given)
    assert (answer.status_code, list(answer.context["moving"].errors)) == (400, ["by"])
    assert Move.objects.count() == 0


def test_nothing_selected_is_said(office, as_):
    client = as_(office.sam)
    assert "Nothing was selected." in words(client.get(act(client, "acknowledgements", []).url))


def test_due_soon_with_nobody_there_stands_beside_the_list(office, as_, now):
    factories.away(office.ben, now + timedelta(hours=5))
    wanted = factories.promise(promised_by=now + timedelta(minutes=50), now=now, team=office.billing, owner=office.ben)
    factories.promise(promised_by=now + timedelta(minutes=50), now=now, team=office.billing, owner=office.ada)
    answer = as_(office.sam).get("/overdue")
    assert [line["row"].pk for line in answer.context["soon"]] == [wanted.pk]
    assert "Nothing is overdue" in words(answer)


@pytest.mark.parametrize("path", ["/overdue", "/overdue/waivers", "/overdue/review", "/overdue/findings"])
def test_agents_have_no_board(office, as_, path):
    assert as_(office.ada).get(path).status_code == 403
