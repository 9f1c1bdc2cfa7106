"""Drift: whether the database's clock keeps pace with a clock that nobody can set.

The database's clock decides what is due. Should it leap ahead, all that falls due in the hours leapt over would go out
at once, before its time: so sending pauses, people are told, and it goes on once the clock is back, once it has kept
pace for ten minutes, or once an administrator says that it is right. A leap back needs no pause: what is due comes
later, and what was sent stays sent. The wall clock of a worker is never asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from followups.models import Site

LEAP = timedelta(minutes=5)
PROBATION = timedelta(minutes=10)
BACK = timedelta(seconds=10)  # a clock that went back is believed sooner


@dataclass
class Pace:
    """What one process saw at its last look: the database's clock, and its own steady one in seconds."""

    last: tuple[datetime, float] | None = None

    def advance(self, *, now: datetime, steady: float) -> timedelta:
        """By how much the database's clock ran ahead of the steady one since the last look."""
        last, self.last = self.last, (now, steady)
        if last is None:
            return timedelta()
        return (now - last[0]) - timedelta(seconds=steady - last[1])


PACE = Pace()


def held(*, now: datetime, steady: float, pace: Pace = PACE) -> bool:
    """Whether nothing may be sent now. `steady`: seconds of a clock that runs on evenly, also while a machine sleeps."""
    since = pace.last[0] if pace.last else now
    ahead = pace.advance(now=now, steady=steady)
    if abs(ahead) >= LEAP:
        _leapt(ahead, since, now)
    site = suspect()
    return site is not None and not _over(site, now)


@transaction.atomic
def _leapt(ahead: timedelta, since: datetime, now: datetime) -> None:
    """Every process that watched sees the same leap, some later than others: it counts once, and not again where it
    was believed after `since`. Who only makes up for a leap the other way is believed: at once after one back, as soon
    as it keeps pace after one ahead.
    """
    site, _ = Site.objects.select_for_update().get_or_create(pk=1)
    if site.clock_believed_at and since < site.clock_believed_at <= now:
        return
    known = timedelta(seconds=site.clock_ahead_seconds)
    left = max(timedelta(), _sum(known, ahead)) if site.clock_suspect_at else _sum(known, ahead)
    if site.clock_suspect_at or left >= LEAP:
        site.clock_suspect_at = now
    elif known < timedelta() < ahead:
        site.clock_believed_at, left = now, timedelta()
    site.clock_ahead_seconds = left.total_seconds()
    site.save(update_fields=["clock_suspect_at", "clock_ahead_seconds", "clock_believed_at"])


def _sum(known: timedelta, ahead: timedelta) -> timedelta:
    """A leap the same way is one that another process saw already, or a greater one."""
    if ahead < timedelta():
        return min(known, ahead) if known < timedelta() else known + ahead
    return max(known, ahead) if known > timedelta() else known + ahead


def _over(site: Site, now: datetime) -> bool:
    """Once it has kept pace for long enough since its last leap, it is believed."""
    patience = PROBATION if site.clock_ahead_seconds >= LEAP.total_seconds() else BACK
    if site.clock_suspect_at and now - site.clock_suspect_at < patience:
        return False
    believe(now=now)
    return True


def believe(*, now: datetime) -> bool:
    """Sending goes on by the database's clock as it is; whether it had paused."""
    suspected = Site.objects.filter(clock_suspect_at__isnull=False)
    return bool(suspected.update(clock_suspect_at=None, clock_ahead_seconds=0, clock_believed_at=now))


def suspect() -> Site | None:
    return Site.objects.filter(clock_suspect_at__isnull=False).first()
