"""People: made, changed, sent away, invited in."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session

from followups.actions import people
from followups.models import Agent, Notice, OneTimeLink, Role
from tests import factories

STRONG = "a calm desk at noon"


def given(person, **changes):
    """What the form of this person sends, with changes."""
    fields = {
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "role": person.role,
        "teams": [team.pk for team in person.teams.all()],
        "is_active": "on",
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def link_of(answer):
    return re.search(r'value="http[^"]*(/welcome/[^"]+)"', answer.content.decode())[1]


def test_supervisors_see_the_people_of_their_teams(office, as_):
    def seen(reader):
        return {row["person"].username for row in as_(reader).get("/people").context["rows"]}

    assert seen(office.sam) == {"ada", "ben", "sam", "sue"}
    assert seen(office.root) == seen(office.aud) == {"ada", "ben", "sam", "sue", "olu", "aud", "root"}
    assert as_(office.ada).get("/people").status_code == 403
    assert as_(office.sam).get(f"/people/{office.olu.pk}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(office, as_, django_assert_num_queries, count):
    for place in range(count):
        factories.agent(f"dee{place}", team=office.billing)
    client = as_(office.sam)
    with django_assert_num_queries(7):
        client.get("/people")


def test_a_new_person_gets_a_link_that_is_shown_once(office, as_):
    client = as_(office.root)
    fields = {
        "username": "dee",
        "first_name": "Dee",
        "role": "agent",
        "teams": [office.billing.pk],
        "credit_limit": "50",
    }
    answer = client.post("/people/new", fields)
    person = Agent.objects.get(username="dee")
    assert (person.role, list(person.teams.all()), person.credit_limit) == ("agent", [office.billing], 50)
    assert not person.has_usable_password()
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(link_of(answer)).status_code == 200
    assert "/welcome/" not in client.get(f"/people/{person.pk}").content.decode()


def test_a_taken_name_is_refused_at_its_field(office, as_):
    answer = as_(office.root).post("/people/new", {"username": "ADA", "role": "agent"})
    assert answer.status_code == 400
    assert answer.context["form"].errors == {"username": ["This name is taken."]}


def test_an_unknown_zone_is_refused_at_its_field(office, as_):
    answer = as_(office.root).post(f"/people/{office.ada.pk}", given(office.ada, zone="Mars/Base"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["zone"])


def test_changes_are_kept_and_what_was_not_sent_by_the_form_stays(office, as_):
    answer = as_(office.root).post(
        f"/people/{office.ada.pk}", given(office.ada, role="supervisor", zone="Europe/Madrid")
    )
    assert answer.url == f"/people/{office.ada.pk}"
    office.ada.refresh_from_db()
    assert (office.ada.role, office.ada.zone, office.ada.is_staff) == (Role.SUPERVISOR, "Europe/Madrid", False)
    assert list(office.ada.teams.all()) == [office.billing]


def test_switched_off_a_person_is_out_at_once(office, as_):
    theirs = as_(office.ada)
    assert theirs.get("/account").status_code == 200
    as_(office.root).post(f"/people/{office.ada.pk}", given(office.ada, is_active=None))
    assert not Agent.objects.get(pk=office.ada.pk).is_active
    assert theirs.get("/account").status_code == 302
    assert office.ada.pk not in {int(one.get_decoded()["_auth_user_id"]) for one in Session.objects.all()}


def test_the_last_administrator_stays(office, as_):
    answer = as_(office.root).post(f"/people/{office.root.pk}", given(office.root, role="agent"))
    assert answer.context["form"].errors == {"role": ["The desk needs at least one active administrator."]}
    assert Agent.objects.get(pk=office.root.pk).role == Role.ADMIN


@pytest.mark.parametrize("reader", ["sam", "aud"])
def test_those_who_read_change_nothing(office, as_, reader):
    client = as_(getattr(office, reader))
    page = client.get(f"/people/{office.ada.pk}").content.decode()
    assert '<button class="btn btn-primary" type="submit">Save' not in page
    assert client.post(f"/people/{office.ada.pk}", given(office.ada, role="admin")).status_code == 403
    assert client.post("/people/new", {"username": "x", "role": "admin"}).status_code == 403
    assert client.post(f"/people/{office.ada.pk}/invitation").status_code == 403
    assert Agent.objects.get(pk=office.ada.pk).role == Role.AGENT
    assert OneTimeLink.objects.count() == 0


def test_supervisors_send_their_people_away_and_back(office, as_, now):
    client = as_(office.sam)
    office.sam.zone = "Europe/Madrid"
    office.sam.save()
    path = f"/people/{office.ada.pk}/absence"
    assert client.post(path, {"until": "2026-11-26T09:00"}).status_code == 302
    assert office.ada.away_until(now).isoformat() == "2026-11-26T08:00:00+00:00"
    assert client.post(path, {"until": ""}).status_code == 302
    assert office.ada.away_until(now) is None
    answer = client.post(path, {"until": "2026-11-20T09:00"})
    assert answer.context["away"].errors == {"until": ["This time has passed."]}
    assert client.post(f"/people/{office.olu.pk}/absence", {"until": "2026-11-26T09:00"}).status_code == 404
    assert as_(office.aud).post(path, {"until": "2026-11-26T09:00"}).status_code == 403


@pytest.fixture
def invited(office, now):
    office.ada.set_unusable_password()
    office.ada.save()
    return people.invite(agent=office.ada, now=now)


def test_looking_at_a_link_uses_nothing_up(invited, client):
    for _ in range(2):
        assert "You sign in as <strong>ada</strong>" in client.get(invited).content.decode()


def test_the_first_password_signs_in_and_ends_the_link(office, invited, client):
    answer = client.post(invited, {"password": STRONG, "again": STRONG})
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(office.ada.pk)
    assert Agent.objects.get(pk=office.ada.pk).check_password(STRONG)
    assert client.get(invited).status_code == 404
    assert client.post(invited, {"password": STRONG, "again": STRONG}).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "field"),
    [
        ("short", "short", "password"),
        ("1234567890", "1234567890", "password"),
        (STRONG, STRONG + "!", "again"),
        ("", "", "password"),
    ],
)
def test_weak_or_unlike_passwords_are_refused_at_their_field(office, invited, client, password, again, field):
    answer = client.post(invited, {"password": password, "again": again})
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert "_auth_user_id" not in client.session
    assert client.get(invited).status_code == 200


def test_a_link_runs_out_after_seven_days_and_a_new_one_ends_it(office, invited, client, now, time_machine):
    time_machine.move_to(now + timedelta(days=7), tick=False)
    assert client.get(invited).status_code == 404
    time_machine.move_to(now, tick=False)
    assert client.get(invited).status_code == 200
    people.invite(agent=office.ada, now=now)
    assert client.get(invited).status_code == 404


def test_a_link_alone_does_not_pass_the_second_factor(office, invited, client):
    Authenticator.objects.create(user=office.ada, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = client.post(invited, {"password": STRONG, "again": STRONG})
    assert answer.url == "/login"
    assert "_auth_user_id" not in client.session


def test_nobody_is_invited_who_may_not_sign_in(office, as_):
    Agent.objects.filter(pk=office.ada.pk).update(is_active=False)
    assert as_(office.root).post(f"/people/{office.ada.pk}/invitation").status_code == 409
    assert OneTimeLink.objects.count() == 0


def test_a_lost_second_factor_is_taken_away_by_an_administrator_and_its_owner_told(office, as_):
    factor = Authenticator.objects.create(user=office.ada, type=Authenticator.Type.TOTP, data={"secret": "x"})
    path = f"/people/{office.ada.pk}/second-factor"
    assert as_(office.sam).post(path).status_code == 403
    assert Authenticator.objects.filter(pk=factor.pk).exists()
    assert path in as_(office.root).get(f"/people/{office.ada.pk}").content.decode()
    assert as_(office.root).post(path).url == f"/people/{office.ada.pk}"
    assert not Authenticator.objects.filter(user=office.ada).exists()
    assert Notice.objects.get(recipient=office.ada).text.startswith("Root took your second factor away")
    assert path not in as_(office.root).get(f"/people/{office.ada.pk}").content.decode()
