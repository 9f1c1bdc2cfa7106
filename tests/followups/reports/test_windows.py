from datetime import UTC, datetime, timedelta

import pytest

from followups.errors import Forbidden, Invalid
from followups.models import Actor, Agent, ApiToken, Disclosure
from followups.reports import windows
from tests import factories

NOW = datetime(2026, 3, 31, 8, tzinfo=UTC)


def asked(**given):
    return windows.question(given, now=NOW, zone="America/New_York", scope=windows.Scope())


def test_the_period_is_the_ninety_days_to_as_of():
    found = asked()
    assert (found.start, found.end, found.as_of) == (NOW - timedelta(days=90), NOW, NOW)


def test_a_date_is_its_midnight_at_the_desk():
    found = asked(**{"from": "2026-03-01", "to": "2026-03-09", "as_of": "2026-03-10"})
    assert found.start == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert found.end == datetime(2026, 3, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-01T00:00:00Z", "2026-03-01T02:00:00+02:00", "2026-03-01T02:00:00 02:00"])
def test_an_instant_carries_its_offset(text):
    assert asked(as_of=text).as_of == datetime(2026, 3, 1, tzinfo=UTC)


def test_an_empty_word_is_none():
    assert asked(by="", team="", window_days="") == asked()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"as_of": "2026-03-01T00:00:00"}, "naive-instant"),
        ({"as_of": "soon"}, "invalid"),
        ({"by": "\r"}, "unknown-choice"),
        ({"as_of": "0001-01-01"}, "out-of-range"),
        ({"as_of": "9999-12-31T23:59:59Z"}, "out-of-range"),
        ({"window_days": "0"}, "out-of-range"),
        ({"window_days": "91"}, "out-of-range"),
        ({"window_days": "7.5"}, "out-of-range"),
        ({"of": "some"}, "unknown-choice"),
        ({"by": "colour"}, "unknown-choice"),
        ({"customer": "nobody\x00"}, "unknown"),
        ({"channel": "a\x00"}, "forbidden-character"),
        ({"team": "a\x00"}, "unknown"),
        ({"colour": "red"}, "unknown-field"),
    ],
)
def test_what_cannot_be_asked_is_named(given, code):
    with pytest.raises(Invalid) as refused:
        asked(**given)
    assert (refused.value.field, refused.value.code) == (next(iter(given)), code)


def test_a_period_ends_after_it_starts():
    with pytest.raises(Invalid, match="must end after it starts"):
        asked(**{"from": "2026-03-09", "to": "2026-03-09"})


@pytest.mark.django_db
def test_agents_are_no_cut_while_that_is_switched_off():
    with pytest.raises(Invalid) as refused:
        asked(by="agent")
    assert (refused.value.field, refused.value.code) == ("by", "unknown-choice")


@pytest.mark.django_db
def test_only_members_of_large_teams_are_named():
    root = factories.agent("root", "admin")
    Disclosure.objects.create(since=NOW, by=root, reason="Coaching")
    north, south = factories.team("North"), factories.team("South")
    many = [factories.agent(f"n{place}", team=north) for place in range(5)]
    factories.agent("s1", team=south)
    assert asked(by="agent").named == tuple(sorted(each.pk for each in many))
    assert asked().named == ()
    Agent.objects.filter(pk=many[0].pk).update(is_active=False)
    assert asked(by="agent").named == ()


@pytest.mark.django_db
def test_names_are_looked_up():
    team, ana = factories.team("North"), factories.customer(now=NOW, reference="C-1")
    found = asked(team="North", customer="C-1", family="Billing").filters
    assert (found.team, found.customer, found.family) == (team.pk, ana.pk, "Billing")
    with pytest.raises(Invalid, match="No team"):
        asked(team="South")
    with pytest.raises(Invalid, match="No customer"):
        asked(customer="C-2")


@pytest.mark.django_db
def test_scope_follows_the_role_and_a_tokens_team_narrows_it():
    north, south = factories.team("North"), factories.team("South")
    ada, sam = factories.agent("ada", team=north), factories.agent("sam", "supervisor", team=north)
    root, eve = factories.agent("root", "admin"), factories.agent("eve", "auditor")
    bare, teamed = ApiToken(name="all"), ApiToken(name="south", team=south)
    scopes = {
        "agent": windows.scope_of(Actor("web", agent=ada)),
        "supervisor": windows.scope_of(Actor("web", agent=sam)),
        "admin": windows.scope_of(Actor("web", agent=root)),
        "auditor": windows.scope_of(Actor("web", agent=eve)),
        "bare": windows.scope_of(Actor("api", token=bare)),
        "teamed": windows.scope_of(Actor("api", token=teamed)),
        "supervisor of another team": windows.scope_of(Actor("api", agent=sam, token=teamed)),
    }
    assert scopes == {
        "agent": windows.Scope(agent_id=ada.pk),
        "supervisor": windows.Scope(team_ids=frozenset([north.pk]), pool=True),
        "admin": windows.Scope(),
        "auditor": windows.Scope(),
        "bare": windows.Scope(),
        "teamed": windows.Scope(team_ids=frozenset([south.pk])),
        "supervisor of another team": windows.Scope(team_ids=frozenset()),
    }


def test_nobody_has_no_reports():
    with pytest.raises(Forbidden):
        windows.scope_of(Actor("web"))
