"""A ticket is born: the customer found or made, the repeated call seen, the first contact and the first next step
written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest

from followups import masking, numbers, timeline, worktime
from followups.actions import promising, scheduling
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
FILLED = ("name", "email", "phone", "zone", "language", "organisation")


@dataclass(frozen=True)
class CustomerGiven:
    """A customer as an intake names her; empty fields are not known."""

    reference: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    zone: str = ""
    language: str = ""
    organisation: str = ""
    annual_value: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.reference or self.name or self.email or self.phone)


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

    @property
    def is_repeated(self) -> bool:
        return bool(self.open_tickets or self.contacts_30_days)


def tidy(given: CustomerGiven) -> CustomerGiven:
    """Lower-case mail and E.164 phone; refuses by name what is neither."""
    email = numbers.email(given.email) if given.email else ""
    if email is None:
        raise Invalid("customer.email", "This is not an e-mail address.", "not-an-email")
    phone = numbers.phone(given.phone, region=settings.DESK_REGION) if given.phone else ""
    if phone is None:
        raise Invalid("customer.phone", "This is not a phone number. Begin with + and the country code.", "not-a-phone")
    if given.zone and not worktime.is_zone(given.zone):
        raise Invalid("customer.zone", f"“{given.zone}” is not a time zone.", "unknown-zone")
    return CustomerGiven(
        reference=given.reference.strip(),
        name=given.name.strip(),
        email=email,
        phone=phone,
        zone=given.zone,
        language=given.language.strip(),
        organisation=given.organisation.strip(),
        annual_value=given.annual_value,
    )


def find_customer(given: CustomerGiven) -> tuple[Customer | None, str]:
    """The customer of an intake and by what she was matched: reference, email, phone, or nothing. `given` is tidy."""
    known = Customer.objects.filter(merged_into__isnull=True)
    if given.reference:
        row = Customer.objects.filter(reference=given.reference).select_related("merged_into").first()
        return (row.merged_into or row, "reference") if row else (None, "")
    if given.email:
        row = known.filter(email=given.email).order_by("created_at", "id").first()
        if row:
            return row, "email"
    if given.phone:
        rows = list(known.filter(phone=given.phone, shared_account=False)[:2])
        if len(rows) == 1:
            return rows[0], "phone"
    return None, ""


def customer_for(*, given: CustomerGiven, now: datetime, is_demo: bool = False) -> Customer | None:
    """Find or make the customer, inside the act's transaction. Given fields fill empty ones and never overwrite."""
    if given.is_empty:
        return None
    given = tidy(given)
    row, _matched_by = find_customer(given)
    if row is None:
        row, made = _make_customer(given, now=now, is_demo=is_demo)
        if made:
            return row
    _fill(row, given, now=now)
    return row


def _make_customer(given: CustomerGiven, *, now: datetime, is_demo: bool) -> tuple[Customer, bool]:
    fields = {name: getattr(given, name) for name in FILLED}
    fields |= {"annual_value": given.annual_value, "created_at": now, "updated_at": now, "is_demo": is_demo}
    if given.reference:
        return Customer.objects.get_or_create(reference=given.reference, defaults=fields)
    return Customer.objects.create(**fields), True


def _fill(row: Customer, given: CustomerGiven, *, now: datetime) -> None:
    empty = {name: getattr(given, name) for name in FILLED if getattr(given, name) and not getattr(row, name)}
    if given.annual_value is not None and row.annual_value is None:
        empty["annual_value"] = given.annual_value
    if empty:
        for name, value in empty.items():
            setattr(row, name, value)
        row.revision += 1
        row.updated_at = now
        row.save(update_fields=[*empty, "revision", "updated_at"])


