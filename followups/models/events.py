"""The history of tickets and follow-ups, written by `timeline` alone and never changed."""

import pgtrigger
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent
from followups.models.customers import Customer
from followups.models.tickets import Ticket


class Event(models.Model):
    """`at` is when it happened, `entered_at` when it was written down.

    `data` holds ids, words and instants for the reader.
    """

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="events", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="events")
    follow_up = models.ForeignKey("followups.FollowUp", models.PROTECT, null=True, blank=True, related_name="events")
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    by_name = models.CharField(max_length=200)
    door = models.CharField(max_length=12)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [
            models.Index(fields=["ticket", "at", "id"], name="event_ticket"),
            models.Index(fields=["by"], name="event_by", condition=Q(by__isnull=False)),
            models.Index(fields=["customer", "at"], name="event_customer", condition=Q(ticket__isnull=True)),
        ]
