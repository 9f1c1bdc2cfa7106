"""Rows as the API answers them: plain functions, because they run for every row of every list."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Prefetch, QuerySet, Subquery
from django.urls import NoReverseMatch, reverse

from desk import access
from followups import masking, timeline
from followups.models import (
    Actor,
    Agent,
    Category,
    Contact,
    Customer,
    Event,
    FollowUp,
    ImportRun,
    Move,
    Note,
    Notice,
    Reminder,
    Team,
    Ticket,
)

TICKET_ROWS = ("customer", "category", "team", "agent", "recontact_of")


def instant(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return value.isoformat().replace("+00:00", "Z") if value else None


def page_url(route: str, fallback: str, *args: Any) -> str:
    try:
        path = reverse(route, args=args)
    except NoReverseMatch:
        path = f"{settings.SITE_PATH}{fallback}"
    return settings.SITE_URL.removesuffix(settings.SITE_PATH) + path


def tickets_with_rows(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.select_related(*TICKET_ROWS)


def tickets(found: list[Ticket], actor: Actor) -> list[dict[str, Any]]:
    """Two statements for any number of rows: theirs, and one for all their next steps."""
    steps = next_steps([row.pk for row in found])
    full = access.reads_personal(actor)
    return [ticket(row, steps.get(row.pk), full=full) for row in found]


def one_ticket(row: Ticket, actor: Actor) -> dict[str, Any]:
    return tickets([row], actor)[0]


def next_steps(ticket_ids: list[int]) -> dict[int, FollowUp]:
    """The earliest open follow-up of each ticket."""
    rows = FollowUp.objects.open().filter(ticket_id__in=ticket_ids).select_related("owner", "team")
    return {row.ticket_id: row for row in rows.order_by("ticket_id", "promised_by", "pk").distinct("ticket_id")}


def ticket(row: Ticket, step: FollowUp | None, *, full: bool) -> dict[str, Any]:
    return {
        "number": row.number,
        "reference": row.reference,
        "state": row.state,
        "customer": customer_brief(row.customer, full=full) if row.customer else None,
        "subject": row.subject,
        "description": row.description,
        "category": row.category.path,
        "family": row.category.family,
        "channel": row.channel,
        "priority": row.priority,
        "team": row.team.name if row.team else None,
        "agent": row.agent.username if row.agent else None,
        "opened_at": instant(row.opened_at),
        "resolved_at": instant(row.resolved_at),
        "closed_at": instant(row.closed_at),
        "outcome": row.outcome or None,
        "confirmed": row.confirmed,
        "waived": row.waived,
        "reopen_count": row.reopen_count,
        "recontact_of": row.recontact_of.number if row.recontact_of else None,
        "next_follow_up": next_follow_up(step) if step else None,
        "extra": row.extra,
        "updated_at": instant(row.updated_at),
        "url": page_url("ticket", f"/tickets/{row.number}", row.number),
    }


def next_follow_up(row: FollowUp) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "owner": owner(row),
        "promise": row.promise,
        "told": told(row),
        "promised_from": instant(row.promised_from),
        "promised_by": instant(row.promised_by),
        "stage": row.stage or None,
    }


def owner(row: FollowUp) -> str | None:
    if row.owner:
        return row.owner.username
    return f"team:{row.team.name}" if row.team else None


def told(row: FollowUp) -> dict[str, Any] | None:
    if row.told_at is None:
        return None
    found: dict[str, Any] = {"at": instant(row.told_at)}
    if row.told_contact_id:
        found["contact"] = str(row.told_contact_id)
    if row.told_message_id:
        found["message"] = str(row.told_message_id)
    return found


def follow_ups_with_rows(rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """With all that an answer needs, in two statements for any number of rows."""
    waiting = Reminder.objects.filter(follow_up=OuterRef("pk"), state="waiting").order_by().values("follow_up")
    tried = Contact.objects.attempts().filter(follow_up=OuterRef("pk")).order_by().values("follow_up")
    return (
        rows.select_related("ticket", "owner", "team", "acknowledged_by", "taken_by")
        .prefetch_related(Prefetch("moves", Move.objects.order_by("at", "pk")))
        .annotate(
            next_reminder_at=Subquery(waiting.annotate(first=Min("due_at")).values("first")),
            attempt_count=Subquery(tried.annotate(n=Count("pk")).values("n")),
        )
    )


def follow_up_again(row: FollowUp) -> FollowUp:
    """The row as it stands after an act, with what its answer needs."""
    return follow_ups_with_rows(FollowUp.objects.all()).get(pk=row.pk)


def follow_up(row: FollowUp, *, now: datetime) -> dict[str, Any]:
    """A row of `follow_ups_with_rows`. Who took it is told while the lease runs."""
    taken = row.taken_by and row.taken_until and row.taken_until > now
    return {
        "id": str(row.pk),
        "ticket": row.ticket.number,
        "owner": owner(row),
        "open": row.is_open,
        "state": row.state,
        "promise": row.promise,
        "told": told(row),
        "promised_from": instant(row.promised_from),
        "promised_by": instant(row.promised_by),
        "zone": row.zone,
        "channel": row.channel,
        "will_bring": row.will_bring,
        "voicemail_ok": row.voicemail_ok,
        "moves": [_move(move) for move in row.moves.all()],
        "attempts": row.attempt_count or 0,
        "stage": row.stage or None,
        "next_reminder_at": instant(row.next_reminder_at),
        "acknowledged_by": row.acknowledged_by.username if row.acknowledged_by else None,
        "taken_by": row.taken_by.username if taken else None,
        "brought": row.brought or None,
        "ended_at": instant(row.ended_at),
        "updated_at": instant(row.updated_at),
        "url": page_url("follow-up", f"/follow-ups/{row.pk}", row.pk),
    }


def _move(row: Move) -> dict[str, Any]:
    return {
        "at": instant(row.at),
        "from": instant(row.from_by),
        "to": instant(row.to_by),
        "by": row.by_name,
        "reason": row.reason,
        "agreed_contact": str(row.agreed_contact_id) if row.agreed_contact_id else None,
    }


def customer_brief(row: Customer, *, full: bool) -> dict[str, Any]:
    return {"id": str(row.pk), "reference": row.reference, "name": row.name if full else masking.mask_name(row.name)}


def customer(row: Customer, *, full: bool, value: bool) -> dict[str, Any]:
    """`full`: unmasked. `value`: what she is worth and whether she can leave, which agents do not see."""
    return {
        **customer_brief(row, full=full),
        "email": row.email if full else masking.mask_email(row.email),
        "phone": row.phone if full else masking.mask_phone(row.phone),
        "masked": not full,
        "zone": row.zone,
        "language": row.language,
        "organisation": row.organisation,
        "annual_value": float(row.annual_value) if value and row.annual_value is not None else None,
        "free_to_leave": row.free_to_leave if value else None,
        "contract_end": row.contract_end.isoformat() if row.contract_end else None,
        "contact_from": row.contact_from.isoformat("minutes") if row.contact_from else None,
        "contact_until": row.contact_until.isoformat("minutes") if row.contact_until else None,
        "contact_days": row.contact_days or [],
        "do_not_contact": row.do_not_contact,
        "phone_wrong_at": instant(row.phone_wrong_at),
        "shared_account": row.shared_account,
        "take_care": row.take_care,
        "merged_into": str(row.merged_into_id) if row.merged_into_id else None,
        "updated_at": instant(row.updated_at),
    }


def contact(row: Contact) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "reference": row.reference,
        "ticket": row.ticket.number if row.ticket else None,
        "customer": str(row.customer_id) if row.customer_id else None,
        "direction": row.direction,
        "channel": row.channel,
        "at": instant(row.at),
        "reached": row.reached,
        "purpose": row.purpose or None,
        "summary": row.summary,
        "follow_up": str(row.follow_up_id) if row.follow_up_id else None,
        "answers_follow_up": str(row.answers_follow_up_id) if row.answers_follow_up_id else None,
        "waited_seconds": row.waited_seconds,
        "duration_seconds": row.duration_seconds,
        "transfers": row.transfers,
        "mood": row.mood,
        "disliked": row.disliked,
        "abandoned": row.abandoned,
        "by": row.recorded_by.username if row.recorded_by else None,
    }


def note(row: Note) -> dict[str, Any]:
    return {"id": str(row.pk), "ticket": row.ticket.number, "text": row.text, "at": instant(row.at), "by": row.by_name}


def event(row: Event) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "words": timeline.KINDS.get(row.kind, row.kind),
        "at": instant(row.at),
        "entered_at": instant(row.entered_at),
        "by": row.by_name,
        "door": row.door,
        "follow_up": str(row.follow_up_id) if row.follow_up_id else None,
        "data": row.data,
    }


def team(row: Team) -> dict[str, Any]:
    return {"name": row.name, "kind": row.kind, "separate": row.separate}


def agent(row: Agent, *, now: datetime) -> dict[str, Any]:
    return {
        "username": row.username,
        "name": row.display_name,
        "role": row.role,
        "teams": [team.name for team in row.teams.all()],
        "active": row.is_active,
        "away_until": instant(row.away_until(now)),
    }


def category(row: Category) -> dict[str, Any]:
    return {"path": row.path, "family": row.family, "sorted": row.is_sorted}


def notice(row: Notice) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "stage": row.stage or None,
        "follow_up": str(row.follow_up_id) if row.follow_up_id else None,
        "ticket": row.ticket.number if row.ticket else None,
        "text": row.text,
        "at": instant(row.at),
        "late_by_seconds": row.late_by_seconds,
        "read_at": instant(row.read_at),
    }


def import_run(row: ImportRun) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "source": row.source,
        "state": row.state,
        "dry_run": row.dry_run,
        "made_at": instant(row.made_at),
        "started_at": instant(row.started_at),
        "finished_at": instant(row.finished_at),
        "progress": row.progress,
        "counts": row.counts,
        "error_count": row.error_count,
        "errors": row.errors,
        "url": page_url("import", f"/imports/{row.pk}", row.pk),
    }
