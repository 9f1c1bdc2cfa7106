"""Channels: where people hear of the desk outside it, what they want to hear there, and when they want to be left alone."""

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent


class ChannelKind(models.TextChoices):
    MAIL = "mail", "Mail"
    CHAT = "chat", "Chat"
    SMS = "sms", "SMS"


class Heard(models.TextChoices):
    """What a channel may be told: the stages of a reminder, and the other kinds of notices."""

    AHEAD = "ahead", "A promise comes up"
    DUE = "due", "A promise is due"
    OVERDUE = "overdue", "A promise is overdue"
    ESCALATED = "escalated", "A promise was escalated to me"
    ASSIGNED = "assigned", "Something was handed to me"
    ASKED = "asked", "Something is asked of me"
    ANSWERED = "answered", "An answer to what I asked"
    CUSTOMER = "customer", "A word from a customer"
    REVIEW = "review", "Something for review"
    TARGET = "target", "A target is near, or was missed"
    DESK = "desk", "About the desk itself"


class Channel(models.Model):
    """`address` is a mail address, a phone number in E.164, or the address of a chat, which is a secret.

    Nothing but the test goes out before `verified_at`. `trouble` says why the last message did not arrive.
    """

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=8, choices=ChannelKind)
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=500)
    hears = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    made_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("made_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["agent", "kind", "address"], name="channel_once"),
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="channel_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Listening(models.Model):
    """When a person is left alone: `[quiet_from, quiet_until)` of their zone, over midnight where it ends earlier than
    it starts, and their days off. Equal times: no quiet hours. Without a row the defaults hold.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="listening")
    quiet_from = models.TimeField(default=time(20))
    quiet_until = models.TimeField(default=time(7))
    quiet_days_off = models.BooleanField(default=True)
    your_day = models.BooleanField(default=False)
