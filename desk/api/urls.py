"""The addresses of the API, included under /api/v1/."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from desk.api import (
    contacts,
    customers,
    follow_up_acts,
    follow_ups,
    imports,
    notices,
    people,
    reports,
    schema,
    targets,
    ticket_acts,
    tickets,
)


class TicketNumberConverter(StringConverter):
    regex = "[1-9][0-9]{1,18}"


register_converter(TicketNumberConverter, "ticket_number")

_TICKET, _FOLLOW_UP, _CUSTOMER = "tickets/<ticket_number:number>", "follow-ups/<uuid:id>", "customers/<uuid:id>"

urlpatterns = [
    path("tickets", tickets.Tickets.as_view(), name="api-tickets"),
    path("tickets/bulk", tickets.BulkTickets.as_view()),
    path(_TICKET, tickets.OneTicket.as_view(), name="api-ticket"),
    path(f"{_TICKET}/contacts", contacts.TicketContacts.as_view()),
    path(f"{_TICKET}/timeline", tickets.TicketTimeline.as_view()),
    path(f"{_TICKET}/notes", tickets.TicketNotes.as_view()),
    path(f"{_TICKET}/closure", ticket_acts.Closure.as_view()),
    path(f"{_TICKET}/reopening", ticket_acts.Reopening.as_view()),
    path(f"{_TICKET}/confirmation", ticket_acts.Confirmation.as_view()),
    path(f"{_TICKET}/waiver", ticket_acts.Waiver.as_view()),
    path(f"{_TICKET}/merge", ticket_acts.Merge.as_view()),
    path(f"{_TICKET}/follow-ups", follow_ups.TicketFollowUps.as_view()),
    path(f"{_TICKET}/targets", targets.TicketTargets.as_view()),
    path(f"{_TICKET}/pauses", targets.TicketPauses.as_view()),
    path("pauses/<uuid:id>/ending", targets.PauseEnding.as_view()),
    path("contacts", contacts.Contacts.as_view()),
    path("follow-ups", follow_ups.FollowUps.as_view()),
    path(_FOLLOW_UP, follow_ups.OneFollowUp.as_view(), name="api-follow-up"),
    path(f"{_FOLLOW_UP}/outcome", follow_up_acts.Outcome.as_view()),
    path(f"{_FOLLOW_UP}/told", follow_up_acts.Telling.as_view()),
    path(f"{_FOLLOW_UP}/move", follow_up_acts.Move.as_view()),
    path(f"{_FOLLOW_UP}/taking", follow_up_acts.Taking.as_view()),
    path(f"{_FOLLOW_UP}/assignment", follow_up_acts.Assignment.as_view()),
    path(f"{_FOLLOW_UP}/acknowledgement", follow_up_acts.Acknowledgement.as_view()),
    path(f"{_FOLLOW_UP}/calling-off", follow_up_acts.CallingOff.as_view()),
    path("customers/lookup", customers.Lookup.as_view()),
    path(_CUSTOMER, customers.OneCustomer.as_view()),
    path(f"{_CUSTOMER}/merge", customers.MergeCustomer.as_view()),
    path("teams", people.Teams.as_view()),
    path("agents", people.Agents.as_view()),
    path("categories", people.Categories.as_view()),
    path("notices", notices.Notices.as_view()),
    path("notices/<uuid:id>/reading", notices.Reading.as_view()),
    path("imports", imports.Imports.as_view()),
    path("imports/<uuid:id>", imports.OneImport.as_view()),
    *reports.urlpatterns,
    path("schema", schema.Schema.as_view(), name="api-schema"),
    path("docs", schema.Docs.as_view(), name="api-docs"),
    re_path("", schema.Nowhere.as_view()),
]
