"""Follow-ups: dated next steps, promises once the customer was told, and their append-only moves and hand-overs."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from followups.models.agents import Agent, Team
from followups.models.contacts import Contact
from followups.models.tickets import Ticket, of_token, readable


class FollowUpState(models.TextChoices):
    SCHEDULED = "scheduled", "Promised"
    KEPT = "kept", "Kept"
    KEPT_LATE = "kept_late", "Kept late"
    BROKEN = "broken", "Broken"
    CALLED_OFF = "called_off", "Called off"


class Stage(models.TextChoices):
    AHEAD = "ahead", "Coming up"
    DUE = "due", "Due now"
    OVERDUE = "overdue", "Overdue"
    ESCALATED = "escalated", "Escalated"


class Brought(models.TextChoices):
    ANSWER = "answer", "Answer"
    WORKAROUND = "workaround", "Workaround"
    CREDIT = "credit", "Credit"
    REFUND = "refund", "Refund"
    REPLACEMENT = "replacement", "Replacement"
    APPOINTMENT = "appointment", "Appointment"
    DOCUMENT = "document", "Document"
    NEWS = "news", "Dated news from a named party"
    NO_NEWS = "no_news", "No news"


class FollowUpQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=FollowUpState.SCHEDULED)

    def ended(self):
        return self.exclude(state=FollowUpState.SCHEDULED)

    def overdue(self, now):
        return self.open().filter(promised_by__lte=now)

    def due_before(self, instant, *, after):
        """Open and due in `(after, instant)`."""
        return self.open().filter(promised_by__gt=after, promised_by__lt=instant)

    def told(self):
        return self.filter(told_at__isnull=False)

    def free(self, now):
        """Of nobody in person, and not taken at this moment."""
        return self.open().filter(owner__isnull=True).filter(Q(taken_until__isnull=True) | Q(taken_until__lte=now))

    def visible_to(self, actor, *, now):
        """Of the tickets that the actor reads, through the joined ticket: cost follows the rows asked for."""
        if actor.sees_all:
            return self
        if actor.agent is None:
            return self.filter(ticket__team_id__in=actor.team_ids)
        mine = Q(owner_id=actor.agent.pk) & of_token(actor, "ticket__")
        return self.filter(readable(actor, now=now, through="ticket__") | mine)

    def led_by(self, actor):
        """As `visible_to` without the caller on the line. Tickets are looked up row by row, never joined: the planner
        takes what is overdue for many, and would read every ticket.
        """
        if actor.sees_all:
            return self
        ticket = Ticket.objects.filter(pk=OuterRef("ticket_id"))
        team, agent = (Subquery(ticket.values(name)) for name in ("team_id", "agent_id"))
        mine = Q(ticket_agent=actor.agent.pk) | Q(owner_id=actor.agent.pk) if actor.agent else Q()
        theirs = Q(ticket_team__in=actor.team_ids) | Q(ticket_team__isnull=True) | mine
        return self.alias(ticket_team=team, ticket_agent=agent).filter(theirs)


class FollowUp(models.Model):
    """A dated next step with the window `[promised_from, promised_by]`.

    `wall_from` and `wall_by` keep the local time as it was said (ISO, no offset) in `zone`; the instants are derived
    from them.
    `version` counts the due instant: each move makes reminders of a new version. `broken_by` is the date first
    promised where a
    move made without the customer's agreement broke it. `promised_at` is when the step was made. `plan_position` counts
    the steps of the cadence `plan` (null: the default one) from 1; 0 is the supervisors' review that ends it.
    `try_at` is when the next call is tried inside the promised time.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="follow_ups")
    owner = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="follow_ups")
    promiser = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="promises")
    promise = models.CharField(max_length=500)
    will_bring = models.CharField(max_length=300, blank=True)
    promised_at = models.DateTimeField()
    promised_from = models.DateTimeField(null=True, blank=True)
    promised_by = models.DateTimeField()
    wall_from = models.CharField(max_length=19, blank=True)
    wall_by = models.CharField(max_length=19)
    zone = models.CharField(max_length=64)
    channel = models.CharField(max_length=40, default="phone")
    voicemail_ok = models.BooleanField(default=False)
    asked_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    by_policy = models.BooleanField(default=False)
    plan = models.ForeignKey("followups.Plan", models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    plan_position = models.PositiveSmallIntegerField(null=True, blank=True)
    try_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    told_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    told_message = models.ForeignKey("followups.Delivery", models.PROTECT, null=True, blank=True, related_name="+")

    state = models.CharField(max_length=10, choices=FollowUpState, default=FollowUpState.SCHEDULED)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    ended_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    called_off_by = models.CharField(max_length=8, blank=True, choices=[("customer", "The customer"), ("us", "Us")])
    called_off_reason = models.CharField(max_length=300, blank=True)
    broken_by = models.DateTimeField(null=True, blank=True)
    brought = models.CharField(max_length=12, choices=Brought, blank=True)
    brought_text = models.TextField(blank=True)
    from_party = models.CharField(max_length=120, blank=True)
    expected_on = models.DateField(null=True, blank=True)

    stage = models.CharField(max_length=10, choices=Stage, blank=True)
    version = models.PositiveIntegerField(default=1)
    acknowledged_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_until = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    taken_until = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete)]
        indexes = [
            models.Index(fields=["ticket", "promised_by"], name="follow_up_ticket"),
            models.Index(fields=["promised_by", "id"], name="follow_up_open", condition=Q(state="scheduled")),
            models.Index(fields=["ticket"], name="follow_up_open_of_ticket", condition=Q(state="scheduled")),
            models.Index(
                fields=["owner", "promised_by"], name="follow_up_open_of_owner", condition=Q(state="scheduled")
            ),
            models.Index(fields=["team", "promised_by"], name="follow_up_open_of_team", condition=Q(state="scheduled")),
            models.Index(fields=["ended_by", "-ended_at"], name="follow_up_ended", condition=~Q(state="scheduled")),
            # For who asks for both dates alone: whoever wants open ones takes theirs, whatever the planner reckons.
            models.Index(
                fields=["promised_by"],
                name="follow_up_promised",
                condition=Q(promised_at__isnull=False, promised_by__isnull=False),
            ),
            models.Index(
                fields=["ended_at", "promised_at"], name="follow_up_over", condition=Q(ended_at__isnull=False)
            ),
            models.Index(fields=["updated_at", "id"], name="follow_up_updated"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FollowUpState.values), name="follow_up_state_known"),
            models.CheckConstraint(
                condition=Q(state="scheduled", ended_at__isnull=True)
                | (~Q(state="scheduled") & Q(ended_at__isnull=False)),
                name="follow_up_ended_has_ended_at",
            ),
            models.CheckConstraint(
                condition=Q(promised_from__isnull=True) | Q(promised_from__lte=F("promised_by")),
                name="follow_up_from_before_by",
            ),
            models.CheckConstraint(condition=Q(stage="") | Q(stage__in=Stage.values), name="follow_up_stage_known"),
            models.CheckConstraint(
                condition=Q(brought="") | Q(brought__in=Brought.values), name="follow_up_brought_known"
            ),
        ]

    def __str__(self) -> str:
        return self.promise

    @property
    def is_open(self) -> bool:
        return self.state == FollowUpState.SCHEDULED

    @property
    def is_told(self) -> bool:
        return self.told_at is not None


