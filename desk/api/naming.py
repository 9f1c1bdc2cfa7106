"""The rows that a body names: teams, people, contacts, tickets, and for whom a call acts; unknown ones are refused."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from followups.actions import closing, intake, promising
from followups.errors import Forbidden, Invalid
from followups.models import Actor, Agent, Contact, Customer, Delivery, FollowUp, Role, Team, Ticket


def team(actor: Actor, name: str, field: str = "team") -> Team | None:
    """The team of that name; a token bound to a team names no other."""
    if not name:
        return None
    found = Team.objects.filter(name=name).first()
    if found is None:
        raise Invalid(field, "There is no such team.", "unknown")
    if actor.token and actor.token.team_id not in (None, found.pk):
        raise Forbidden("foreign-team", "This token serves another team.", field=field)
    return found


def agent(actor: Actor, username: str, field: str = "agent") -> Agent | None:
    """The active person of that name; a token bound to a team names its people alone."""
    if not username:
        return None
    rows = Agent.objects.filter(username=username, is_active=True)
    if actor.token and actor.token.team_id:
        rows = rows.filter(Q(teams=actor.token.team_id) | Q(role=Role.ADMIN))
    found = rows.first()
    if found is None:
        raise Invalid(field, "There is no such person.", "unknown")
    return found


def acting(actor: Actor, username: str | None) -> Actor:
    """The actor with the person named by `on_behalf_of`. People, and tokens of people, name nobody but themselves."""
    if not username:
        return actor
    if actor.agent:
        if actor.agent.username != username:
            raise Forbidden("not-on-behalf", "You act for yourself alone.", field="on_behalf_of")
        return actor
    found = agent(actor, username, "on_behalf_of")
    if found.role not in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN):
        raise Invalid("on_behalf_of", "This person does not talk with customers.", "unknown")
    return Actor(door=actor.door, agent=found, token=actor.token)


def owner(actor: Actor, text: str, field: str = "owner") -> tuple[Agent | None, Team | None]:
    """A username, or `team:NAME`."""
    if text.startswith("team:"):
        return None, team(actor, text.removeprefix("team:"), field) or _unknown(field)
    return agent(actor, text, field), None


def contact(key: UUID | None, ticket: Ticket | None, field: str) -> Contact | None:
    """A contact of the ticket, or one that waits for its ticket and is of the same customer."""
    if key is None:
        return None
    found = Contact.objects.filter(pk=key).first()
    if found is None:
        return _unknown(field)
    of_hers = ticket is None or found.customer_id in (None, ticket.customer_id)
    if found.ticket_id != (ticket.pk if ticket else None) and not (found.ticket_id is None and of_hers):
        raise Invalid(field, "This contact belongs to another ticket.", "foreign-contact")
    return found


def message(key: UUID | None, ticket: Ticket, field: str) -> Delivery | None:
    return None if key is None else Delivery.objects.filter(pk=key, ticket=ticket).first() or _unknown(field)


def ticket(actor: Actor, number: str | None, field: str, *, now: Any) -> Ticket | None:
    if number is None:
        return None
    return Ticket.objects.visible_to(actor, now=now).filter(number=number).first() or _unknown(field)


def follow_up(key: UUID | None, customer: Customer | None, on: Ticket | None, field: str) -> FollowUp | None:
    """The follow-up that a contact answers: of the same ticket, or of the same customer."""
    if key is None:
        return None
    found = FollowUp.objects.select_related("ticket").filter(pk=key).first()
    hers = found and customer and found.ticket.customer_id == customer.pk
    return found if found and (hers or (on and found.ticket_id == on.pk)) else _unknown(field)


def _unknown(field: str) -> Any:
    raise Invalid(field, "There is no such thing here.", "unknown")


def step(
    actor: Actor, body: dict[str, Any] | None, on: Ticket | None, field: str = "follow_up"
) -> promising.Step | None:
    """A next step as the domain takes it."""
    if body is None:
        return None
    prefix = f"{field}." if field else ""
    person, group = owner(actor, body["owner"], f"{prefix}owner") if body.get("owner") else (None, None)
    given = body.get("told")
    return promising.Step(
        promised_by=body["promised_by"],
        promised_from=body.get("promised_from"),
        promise=body["promise"],
        zone=body.get("zone", ""),
        told=contact(given, on, f"{prefix}told.contact") if isinstance(given, UUID) else given,
        asked_contact=contact(body.get("asked_contact"), on, f"{prefix}asked_contact"),
        owner=person,
        team=group,
        channel=body.get("channel") or promising.CALLS,
        will_bring=body.get("will_bring", ""),
        voicemail_ok=body.get("voicemail_ok", False),
    )


def closure(actor: Actor, body: dict[str, Any], on: Ticket, *, now: Any, field: str = "") -> closing.Closing:
    """A closing as the domain takes it."""
    evidence = body.get("evidence") or {}
    return closing.Closing(
        outcome=body["outcome"],
        note=body.get("note", ""),
        evidence=evidence.get("kind", ""),
        evidence_text=evidence.get("text", ""),
        evidence_contact=contact(evidence.get("contact"), on, f"{field}evidence.contact"),
        why=body.get("why", ""),
        follow_up=step(actor, body.get("follow_up"), on, f"{field}follow_up"),
        duplicate_of=ticket(actor, body.get("duplicate_of"), f"{field}duplicate_of", now=now),
    )


def customer_given(body: dict[str, Any] | None) -> intake.CustomerGiven | None:
    return intake.CustomerGiven(**body) if body else None
