"""Who may do what: every page x method x person. A page or method without a row fails.

`-` is a sign-in missing, `403` seen but not theirs, `404` not for their eyes, `405` no such method, `ok` everything
else: nothing is filled in, so that what is allowed answers that something is missing.
"""

import copy
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from followups.actions import closing, messages, people, waiving
from followups.models import (
    Agent,
    Channel,
    Closure,
    Contact,
    ImportRun,
    Ladder,
    Mailing,
    Pause,
    Plan,
    Role,
    Rota,
    Target,
)
from tests import factories

# ada and sam are of the team that all is about, fay and olu of another; bot is a person for integrations.
PEOPLE = ("nobody", "ada", "fay", "sam", "olu", "root", "aud", "bot")
READING = {
    "- 403 403 ok ok ok ok  403": "exports plans plans-team",
    "- 405 405 405 405 405 405  405": "follow-up-number follow-up-retry plan-removal",
    "- 403 403 403 403 ok 403 403": """
        target
        ladder ladder-new ladder-new-team person-new rota rota-new rota-new-team team team-new
    """,
    "- 403 403 ok 403 ok 403 403": "customer-merger",
    "- 403 403 ok ok ok 403 403": "deliveries findings",
    "- ok ok ok ok ok 403  403": "mailing-new mailings",
    "- ok 404 404 404 404 403 403": "mailing",
    "- 403 403 ok 404 ok ok 403": "person",
    "- 403 403 ok 404 ok 403 403": "person-shifts",
    "- 403 403 ok ok ok ok 403": """
        calendar calendar-team categories category import import-errors import-progress imports ladders
        ladders-team time-rules
        time-rules-team overdue overdue-findings overdue-review
        targets targets-team
        overdue-waivers messaging messaging-team people policy policy-team teams tokens
    """,
    "- 405 405 405 405 405 405 405": """
        pause-ending target-removal target-rule target-rule-team
        agent-figures-ending ladder-removal ladders-dropping ladders-leaders rota-removal
        mailing-pause mailing-removal mailing-resumption mailing-sending
        channel channel-code channel-removal channel-trial channels-hours channels-switch deliveries-replay
        messaging-dropping
        absence-ending account-absence closure-undo confirmation findings-clock follow-up-acknowledgement
        follow-up-lease follow-up-message
        follow-up-promise follow-up-turn import-real import-trial overdue-acknowledgements overdue-assignments
        overdue-moves overdue-waiver-refusal person-absence person-invitation person-second-factor
        policy-dropping policy-preview
        policy-preview-team ticket-new-caller ticket-new-line ticket-outreach ticket-owner today-start
        token-revocation
    """,
    "- ok 404 ok 404 ok 403 403": """
        closure follow-up-date follow-up-end follow-up-owner reopening ticket-contacts ticket-fields
        ticket-follow-ups ticket-notes ticket-pauses ticket-rules waiver
    """,
    "- ok 404 ok 404 ok ok 403": "follow-up ticket",
    "- ok ok ok ok ok 403 403": "ticket-new your-day",
    "- ok ok ok ok ok ok 403": """
        absences account agent-figures channels customer customers notices report report-card report-rows reports tickets today
    """,
    "- ok ok ok ok ok ok ok": "logout notices-badge",
    "405 405 405 405 405 405 405 405": "promise-not-solved promise-solved promise-time",
    "ok ok ok ok ok ok ok ok": "healthz healthz-reminders login metrics promise readyz welcome",
}
WRITING = {
    "- 403 403 403 403 ok 403  403": "plan-removal plans plans-team",
    "- ok 404 ok 404 ok 403  403": "follow-up-number follow-up-retry",
    "- - - - - - - -": "logout",
    "- 403 403 403 403 ok 403 403": """
        calendar calendar-team
        findings-clock
        target target-removal target-rule target-rule-team targets targets-team
        agent-figures agent-figures-ending ladder ladder-new ladder-new-team ladder-removal ladders-dropping
        ladders-leaders rota rota-new rota-new-team
        rota-removal
        person-invitation person-new person-second-factor policy policy-dropping policy-preview policy-preview-team
        channels-switch messaging messaging-dropping messaging-team
        policy-team team team-new token-revocation tokens
    """,
    "- 403 403 403 404 ok 403 403": "person",
    "- ok 404 404 404 404 404 403": "channel channel-code channel-removal channel-trial",
    "- ok 404 404 404 404 403 403": "mailing mailing-resumption mailing-sending",
    "- ok 404 404 404 ok 403 403": "mailing-pause mailing-removal",
    "- ok ok ok ok ok 403  403": "mailing-new",
    "- 403 403 ok 403 ok 403 403": "customer-merger",
    "- 403 403 ok 404 ok 403 403": "overdue-waiver-refusal person-absence person-shifts",
    "- 403 403 ok ok ok 403 403": """
        deliveries-replay
        category import-real import-trial imports overdue-acknowledgements overdue-assignments overdue-moves
        overdue-waivers
    """,
    "- 405 405 405 405 405 405 405": """
        exports findings mailings
        ladders ladders-team time-rules time-rules-team
        categories customers import import-errors import-progress overdue overdue-findings overdue-review people
        report report-card report-rows reports teams ticket tickets today deliveries your-day
    """,
    "- 404 404 404 404 404 403 403": "ticket-new-line",  # nobody is on the line
    "- ok 403 ok 403 ok 403 403": "customer",
    "- ok 404 ok 404 ok 403 403": """
        absence-ending closure closure-undo confirmation follow-up follow-up-acknowledgement follow-up-date
        follow-up-end
        follow-up-lease follow-up-message follow-up-owner follow-up-promise follow-up-turn reopening
        pause-ending ticket-contacts ticket-fields ticket-follow-ups ticket-notes ticket-outreach ticket-owner
        ticket-pauses
        ticket-rules waiver
    """,
    "- ok ok ok ok ok 403 403": "absences ticket-new ticket-new-caller today-start",
    "- ok ok ok ok ok ok 403": "account account-absence channels channels-hours notices",
    "405 405 405 405 405 405 405 405": "healthz healthz-reminders metrics notices-badge promise readyz",
    "ok ok ok ok ok ok ok ok": "login promise-not-solved promise-solved promise-time welcome",
}
# allauth's pages, for nobody and for ada: GET, then POST.
SIGN_IN = {
    "- - - -": "socialaccount_signup",
    "- - - 405": "socialaccount_login_error",
    "- 403 - 403": "account_reauthenticate mfa_reauthenticate mfa_reauthenticate_webauthn",
    "- 404 - 404": "mfa_deactivate_totp mfa_download_recovery_codes mfa_edit_webauthn mfa_remove_webauthn",
    "- 404 - 405": "mfa_view_recovery_codes",
    "- ok - -": "account_logout",
    "- ok - 405": "mfa_index mfa_list_webauthn",
    "- ok - ok": """
        account_change_password account_confirm_login_code account_email account_set_password
        accounts/social/connections/ accounts/social/login/cancelled/ accounts/social/login/error/
        accounts/social/signup/ mfa_activate_totp mfa_add_webauthn mfa_authenticate mfa_generate_recovery_codes
        socialaccount_connections
    """,
    "404 404 404 404": "openid_connect_callback openid_connect_login",
    "ok ok 404 404": "account_confirm_email",
    "ok ok 405 405": """
        account_email_verification_sent account_inactive account_reset_password_done
        account_reset_password_from_key_done socialaccount_login_cancelled
    """,
    "ok ok ok ok": "account_login account_reset_password account_reset_password_from_key account_signup",
}
ELSEWHERE = ("admin/", "api/v1/")  # with a matrix of their own