def category_for(path: str) -> Category:
    """The category of a path of free words, root first; made when unknown. Blanks around the slashes do not count."""
    parts = [part.strip() for part in path.split("/")]
    clean = "/".join(part for part in parts if part)
    if not clean:
        raise Invalid("category", "Name a category.", "required")
    if len(clean) > 250 or len(clean.split("/")[0]) > 120:
        raise Invalid("category", "At most 250 characters, the first word at most 120.", "too-long")
    found = Category.objects.filter(path=clean).first()
    return found or Category.objects.get_or_create(path=clean, defaults={"family": clean.split("/")[0]})[0]


def next_number() -> str:
    """A new ticket number with its check digit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('followups_ticket_serial')")
        return numbers.with_check(cursor.fetchone()[0])


@transaction.atomic
def open_ticket(*, intake: Intake, by: Actor, now: datetime) -> tuple[Ticket, bool]:
    """Log a ticket with its opening contact and its first next step.

    A repeated reference gives the ticket as it is, and False.
    """
    if intake.reference:
        known = Ticket.objects.filter(source=intake.source, reference=intake.reference).first()
        if known:
            return known, False
    opened_at = intake.opened_at or now
    if opened_at > now:
        raise Invalid("opened_at", "A ticket cannot be opened in the future.", "in-the-future")
    is_demo = bool(intake.team and intake.team.is_demo)
    customer = intake.customer_row or (
        customer_for(given=intake.customer, now=now, is_demo=is_demo) if intake.customer else None
    )
    ticket = _write(intake, customer, by=by, now=now, opened_at=opened_at)
    if ticket is None:
        return Ticket.objects.get(source=intake.source, reference=intake.reference), False
    contact = _opening(ticket, intake, by=by, now=now)
    timeline.record("ticket.opened", by=by, now=now, at=opened_at, ticket=ticket, channel=ticket.channel)
    if ticket.recontact_of_id:
        timeline.record("recontact.found", by=by, now=now, at=opened_at, ticket=ticket, of=ticket.recontact_of.number)
    _first_step(ticket, intake, contact, by=by, now=now)
    return ticket, True


def _write(
    intake: Intake, customer: Customer | None, *, by: Actor, now: datetime, opened_at: datetime
) -> Ticket | None:
    """The ticket row; None where a twin with the same reference came first."""
    category = category_for(intake.category)
    ticket = Ticket(
        number=next_number(),
        source=intake.source,
        reference=intake.reference or None,
        customer=customer,
        subject=masking.mask_cards(intake.subject.strip()),
        description=masking.mask_cards(intake.description),
        category=category,
        channel=intake.channel,
        priority=intake.priority,
        team=intake.team,
        agent=intake.agent,
        opened_team=intake.team,
        opened_agent=intake.agent,
        opened_at=opened_at,
        recontact_of=intake.recontact_of or _recontact_of(customer, category.family, opened_at),
        extra={key: masking.mask_cards(value) for key, value in intake.extra.items()},
        ever_followed=True,
        created_at=now,
        updated_at=now,
        is_demo=bool(intake.team and intake.team.is_demo),
    )
    if not intake.reference:
        ticket.save(force_insert=True)
        return ticket
    Ticket.objects.bulk_create([ticket], ignore_conflicts=True)
    return Ticket.objects.filter(number=ticket.number).first()


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
        intake.opening.ticket, intake.opening.is_opening = ticket, True
        intake.opening.save(update_fields=["ticket", "is_opening"])
        return intake.opening
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
        disliked=masking.mask_cards(intake.disliked),
        recorded_by=by.agent,
        team=ticket.team,
    )


def _first_step(ticket: Ticket, intake: Intake, contact: Contact, *, by: Actor, now: datetime) -> FollowUp:
    step = intake.follow_up or promising.policy_step(ticket=ticket, now=now, first_update=True)
    follow_up = scheduling.plan(ticket, step, by=by, now=now)
    if step.told is True and follow_up.told_contact_id is None:
        follow_up.told_contact = contact
        follow_up.save(update_fields=["told_contact"])
    return follow_up


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
