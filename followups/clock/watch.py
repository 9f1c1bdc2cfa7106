"""The watch: looks at every open row, repairs once what slipped through, and writes down what it found.

It is a second pair of eyes: it trusts neither the sweeps nor the acts, and reads only through partial indexes, so that
a million quiet rows cost it little.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models import Count, Exists, Min, OuterRef, Q, Subquery

from followups import notices
from followups.actions import promising
from followups.clock import drift, due, found, reminders, stuck, sweeps
from followups.clock.found import Found
from followups.models import (
    Closure,
    Delivery,
    DeliveryState,
    Finding,
    FollowUp,
    Notice,
    NoticeKind,
    Policy,
    Reminder,
    ReminderState,
    Stage,
    Sweep,
    Ticket,
    TicketState,
    Waiver,
)
from followups.models.tickets import one_of

PATIENCE = timedelta(seconds=60)
LEASE_PATIENCE = timedelta(minutes=2)
SILENCE = timedelta(minutes=2)
TOUCHED = timedelta(hours=2)
LASTING, DAILY = timedelta(minutes=10), timedelta(days=1)
REPAIRED_AT_ONCE = 500
HANDLED = [ReminderState.WAITING, ReminderState.SENT, ReminderState.DEAD]
SHOWN = 200


def sweep(*, now: datetime) -> int:
    """One look at everything; how many things were out of order."""
    seen = [one for look in LOOKS for one in look(now)]
    _write_down(seen, now)
    _tell(now)
    return len(seen)


def _forgotten(now: datetime) -> Iterable[Found]:
    """Open, due, and neither noticed nor waiting to be: its reminders are made again, and the next sweep sends them."""
    rows = list(forgotten(now).select_related("ticket")[:REPAIRED_AT_ONCE])
    policies = {team_id: Policy.objects.of(team_id) for team_id in {row.ticket.team_id for row in rows}}
    _waiting_again([r for row in rows for r in _reminders(row, policies[row.ticket.team_id])])
    for row in rows:
        yield Found("reminder-missing", str(row.pk), f"Ticket {row.ticket.number}, due {row.promised_by:%F %T}Z", True)


def forgotten(now: datetime):
    own = Q(follow_up=OuterRef("pk"), version=OuterRef("version"))
    handled = Reminder.objects.filter(own, state__in=HANDLED).exclude(stage=Stage.AHEAD).order_by()
    told = Notice.objects.filter(own, kind=NoticeKind.REMINDER).exclude(stage=Stage.AHEAD).order_by()
    late = FollowUp.objects.overdue(now - PATIENCE).filter(stage__in=["", Stage.AHEAD])
    # As values, so that they are looked up for what is late, and no table is read whole to be joined.
    first = {"handled": Subquery(handled.values("pk")[:1]), "told": Subquery(told.values("pk")[:1])}
    return late.alias(**first).filter(handled__isnull=True, told__isnull=True).order_by("promised_by")


def _reminders(row: FollowUp, policy: Policy) -> list[Reminder]:
    return promising.reminders_for(row, policy, since=row.promised_by)


def _waiting_again(rows: list[Reminder]) -> None:
    Reminder.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["follow_up", "stage", "repeat", "version"],
        update_fields=["state", "due_at", "handled_at"],
    )


def _unsent(now: datetime) -> Iterable[Found]:
    """Waiting though due for a minute: the sweep does not run, or fails. The watch sends them itself, unless they are
    held on purpose.
    """
    if drift.suspect():
        return
    rows = due.waiting(now=now - PATIENCE).aggregate(n=Count("pk"), since=Min("due_at"))
    if rows["n"]:
        sent = reminders.sweep(now=now)
        detail = f"{rows['n']} waited since {rows['since']:%F %T}Z; the watch sent {sent}"
        yield Found("reminders-unsent", "reminders", detail, sent > 0)


def _leases(now: datetime) -> Iterable[Found]:
    """A sender died, and nobody took its message up again."""
    rows = Delivery.objects.filter(state=DeliveryState.WAITING, leased_until__lt=now - LEASE_PATIENCE)
    for row in rows.order_by("leased_until")[:SHOWN]:
        freed = Delivery.objects.filter(pk=row.pk, fence=row.fence).update(leased_until=None)
        yield Found("lease-ran-out", str(row.pk), f"{row.get_kind_display()}, attempt {row.attempts}", bool(freed))


def _orphans(now: datetime) -> Iterable[Found]:
    """Tickets that break the gate's rule. The database refuses them; should one exist, somebody must look."""
    for number, words in [*_stepless(), *_ended_with_step(), *_ended_without_reason(now)]:
        yield Found("gate-broken", number, words)


