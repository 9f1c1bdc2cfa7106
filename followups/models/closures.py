"""What people said about the end of a ticket: closures, waivers and those asked for, reopenings, confirmations."""

import uuid

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent, Team
from followups.models.contacts import Contact
from followups.models.followups import FollowUp
from followups.models.tickets import Category, Ticket


class Outcome(models.TextChoices):
    RESOLVED = "resolved", "Resolved"
    NO_REMEDY = "no_remedy", "Nothing more can be done"
    UNREACHABLE = "unreachable", "Cannot be reached"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DUPLICATE = "duplicate", "Duplicate"
    SPAM = "spam", "Spam"


REPLACED = (Outcome.NO_REMEDY, Outcome.UNREACHABLE)
CLOSING = (Outcome.RESOLVED, Outcome.WITHDRAWN, Outcome.DUPLICATE, Outcome.SPAM)


class Evidence(models.TextChoices):
    CUSTOMER_SAID = "customer_said", "The customer said so"
    OBSERVED = "observed", "Seen by us"
    OTHER_SYSTEM = "other_system", "Another system says so"


class Why(models.TextChoices):
    NO_LONGER_NEEDED = "no_longer_needed", "No longer needed"
    SOLVED_ELSEWHERE = "solved_elsewhere", "Solved elsewhere"
    GAVE_UP = "gave_up", "Gave up"


class WaiverKind(models.TextChoices):
    FINAL_ANSWER = "final_answer", "Final answer"
    EXHAUSTED = "exhausted", "All ways tried"
    LEGAL = "legal", "Legal grounds"
    DECEASED = "deceased", "Deceased"
    OTHER = "other", "Other"


class Closure(models.Model):
    """Each time somebody said that the ticket is finished, whether it closed (`closed`) or was replaced by a follow-up.

    A closing stands while `reopened_at` and `undone_at` are empty. Team, agent, category and channel are those of its
    time.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="closures")
    outcome = models.CharField(max_length=12, choices=Outcome)
    note = models.TextField(blank=True)
    closed = models.BooleanField()
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="closures")
    by_name = models.CharField(max_length=200)
    door = models.CharField(max_length=12)
    evidence = models.CharField(max_length=14, choices=Evidence, blank=True)
    evidence_text = models.TextField(blank=True)
    evidence_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=20, choices=Why, blank=True)
    replaced_by = models.ForeignKey(FollowUp, models.PROTECT, null=True, blank=True, related_name="+")
    duplicate_of = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=40)
    priority = models.CharField(max_length=60, blank=True)
    hint = models.CharField(max_length=40, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete)]
        indexes = [
            models.Index(fields=["ticket", "at"], name="closure_ticket"),
            models.Index(fields=["at"], name="closure_at"),
            models.Index(fields=["ticket"], name="closure_left_out", condition=Q(outcome__in=["duplicate", "spam"])),
            models.Index(fields=["ticket"], name="closure_replaced", condition=Q(closed=False)),
            models.Index(
                fields=["at"],
                name="closure_dead",
                condition=Q(undone_at__isnull=True) & (Q(outcome__in=REPLACED) | Q(why="gave_up")),
            ),
            BrinIndex(fields=["entered_at"], name="closure_entered", autosummarize=True),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="closure_outcome_known"),
            models.CheckConstraint(
                condition=Q(closed=True, outcome__in=CLOSING, replaced_by__isnull=True)
                | Q(closed=False, outcome__in=REPLACED, replaced_by__isnull=False),
                name="closure_dead_end_is_replaced",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="resolved") | Q(evidence__in=Evidence.values), name="closure_resolved_has_evidence"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="withdrawn") | Q(why__in=Why.values), name="closure_withdrawn_has_why"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="duplicate") | Q(duplicate_of__isnull=False), name="closure_duplicate_names_other"
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                name="closure_one_stands",
                condition=Q(closed=True, reopened_at__isnull=True, undone_at__isnull=True),
            ),
        ]


class Waiver(models.Model):
    """A supervisor's word that a ticket ends without remedy, with how the customer was told what she can do next."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="waivers")
    kind = models.CharField(max_length=12, choices=WaiverKind)
    reason = models.TextField()
    told_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    told_message = models.ForeignKey("followups.Delivery", models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, related_name="waivers")
    single_hand = models.BooleanField(default=False)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=40)
    priority = models.CharField(max_length=60, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete)]
        indexes = [models.Index(fields=["at"], name="waiver_at")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=WaiverKind.values), name="waiver_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_reason"),
            models.CheckConstraint(
                condition=Q(kind__in=["exhausted", "deceased"])
                | Q(told_contact__isnull=False)
                | Q(told_message__isnull=False),
                name="waiver_customer_told",
            ),
            models.UniqueConstraint(fields=["ticket"], name="waiver_one_stands", condition=Q(reopened_at__isnull=True)),
        ]


class WaiverRequest(models.Model):
    """A waiver asked for by an agent; answered by a supervisor."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="waiver_requests")
    kind = models.CharField(max_length=12, choices=WaiverKind)
    reason = models.TextField()
    told_contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Agent, models.PROTECT, related_name="waiver_requests")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    waiver = models.ForeignKey(Waiver, models.PROTECT, null=True, blank=True, related_name="+")
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("asked_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], name="waiver_request_one_open", condition=Q(answered_at__isnull=True)
            ),
        ]


class Reopening(models.Model):
    """A closed ticket opened again. `imported` ones come from an event log and never make or unmake a resolution."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="reopenings")
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    by_customer = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")
    imported = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["ticket", "at"], name="reopening_ticket")]


class LoggedResolution(models.Model):
    """When an imported event log first called a ticket resolved; whether it is, the ticket's own row alone says."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], include=["ticket"], name="logged_resolution_at")]


class Confirmation(models.Model):
    """The customer's own word on a resolution."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="confirmations")
    confirmed = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    by_customer = models.BooleanField(default=False)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["ticket", "at"], name="confirmation_ticket")]
