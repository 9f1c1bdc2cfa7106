"""Targets: what the desk sets itself, the clocks that run for them on a ticket, and the pauses of those clocks."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from followups.models.agents import Agent, Team
from followups.models.followups import FollowUp
from followups.models.ladders import Elapsing
from followups.models.tickets import Ticket


class TargetKind(models.TextChoices):
    FIRST_RESPONSE = "first_response", "First response"
    NEXT_UPDATE = "next_update", "Next update"
    RESOLUTION = "resolution", "Resolution"
    ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement"
    FINAL_ANSWER = "final_answer", "Final answer"


OWN_KINDS = (TargetKind.FIRST_RESPONSE, TargetKind.NEXT_UPDATE, TargetKind.RESOLUTION)


class Term(models.TextChoices):
    MINUTES = "minutes", "Minutes"
    DAYS = "days", "Days"
    WORKING_DAYS = "working_days", "Working days"
    MONTHS = "months", "Months"


class Waiting(models.TextChoices):
    CUSTOMER = "customer", "For her answer"
    THIRD_PARTY = "third_party", "For somebody else"


class ClockEnd(models.TextChoices):
    DONE = "done", "Done"
    CALLED_OFF = "called_off", "Called off"


class Target(models.Model):
    """Written once and never changed: an edit makes a new one and marks the old as replaced, so that clocks which run
    already keep what they began with.

    The row without a team is the desk's own. Of a kind, a team's rows go before the desk's, and those that name the
    ticket's family, priority or channel before those that name none; where the first that fits is off, none holds.
    `amount` is in minutes of working or of all time, else in whole days, working days or calendar months, which end
    with their last local day. `template` names the rule of `complaints` that it came from; without families such a row
    holds for no ticket by itself.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="targets")
    kind = models.CharField(max_length=16, choices=TargetKind)
    amount = models.PositiveIntegerField()
    unit = models.CharField(max_length=12, choices=Term, default=Term.MINUTES)
    elapsing = models.CharField(max_length=8, choices=Elapsing, default=Elapsing.WORKING)
    warn_before = models.PositiveIntegerField(default=60)
    families = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    priorities = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    channels = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_on = models.BooleanField(default=True)
    template = models.CharField(max_length=40, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["team"], name="target_in_force", condition=Q(replaced_at=None))]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TargetKind.values), name="target_kind_known"),
            models.CheckConstraint(condition=Q(unit__in=Term.values), name="target_unit_known"),
            models.CheckConstraint(condition=Q(elapsing__in=Elapsing.values), name="target_elapsing_known"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="target_amount_positive"),
            models.CheckConstraint(
                condition=Q(template="", kind__in=OWN_KINDS)
                | (~Q(template="") & Q(kind__in=[TargetKind.ACKNOWLEDGEMENT, TargetKind.FINAL_ANSWER])),
                name="target_template_has_its_kinds",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def fits(self, *, priority: str, family: str, channel: str | None) -> bool:
        """Whether it holds for such a ticket; `channel` None: of whatever channel."""
        named = ((self.families, family), (self.priorities, priority), (self.channels, channel))
        return all(
            word is None or not words or word.casefold() in {each.casefold() for each in words} for words, word in named
        )


class TargetClock(models.Model):
    """One target running for one ticket. `due_at` is kept as `followups.targets` derives it from all that is known.

    `next_at` is when the sweep has to look again: the warning, then the due instant; null where nothing is left to
    tell. `version` is that of the due instant; a new one takes back the marks of the warning and of the breach.
    `by_closing`: it was the end of the ticket that stopped it, so that a reopening lets it run on. `letter` is the
    follow-up in which a final answer is due.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="target_clocks")
    target = models.ForeignKey(Target, models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=16, choices=TargetKind)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=10, choices=ClockEnd, blank=True)
    by_closing = models.BooleanField(default=False)
    letter = models.ForeignKey(FollowUp, models.PROTECT, null=True, blank=True, related_name="target_clocks")

    class Meta:
        ordering = ("due_at", "id")
        indexes = [
            models.Index(fields=["next_at", "id"], name="target_clock_next", condition=Q(next_at__isnull=False)),
            models.Index(fields=["due_at"], name="target_clock_due"),
            models.Index(fields=["changed_at", "started_at"], name="target_clock_changed", condition=Q(version__gt=1)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                name="target_clock_one_runs",
                condition=Q(stopped_at__isnull=True, kind__in=OWN_KINDS),
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, ended="") | (Q(stopped_at__isnull=False) & ~Q(ended="")),
                name="target_clock_stopped_says_how",
            ),
        ]


class Rest(models.Model):
    """A stop that was taken back: the clock did not run in `[from_at, until_at)`, and the time used was kept."""

    clock = models.ForeignKey(TargetClock, models.CASCADE, related_name="rests")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    ended = models.CharField(max_length=10, choices=ClockEnd)

    class Meta:
        ordering = ("from_at", "id")


class Pause(models.Model):
    """Parked: what we asked her, and until when we wait. It ends when she answers, when somebody ends it, and by itself
    at `until_at`. Waiting for a third party is written down and pauses nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=12, choices=Waiting)
    question = models.CharField(max_length=500)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    ended_by_name = models.CharField(max_length=200, blank=True)
    why_ended = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ("from_at", "id")
        indexes = [models.Index(fields=["until_at"], name="pause_running", condition=Q(ended_at__isnull=True))]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], name="pause_one_runs", condition=Q(ended_at__isnull=True)),
            models.CheckConstraint(condition=Q(from_at__lt=F("until_at")), name="pause_from_before_until"),
            models.CheckConstraint(condition=Q(reason__in=Waiting.values), name="pause_reason_known"),
            models.CheckConstraint(condition=~Q(question=""), name="pause_has_question"),
        ]