class Move(models.Model):
    """A changed date. Append-only. `from_*`/`to_*` are instants; `agreed_contact` is where she agreed."""

    follow_up = models.ForeignKey(FollowUp, models.PROTECT, related_name="moves")
    at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    from_from = models.DateTimeField(null=True, blank=True)
    from_by = models.DateTimeField()
    to_from = models.DateTimeField(null=True, blank=True)
    to_by = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    agreed = models.BooleanField(default=False)
    agreed_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        ordering = ("at", "id")
        indexes = [
            models.Index(fields=["follow_up", "at"], name="move_follow_up"),
            models.Index(fields=["from_by"], name="move_from"),
            models.Index(fields=["at"], name="move_at"),
        ]


class Handover(models.Model):
    """Who answered for a follow-up up to `at`: its owner (none: nobody in person) and its team. Append-only.

    At any instant the first of these after it tells, else the follow-up itself. Hand-overs that an older release made
    are not written down: there the follow-up stands with the next that is known, or as it is.
    """

    follow_up = models.ForeignKey(FollowUp, models.PROTECT, db_index=False, related_name="handovers")
    at = models.DateTimeField()
    from_owner = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    from_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        ordering = ("at", "id")
        indexes = [
            models.Index(fields=["follow_up", "at"], name="handover_follow_up"),
            models.Index(fields=["at"], name="handover_at"),
        ]
