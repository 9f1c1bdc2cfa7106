"""Whether others see figures of a single agent: an admin's switch, with a reason that every agent is told."""

from datetime import datetime

from django.db import transaction

from followups import inputs, notices
from followups.actions import marking
from followups.errors import Forbidden, Refused
from followups.models import Actor, Agent, Disclosure, NoticeKind, Role


@transaction.atomic
def switch_on(*, reason: str, by: Actor, now: datetime) -> Disclosure:
    """From now on the reports may be cut by agent. Everybody who signs in is told why, and by whom."""
    admin = _admin(by)
    reason = inputs.line("reason", reason, most=300, required=True)
    if _held() is not None:
        raise Refused("already-on", "Figures per agent are on already.")
    row = Disclosure.objects.create(since=now, by=admin, reason=reason)
    marking.disclosure(is_on=True, by=by, now=now)
    _tell(f"{by.name} switched on figures per agent for supervisors. The reason: {reason}", now=now)
    return row


@transaction.atomic
def switch_off(*, by: Actor, now: datetime) -> Disclosure:
    admin, row = _admin(by), _held()
    if row is None:
        raise Refused("already-off", "Figures per agent are off already.")
    row.until, row.ended_by = now, admin
    row.save(update_fields=["until", "ended_by"])
    marking.disclosure(is_on=False, by=by, now=now)
    _tell(f"{by.name} switched off figures per agent.", now=now)
    return row


def _admin(by: Actor) -> Agent:
    if by.agent is None or by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    return by.agent


def _held() -> Disclosure | None:
    return Disclosure.objects.select_for_update(no_key=True, of=["self"]).present()


def _tell(text: str, *, now: datetime) -> None:
    people = Agent.objects.filter(is_active=True).exclude(role=Role.INTEGRATION)
    notices.tell(people, kind=NoticeKind.DESK, text=text, now=now)
