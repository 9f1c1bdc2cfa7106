"""Exports: who took a report out of the desk, or read figures of single agents; written once and never changed."""

import pgtrigger
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent
from followups.models.tokens import ApiToken


class Way(models.TextChoices):
    """How it was taken. Pages, rows and the API are written down where the figures are per agent."""

    FILE = "file", "as a file"
    MAIL = "mail", "by mail, as a file"
    PAGE = "page", "on a page"
    ROWS = "rows", "row by row, on a page"
    API = "api", "through the API"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, actor):
        """Who sees all, all; who leads teams, what their people and the tokens of their teams took."""
        if actor.sees_all:
            return self.all()
        theirs = Agent.teams.through.objects.filter(team__in=actor.team_ids).values("agent")
        return self.filter(Q(by__in=theirs) | Q(by=actor.agent) | Q(token__team__in=actor.team_ids))


class Export(models.Model):
    """`asked` are the words of the question, with the instants that were taken; of a customer the id alone.

    `count` is the number of rows; None where that would say something of a single agent.
    """

    at = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    way = models.CharField(max_length=4, choices=Way)
    report = models.CharField(max_length=40)
    asked = models.JSONField(default=dict)
    count = models.PositiveIntegerField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [models.Index(fields=["-at", "-id"], name="export_at")]
        constraints = [models.CheckConstraint(condition=Q(way__in=Way.values), name="export_way_known")]
