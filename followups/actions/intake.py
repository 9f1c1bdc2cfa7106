"""A ticket is born: the customer found or made, the repeated call seen, the first contact and the first next step
written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest

from followups import inputs, numbers, timeline
from followups.actions import matching, promising, scheduling, targeting
from followups.errors import Invalid
from followups.models import (
    Actor,
    Agent,
    Category,
    Contact,
    Customer,
    Direction,
    FollowUp,
    Purpose,
    Team,
    Ticket,
)

RECONTACT = timedelta(days=30)
HELD = "SELECT * FROM followups_category WHERE path = %s FOR KEY SHARE"

CustomerGiven = matching.CustomerGiven
tidy, find_customer, customer_for = matching.tidy, matching.find_customer, matching.customer_for


@dataclass(frozen=True)
class Intake:
    """What was logged. `customer_row` is a customer picked by hand; else `customer` is matched. `opened_at` defaults
    to now.

    `opening` is a contact already written down that opens the ticket, so that it is counted once.
    """

    subject: str
    category: str
    channel: str
    customer: CustomerGiven | None = None
    customer_row: Customer | None = None
    reference: str = ""
    source: str = "desk"
    description: str = ""
    priority: str = ""
    team: Team | None = None
    agent: Agent | None = None
    opened_at: datetime | None = None
    follow_up: promising.Step | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    waited_seconds: int | None = None
    transfers: int | None = None
    mood: str = ""
    disliked: str = ""
    recontact_of: Ticket | None = None
    opening: Contact | None = None


@dataclass(frozen=True)
class Repeat:
    """What the caller already went through with us, for the banner on the phone."""

    open_tickets: list[Ticket]
    last_promise: FollowUp | None
    contacts_7_days: int
    contacts_30_days: int


def category_for(path: str) -> Category:
    """The category of a path of free words, root first; made when unknown. Blanks around the slashes do not count.

    Its row is held by key, so that it cannot be folded into another one before the ticket is written.
    """
    clean = category_path(path)
    found = next(iter(Category.objects.raw(HELD, [clean])), None)
    return found or Category.objects.get_or_create(path=clean, defaults={"family": family_of(clean)})[0]


def category_path(path: str, field: str = "category") -> str:
    parts = [part.strip() for part in inputs.plain(field, path, most=1000).split("/")]
    clean = "/".join(part for part in parts if part)
    if not clean:
        raise Invalid(field, "Name a category.", "required")
    if len(clean) > 250 or len(family_of(clean)) > 120:
        raise Invalid(field, "At most 250 characters, the first word at most 120.", "too-long")
    return clean


def family_of(path: str) -> str:
    return path.partition("/")[0]


def next_number() -> str:
    """A new ticket number with its check digit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('followups_ticket_serial')")
        return numbers.with_check(cursor.fetchone()[0])


class _Twin(Exception):
    """Another intake of the same reference came first; all that this one wrote is taken back."""


def open_ticket(*, intake: Intake, by: Actor, now: datetime) -> tuple[Ticket, bool]:
    """Log a ticket with its opening contact and its first next step.

    A repeated reference gives the ticket as it is, and False.
    """
    intake = _checked(intake, now=now)
    known = _known(intake)
    if known:
        return known, False
    try:
        return _open(intake, by=by, now=now), True
    except _Twin:
        return cast(Ticket, _known(intake)), False


def _known(intake: Intake) -> Ticket | None:
    if not intake.reference:
        return None
    return Ticket.objects.filter(source=intake.source, reference=intake.reference).first()


def _checked(intake: Intake, *, now: datetime) -> Intake:
    opened_at = inputs.instant("opened_at", intake.opened_at or now)
    if opened_at > now:
        raise Invalid("opened_at", "A ticket cannot be opened in the future.", "in-the-future")
    if intake.agent and not intake.agent.is_active:
        raise Invalid("agent", "This person cannot own tickets.", "unknown-agent")
    return replace(
        intake,
        subject=inputs.line("subject", intake.subject, most=300, required=True),
        description=inputs.block("description", intake.description),
        channel=inputs.word("channel", intake.channel, most=40, required=True),
        priority=inputs.word("priority", intake.priority, most=60),
        reference=inputs.plain("reference", intake.reference, most=120),
        source=inputs.plain("source", intake.source, most=60, required=True),
        extra=inputs.pairs("extra", intake.extra),
        waited_seconds=inputs.count("waited_seconds", intake.waited_seconds),
        transfers=inputs.count("transfers", intake.transfers, most=inputs.SMALL),
        mood=inputs.word("mood", intake.mood, most=40),
        disliked=inputs.line("disliked", intake.disliked, most=200),
        opened_at=opened_at,
    )


