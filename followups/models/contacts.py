"""Contacts: each interaction with a customer, inbound or outbound, and the notes beside them."""

import uuid

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent, Team
from followups.models.customers import Customer
from followups.models.tickets import Ticket


class Direction(models.TextChoices):
    INBOUND = "inbound", "She contacted us"
    OUTBOUND = "outbound", "We contacted her"


class Reached(models.TextChoices):
    REACHED = "reached", "Reached"
    WRITTEN = "written", "Written"
    VOICEMAIL = "voicemail", "Voicemail"
    NO_ANSWER = "no_answer", "No answer"
    WRONG_NUMBER = "wrong_number", "Wrong number"


class Purpose(models.TextChoices):
    NEW = "new", "Something new"
    CHASE = "chase", "Chasing an answer"
    NEWS = "news", "Bringing news"
    THANKS = "thanks", "Thanks only"
    AUTOMATIC = "automatic", "Automatic"


class ContactQuerySet(models.QuerySet):
    def inbound(self):
        return self.filter(direction=Direction.INBOUND)

    def attempts(self):
        """Outbound contacts made for a follow-up: calls tried and messages sent."""
        return self.filter(direction=Direction.OUTBOUND, follow_up__isnull=False)

    def counted(self):
        """What M1 counts: inbound, not an answer to our own follow-up, not automatic, not bare thanks."""
        return (
            self.inbound()
            .filter(answers_follow_up__isnull=True)
            .exclude(purpose__in=[Purpose.AUTOMATIC, Purpose.THANKS])
        )


class Contact(models.Model):
    """`at` is when it happened, `entered_at` when it was written down. A ticket's opening is an inbound contact."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(max_length=60, default="desk")
    reference = models.CharField(max_length=200, null=True, blank=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="contacts")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="contacts")
    direction = models.CharField(max_length=8, choices=Direction)
    channel = models.CharField(max_length=40)
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    reached = models.CharField(max_length=12, choices=Reached, default=Reached.REACHED)
    purpose = models.CharField(max_length=10, choices=Purpose, blank=True)
    summary = models.TextField(blank=True)
    is_opening = models.BooleanField(default=False)
    follow_up = models.ForeignKey("followups.FollowUp", models.PROTECT, null=True, blank=True, related_name="attempts")
    answers_follow_up = models.ForeignKey(
        "followups.FollowUp", models.PROTECT, null=True, blank=True, related_name="answers"
    )
    waited_seconds = models.PositiveIntegerField(null=True, blank=True)
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    abandoned = models.BooleanField(default=False)
    transfers = models.PositiveSmallIntegerField(null=True, blank=True)
    mood = models.CharField(max_length=40, blank=True)
    disliked = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="recorded_contacts")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ContactQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Delete)]
        indexes = [
            models.Index(fields=["ticket", "at"], name="contact_ticket"),
            models.Index(fields=["customer", "at"], name="contact_customer"),
            models.Index(fields=["follow_up", "at"], name="contact_follow_up", condition=Q(follow_up__isnull=False)),
            models.Index(
                fields=["recorded_by", "-entered_at"], name="contact_recorded", condition=Q(direction="inbound")
            ),
            models.Index(
                fields=["at"], name="contact_of_ticket", condition=Q(customer__isnull=True, ticket__isnull=False)
            ),
            BrinIndex(fields=["entered_at"], name="contact_entered", autosummarize=True),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="contact_reference_once_a_source"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="contact_direction_known"),
            models.CheckConstraint(condition=Q(reached__in=Reached.values), name="contact_reached_known"),
            models.CheckConstraint(
                condition=Q(purpose="") | Q(purpose__in=Purpose.values), name="contact_purpose_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.at:%Y-%m-%d %H:%M}"


class Note(models.Model):
    """An internal note; never shown to the customer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="notes")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["ticket", "at"], name="note_ticket")]
