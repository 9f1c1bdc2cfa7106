"""One form completes a follow-up; beside it: moved, told, taken, handed over, called off, written to her."""

from datetime import timedelta

import pytest

from desk.templatetags.desk import when
from followups.actions import scheduling
from followups.models import Customer, Delivery, FollowUp, Ladder, LadderStep, Notice, Plan, PlanStep, Role
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def row(desk):
    return desk.follow_up(customer=desk.customer(), promiser=desk.ada)


@pytest.fixture
def post(desk, at, row):
    client = at(desk.ada)
    return lambda act="", **given: client.post(f"/follow-ups/{row.pk}{'/' if act else ''}{act}", given)


def slots(desk, at, row):
    return at(desk.ada).get(f"/follow-ups/{row.pk}").context["slots"]


def test_answer_and_next_date_are_one_form(post, desk, at, row):
    slot = slots(desk, at, row)[0]
    given = {"reached": "reached", "brought": "answer", "text": "It is on its way.", "then": "next", "said": "on"}
    answer = post(**given, slot=slot.value, will_bring="the new lamp")
    row.refresh_from_db()
    following = FollowUp.objects.open().get()
    assert answer.url == f"/tickets/{row.ticket.number}"
    assert (row.state, row.brought, row.brought_text) == ("kept", "answer", "It is on its way.")
    assert (following.promised_by, following.is_told, following.will_bring) == (
        slot.proposal.by_at,
        True,
        "the new lamp",
    )


def test_next_date_that_she_did_not_hear_is_no_promise(post, desk, at, row):
    slot = slots(desk, at, row)[0]
    post(reached="reached", brought="answer", then="next", slot=slot.value)
    assert not FollowUp.objects.open().get().is_told