def _stepless() -> Iterable[tuple[str, str]]:
    """As an array, the few keys are found in the indexes of what is open alone; joined, every ticket would be read."""
    bare = Ticket.objects.without_next_step().order_by().values("pk")
    rows = Ticket.objects.filter(one_of("id", bare), ever_followed=True)
    return [(number, "open without a next step") for number in rows.values_list("number", flat=True)[:SHOWN]]


def _ended_with_step() -> Iterable[tuple[str, str]]:
    is_open = Ticket.objects.open().filter(pk=OuterRef("ticket_id"))
    lost = FollowUp.objects.open().filter(~Exists(is_open)).order_by().values("ticket_id")
    rows = Ticket.objects.filter(one_of("id", lost)).values_list("number", flat=True)
    return [(number, "closed with an open follow-up") for number in rows[:SHOWN]]


def _ended_without_reason(now: datetime) -> Iterable[tuple[str, str]]:
    """Among those touched of late: each row is looked at once it changes."""
    mine = Q(ticket=OuterRef("pk"), reopened_at__isnull=True)
    closure = Closure.objects.filter(mine, closed=True, undone_at__isnull=True)
    rows = Ticket.objects.filter(updated_at__gt=now - TOUCHED, state=TicketState.CLOSED, imported=False)
    rows = rows.filter(~Exists(closure), ~Exists(Waiver.objects.filter(mine)))
    return [(number, "closed without a reason") for number in rows.values_list("number", flat=True)[:SHOWN]]


def _silent_sweeps(now: datetime) -> Iterable[Found]:
    """A sweep that has not finished for two minutes and three ticks. Where the watch was off too, it has to wait."""
    rows = {row.name: row for row in Sweep.objects.filter(name__in=sweeps.TICKS)}
    own = rows.pop("watch", None)
    if drift.suspect():
        return
    if own and own.finished_at and now - own.finished_at > SILENCE:
        return
    for row in rows.values():
        last = row.finished_at or row.started_at
        if now - last > SILENCE + 3 * timedelta(seconds=sweeps.TICKS[row.name]):
            yield Found("sweep-silent", row.name, f"Last finished {last:%F %T}Z. {row.error}".strip()[:300])


LOOKS: tuple[Callable[[datetime], Iterable[Found]], ...] = (
    _unsent,
    _forgotten,
    _leases,
    _orphans,
    _silent_sweeps,
    *stuck.LOOKS,
)


def _write_down(seen: list[Found], now: datetime) -> None:
    """Once each: an open finding stands until it is gone."""
    known = {(row.kind, row.subject): row for row in Finding.objects.filter(cleared_at__isnull=True)}
    still = {(one.kind, one.subject) for one in seen}
    gone = [row.pk for key, row in known.items() if key not in still]
    Finding.objects.filter(pk__in=gone).update(cleared_at=now)
    new = [one for one in seen if (one.kind, one.subject) not in known]
    Finding.objects.bulk_create([_finding(one, now) for one in new], ignore_conflicts=True)


def _finding(one: Found, now: datetime) -> Finding:
    repaired_at = now if one.repaired else None
    return Finding(kind=one.kind, subject=one.subject, found_at=now, repaired_at=repaired_at, detail=one.detail[:300])


def _tell(now: datetime) -> None:
    """Supervisors hear of what could not be repaired, and of what lasts though it was; once a day while it stands."""
    lasting = Q(repaired_at__isnull=True) | Q(found_at__lte=now - LASTING)
    untold = Q(told_at__isnull=True) | Q(told_at__lte=now - DAILY)
    rows = Finding.objects.filter(lasting, untold, kind__in=found.WITHHOLDING, cleared_at__isnull=True).order_by(
        "kind", "id"
    )
    for kind, group in groupby(rows, key=attrgetter("kind")):
        some = list(group)
        text = f"{found.kind(kind).title} ({len(some)}): {some[0].subject}, {some[0].detail}"
        notices.tell(notices.supervisors_of(None), kind=NoticeKind.DESK, text=text, now=now)
        Finding.objects.filter(pk__in=[row.pk for row in some]).update(told_at=now)
