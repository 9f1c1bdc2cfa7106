import pytest

from followups.actions import closing, handling, waiving
from followups.errors import Forbidden, Refused
from followups.models import Actor, ApiToken
from tests import factories


@pytest.fixture
def dead_end(ticket, by_ada, now):
    closing.close(ticket=ticket, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def told(dead_end, by_ada, now):
    said = handling.Told("outbound", "phone", summary="Told her about the ombudsman.")
    return handling.record_contact(told=said, ticket=dead_end, by=by_ada, now=now).contact


def waive(ticket, by, now, **fields):
    given = {"kind": "final_answer", "reason": "Final answer of the maker."}
    return waiving.waive(ticket=ticket, by=by, now=now, **{**given, **fields})


def test_waiver_ends_the_dead_end_unresolved(dead_end, told, by_sam, now):
    waive(dead_end, by_sam, now, told_contact=told)
    dead_end.refresh_from_db()
    assert (dead_end.state, dead_end.outcome, dead_end.waived, dead_end.resolved_at) == (
        "closed",
        "no_remedy",
        True,
        None,
    )
    assert not dead_end.follow_ups.open().exists()


def test_waiver_without_telling_her_is_refused(dead_end, by_sam, now):
    with pytest.raises(Refused) as refusal:
        waive(dead_end, by_sam, now)
    assert refusal.value.code == "not-told"


def test_waiver_told_on_another_ticket_is_refused(dead_end, log, by_ada, by_sam, now):
    other = log().contacts.get()
    with pytest.raises(Refused) as refusal:
        waive(dead_end, by_sam, now, told_contact=other)
    assert refusal.value.code == "not-told"


def test_waiver_of_exhausted_ways_needs_no_telling(dead_end, by_sam, now):
    assert waive(dead_end, by_sam, now, kind="exhausted").single_hand is False


def test_waiver_by_an_agent_or_bare_token_is_refused(dead_end, by_ada, now):
    with pytest.raises(Forbidden) as refusal:
        waive(dead_end, by_ada, now, kind="exhausted")
    assert refusal.value.code == "not-a-supervisor"
    with pytest.raises(Forbidden) as refusal:
        waive(dead_end, Actor("api", token=ApiToken(name="crm")), now, kind="exhausted")
    assert refusal.value.code == "needs-agent"


def test_waiver_of_an_own_ticket_is_refused(log, by_ada, by_sam, sam, now):
    """Owned once, or tried to close once: both bar for good."""
    owned = log(agent=sam)
    handling.change(ticket=owned, changes={"agent": None}, by=by_ada, now=now)
    closing.close(ticket=owned, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    given = log()
    handling.change(ticket=given, changes={"agent": sam}, by=by_ada, now=now)
    handling.change(ticket=given, changes={"agent": None}, by=by_ada, now=now)
    closing.close(ticket=given, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    tried = log()
    closing.close(ticket=tried, closing=closing.Closing("no_remedy"), by=by_sam, now=now)
    for ticket in (owned, given, tried):
        with pytest.raises(Forbidden) as refusal:
            waive(ticket, by_sam, now, kind="exhausted")
        assert refusal.value.code == "own-ticket"


def test_waiver_of_what_is_no_dead_end_is_refused(ticket, by_sam, now):
    with pytest.raises(Refused) as refusal:
        waive(ticket, by_sam, now, kind="exhausted")
    assert refusal.value.code == "nothing-to-waive"


def test_admin_waives_only_where_no_second_supervisor_exists(dead_end, sam, now):
    root = Actor("web", agent=factories.agent("root", "admin"))
    sue = factories.agent("sue", "supervisor")
    with pytest.raises(Forbidden):
        waive(dead_end, root, now, kind="exhausted")
    sue.is_active = False
    sue.save()
    assert waive(dead_end, root, now, kind="exhausted").single_hand is True


def test_requests_are_granted_many_at_once(log, by_ada, by_sam, now):
    """One in three is not told: it is refused by itself, the others stand."""
    requests = []
    for turn in range(3):
        ticket = log()
        closing.close(ticket=ticket, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
        contact = ticket.contacts.get() if turn else None
        requests.append(
            waiving.ask(ticket=ticket, kind="final_answer", reason="Why", by=by_ada, now=now, contact=contact)
        )
    results = waiving.grant(requests=requests, by=by_sam, now=now)
    assert [getattr(result, "code", "waived") for _request, result in results] == ["not-told", "waived", "waived"]
    requests[1].refresh_from_db()
    assert (requests[1].answered_by, requests[1].waiver.ticket) == (by_sam.agent, requests[1].ticket)


def test_asking_twice_keeps_one_request(dead_end, by_ada, sam, now):
    first = waiving.ask(ticket=dead_end, kind="other", reason="Why", by=by_ada, now=now)
    assert waiving.ask(ticket=dead_end, kind="other", reason="Again", by=by_ada, now=now) == first
    assert [notice.kind for notice in sam.notices.all()] == ["asked"]


def test_refusing_a_request_tells_who_asked(dead_end, ada, by_ada, by_sam, now):
    request = waiving.ask(ticket=dead_end, kind="other", reason="Why", by=by_ada, now=now)
    waiving.refuse(request=request, reason="Try the other depot first.", by=by_sam, now=now)
    assert "Try the other depot first." in ada.notices.get().text
    with pytest.raises(Refused) as refusal:
        waiving.refuse(request=request, reason="No", by=by_sam, now=now)
    assert refusal.value.code == "already-answered"