def table(rows, method):
    """(route, method): what each person gets."""
    return {(name, method): said.split() for said, names in rows.items() for name in names.split()}


ROWS = {**table(READING, "GET"), **table(WRITING, "POST")}


def routes(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if address not in ELSEWHERE:
                yield from routes(pattern.url_patterns, address)
        else:
            yield pattern.name or address


def test_every_page_has_a_row_for_reading_and_for_writing():
    own = {name for name, _ in ROWS}
    of_allauth = {name for names in SIGN_IN.values() for name in names.split()}
    assert own | of_allauth == set(routes())
    assert not own & of_allauth
    assert set(ROWS) == {(name, method) for name in own for method in ("GET", "POST")}


@pytest.fixture
def things(office, now):
    """One of each thing that a page can be about, all of Billing."""
    office.fay = factories.agent("fay", team=office.delivery)
    office.bot = factories.agent("bot", Role.INTEGRATION, team=office.billing)
    ticket = factories.ticket(now=now, team=office.billing, agent=office.ada, customer=factories.customer(now=now))
    call = {"direction": "outbound", "channel": "phone", "at": now, "entered_at": now}
    contact = Contact.objects.create(ticket=ticket, **call)
    closing.close(ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=office.by(office.ada), now=now)
    request = waiving.ask(ticket=ticket, kind="legal", reason="Law", by=office.by(office.ada), now=now, contact=contact)
    follow_up = ticket.follow_ups.get()
    target = Target.objects.create(kind="resolution", amount=60, made_at=now)
    pause = Pause.objects.create(
        ticket=ticket,
        reason="customer",
        question="Which?",
        from_at=now,
        until_at=now + timedelta(days=1),
        by_name="ada",
    )
    token, _ = people.make_token(name="Shop", scopes=["tickets:read"], now=now)
    ladder = Ladder.objects.create(team=office.billing, name="Ours", made_at=now)
    rota = Rota.objects.create(team=office.billing, name="Nights", starts_on=now.date(), hands_over_at=now.time())
    own = {"agent": office.ada, "kind": "mail", "name": "Mail", "address": "ada@example.org", "made_at": now}
    channel = Channel.objects.create(**own)
    at = {"made_at": now, "settled_at": now, "look_at": now, "at": now.time(), "zone": "UTC"}
    letter = Mailing.objects.create(agent=office.ada, report="promises", period="week", rhythm="week", **at)
    run = ImportRun.objects.create(source="csv", file_name="x", made_at=now, by_name="x", dry_run=True)
    return {
        "tickets/": {"number": ticket.number},
        "follow-ups/": {"key": follow_up.pk},
        "closures/": {"key": Closure.objects.get().pk},
        "customers/": {"key": ticket.customer_id},
        "imports/": {"key": run.pk},
        "people/": {"key": office.ben.pk},
        "ladders/": {"key": office.billing.pk},
        "ladder/": {"key": ladder.pk},
        "rotas/": {"key": office.billing.pk},
        "rota/": {"key": rota.pk},
        "time-rules/": {"key": office.billing.pk},
        "channels/": {"key": channel.pk},
        "mailings/": {"key": letter.pk},
        "messaging/": {"key": office.billing.pk},
        "policy/": {"key": office.billing.pk},
        "plans/": {"key": office.billing.pk, "row": Plan.objects.create(name="Cadence", made_at=now).pk},
        "calendars/": {"key": office.billing.pk},
        "absences/": {"key": factories.away(office.ada, now + timedelta(days=1)).pk},
        "targets/": {"key": office.billing.pk, "row": target.pk, "template": "eu-gdpr"},
        "pauses/": {"key": pause.pk},
        "teams/": {"key": office.billing.pk},
        "categories/": {"key": ticket.category_id},
        "tokens/": {"key": token.pk},
        "overdue/waivers/": {"key": request.pk},
        "reports/": {"name": "resolution"},
        "welcome/": {"secret": people.invite(agent=office.ada, now=now).rpartition("/")[2]},
        "p/": {"token": messages.promise_token(follow_up)},
        "accounts/": {"key": "x", "pk": 1, "provider_id": "x", "uidb36": "1"},
    }


def address_of(name, things):
    """The address of a route, about the things above."""
    if "/" in name:
        return f"/{name}"
    route, wanted = get_resolver().reverse_dict.getlist(name)[0][0][0]
    given = next((values for prefix, values in things.items() if route.startswith(prefix)), {})
    return reverse(name, kwargs={key: given[key] for key in wanted})


def verdict(answer):
    to_login = answer.status_code == 302 and answer.url.partition("?")[0] in ("/login", "/accounts/login/")
    if to_login or answer.status_code == 401:
        return "-"
    return str(answer.status_code) if answer.status_code in (403, 404, 405) else "ok"


def ask(office, things, person, asked):
    """The verdict on each (route, method); whatever it did is taken back before the next."""
    first, found = Client(), {}
    if person != "nobody":
        first.force_login(getattr(office, person), backend="django.contrib.auth.backends.ModelBackend")
    for name, method in asked:
        client = Client()
        client.cookies = copy.deepcopy(first.cookies)
        with transaction.atomic():
            answer = client.generic(method, address_of(name, things))
            transaction.set_rollback(True)
        assert answer.status_code < 500, f"{method} {name}"
        found[name, method] = verdict(answer)
    return found


@pytest.mark.parametrize("person", PEOPLE)
def test_a_person_may_as_the_matrix_says(office, things, person):
    place = PEOPLE.index(person)
    said = {row: verdicts[place] for row, verdicts in ROWS.items()}
    if person not in ("nobody", "root"):
        said = {row: word for row, word in said.items() if word != "405"}  # asked of the one who may most
    assert ask(office, things, person, said) == said


@pytest.mark.parametrize("person", PEOPLE[:2])
def test_signing_in_is_open_and_the_account_is_ones_own(office, things, person):
    place = PEOPLE.index(person)
    said = {}
    for words, names in SIGN_IN.items():
        for name in names.split():
            said[name, "GET"], said[name, "POST"] = words.split()[place], words.split()[2 + place]
    assert ask(office, things, person, said) == said


def test_nobody_signs_up(office, client):
    given = {"username": "eve", "password1": "a calm desk at noon", "password2": "a calm desk at noon"}
    assert "closed" in client.post("/accounts/signup/", given).content.decode().lower()
    assert not Agent.objects.filter(username="eve").exists()


def test_pages_know_no_other_methods(office, things):
    """The health addresses answer to nothing else either; a sign-in page is allauth's."""
    own = sorted({name for name, _ in ROWS} - {"login", "logout"})
    asked = [(name, method) for name in own for method in ("PUT", "DELETE")]
    assert set(ask(office, things, "root", asked).values()) == {"405"}
