"""People, teams, policies and tokens: what an administrator sets up."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from followups import inputs, worktime
from followups.actions import marking
from followups.errors import Forbidden, Invalid, Missing, Refused
from followups.models import (
    Actor,
    Agent,
    ApiToken,
    Contact,
    OneTimeLink,
    Policy,
    Role,
    Scope,
    Team,
)

LINK_LIVES = timedelta(days=7)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
SHORTEST_WINDOW = 5
OWN = frozenset(["first_name", "last_name", "email", "zone"])
OF_AGENT = OWN | {"username", "role", "started_on", "credit_limit", "is_active"}
OF_TEAM = frozenset(["name", "kind", "separate"])
OF_CALENDAR = frozenset(["zone", "week", "special_days"])
OF_POLICY = (
    frozenset(field.name for field in Policy._meta.fields) - OF_CALENDAR - {"id", "team", "own_hours", "own_rules"}
)
AT_MOST = {
    "first_update_days": 30,
    "proposal_days": 30,
    "high_proposal_days": 30,
    "longest_days": 60,
    "horizon_days": 365,
    "window_minutes": 720,
    "daily_minutes": 1440,
}


def _put(row: Model, changes: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Put the changes on the row; what is not for changing, or what its fields do not take, is refused by name."""
    for name, value in changes.items():
        if name not in allowed:
            raise Invalid(name, "This field cannot be changed.", "read-only-field")
        longest = row._meta.get_field(name).max_length or inputs.LONGEST
        setattr(row, name, inputs.plain(name, value, most=longest) if isinstance(value, str) else value)
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields} - changes.keys())
    except ValidationError as error:
        name, words = next(iter(error.message_dict.items()))
        raise Invalid(name, " ".join(words)) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_token(
    *,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    team: Team | None = None,
    agent: Agent | None = None,
    lives: timedelta | None = None,
) -> tuple[ApiToken, str]:
    """A token and its secret (43 URL-safe characters), which is shown once and never stored.

    `all` stands for every scope.
    """
    wanted = set(scopes)
    if "all" in wanted:
        wanted = set(Scope.values)
    unknown = wanted - set(Scope.values)
    if unknown or not wanted:
        raise Invalid(
            "scopes",
            f"Unknown: {', '.join(sorted(unknown))}." if unknown else "Name a scope.",
            "unknown-scope",
        )
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=inputs.plain("name", name, most=120, required=True),
        prefix=secret[:8],
        digest=_digest(secret),
        scopes=sorted(wanted),
        team=team,
        agent=agent,
        created_at=now,
        expires_at=now + lives if lives else None,
        budget_at=now,
    )
    return token, secret


def find_token(*, secret: str, now: datetime) -> ApiToken | None:
    """The live token of a secret: not revoked, not run out, its agent active."""
    token = (
        ApiToken.objects.select_related("agent", "team").filter(digest=_digest(secret), revoked_at__isnull=True).first()
    )
    if token is None or (token.expires_at and token.expires_at <= now) or (token.agent and not token.agent.is_active):
        return None
    return token


def revoke_token(*, token: ApiToken, now: datetime) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)


@transaction.atomic
def save_agent(
    *, agent: Agent | None, changes: Mapping[str, Any], teams: Iterable[Team] | None, by: Actor, now: datetime
) -> Agent:
    """Make or change a person.

    Deactivated people lose their sessions and tokens at once; the last administrator stays.
    """
    _require_admin(by)
    admins = list(Agent.objects.select_for_update().filter(role=Role.ADMIN).order_by("pk").values_list("pk", flat=True))
    row = Agent.objects.select_for_update().get(pk=agent.pk) if agent else Agent()
    _put(row, changes, OF_AGENT)
    _check_names(row, changes)
    _check_agent(row)
    row.is_staff = row.is_superuser = row.role == Role.ADMIN
    if row.pk is None:
        row.set_unusable_password()
    row.save()
    if teams is not None:
        row.teams.set(teams)
    if not Agent.objects.filter(pk__in=[*admins, row.pk], role=Role.ADMIN, is_active=True).exists():
        raise Refused("last-admin", "The desk needs at least one active administrator.", field="role")
    if not row.is_active:
        _sign_out(row, now=now)
    return row


