"""Reaching out to one who went silent: one act that opens the ticket again where it ended, and plans the step."""

from datetime import datetime

from django.db import transaction

from followups.actions import closing, scheduling
from followups.errors import Refused
from followups.models import Actor, DoNotContact, FollowUp, Ticket, WaiverKind
from followups.reports import outreach

REASON = "Reaching out: she has said nothing for 90 days, and it ended without a remedy."


@transaction.atomic
def reach_out(*, ticket: Ticket, by: Actor, now: datetime) -> FollowUp:
    """The next free slot of the team's policy. Refused for one who is held out, who may not be contacted or is not
    known, for a resolved ticket, and where a step is planned already.
    """
    ticket = scheduling.hold(ticket.pk)
    _check(ticket)
    if not ticket.is_open:
        closing.reopen(ticket=ticket, reason=REASON, by=by, now=now)
    else:
        scheduling.plan_by_policy(ticket, by=by, now=now)
    return ticket.follow_ups.open().order_by("promised_by").first()


def _check(ticket: Ticket) -> None:
    customer = ticket.customer
    if customer is None or customer.shared_account:
        raise Refused("no-customer", "Nobody knows whom to contact here.")
    if customer.do_not_contact == DoNotContact.ALL:
        raise Refused("do-not-contact", "She does not wish to be contacted.")
    if outreach.is_held_out(customer.pk):
        raise Refused("held-out", "She is one of those who are not contacted, to see what contacting does.")
    if ticket.waivers.filter(kind=WaiverKind.DECEASED, reopened_at__isnull=True).exists():
        raise Refused("do-not-contact", "She has died.")
    if ticket.resolved_at is not None or ticket.outcome in ("duplicate", "spam"):
        raise Refused("not-silent", "This ticket did not end without a remedy.")
    if ticket.is_open and ticket.follow_ups.open().exists():
        raise Refused("already-planned", "A next step is planned already.")
