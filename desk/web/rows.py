"""Follow-ups and tickets as rows: until when, and why, in one line."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from desk.templatetags import desk as words
from desk.web import clocks
from desk.web.forms import steps
from followups import masking, numbers
from followups.actions import contacting
from followups.models import Agent, Contact, Customer, FollowUp, Role

ORDINALS = {1: "2nd try", 2: "3rd try"}


@dataclass(frozen=True)
class Row:
    """What a list shows of a follow-up. `free` may be taken; `held_by` is on it right now."""

    pk: UUID
    url: str
    title: str
    ref: str
    state: str
    state_word: str
    why: str
    her_time: str
    tries: str
    told: str
    who: str
    side: str
    free: bool
    held_by: str
    brought: str
    held_back: str = ""
    target: clocks.Nearest | None = None


def with_tries(rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """With the ticket's faces, and how often somebody tried."""
    tried = Contact.objects.filter(follow_up=OuterRef("pk")).order_by().values("follow_up").annotate(n=Count("*"))
    count = Coalesce(Subquery(tried.values("n"), output_field=IntegerField()), 0)
    return rows.select_related("ticket__customer", "owner", "promiser", "taken_by").annotate(tries=count)


def of(
    follow_up: FollowUp,
    *,
    zone: str,
    now: datetime,
    reader: Agent | None = None,
    barrier: contacting.Barrier | None = None,
    target: clocks.Nearest | None = None,
) -> Row:
    """The row of a follow-up for a reader in `zone`; `barrier` is what stands against its call, `target` the one of its
    ticket that is due first.
    """
    state, word = state_of(follow_up, now)
    ticket = follow_up.ticket
    holder = follow_up.taken_by if follow_up.taken_until and follow_up.taken_until > now else None
    return Row(
        pk=follow_up.pk,
        url=reverse("follow-up", args=[follow_up.pk]),
        title=ticket.subject,
        ref=numbers.read_aloud(ticket.number),
        state=state,
        state_word=word,
        why=until(follow_up, zone),
        her_time=her_time(follow_up, zone),
        tries=tried(follow_up, zone) if follow_up.is_open else "",
        told=follow_up.will_bring if follow_up.is_told else "",
        who=name_of(ticket.customer, reader),
        side=owner_word(follow_up, reader),
        free=follow_up.is_open and follow_up.owner_id is None,
        held_by=holder.display_name if holder else "",
        brought=follow_up.get_brought_display(),
        held_back=held_back(barrier, zone),
        target=target,
    )


def held_back(barrier: contacting.Barrier | None, zone: str) -> str:
    """Why she is not called now, and when she may be."""
    if barrier is None:
        return ""
    if barrier.next_at is None:
        return "not to be called"
    why = "called often already" if barrier.code == "caps" else "not in her hours"
    return f"{why}: call from {words.when(barrier.next_at, zone)}"


def name_of(customer: Customer | None, reader: Agent | None) -> str:
    """Her name for one who sees her ticket; an auditor sees initials."""
    if customer is None:
        return "Unknown caller"
    if reader is not None and reader.role == Role.AUDITOR:
        return masking.mask_name(customer.name) or "Customer"
    return str(customer)


def state_of(follow_up: FollowUp, now: datetime) -> tuple[str, str]:
    """The status mark and its word; agents read three words: promised, overdue, done."""
    if not follow_up.is_open:
        return "done", done_word(follow_up)
    if follow_up.promised_by <= now:
        return "overdue", f"overdue {words.duration(now - follow_up.promised_by)}"
    if follow_up.is_told:
        return "promised", "promised"
    return "next", "not told yet"


def done_word(follow_up: FollowUp) -> str:
    if follow_up.state == "called_off":
        return "called off"
    return "done late" if follow_up.state == "kept_late" else "done"


def until(follow_up: FollowUp, zone: str) -> str:
    """ "promised Thu 26 Nov 14-16" where she was told, else "planned ..."."""
    verb = "promised" if follow_up.is_told else "planned"
    return f"{verb} {words.window(follow_up.promised_from, follow_up.promised_by, zone)}"


def her_time(follow_up: FollowUp, zone: str) -> str:
    """Her hours, where her clock shows others than the reader's."""
    if not steps.is_elsewhere(follow_up.promised_by, follow_up.zone, zone):
        return ""
    return words.window(follow_up.promised_from, follow_up.promised_by, follow_up.zone, days=False)


def tried(follow_up: FollowUp, zone: str) -> str:
    """`2nd try`, and when it is meant where that lies inside the promised time."""
    word = tries_word(getattr(follow_up, "tries", 0))
    return f"{word} from {words.when(follow_up.try_at, zone)}" if follow_up.try_at else word


def tries_word(tries: int) -> str:
    return "" if not tries else ORDINALS.get(tries, f"{tries + 1}th try")


def owner_word(follow_up: FollowUp, reader: Agent | None) -> str:
    """Whose it is, as its reader would say it."""
    if follow_up.owner:
        return "yours" if follow_up.owner == reader else follow_up.owner.display_name
    if follow_up.promiser is None:
        return "the team's"
    return "promised by you" if follow_up.promiser == reader else f"promised by {follow_up.promiser.display_name}"