@transaction.atomic
def change_own(*, changes: Mapping[str, Any], by: Actor) -> Agent:
    """What people change of themselves: their names, mail address and zone."""
    if by.agent is None:
        raise Forbidden("needs-agent", "Only a person has an account.")
    row = Agent.objects.select_for_update().get(pk=by.agent.pk)
    _put(row, changes, OWN)
    _check_names(row, changes)
    _check_agent(row)
    row.save(update_fields=sorted(OWN))
    return row


def _check_names(row: Agent, changes: Mapping[str, Any]) -> None:
    """Nobody passes for another by what is not seen, or by letters of another width."""
    for name in ("username", "first_name", "last_name"):
        if name in changes and UNSEEN.search(getattr(row, name)):
            raise Invalid(name, "It holds a character that nobody sees.", "forbidden-character")
    if "username" in changes and not unicodedata.is_normalized("NFKC", row.username):
        raise Invalid("username", "Write it in plain letters.", "forbidden-character")


def _check_agent(row: Agent) -> None:
    if row.zone and not worktime.is_zone(row.zone):
        raise Invalid("zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    if row.credit_limit is not None and row.credit_limit < 0:
        raise Invalid("credit_limit", "Not below 0.", "too-small")
    if row.role not in Role.values:
        raise Invalid("role", f"One of {', '.join(Role.values)}.", "unknown-choice")
    if not row.username.strip():
        raise Invalid("username", "Name the account.", "required")
    if Agent.objects.filter(username__iexact=row.username).exclude(pk=row.pk).exists():
        raise Invalid("username", "This name is taken.", "taken")


def _sign_out(agent: Agent, *, now: datetime) -> None:
    agent.tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
    OneTimeLink.objects.filter(agent=agent, used_at__isnull=True).update(used_at=now)
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get("_auth_user_id") == str(agent.pk):
            session.delete()


def _require_admin(by: Actor) -> None:
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")


@transaction.atomic
def save_team(*, team: Team | None, changes: Mapping[str, Any], by: Actor, now: datetime) -> Team:
    """Make or change a team: name, kind, separate."""
    _require_admin(by)
    row = Team.objects.select_for_update().get(pk=team.pk) if team else Team()
    kind = row.kind
    _put(row, changes, OF_TEAM)
    if not row.name:
        raise Invalid("name", "Name the team.", "required")
    if Team.objects.filter(name__iexact=row.name).exclude(pk=row.pk).exists():
        raise Invalid("name", "This name is taken.", "taken")
    row.save()
    if team and row.kind != kind:
        marking.team_kind(team=row, by=by, now=now)
    return row


@transaction.atomic
def save_policy(*, team: Team | None, changes: Mapping[str, Any], by: Actor, now: datetime) -> Policy:
    """Change a team's policy, or the desk's own (`team` None). Open follow-ups keep their dates and reminders."""
    _require_admin(by)
    row = own_policy(team)
    before = {name: getattr(row, name) for name in changes if name in OF_POLICY}
    _put(row, changes, OF_POLICY)
    row.own_rules = True
    check_policy(policy=row)
    row.save()
    if team is None:
        hand_down(row, OF_POLICY, "own_rules")
    marking.policy(team=team, before=before, after=row, by=by, now=now)
    return row


def own_policy(team: Team | None) -> Policy:
    """The team's own row, held; where it has none an unsaved one that follows the desk's, which is held then."""
    held = Policy.objects.select_for_update()
    if row := held.filter(team=team).first():
        return row
    row = held.filter(team=None).first() or Policy()
    row.pk, row.team, row._state.adding = None, team, True
    row.own_hours = row.own_rules = team is None
    return row


def hand_down(desk: Policy, names: Iterable[str], own: str) -> None:
    """The rows of teams that follow the desk in this part take its values along."""
    theirs = Policy.objects.filter(team__isnull=False, **{own: False})
    theirs.update(**{name: getattr(desk, name) for name in names})


AT_LEAST_ONE = ("window_minutes", "minutes_each", "daily_minutes", "horizon_days", "longest_days", "review_no_news")


def check_policy(*, policy: Policy) -> None:
    """Refuse, by field, what no team could work by."""
    row = policy
    if row.zone and not worktime.is_zone(row.zone):
        raise Invalid("zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    row.week = inputs.week("week", row.week)
    row.special_days = inputs.special_days("special_days", row.special_days)
    _check_hours(row)
    _check_amounts(row)
    if "{window}" not in row.sentence:
        raise Invalid("sentence", "The sentence must contain {window}, where the time goes.", "no-window")


def _check_amounts(row: Policy) -> None:
    for name in AT_LEAST_ONE:
        if getattr(row, name) < 1:
            raise Invalid(name, "At least 1.", "too-small")
    for name, most in AT_MOST.items():
        if getattr(row, name) > most:
            raise Invalid(name, f"At most {most}.", "out-of-range")
    if row.minutes_each > row.daily_minutes:
        raise Invalid("minutes_each", "One follow-up must fit into a day.", "out-of-range")
    if row.window_minutes < SHORTEST_WINDOW:
        raise Invalid("window_minutes", f"At least {SHORTEST_WINDOW}.", "too-small")


def _check_hours(row: Policy) -> None:
    if not row.contact_days or not set(row.contact_days) <= set(range(7)):
        raise Invalid("contact_days", "Pick at least one day.", "required")
    if row.contact_from >= row.contact_until:
        raise Invalid("contact_until", "Must be later than the beginning.", "end-before-start")


def drop_policy(*, team: Team, by: Actor, now: datetime) -> None:
    """The team follows the desk's rules again; hours of its own stay."""
    _require_admin(by)
    if _dropped(team, OF_POLICY, "own_rules", also="own_hours"):
        marking.policy_dropped(team=team, word="rules", by=by, now=now)


def drop_hours(*, team: Team, by: Actor, now: datetime) -> None:
    """The team follows the desk's hours again; rules of its own stay. What waits is the caller's to move."""
    _require_admin(by)
    if _dropped(team, OF_CALENDAR, "own_hours", also="own_rules"):
        marking.policy_dropped(team=team, word="hours", by=by, now=now)


@transaction.atomic
def _dropped(team: Team, names: Iterable[str], own: str, *, also: str) -> bool:
    """Whether this part was the team's own. The desk's row is held first, as by whoever changes it."""
    desk = Policy.objects.select_for_update().filter(team=None).first() or Policy()
    row = Policy.objects.select_for_update().filter(team=team, **{own: True}).first()
    if row is None:
        return False
    if not getattr(row, also):
        row.delete()
        return True
    setattr(row, own, False)
    for name in names:
        setattr(row, name, getattr(desk, name))
    row.save()
    return True


def invite(*, agent: Agent, now: datetime) -> str:
    """A path that lets the person set a password once, within seven days. Earlier links of the same person end."""
    OneTimeLink.objects.filter(agent=agent, used_at__isnull=True).update(used_at=now)
    secret = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(agent=agent, digest=_digest(secret), made_at=now, expires_at=now + LINK_LIVES)
    return f"/welcome/{secret}"


@transaction.atomic
def invite_first_admin(*, now: datetime) -> str | None:
    """The way in to an empty desk: makes the account `root` and a link to set its password.

    None once an admin can sign in.
    """
    admins = Agent.objects.filter(role=Role.ADMIN, is_active=True, is_demo=False)
    if any(admin.has_usable_password() for admin in admins):
        return None
    admin = admins.first() or _first_admin()
    return invite(agent=admin, now=now)


def _first_admin() -> Agent:
    name = "root" if not Agent.objects.filter(username="root").exists() else "admin"
    admin = Agent(username=name, role=Role.ADMIN, is_staff=True, is_superuser=True)
    admin.set_unusable_password()
    admin.save()
    return admin


def link(*, secret: str, now: datetime) -> OneTimeLink:
    """The live link of a secret, or Missing."""
    row = OneTimeLink.objects.select_related("agent").filter(digest=_digest(secret), used_at__isnull=True).first()
    if row is None or row.expires_at <= now or not row.agent.is_active:
        raise Missing("This link has been used or has run out. Ask for a new one.")
    return row


@transaction.atomic
def use_link(*, secret: str, password: str, now: datetime) -> Agent:
    """Set the password and use the link up."""
    row = OneTimeLink.objects.select_for_update().get(pk=link(secret=secret, now=now).pk)
    if row.used_at:
        raise Missing("This link has been used or has run out. Ask for a new one.")
    agent = cast(Agent, row.agent)
    try:
        validate_password(password, agent)
    except ValidationError as error:
        raise Invalid("password", " ".join(error.messages), "weak-password") from error
    agent.set_password(password)
    agent.save(update_fields=["password"])
    row.used_at = now
    row.save(update_fields=["used_at"])
    return agent


def last_recorded(agent: Agent) -> datetime | None:
    """When the person last wrote down a contact; for the people page."""
    return (
        Contact.objects.filter(recorded_by=agent).order_by("-entered_at").values_list("entered_at", flat=True).first()
    )
