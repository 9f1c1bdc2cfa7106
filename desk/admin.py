"""Django's admin, for administrators: it looks at everything and changes nothing that the acts and the gate rule.

People, teams, policies, categories and customers have pages of their own, which go through the acts.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest

from followups import models


class DeskAdmin(admin.AdminSite):
    """Its own site, so that no package registers anything unseen."""

    site_header = site_title = "Agent Desk"
    index_title = "Administration"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and user.role == models.Role.ADMIN


site = DeskAdmin(name="admin")
site.login = secure_admin_login(site.login)


class ReadOnly(admin.ModelAdmin):
    """Seen, never added, changed or deleted: not one by one and not in bulk."""

    actions = None
    show_full_result_count = False
    list_per_page = 50
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Each with its columns, what is searched, what is joined, and what filters the list.
LOOKS: dict[type, dict[str, str]] = {
    models.Absence: {"columns": "agent from_at until_at stand_in", "joins": "agent stand_in"},
    models.Agent: {
        "columns": "username first_name last_name role is_active last_login",
        "search": "username first_name last_name",
        "filters": "role is_active",
        "hides": "password",
    },
    models.ApiToken: {
        "columns": "name prefix team agent expires_at revoked_at last_used_at",
        "joins": "team agent",
        "hides": "digest",
    },
    models.Category: {"columns": "path family is_sorted", "search": "path", "filters": "is_sorted"},
    models.Closure: {
        "columns": "ticket outcome closed at by_name door",
        "search": "ticket__number",
        "joins": "ticket",
        "filters": "outcome door",
    },
    models.Confirmation: {
        "columns": "ticket confirmed at by_name",
        "search": "ticket__number",
        "joins": "ticket",
    },
    models.Contact: {
        "columns": "ticket direction channel at reached recorded_by",
        "search": "ticket__number",
        "joins": "ticket recorded_by",
        "filters": "direction reached",
    },
    models.Customer: {
        "columns": "name reference organisation do_not_contact created_at",
        "search": "=reference name",
        "filters": "do_not_contact",
    },
    models.Delivery: {
        "columns": "key kind state due_at attempts sent_at error",
        "search": "=key =ticket__number",
        "filters": "kind state",
    },
    models.Disclosure: {"columns": "since by reason until ended_by", "joins": "by ended_by"},
    models.Event: {"columns": "at kind ticket by_name door", "search": "=ticket__number", "joins": "ticket"},
    models.Export: {"columns": "at by_name way report asked count", "filters": "way report"},
    models.Finding: {"columns": "kind subject found_at repaired_at cleared_at detail", "filters": "kind"},
    models.FollowUp: {
        "columns": "ticket promised_by state stage owner team told_at",
        "search": "=ticket__number",
        "joins": "ticket owner team",
        "filters": "state stage",
    },
    models.Handover: {"columns": "follow_up at from_owner from_team", "joins": "follow_up from_owner from_team"},
    models.HoursChange: {"columns": "team since climbing settled passed step_at clock_at", "joins": "team"},
    models.ImportRun: {
        "columns": "file_name source state dry_run made_at by_name error_count",
        "filters": "state",
        "hides": "file events",
    },
    models.Ladder: {"columns": "team name position made_at made_by replaced_at", "joins": "team made_by"},
    models.LadderStep: {
        "columns": "ladder position audience after_minutes elapsing repeat_minutes repeats",
        "joins": "ladder",
    },
    models.LoggedResolution: {"columns": "ticket at", "search": "=ticket__number", "joins": "ticket"},
    models.Mailing: {"columns": "agent report period rhythm at zone look_at paused_at why", "joins": "agent"},
    models.Mark: {"columns": "at kind what by_name", "filters": "kind"},
    models.Messaging: {"columns": "team told moved kept closed language", "joins": "team"},
    models.Move: {"columns": "follow_up at from_by to_by agreed by_name reason", "joins": "follow_up"},
    models.Note: {"columns": "ticket at by_name", "search": "=ticket__number", "joins": "ticket"},
    models.Notice: {
        "columns": "recipient kind stage at read_at text",
        "joins": "recipient",
        "filters": "kind stage",
    },
    models.Pause: {
        "columns": "ticket from_at until_at ended_at by_name why_ended",
        "search": "=ticket__number",
        "joins": "ticket",
    },
    models.Plan: {"columns": "team name position made_at made_by replaced_at", "joins": "team made_by"},
    models.PlanStep: {"columns": "plan position gap_days will_bring who", "joins": "plan"},
    models.Policy: {"columns": "team zone proposal_days daily_minutes", "joins": "team"},
    models.Reminder: {
        "columns": "follow_up stage version due_at state handled_at",
        "joins": "follow_up",
        "filters": "state stage",
    },
    models.Reopening: {
        "columns": "ticket at by_name by_customer reason imported",
        "search": "=ticket__number",
        "joins": "ticket",
    },
    models.Rota: {"columns": "team name zone starts_on turn_days", "joins": "team"},
    models.Site: {"columns": "id sending_held started_at demo_loaded_at"},
    models.Sweep: {"columns": "name started_at finished_at handled took_ms host error"},
    models.Target: {
        "columns": "team kind amount unit elapsing is_on template replaced_at",
        "joins": "team",
        "filters": "kind is_on",
    },
    models.TargetClock: {
        "columns": "ticket kind started_at due_at stopped_at breached_at ended",
        "search": "=ticket__number",
        "joins": "ticket",
        "filters": "kind",
    },
    models.Team: {"columns": "name kind separate is_demo", "search": "name", "filters": "kind"},
    models.Ticket: {
        "columns": "number subject customer team agent state opened_at",
        "search": "=number =reference subject",
        "joins": "customer team agent",
        "filters": "state",
    },
    models.Waiver: {
        "columns": "ticket kind at by single_hand",
        "search": "=ticket__number",
        "joins": "ticket by",
        "filters": "kind",
    },
    models.WaiverRequest: {
        "columns": "ticket kind asked_at asked_by answered_at answered_by",
        "search": "=ticket__number",
        "joins": "ticket asked_by answered_by",
    },
    models.Worker: {"columns": "name host pid started_at seen_at took_at"},
}


def look(columns: str, search: str = "", joins: str = "", filters: str = "", hides: str = "") -> dict[str, Any]:
    return {
        "list_display": columns.split(),
        "search_fields": search.split(),
        "list_select_related": joins.split(),
        "list_filter": filters.split(),
        "exclude": hides.split(),
    }


for model, words in LOOKS.items():
    site.register(model, type(f"{model.__name__}Admin", (ReadOnly,), look(**words)))


@admin.register(models.ImportMap, site=site)
class ImportMapAdmin(admin.ModelAdmin):
    """Saved maps are settings: made by the import page, renamed and dropped here."""

    list_display = ("name", "updated_at")
    readonly_fields = ("map", "updated_at")
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
