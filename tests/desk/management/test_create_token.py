import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from followups.models import Agent, ApiToken, Scope, Team

pytestmark = pytest.mark.django_db


def made(*arguments):
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_token_is_printed_alone():
    assert re.fullmatch(r"[A-Za-z0-9_-]{40,}\n", made("crm", "--scopes", "tickets:read, tickets:write"))
    assert ApiToken.objects.get().scopes == ["tickets:read", "tickets:write"]


def test_token_may_have_all_scopes_a_team_a_person_and_an_end():
    Team.objects.create(name="Billing")
    Agent.objects.create(username="ada")
    made("crm", "--scopes", "all", "--team", "Billing", "--agent", "ada", "--expires-days", "30")
    row = ApiToken.objects.get()
    assert (sorted(row.scopes), row.team.name, row.agent.username) == (sorted(Scope.values), "Billing", "ada")
    assert (row.expires_at - row.created_at).days == 30


def test_names_may_repeat():
    assert made("crm", "--scopes", "all") != made("crm", "--scopes", "all")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["crm", "--scopes", "tickets:fly"], "tickets:fly"),
        (["crm", "--scopes", ","], "scope"),
        (["crm", "--scopes", "all", "--team", "Nowhere"], "Nowhere"),
        (["crm", "--scopes", "all", "--agent", "nobody"], "nobody"),
        (["crm", "--scopes", "all", "--expires-days", "0"], "--expires-days"),
        ([" ", "--scopes", "all"], "name"),
    ],
)
def test_wrong_argument_says_what_is_wrong_and_ends_with_2(arguments, words):
    with pytest.raises(CommandError, match=words) as refusal:
        made(*arguments)
    assert refusal.value.returncode == 2
    assert ApiToken.objects.count() == 0
