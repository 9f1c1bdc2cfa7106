"""A desk in a browser: people, a team, and somebody signed in."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client

from followups import tasks
from followups.models import Actor, Agent, Role, Team
from tests import factories

# Playwright's loop runs in the thread of the test, and the test looks at the rows from that same thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@dataclass(frozen=True)
class Desk:
    """The people of one team at the desk."""

    team: Team
    ada: Agent
    sam: Agent

    def by(self, agent: Agent) -> Actor:
        return Actor(door="web", agent=agent)


@pytest.fixture
def desk(transactional_db) -> Desk:
    team = factories.team("Billing")
    people = [factories.agent("ada", team=team), factories.agent("sam", Role.SUPERVISOR, team=team)]
    factories.calls_at_any_hour()
    tasks.sweep("reminders")
    return Desk(team, *people)


@pytest.fixture
def sign_in(page, live_server) -> Callable[[Agent], None]:
    """Signs a person in, in this page's context."""

    def signed_in(agent: Agent) -> None:
        client = Client()
        client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return signed_in