@transaction.atomic
def _open(intake: Intake, *, by: Actor, now: datetime) -> Ticket:
    customer = _customer_of(intake, now=now)
    ticket = _write(intake, customer, by=by, now=now)
    contact = _opening(ticket, intake, by=by, now=now)
    timeline.record("ticket.opened", by=by, now=now, at=ticket.opened_at, ticket=ticket, channel=ticket.channel)
    if ticket.recontact_of_id:
        of = ticket.recontact_of.number
        timeline.record("recontact.found", by=by, now=now, at=ticket.opened_at, ticket=ticket, of=of)
    _first_step(ticket, intake, contact, by=by, now=now)
    targeting.on_opening(ticket, by=by, now=now)
    return ticket


def _customer_of(intake: Intake, *, now: datetime) -> Customer | None:
    if intake.customer_row:
        return intake.customer_row.merged_into or intake.customer_row
    is_demo = bool(intake.team and intake.team.is_demo)
    return customer_for(given=intake.customer, now=now, is_demo=is_demo) if intake.customer else None


def _write(intake: Intake, customer: Customer | None, *, by: Actor, now: datetime) -> Ticket:
    category = category_for(intake.category)
    ticket = Ticket(
        number=next_number(),
        source=intake.source,
        reference=intake.reference or None,
        customer=customer,
        subject=intake.subject,
        description=intake.description,
        category=category,
        channel=intake.channel,
        priority=intake.priority,
        team=intake.team,
        agent=intake.agent,
        opened_team=intake.team,
        opened_agent=intake.agent,
        opened_at=intake.opened_at,
        recontact_of=intake.recontact_of or _recontact_of(customer, category.family, intake.opened_at or now),
        extra=intake.extra,
        ever_followed=True,
        created_at=now,
        updated_at=now,
        is_demo=bool(intake.team and intake.team.is_demo),
    )
    if not intake.reference:
        ticket.save(force_insert=True)
        return ticket
    Ticket.objects.bulk_create([ticket], ignore_conflicts=True)
    written = Ticket.objects.filter(number=ticket.number).values_list("pk", flat=True).first()
    if written is None:
        raise _Twin
    ticket.pk = written
    return ticket


def _recontact_of(customer: Customer | None, family: str, opened_at: datetime) -> Ticket | None:
    """The latest ended ticket of the same customer and family that ended within 30 days before."""
    if customer is None or customer.shared_account:
        return None
    ended = Ticket.objects.filter(customer=customer, category__family=family, state="closed").exclude(
        outcome__in=["duplicate", "spam"]
    )
    start = F("resolved_at")
    return (
        ended.annotate(ended_at=Greatest(start, F("closed_at")))
        .filter(ended_at__lt=opened_at, ended_at__gte=opened_at - RECONTACT)
        .order_by("-ended_at", "-id")
        .first()
    )


def _opening(ticket: Ticket, intake: Intake, *, by: Actor, now: datetime) -> Contact:
    if intake.opening:
        opening = intake.opening
        opening.ticket, opening.customer, opening.is_opening = ticket, opening.customer or ticket.customer, True
        opening.save(update_fields=["ticket", "customer", "is_opening"])
        return opening
    return Contact.objects.create(
        ticket=ticket,
        customer=ticket.customer,
        direction=Direction.INBOUND,
        channel=ticket.channel,
        at=ticket.opened_at,
        entered_at=now,
        purpose=Purpose.NEW,
        is_opening=True,
        waited_seconds=intake.waited_seconds,
        transfers=intake.transfers,
        mood=intake.mood,
        disliked=intake.disliked,
        recorded_by=by.agent,
        team=ticket.team,
    )


def _first_step(ticket: Ticket, intake: Intake, contact: Contact, *, by: Actor, now: datetime) -> FollowUp:
    """The step given, told in the opening contact; else the policy's first update, of which she does not know yet."""
    step = intake.follow_up
    if step is None:
        return scheduling.plan_by_policy(ticket, by=by, now=now, first_update=True)
    return scheduling.plan(ticket, replace(step, told=contact) if step.told is True else step, by=by, now=now)


def previous_of(customer: Customer, *, now: datetime) -> Repeat:
    """What she went through: open tickets, the last promise told to her, and how often she had to contact us."""
    counts = (
        Contact.objects.counted()
        .filter(customer=customer, at__gt=now - timedelta(days=30), at__lte=now)
        .aggregate(month=Count("id"), week=Count("id", filter=Q(at__gt=now - timedelta(days=7))))
    )
    tickets = customer.tickets.open().select_related("category", "team", "agent").order_by("-opened_at")
    promise = (
        FollowUp.objects.told()
        .filter(ticket__customer=customer)
        .select_related("ticket", "promiser")
        .order_by("-promised_by")
        .first()
    )
    return Repeat(
        open_tickets=list(tickets[:5]),
        last_promise=promise,
        contacts_7_days=counts["week"],
        contacts_30_days=counts["month"],
    )
