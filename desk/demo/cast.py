"""Who plays: the demo's teams and people. A real account or team of the same name is left alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from desk.demo import words
from followups.models import Agent, Team


def teams() -> dict[str, Team]:
    """The demo's teams under the names of the story."""
    return {name: _team(name, kind) for name, kind in words.TEAMS.items()}


def _team(name: str, kind: str) -> Team:
    if Team.objects.filter(name=name, is_demo=False).exists():
        name = f"{name} (practice)"
    return Team.objects.update_or_create(name=name, defaults={"kind": kind, "is_demo": True})[0]


def people(of: Mapping[str, Team], *, passwords: Mapping[str, str], now: datetime) -> dict[str, Agent]:
    """The demo's people under the names of the story; who has no password cannot sign in."""
    found = {}
    for username, first, last, role, names, days in words.PEOPLE:
        agent = _agent(username)
        agent.first_name, agent.last_name, agent.role, agent.is_demo = first, last, role, True
        agent.is_staff = agent.is_superuser = role == "admin"
        agent.started_on = (now - timedelta(days=days)).date()
        agent.set_password(passwords.get(username))
        agent.save()
        agent.teams.set([of[name] for name in names])
        found[username] = agent
    return found


def _agent(username: str) -> Agent:
    if Agent.objects.filter(username__iexact=username, is_demo=False).exists():
        username = f"demo-{username}"
    return Agent.objects.filter(username=username).first() or Agent(username=username)
