"""Tickets and the category tree."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models import BigIntegerField, BooleanField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Upper

from followups.models.agents import Agent, Team
from followups.models.customers import Customer

ON_THE_LINE = timedelta(minutes=30)


class Category(models.Model):
    """A path of free words, root first (`Billing/Refund`). The family is the root."""

    path = models.CharField(max_length=250, unique=True)
    family = models.CharField(max_length=120, db_index=True)
    is_sorted = models.BooleanField(
        default=False, help_text="Seen by a supervisor; paths made by an intake wait to be sorted."
    )
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ("path",)
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.path


class TicketState(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Confirmed(models.TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    UNKNOWN = "unknown", "Unknown"


class TicketQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=TicketState.OPEN)

    def without_next_step(self):
        """Open tickets with no open follow-up: the list that must be empty."""
        followups = self.model._meta.apps.get_model("followups", "FollowUp")
        return self.open().filter(~Exists(followups.objects.open().filter(ticket_id=OuterRef("pk"))))

    def visible_to(self, actor, *, now):
        """What the matrix lets `actor` read: own teams, own or shared-pool tickets, and the caller on the line."""
        if actor.sees_all:
            return self
        if actor.agent is None:
            return self.filter(team_id__in=actor.team_ids)
        return self.filter(readable(actor, now=now))

    def workable_by(self, actor):
        """What `actor` may write: the caller on the line is read and served through its own acts."""
        if actor.role == "auditor":
            return self.none()
        if actor.sees_all:
            return self
        return self.filter(_theirs(actor), of_token(actor)) if actor.agent else self.filter(team_id__in=actor.team_ids)


def readable(actor, *, now, through: str = "") -> Q:
    """What an agent may read, as a condition on tickets, or on rows that name one `through` a prefix."""
    on_the_line = one_of(f"{through}id", _caller_on_the_line(actor, now))
    return (_theirs(actor, through) | on_the_line) & of_token(actor, through)


ANY: dict[str, Any] = {"template": "(%(expressions)s))", "arg_joiner": " = ANY(", "output_field": BooleanField()}


def one_of(name: str, keys) -> Q:
    """As `in`, read once into an array: the planner then takes the keys for the few that they are."""
    return Q(Func(F(name), ArraySubquery(keys), **ANY))


def among(name: str, keys: Iterable[int]) -> Q:
    """As `in`, with the keys as one parameter: for tens of thousands of them."""
    return Q(Func(F(name), Value(list(keys), output_field=ArrayField(BigIntegerField())), **ANY))


def _theirs(actor, through: str = "") -> Q:
    """Of their teams, of nobody's team, their own, or claimed: one with an open follow-up that is theirs in person."""
    followups = Ticket._meta.apps.get_model("followups", "FollowUp")
    claimed = followups.objects.open().filter(owner_id=actor.agent.pk).values("ticket_id")
    of_team = Q(**{f"{through}team_id__in": actor.team_ids}) | Q(**{f"{through}team_id__isnull": True})
    return of_team | Q(**{f"{through}agent_id": actor.agent.pk}) | one_of(f"{through}id", claimed)


def of_token(actor, through: str = "") -> Q:
    """A token bound to a team leads no further than that team, whoever acts through it."""
    bound = actor.token.team_id if actor.token else None
    return Q(**{f"{through}team_id": bound}) if bound else Q()


def _caller_on_the_line(actor, now):
    """Tickets of customers whose inbound contact this agent recorded in the last 30 minutes; never across a separate
    team.
    """
    contacts = Ticket._meta.apps.get_model("followups", "Contact")
    apart = Exists(Team.objects.filter(pk__in=actor.team_ids, separate=True))
    on_the_line = contacts.objects.filter(
        direction="inbound", recorded_by_id=actor.agent.pk, entered_at__gt=now - ON_THE_LINE, customer__isnull=False
    ).values("customer_id")
    return Ticket.objects.filter(~apart, customer_id__in=on_the_line).exclude(team__separate=True).values("pk")


class Ticket(models.Model):
    """One problem of one customer.

    `imported` marks a ticket whose standing end came from an import; `imported_*` keep that end for the reports,
    whatever
    happens here afterwards. `ever_followed` is kept by the database: once true it stays true, and an open ticket that
    carries
    it must have an open follow-up.
    """

    number = models.CharField(max_length=16, unique=True)
    source = models.CharField(max_length=60, default="desk")
    reference = models.CharField(max_length=120, null=True, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="tickets")
    subject = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="tickets")
    channel = models.CharField(max_length=40)
    priority = models.CharField(max_length=60, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="tickets")
    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="tickets")
    opened_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    opened_agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=TicketState, default=TicketState.OPEN)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    confirmed = models.CharField(max_length=8, choices=Confirmed, default=Confirmed.UNKNOWN)
    waived = models.BooleanField(default=False)
    reopen_count = models.PositiveIntegerField(default=0)
    recontact_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="recontacts")
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    extra = models.JSONField(default=dict, blank=True)
    imported = models.BooleanField(default=False)
    imported_resolved_at = models.DateTimeField(null=True, blank=True)
    imported_closed_at = models.DateTimeField(null=True, blank=True)
    imported_reopened_at = models.DateTimeField(null=True, blank=True)
    import_digest = models.CharField(max_length=64, blank=True)
    ever_followed = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="ticket_opened"),
            models.Index(fields=["-opened_at", "-id"], name="ticket_open", condition=Q(state="open")),
            models.Index(fields=["reference"], name="ticket_reference", condition=Q(reference__isnull=False)),
            models.Index(fields=["updated_at", "id"], name="ticket_updated"),
            models.Index(fields=["customer", "opened_at"], name="ticket_customer"),
            models.Index(fields=["team", "-opened_at", "-id"], name="ticket_open_of_team", condition=Q(state="open")),
            models.Index(fields=["agent", "-opened_at", "-id"], name="ticket_open_of_agent", condition=Q(state="open")),
            models.Index(fields=["team", "-opened_at"], name="ticket_team"),
            models.Index(
                fields=["imported_closed_at"], name="ticket_imported_end", condition=Q(imported_closed_at__isnull=False)
            ),
            models.Index(
                fields=["id"],
                name="ticket_end_unmarked",
                condition=Q(state="closed", imported=False, imported_reopened_at__isnull=True)
                & (Q(imported_resolved_at__isnull=False) | Q(imported_closed_at__isnull=False)),
            ),
            BrinIndex(fields=["created_at"], name="ticket_created", autosummarize=True),
            GinIndex(OpClass(Upper("subject"), name="gin_trgm_ops"), name="ticket_subject_words"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="ticket_reference_once_a_source"),
            models.CheckConstraint(condition=~Q(reference=""), name="ticket_reference_null_or_filled"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, outcome="")
                | Q(state="closed", closed_at__isnull=False),
                name="ticket_closed_has_closed_at",
            ),
            models.CheckConstraint(condition=Q(confirmed__in=Confirmed.values), name="ticket_confirmed_known"),
            models.CheckConstraint(condition=~Q(duplicate_of=models.F("id")), name="ticket_no_duplicate_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def is_open(self) -> bool:
        return self.state == TicketState.OPEN
