"""Times in which figures per agent are shown to others: off until somebody switches them on, with a reason for all."""

from django.db import models
from django.db.models import F, Q

from followups.models.agents import Agent


class DisclosureQuerySet(models.QuerySet["Disclosure"]):
    def present(self) -> "Disclosure | None":
        """The one that lasts; None while figures per agent are off."""
        return self.filter(until__isnull=True).select_related("by").first()


class Disclosure(models.Model):
    """From `since` until `until`; the reason stands where every agent sees it."""

    since = models.DateTimeField()
    by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    until = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")

    objects = DisclosureQuerySet.as_manager()

    class Meta:
        ordering = ("-since", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["until"], name="disclosure_one_lasts", condition=Q(until__isnull=True), nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="disclosure_order"),
            models.CheckConstraint(condition=~Q(reason=""), name="disclosure_has_reason"),
        ]
