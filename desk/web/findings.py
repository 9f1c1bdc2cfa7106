"""What the watch found out of order: what it means, what to do, and whether it was put right."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from desk import access
from followups import tasks
from followups.clock import deadman, drift, found
from followups.models import Finding, Role, Sweep, Worker

GONE_FOR = timedelta(days=7)
BLIND = timedelta(minutes=3)
SHOWN, LINES = 500, 20
OF_A_FOLLOW_UP = ("reminder-missing", "reminder-poison")


@dataclass
class Group:
    """All of one kind that stands, or was gone of late."""

    name: str
    rows: list[Finding]
    kind: found.Kind = field(init=False)

    def __post_init__(self) -> None:
        self.kind = found.kind(self.name)

    @property
    def shown(self) -> list[Finding]:
        return self.rows[:LINES]

    @property
    def more(self) -> int:
        return len(self.rows) - len(self.shown)

    def place(self) -> tuple:
        """First what people have to look at."""
        return self.state, not self.kind.withholds, self.name

    @property
    def state(self) -> str:
        """`open` where people have to look, `repaired` where the watch put it right and it may come again."""
        return "repaired" if all(row.repaired_at for row in self.rows) else "open"


@require_safe
@access.page(Role.SUPERVISOR, Role.ADMIN)
def findings(request: HttpRequest) -> HttpResponse:
    standing = Finding.objects.filter(cleared_at__isnull=True).order_by("kind", "found_at", "id")[:SHOWN]
    gone = Finding.objects.filter(cleared_at__gt=request.now - GONE_FOR).order_by("-cleared_at", "-id")[:LINES]
    sweeps = {row.name: row for row in Sweep.objects.filter(name__in=["reminders", "watch", deadman.NAME])}
    context = {
        "groups": sorted(grouped(list(standing)), key=Group.place),
        "gone": [pointed(row) for row in gone],
        "sweeps": sweeps,
        "is_blind": is_blind(sweeps.get("watch"), request.now),
        "workers": Worker.objects.order_by("name")[:LINES],
        "clock_held": drift.suspect(),
        "may_release": request.user.role == Role.ADMIN,
    }
    return render(request, "findings/findings.html", context)


def is_blind(watch: Sweep | None, now: datetime) -> bool:
    """Whether the watch has not looked of late: then nothing found says nothing."""
    return watch is None or watch.finished_at is None or now - watch.finished_at > BLIND


def grouped(rows: list[Finding]) -> list[Group]:
    return [Group(kind, [pointed(row) for row in some]) for kind, some in groupby(rows, key=attrgetter("kind"))]


def pointed(row: Finding) -> Finding:
    """With the address of what it is about, where there is a page of it, and its title."""
    row.title, row.url = found.kind(row.kind).title, ""
    if row.kind == "gate-broken":
        row.url = reverse("ticket", args=[row.subject])
    elif row.kind in OF_A_FOLLOW_UP and is_key(row.subject):
        row.url = reverse("follow-up", args=[row.subject])
    return row


def is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@require_POST
@access.page(Role.ADMIN)
def clock(request: HttpRequest) -> HttpResponse:
    """The administrator looked at the clock of the database's machine: it is right."""
    if drift.believe(now=tasks.database_now()):
        messages.success(request, "Sending goes on by the clock as it is.")
    else:
        messages.info(request, "Sending had not paused.")
    return redirect("findings")


urlpatterns = [
    path("findings", findings, name="findings"),
    path("findings/clock", clock, name="findings-clock"),
]
