from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from followups.actions import people
from followups.errors import Forbidden, Invalid, Missing, Refused
from followups.models import Actor, Agent, Policy
from tests import factories
from tests.followups.actions.racing import at_once


@pytest.fixture
def root(db):
    return factories.agent("root", "admin")


@pytest.fixture
def by_root(root):
    return Actor("web", agent=root)


def save(agent, by, now, teams=None, **changes):
    return people.save_agent(agent=agent, changes=changes, teams=teams, by=by, now=now)


# People


def test_new_person_has_no_password_and_her_teams(by_root, team, now):
    olu = save(None, by_root, now, teams=[team], username="olu", role="agent", first_name=" Olu ")
    assert (olu.first_name, olu.has_usable_password(), olu.is_staff, list(olu.teams.all())) == (
        "Olu",
        False,
        False,
        [team],
    )


def test_role_decides_the_way_into_the_admin(by_root, ada, now):
    assert save(ada, by_root, now, role="admin").is_superuser is True
    assert save(ada, by_root, now, role="agent").is_superuser is False


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": " "}, "username", "invalid"),
        ({"username": "a b"}, "username", "invalid"),
        ({"username": "x" * 151}, "username", "too-long"),
        ({"username": "ROOT"}, "username", "taken"),
        ({"username": "ada\u200b"}, "username", "invalid"),
        ({"username": "\u202eada"}, "username", "invalid"),
        ({"username": "ada\x07"}, "username", "invalid"),
        ({"username": "\uff41da"}, "username", "forbidden-character"),
        ({"first_name": "Ad\u200ba"}, "first_name", "forbidden-character"),
        ({"last_name": "\u202eecalevoL"}, "last_name", "forbidden-character"),
        ({"first_name": "Ada\x1b[31m"}, "first_name", "forbidden-character"),
        ({"first_name": "a\x00"}, "first_name", "forbidden-character"),
        ({"email": "nobody"}, "email", "invalid"),
        ({"zone": "Mars/Olympus"}, "zone", "unknown-zone"),
        ({"role": "king"}, "role", "invalid"),
        ({"credit_limit": Decimal("-1")}, "credit_limit", "too-small"),
        ({"credit_limit": Decimal("1e9")}, "credit_limit", "invalid"),
        ({"is_superuser": True}, "is_superuser", "read-only-field"),
        ({"password": "x"}, "password", "read-only-field"),
    ],
)
def test_bad_change_names_its_field(by_root, ada, now, changes, field, code):
    with pytest.raises(Invalid) as refusal:
        save(ada, by_root, now, **changes)
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_only_administrators_set_up_people(by_sam, ada, team, now):
    acts = (
        lambda: save(ada, by_sam, now, role="admin"),
        lambda: people.save_team(team=team, changes={"name": "X"}, by=by_sam, now=now),
        lambda: people.save_policy(team=team, changes={"daily_minutes": 5}, by=by_sam, now=now),
        lambda: people.drop_policy(team=team, by=by_sam, now=now),
    )
    for act in acts:
        with pytest.raises(Forbidden) as refusal:
            act()
        assert refusal.value.code == "not-an-admin"


def signed_in(agent):
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session.set_expiry(datetime(2030, 1, 1, tzinfo=UTC))
    session.save()
    return session.session_key


def test_deactivated_person_is_signed_out_everywhere(by_root, ada, root, now):
    hers, ours = signed_in(ada), signed_in(root)
    _token, secret = people.make_token(name="t", scopes=["all"], agent=ada, now=now)
    path = people.invite(agent=ada, now=now)
    save(ada, by_root, now, is_active=False)
    assert set(Session.objects.values_list("session_key", flat=True)) == {ours}
    assert hers != ours
    assert people.find_token(secret=secret, now=now) is None
    save(ada, by_root, now, is_active=True)
    assert people.find_token(secret=secret, now=now) is None
    with pytest.raises(Missing):
        people.link(secret=path.rpartition("/")[2], now=now)


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "agent"}])
def test_last_administrator_stays(by_root, root, now, changes):
    with pytest.raises(Refused) as refusal:
        save(root, by_root, now, **changes)
    assert refusal.value.code == "last-admin"
    assert Agent.objects.get(pk=root.pk).role == "admin"


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_never_both_go(now):
    for turn in range(4):
        pair = [factories.agent(f"root{turn}{name}", "admin") for name in "ab"]
        by = Actor("web", agent=pair[0])
        results = at_once(*[lambda row=row, by=by: save(row, by, now, is_active=False).is_active for row in pair])
        assert sorted(getattr(result, "code", "gone") for result in results) == ["gone", "last-admin"], results
        Agent.objects.filter(is_active=True).delete()