def test_solved_closes_with_her_word(post, row):
    post(reached="reached", brought="answer", then="resolved")
    row.refresh_from_db()
    row.ticket.refresh_from_db()
    closure = row.ticket.closures.get()
    assert (row.state, row.ticket.state, closure.evidence) == ("kept", "closed", "customer_said")
    assert closure.evidence_contact == row.attempts.get()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reached": ""}, "reached"),
        ({"reached": "reached"}, "brought"),
        ({"reached": "reached", "brought": "news"}, "from_party"),
        ({"reached": "reached", "brought": "news", "from_party": "Workshop"}, "expected_on"),
        ({"reached": "reached", "brought": "answer"}, "then"),
        ({"reached": "reached", "brought": "answer", "then": "next"}, "slot"),
        ({"reached": "reached", "brought": "answer", "then": "withdrawn"}, "why"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(post, row, given, field):
    answer = post(text="What I typed", **given)
    row.refresh_from_db()
    assert (answer.status_code, list(answer.context["form"].errors), row.state) == (422, [field], "scheduled")
    assert b"What I typed" in answer.content


def test_no_answer_stays_open_and_offers_hours_to_try_again(post, desk, at, row):
    answer = post(reached="no_answer")
    row.refresh_from_db()
    assert (answer.url, row.state) == (f"/follow-ups/{row.pk}#again", "scheduled")
    page = at(desk.ada).get(f"/follow-ups/{row.pk}")
    ways = page.context["retries"]
    assert (page.context["row"].tries, [way.proposal.channel for way in ways]) == (
        "2nd try",
        ["phone", "phone", "email"],
    )
    post("retry", slot=ways[1].value, channel="phone")
    row.refresh_from_db()
    assert (row.promised_by, row.moves.get().reason) == (ways[1].proposal.by_at, "No answer: trying again")


def test_try_inside_the_promised_time_is_noted_and_shown(post, desk, at, row):
    """Promised by the evening of the next day, tried at ten."""
    FollowUp.objects.filter(pk=row.pk).update(promised_by=row.promised_by + 30 * HOUR)
    post(reached="no_answer")
    way = at(desk.ada).get(f"/follow-ups/{row.pk}").context["retries"][0]
    assert post("retry", slot=way.value, channel="phone").url == f"/tickets/{row.ticket.number}"
    row.refresh_from_db()
    assert (row.try_at, row.moves.count()) == (way.proposal.from_at, 0)
    assert at(desk.ada).get(f"/follow-ups/{row.pk}").context["row"].tries == "2nd try from today 12:00"


def test_writing_instead_is_one_key(post, row):
    post(reached="no_answer")
    assert post("retry", slot="", channel="email").url == f"/follow-ups/{row.pk}"
    row.refresh_from_db()
    assert row.channel == "email"


def test_hour_that_was_not_offered_changes_nothing(post, row):
    post(reached="no_answer")
    assert post("retry", slot="x", channel="phone").url == f"/follow-ups/{row.pk}#again"
    row.refresh_from_db()
    assert (row.try_at, row.channel) == (None, "phone")


def test_wrong_number_asks_for_another_one(post, desk, at, row):
    Customer.objects.update(phone="+442079460000")
    post(reached="wrong_number")
    page = at(desk.ada).get(f"/follow-ups/{row.pk}").content.decode()
    assert "is not her number." in page
    assert "tel:" not in page
    post("number", phone="nonsense")
    assert Customer.objects.get().phone_wrong_at
    post("number", phone="+44 20 7946 0001")
    assert Customer.objects.get().phone == "+442079460001"
    page = at(desk.ada).get(f"/follow-ups/{row.pk}").content.decode()
    assert "tel:+442079460001" in page


def test_call_that_must_not_be_made_now_says_from_when(desk, at, row, post):
    """10:00 at the desk is 5:00 in New York."""
    Customer.objects.update(zone="America/New_York", phone="+12125550123")
    FollowUp.objects.update(promised_by=desk.now + 6 * HOUR)
    page = at(desk.ada).get(f"/follow-ups/{row.pk}")
    assert page.context["barrier"] is None  # meant for 11:00 there
    FollowUp.objects.update(promised_by=desk.now - HOUR)
    page = at(desk.ada).get(f"/follow-ups/{row.pk}")
    assert "Again from Tue 24 Nov 09:00 her time." in page.content.decode()
    assert "tel:" not in page.content.decode()
    held = post("lease")
    row.refresh_from_db()
    assert (held.url, row.taken_by) == (f"/follow-ups/{row.pk}", None)
    today = at(desk.ada).get("/")
    assert [one.held_back for one in today.context["sections"][0].rows] == ["not in her hours: call from today 14:00"]


def test_plan_proposes_the_next_date_and_what_to_bring(post, desk, at, row):
    plan = Plan.objects.create(name="Cadence", made_at=desk.ago)
    PlanStep.objects.create(plan=plan, position=1, gap_days=3, will_bring="the carrier's answer")
    PlanStep.objects.create(plan=plan, position=2, gap_days=1)
    page = at(desk.ada).get(f"/follow-ups/{row.pk}")
    first = page.context["slots"][0]
    assert (first.note, page.context["form"]["will_bring"].value()) == ("plan: 1 of 2", "the carrier's answer")
    post(reached="reached", brought="no_news", then="next", slot=first.value, said="on", will_bring="x")
    following = FollowUp.objects.open().get()
    assert (following.plan, following.plan_position, following.promised_from.day) == (plan, 1, 27)


def test_after_the_plan_a_supervisor_looks(post, desk, at, row):
    FollowUp.objects.filter(pk=row.pk).update(plan_position=3)
    page = at(desk.ada).get(f"/follow-ups/{row.pk}").content.decode()
    assert "The plan has ended" in page
    post(reached="reached", brought="no_news", then="review")
    following = FollowUp.objects.open().get()
    assert (following.owner, following.channel, following.plan_position) == (desk.sam, "none", 0)
    assert Notice.objects.filter(recipient=desk.sam, text__startswith="The plan has ended").count() == 1


def test_save_and_next_opens_the_next_of_today(post, desk, row):
    other = desk.follow_up(due=3 * HOUR, owner=desk.ada)
    answer = post(reached="reached", brought="answer", then="resolved", next="1")
    other.refresh_from_db()
    assert (answer.url, other.taken_by) == (f"/follow-ups/{other.pk}", desk.ada)


def test_last_one_leads_back_to_today(post):
    assert post(reached="reached", brought="answer", then="resolved", next="1").url == "/"


def test_move_says_before_saving_what_it_costs(desk, at, row):
    text = at(desk.ada).get(f"/follow-ups/{row.pk}/date").content.decode()
    assert "counts as not kept" in text
    FollowUp.objects.update(told_at=None)
    assert "counts as not kept" not in at(desk.ada).get(f"/follow-ups/{row.pk}/date").content.decode()


def test_moved_by_us_alone_is_remembered_as_such(post, desk, at, row):
    slot = slots(desk, at, row)[0]
    post("date", slot=slot.value, reason="Workshop is closed")
    first = row.promised_by
    row.refresh_from_db()
    assert (row.promised_by, row.broken_by) == (slot.proposal.by_at, first)


def test_moved_with_her_agreement_stays_one_promise(post, desk, at, row):
    slot, contact = slots(desk, at, row)[0], row.ticket.contacts.get()
    post("date", slot=slot.value, reason="She asked", agreed_contact=str(contact.pk))
    row.refresh_from_db()
    assert (row.broken_by, row.moves.get().agreed_contact) == (None, contact)


@pytest.mark.parametrize("given", [{"slot": "", "reason": "x"}, {"slot": "rubbish", "reason": "x"}])
def test_move_needs_a_time(post, given):
    answer = post("date", **given)
    assert (answer.status_code, "slot" in answer.context["form"].errors) == (422, True)


def test_told_on_the_phone(post, row):
    FollowUp.objects.update(told_at=None)
    post("promise")
    row.refresh_from_db()
    assert (row.is_told, row.told_contact) == (True, row.ticket.contacts.get())


def test_written_to_her_is_not_told_until_it_left(post, desk, at, row, settings):
    settings.MAIL_REACHES_PEOPLE = False
    FollowUp.objects.update(told_at=None)
    answer = post("message")
    delivery = Delivery.objects.get()
    row.refresh_from_db()
    assert (delivery.kind, delivery.address, row.is_told) == ("told", "ana@example.org", False)
    assert "not told yet: no mail host is set" in at(desk.ada).get(answer.url).content.decode()


def test_without_a_mail_address_she_is_told_by_phone(desk, at):
    row = desk.follow_up(customer=desk.customer(email=""))
    answer = at(desk.ada).post(f"/follow-ups/{row.pk}/message", follow=True)
    assert b"tell her by phone" in answer.content
    assert not Delivery.objects.exists()


def test_two_people_do_not_call_at_once(post, desk, at, row):
    scheduling.take(follow_up=row, by=desk.by(desk.bea), now=desk.now)
    answer = at(desk.ada).post(f"/follow-ups/{row.pk}/lease", follow=True)
    assert b"Bea is on it right now." in answer.content
    partial = at(desk.ada).post(f"/follow-ups/{row.pk}/lease", HTTP_HX_REQUEST="true").content.decode()
    assert "Bea is on it right now." in partial
    assert "<html" not in partial


def test_handed_over_with_a_word(post, desk, row):
    FollowUp.objects.update(owner=desk.ada)
    post("owner", owner=desk.bea.pk, note="You know the workshop")
    row.refresh_from_db()
    assert row.owner == desk.bea
    assert "You know the workshop" in Notice.objects.get(recipient=desk.bea).text


def test_what_belongs_to_another_is_asked_for(post, desk, row):
    FollowUp.objects.update(owner=desk.bea)
    post("owner", owner=desk.ada.pk)
    row.refresh_from_db()
    assert row.owner == desk.bea
    assert Notice.objects.get().recipient == desk.sam


def test_called_off_only_with_another_next_step(post, desk, row):
    refused = post("end", called_off_by="customer", reason="She found it")
    row.refresh_from_db()
    assert (refused.status_code, row.state) == (422, "scheduled")
    assert "Nothing else is planned" in refused.content.decode()
    factories.follow_up(row.ticket, promised_by=desk.now + 5 * HOUR, now=desk.ago)
    post("end", called_off_by="customer", reason="She found it")
    row.refresh_from_db()
    assert (row.state, row.called_off_by) == ("called_off", "customer")


def test_ended_one_is_shown_without_a_form(post, desk, at, row):
    post(reached="reached", brought="answer", then="resolved")
    answer = at(desk.ada).get(f"/follow-ups/{row.pk}")
    assert ("form" in answer.context, b"Brought" in answer.content) == (False, True)


def test_seen_says_until_when_the_ladder_rests(desk, at, row):
    ladder = Ladder.objects.create(team=row.team, name="Short", holds_minutes=60, made_at=row.created_at)
    step = LadderStep.objects.create(ladder=ladder, position=1, audience="owner", after_minutes=30)
    row.reminders.filter(stage="overdue").update(ladder_step=step)
    said = at(desk.ada).post(f"/follow-ups/{row.pk}/acknowledgement", follow=True).content.decode()
    row.refresh_from_db()
    assert row.acknowledged_until < row.updated_at + timedelta(days=4)
    assert f"Seen. It stays quiet until {when(row.acknowledged_until, 'UTC')}." in said


def test_foreign_follow_up_is_not_there_and_auditors_read(desk, at, row):
    client = at(desk.olu)
    assert client.get(f"/follow-ups/{row.pk}").status_code == 404
    for act in ("date", "promise", "message", "lease", "owner", "end", "acknowledgement", "turn"):
        assert client.post(f"/follow-ups/{row.pk}/{act}").status_code == 404
    auditor = at(factories.agent("ivy", Role.AUDITOR))
    assert (
        auditor.get(f"/follow-ups/{row.pk}").status_code,
        auditor.post(f"/follow-ups/{row.pk}/lease").status_code,
    ) == (
        200,
        403,
    )
    assert auditor.post(f"/follow-ups/{row.pk}", {"reached": "reached"}).status_code == 403


@pytest.mark.parametrize("several", [1, 3])
def test_queries_do_not_grow(desk, at, row, several, django_assert_num_queries):
    for number in range(several):
        factories.follow_up(row.ticket, promised_by=desk.now + (number + 3) * HOUR, now=desk.ago)
    client = at(desk.ada)
    client.get(f"/follow-ups/{row.pk}")
    with django_assert_num_queries(14):
        client.get(f"/follow-ups/{row.pk}")
