"""Taking the demo out: its tickets, customers, people and teams, whole."""

from typing import Any

import pgtrigger
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, QuerySet

from followups.models import (
    Agent,
    Category,
    Closure,
    Confirmation,
    Contact,
    Customer,
    Delivery,
    Event,
    Export,
    FollowUp,
    Handover,
    Mark,
    Move,
    Note,
    Notice,
    OneTimeLink,
    Pause,
    Policy,
    Reminder,
    Reopening,
    Rest,
    Site,
    TargetClock,
    Team,
    Ticket,
    Waiver,
    WaiverRequest,
)

OF_FOLLOW_UPS = (Handover, Move, Reminder)
OF_BOTH = (Contact, Delivery, Event)
OF_TICKETS = (
    TargetClock,
    Pause,
    WaiverRequest,
    Waiver,
    Closure,
    Reopening,
    Confirmation,
    Note,
    Notice,
    *OF_BOTH,
    FollowUp,
)


class StillUsed(Exception):
    """Real work names demo people or teams."""


@transaction.atomic
def remove() -> int:
    """Delete all that belongs to the demo; how many tickets that were. Refuses where real work names demo people."""
    tickets = Ticket.objects.filter(is_demo=True)
    _check_unused()
    _keep_what_is_real_by_now(tickets)
    count = tickets.count()
    try:
        with pgtrigger.ignore(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            _delete_all(tickets)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    except (ProtectedError, IntegrityError) as error:
        raise StillUsed("Demo people had a hand in real tickets; deactivate them instead.") from error
    Site.objects.filter(pk=1).update(demo_loaded_at=None)
    return count


def _check_unused() -> None:
    real = Ticket.objects.filter(is_demo=False)
    if real.filter(agent__is_demo=True).exists() or real.filter(team__is_demo=True).exists():
        raise StillUsed("Real tickets belong to demo people or teams. Hand them over first.")


def _keep_what_is_real_by_now(tickets: QuerySet[Ticket]) -> None:
    """A customer or a category that a real ticket names is the demo's no longer."""
    real = Ticket.objects.filter(is_demo=False)
    Customer.objects.filter(is_demo=True, pk__in=real.values("customer")).update(is_demo=False)
    Category.objects.filter(is_demo=True, pk__in=real.values("category")).update(is_demo=False)
    real.filter(recontact_of__in=tickets).update(recontact_of=None)


def _delete_all(tickets: QuerySet[Ticket]) -> None:
    """In an order by hand and without collecting: the foreign keys are checked once all is gone."""
    numbers, customers = list(tickets.values_list("pk", flat=True)), Customer.objects.filter(is_demo=True)
    follow_ups = FollowUp.objects.filter(ticket__in=numbers)
    for model in OF_FOLLOW_UPS:
        _delete(model.objects.filter(follow_up__in=follow_ups))
    _delete(Rest.objects.filter(clock__in=TargetClock.objects.filter(ticket_id__in=numbers).values("pk")))
    for model in OF_TICKETS:
        _delete(model.objects.filter(ticket_id__in=numbers))
    for model in OF_BOTH:
        _delete(model.objects.filter(customer__in=customers, ticket=None))
    _delete(Ticket.objects.filter(pk__in=numbers))
    _delete_with_history(customers)
    Category.objects.filter(is_demo=True).delete()
    _delete_people()


def _delete(rows: QuerySet) -> None:
    rows._raw_delete(rows.db)


def _delete_people() -> None:
    people, teams = Agent.objects.filter(is_demo=True), Team.objects.filter(is_demo=True)
    OneTimeLink.objects.filter(agent__in=people).delete()
    _delete(Export.objects.filter(by__in=people))
    Mark.objects.filter(teams__overlap=list(teams.values_list("pk", flat=True))).delete()
    for rows in (people, Policy.objects.filter(team__in=teams), teams):
        keys = list(rows.values_list("pk", flat=True))
        rows.delete()
        _delete_history(rows.model, keys)


def _delete_with_history(rows: QuerySet) -> None:
    keys = list(rows.values_list("pk", flat=True))
    _delete(rows)
    _delete_history(rows.model, keys)


def _delete_history(model: Any, keys: list) -> None:
    _delete(model.pgh_event_model.objects.filter(pgh_obj_id__in=keys))
