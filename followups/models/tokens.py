"""API tokens, the answers they may replay, their rate, and one-time links. Secrets are kept as SHA-256 only."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from followups.models.agents import Agent, Team


class Scope(models.TextChoices):
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    TICKETS_CLOSE = "tickets:close"
    FOLLOW_UPS_WRITE = "follow-ups:write"
    CUSTOMERS_PII = "customers:pii"
    REPORTS_READ = "reports:read"
    REPORTS_AGENTS = "reports:agents"
    IMPORTS_WRITE = "imports:write"
    WEBHOOKS_MANAGE = "webhooks:manage"


class ApiToken(models.Model):
    """Without a team it sees every team; with an agent it may do no more than that person."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20))
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="tokens")
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="tokens")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    budget = models.FloatField(default=60.0, help_text="Requests left in the burst.")
    budget_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def allows(self, scope: str) -> bool:
        return scope in self.scopes


class IdempotentAnswer(models.Model):
    """The answer to a POST under an Idempotency-Key, kept 72 h.

    `status` is empty while the first request is at work.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="+")
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="idempotent_answer_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["token", "agent", "path", "key"], name="idempotent_answer_once", nulls_distinct=False
            ),
        ]


class OneTimeLink(models.Model):
    """A link that works once: to set a password at first sign-in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
