"""Every address of the desk. Routes are nouns; the module of each page holds its own."""

from django.urls import include, path

from desk import admin

urlpatterns = [
    path("", include("desk.web.absences")),
    path("", include("desk.web.account")),
    path("", include("desk.web.calendars")),
    path("", include("desk.web.channels")),
    path("", include("desk.web.closures")),
    path("", include("desk.web.customers")),
    path("", include("desk.web.deliveries")),
    path("", include("desk.web.findings")),
    path("", include("desk.web.disclosures")),
    path("", include("desk.web.followups")),
    path("", include("desk.web.health")),
    path("", include("desk.web.imports")),
    path("", include("desk.web.intake")),
    path("", include("desk.web.ladders")),
    path("", include("desk.web.notices")),
    path("", include("desk.web.pauses")),
    path("", include("desk.web.people")),
    path("", include("desk.web.policies")),
    path("", include("desk.web.public")),
    path("", include("desk.web.reports")),
    path("", include("desk.web.review")),
    path("", include("desk.web.rotas")),
    path("", include("desk.web.schedules")),
    path("", include("desk.web.targets")),
    path("", include("desk.web.team")),
    path("", include("desk.web.teams")),
    path("", include("desk.web.ticket")),
    path("", include("desk.web.tickets")),
    path("", include("desk.web.time_rules")),
    path("", include("desk.web.today")),
    path("", include("desk.web.tokens")),
    path("", include("desk.web.waivers")),
    path("", include("desk.web.your_day")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("desk.api.urls")),
]
