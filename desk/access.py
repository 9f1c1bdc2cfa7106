"""Turns a request into an actor, and asks whether that actor may. Pages and API share it; default is no."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from followups import timeline
from followups.clock import found
from followups.errors import Forbidden, Missing
from followups.models import (
    ON_THE_LINE,
    Actor,
    Agent,
    Customer,
    Event,
    Finding,
    FollowUp,
    Notice,
    Role,
    Scope,
    Sweep,
    Ticket,
)

DESK_PEOPLE = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
READERS = (*DESK_PEOPLE, Role.AUDITOR)
LATE_AFTER = timedelta(seconds=60)
ON_THE_LINE_ACTS = frozenset({"log", "answer", "close"})
OWNERS_ACTS = frozenset({"change", "assign", "merge"})


class AccountAdapter(DefaultAccountAdapter):
    """People are made by an administrator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """A person known to the site's identity provider signs in to the account that already carries the verified
    address.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class DeskRequest(HttpRequest):
    """A request as `page` hands it to a view: signed in, with its actor and its one instant."""

    user: Agent
    actor: Actor
    now: datetime
    htmx: HtmxDetails


def actor_of(request: HttpRequest, door: str = "web") -> Actor:
    """The actor of a signed-in page request."""
    return Actor(door=door, agent=request.user if request.user.is_authenticated else None)


def page(*roles: str, door: str = "web") -> Callable:
    """A page for these roles (default: all who read). Sets `request.actor` and `request.now`."""
    allowed = roles or READERS

    def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.role not in allowed:
                raise PermissionDenied
            request.actor, request.now = actor_of(request, door), timezone.now()
            return view(request, *args, **kwargs)

        return checked

    return wrap


def ticket(actor: Actor, number: str, *, now: Any) -> Ticket:
    """The ticket, or Missing for what is not there and for what is not theirs alike."""
    if not (number.isascii() and number.isdigit()):
        raise Missing("No such ticket.")
    rows = Ticket.objects.visible_to(actor, now=now)
    found = rows.filter(number=number).select_related("customer", "category", "team", "agent", "recontact_of").first()
    if found is None:
        raise Missing("No such ticket.")
    return found


def follow_up(actor: Actor, key: UUID | str, *, now: Any) -> FollowUp:
    """The follow-up with its ticket, or Missing."""
    rows = FollowUp.objects.visible_to(actor, now=now)
    found = (
        rows.filter(pk=_uuid(key))
        .select_related(
            "ticket__customer",
            "ticket__category",
            "ticket__team",
            "ticket__agent",
            "owner",
            "team",
            "promiser",
        )
        .first()
    )
    if found is None:
        raise Missing("No such follow-up.")
    return found


def _uuid(key: UUID | str) -> UUID:
    try:
        return UUID(str(key))
    except ValueError as wrong:
        raise Missing("No such follow-up.") from wrong


def require(actor: Actor, on: Ticket, act: str, *, now: Any) -> None:
    """Refuse what the actor sees but may not do. `act`: log, answer, close (open to the caller on the line), change,
    assign, merge (an agent's own tickets, and those that nobody owns).

    The caller on the line opens the door for 30 minutes; the first act through it is written into the history.
    """
    if actor.role == Role.AUDITOR:
        raise Forbidden("read-only", "Auditors read.")
    if _works_on(actor, on, act):
        return
    if actor.agent is None or act not in ON_THE_LINE_ACTS or not _on_the_line(actor, on, now=now):
        raise Forbidden("not-yours", "This ticket is not yours to change: ask its owner, or a supervisor.")
    since = now - ON_THE_LINE
    if not Event.objects.filter(ticket=on, kind="door.opened", by=actor.agent, at__gt=since).exists():
        timeline.record("door.opened", by=actor, now=now, ticket=on)


def _works_on(actor: Actor, on: Ticket, act: str) -> bool:
    """What `workable_by` says, of a row that is loaded already; and what is the owner's alone."""
    if actor.sees_all:
        return actor.role != Role.AUDITOR
    if actor.agent is None:
        return on.team_id in actor.team_ids
    if actor.token and actor.token.team_id not in (None, on.team_id):
        return False
    of_team = on.team_id is None or on.team_id in actor.team_ids
    if actor.role == Role.AGENT and act in OWNERS_ACTS:
        of_team = of_team and on.agent_id is None
    return of_team or on.agent_id == actor.agent.pk or _claimed(actor, on)


def _claimed(actor: Actor, on: Ticket) -> bool:
    return on.follow_ups.open().filter(owner_id=actor.agent.pk).exists()


def _on_the_line(actor: Actor, on: Ticket, *, now: Any) -> bool:
    return Ticket.objects.visible_to(actor, now=now).filter(pk=on.pk).exists()


def may(actor: Actor, on: Ticket, act: str, *, now: Any) -> bool:
    """Whether `require` would pass, without writing anything: for buttons."""
    if actor.role == Role.AUDITOR:
        return False
    if _works_on(actor, on, act):
        return True
    return actor.agent is not None and act in ON_THE_LINE_ACTS and _on_the_line(actor, on, now=now)


def reads_personal(actor: Actor) -> bool:
    """Whether `actor` reads the personal data on tickets they see: not auditors, and no token without the scope."""
    return actor.role != Role.AUDITOR and (actor.token is None or actor.token.allows(Scope.CUSTOMERS_PII))


def served(actor: Actor, customers: Iterable[Customer], *, now: Any) -> set[UUID]:
    """Ids of those whose name, mail and phone `actor` reads in full: of all, or where they see a ticket of hers."""
    ids = {row.pk for row in customers}
    if not ids or not reads_personal(actor):
        return set()
    if actor.sees_all:
        return ids
    theirs = Ticket.objects.visible_to(actor, now=now).filter(customer_id__in=ids)
    return set(theirs.order_by().values_list("customer_id", flat=True).distinct())


def sees_personal(actor: Actor, customer: Customer, *, now: Any) -> bool:
    return customer.pk in served(actor, [customer], now=now)


def zone_of(agent: Agent) -> str:
    return agent.zone or settings.DESK_ZONE


def count_of(rows: QuerySet) -> Coalesce:
    """How many these are, as a column: several counts in one question to the database."""
    one = rows.order_by().annotate(one=Value(1)).values("one")
    return Coalesce(Subquery(one.annotate(n=Count("*")).values("n"), output_field=IntegerField()), 0)


def counts_at_once(reader: Agent, **rows: QuerySet) -> dict[str, int]:
    """How many each of these are: one query. `reader` is somebody whose row is there."""
    counts = {name: count_of(each) for name, each in rows.items()}
    row = Agent.objects.filter(pk=reader.pk).values_list(*counts.values()).first()
    return dict(zip(counts, row or [0] * len(counts), strict=True))


def frame_of(agent: Agent) -> tuple[datetime | None, int, int]:
    """What every page shows around itself, in one question to the database: when the reminders' last sweep finished,
    how many things stand that the watch found and could not repair, and how many notices `agent` has not read.
    """
    stands = Finding.objects.filter(cleared_at=None, repaired_at=None, kind__in=found.WITHHOLDING)
    unread = Notice.objects.filter(recipient=agent, read_at__isnull=True)
    swept = Subquery(Sweep.objects.filter(name="reminders").values("finished_at"))
    row = Agent.objects.filter(pk=agent.pk).values_list(swept, count_of(stands), count_of(unread)).first()
    return row or (None, 0, 0)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: the zone, unread notices, whether the clock is late, what the watch found."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"site_zone": settings.DESK_ZONE}
    now = timezone.now()
    last, findings, unread = frame_of(user)
    return {
        "site_zone": zone_of(user),
        "unread": unread,
        "sweep_late": last is None or now - last > LATE_AFTER,
        "findings_open": findings if user.role in (Role.SUPERVISOR, Role.ADMIN) else 0,
        "mail_reaches_people": settings.MAIL_REACHES_PEOPLE,
        "now": now,
    }
