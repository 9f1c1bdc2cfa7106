"""Taking the demo out: its tickets, customers, people and teams, whole."""

import pgtrigger
from django.db import connection, transaction

from followups.models import (
    Agent,
    ApiToken,
    Category,
    Closure,
    Confirmation,
    Contact,
    Customer,
    Delivery,
    Event,
    FollowUp,
    Move,
    Note,
    Notice,
    OneTimeLink,
    Reminder,
    Reopening,
    Site,
    Team,
    Ticket,
    Waiver,
    WaiverRequest,
)

OF_TICKETS = (WaiverRequest, Waiver, Closure, Reopening, Confirmation, Note, Notice)
OF_FOLLOW_UPS = (Move, Reminder, Notice)


class StillUsed(Exception):
    """Demo people have worked on tickets that are not the demo's."""


@transaction.atomic
def remove() -> int:
    """Delete all that belongs to the demo; how many tickets that were. Refuses where real tickets name demo people."""
    tickets = Ticket.objects.filter(is_demo=True)
    _check_unused()
    count = tickets.count()
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        follow_ups = FollowUp.objects.filter(ticket__in=tickets)
        for model in OF_FOLLOW_UPS:
            _delete(model.objects.filter(follow_up__in=follow_ups))
        for model in OF_TICKETS:
            _delete(model.objects.filter(ticket__in=tickets))
        _delete(Event.objects.filter(ticket__in=tickets))
        _delete(Event.objects.filter(customer__is_demo=True))
        _delete_ring(tickets)
        _delete(Customer.objects.filter(is_demo=True))
        _delete_people()
    used = Ticket.objects.values("category"), Closure.objects.values("category"), Waiver.objects.values("category")
    Category.objects.filter(is_demo=True).exclude(pk__in=used[0]).exclude(pk__in=used[1]).exclude(
        pk__in=used[2]
    ).delete()
    Site.objects.filter(pk=1).update(demo_loaded_at=None)
    return count


def _delete(rows) -> None:
    """Without collecting: the order above is by hand, and the foreign keys are checked at the end."""
    rows._raw_delete(rows.db)


def _delete_ring(tickets) -> None:
    """Contacts, follow-ups, deliveries and tickets name one another: the keys are checked as the transaction ends."""
    numbers = list(tickets.values_list("pk", flat=True))
    for model in (Contact, Delivery, FollowUp):
        _delete(model.objects.filter(ticket_id__in=numbers))
    _delete(Contact.objects.filter(customer__is_demo=True))
    _delete(Delivery.objects.filter(customer__is_demo=True))
    _delete(Ticket.objects.filter(pk__in=numbers))


def _delete_people() -> None:
    people, teams = Agent.objects.filter(is_demo=True), Team.objects.filter(is_demo=True)
    for model in (Notice, Delivery):
        name = "recipient__in" if model is Notice else "agent__in"
        _delete(model.objects.filter(**{name: people}))
    for model in (OneTimeLink, ApiToken):
        model.objects.filter(agent__in=people).delete()
    people.delete()
    teams.delete()


def _check_unused() -> None:
    real = Ticket.objects.filter(is_demo=False)
    if real.filter(agent__is_demo=True).exists() or real.filter(team__is_demo=True).exists():
        raise StillUsed("Real tickets belong to demo people or teams. Hand them over first.")
    if Closure.objects.filter(by__is_demo=True, ticket__is_demo=False).exists():
        raise StillUsed("Demo people have closed real tickets; deactivate them instead.")
