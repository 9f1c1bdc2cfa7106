"""Categories are sorted: renamed, or folded into the one that they meant."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from followups.actions import intake, marking
from followups.errors import Forbidden, Missing
from followups.models import Actor, Category, Closure, Ticket, Waiver


@transaction.atomic
def save_category(*, category: Category, path: str, by: Actor, now: datetime) -> Category:
    """Rename a category, or fold it into the one that already has the path.

    Its tickets go along; the family follows the path.
    """
    if not by.supervises:
        raise Forbidden("not-a-supervisor", "Only a supervisor sorts categories.")
    clean = intake.category_path(path, "path")
    held = Category.objects.select_for_update().filter(pk=category.pk).first()
    if held is None:
        raise Missing("This category was folded into another one.")
    category = held
    was = category.path
    other = Category.objects.select_for_update().filter(path=clean).exclude(pk=category.pk).first()
    marking.category_moved(path=was, to=clean, folded=other is not None, by=by, now=now)
    if other is None:
        category.path, category.family, category.is_sorted = clean, intake.family_of(clean), True
        category.save()
        return category
    _fold(category, other, now=now)
    return other


def _fold(category: Category, other: Category, *, now: datetime) -> None:
    """All that names `category` names `other`; the tickets are held in the order of their keys, as merges take them."""
    tickets = Ticket.objects.filter(category=category)
    list(tickets.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    tickets.update(category=other, revision=F("revision") + 1, updated_at=now)
    for model in (Closure, Waiver):
        model.objects.filter(category=category).update(category=other)
    category.delete()