def test_people_change_their_own_names_only(ada, by_ada):
    assert people.change_own(changes={"first_name": "Ada L."}, by=by_ada).first_name == "Ada L."
    with pytest.raises(Invalid) as refusal:
        people.change_own(changes={"role": "admin"}, by=by_ada)
    assert refusal.value.code == "read-only-field"


# Teams and policies


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"kind": "home"}, "kind"),
        ({"is_demo": True}, "is_demo"),
    ],
)
def test_bad_team_names_its_field(by_root, team, now, changes, field):
    with pytest.raises(Invalid) as refusal:
        people.save_team(team=team, changes=changes, by=by_root, now=now)
    assert refusal.value.field == field


def test_team_names_are_taken_once(by_root, team, now):
    with pytest.raises(Invalid) as refusal:
        people.save_team(team=None, changes={"name": "BILLING"}, by=by_root, now=now)
    assert refusal.value.code == "taken"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"proposal_days": 31}, "proposal_days"),
        ({"proposal_days": 10**9}, "proposal_days"),
        ({"window_minutes": 4}, "window_minutes"),
        ({"daily_minutes": 0}, "daily_minutes"),
        ({"minutes_each": 91}, "minutes_each"),
        ({"horizon_days": 366}, "horizon_days"),
        ({"contact_days": [7]}, "contact_days"),
        ({"sentence": "We call you."}, "sentence"),
        ({"sentence": "{window}" + "x" * 300}, "sentence"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"team": None}, "team"),
    ],
)
def test_bad_policy_names_its_field(by_root, team, now, changes, field):
    with pytest.raises(Invalid) as refusal:
        people.save_policy(team=team, changes=changes, by=by_root, now=now)
    assert refusal.value.field == field
    assert not Policy.objects.filter(team=team).exists()


def test_team_without_a_policy_follows_the_desk(by_root, team, now):
    people.save_policy(team=team, changes={"daily_minutes": 30}, by=by_root, now=now)
    assert Policy.objects.of(team.pk).daily_minutes == 30
    people.drop_policy(team=team, by=by_root, now=now)
    assert Policy.objects.of(team.pk).daily_minutes == 90


# Tokens and links


def test_token_is_found_by_its_secret_until_it_ends(ada, now):
    token, secret = people.make_token(name="crm", scopes=["tickets:read"], agent=ada, now=now, lives=timedelta(days=1))
    assert (people.find_token(secret=secret, now=now), len(secret) >= 40) == (token, True)
    assert people.find_token(secret=secret, now=now + timedelta(days=1)) is None
    assert people.find_token(secret=secret + "x", now=now) is None
    people.revoke_token(token=token, now=now)
    assert people.find_token(secret=secret, now=now) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["rule"]}, "scopes"),
        ({"name": "x" * 121}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_token_names_its_field(db, now, fields, field):
    with pytest.raises(Invalid) as refusal:
        people.make_token(**{"name": "crm", "scopes": ["all"], "now": now, **fields})
    assert refusal.value.field == field


def test_link_sets_a_password_once(ada, now):
    secret = people.invite(agent=ada, now=now).rpartition("/")[2]
    with pytest.raises(Invalid) as refusal:
        people.use_link(secret=secret, password="ada", now=now)
    assert refusal.value.field == "password"
    agent = people.use_link(secret=secret, password="correct horse battery", now=now)
    assert agent.check_password("correct horse battery")
    with pytest.raises(Missing):
        people.use_link(secret=secret, password="another horse battery", now=now)


def test_link_runs_out_and_the_newer_one_ends_the_older(ada, now):
    older, newer = (people.invite(agent=ada, now=now).rpartition("/")[2] for _ in range(2))
    for secret, at in ((older, now), (newer, now + timedelta(days=7))):
        with pytest.raises(Missing):
            people.link(secret=secret, now=at)
    assert people.link(secret=newer, now=now).agent == ada


def test_first_administrator_is_invited_until_one_can_sign_in(db, now):
    first, second = people.invite_first_admin(now=now), people.invite_first_admin(now=now)
    assert (Agent.objects.get().username, first != second) == ("root", True)
    people.use_link(secret=second.rpartition("/")[2], password="correct horse battery", now=now)
    assert people.invite_first_admin(now=now) is None
