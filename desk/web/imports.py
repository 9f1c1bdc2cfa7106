"""Imports: a file is tried, mapped, tried again, and then done for real; errors by line, column and reason."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import access
from desk.web import zones
from desk.web.forms import imports as forms
from desk.web.forms.refusals import explain
from followups.actions import importing, uploading
from followups.errors import Forbidden, Missing, Refused
from followups.models import ImportRun, ImportState, Role
from followups.reports import tables

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
LEADING = (Role.SUPERVISOR, Role.ADMIN)
AT_WORK = (ImportState.WAITING, ImportState.RUNNING)
RUNS_SHOWN = 30
ERRORS_SHOWN = 50
COUNTS = {
    "rows": "Rows read",
    "made": "New tickets",
    "updated": "Changed",
    "unchanged": "As they were",
    "kept": "Worked on here, kept as they are",
    "skipped": "Skipped by the map",
    "refused": "Refused",
    "events": "States read",
    "events_made": "New states",
    "events_unchanged": "States as they were",
    "events_kept": "States of tickets kept as they are",
    "events_refused": "States refused",
    "reopenings": "Reopened",
    "teams": "New teams",
    "agents": "New people",
    "categories": "New categories",
    "customers": "New customers",
}


def _rows() -> QuerySet[ImportRun]:
    return ImportRun.objects.defer("file", "events")


def _found(key: UUID, *, whole: bool = False) -> ImportRun:
    run = (ImportRun.objects.all() if whole else _rows()).filter(pk=key).first()
    if run is None:
        raise Missing("No such import.")
    return run


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def imports(request: HttpRequest) -> HttpResponse:
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not request.actor.supervises:
            raise Forbidden("read-only", "Auditors read.")
        run = _uploaded(request, form)
        if run:
            return redirect("import", run.pk)
    context = {
        "form": form,
        "runs": _rows().order_by("-made_at")[:RUNS_SHOWN],
        "may_write": request.actor.supervises,
        "zones": zones.names(),
    }
    return render(request, "imports/imports.html", context, status=400 if form.errors else 200)


def _uploaded(request: HttpRequest, form: forms.UploadForm) -> ImportRun | None:
    if not form.is_valid():
        return None
    given = form.cleaned_data
    events = given["events"]
    try:
        return uploading.upload(
            file=given["file"],
            file_name=given["file"].name,
            events=events,
            events_name=events.name if events else "",
            source=given["source"],
            map=given["map"].map if given["map"] else {},
            zone=given["zone"],
            by=request.actor,
            now=request.now,
        )
    except Refused as refused:
        explain(form, refused)
        return None


@require_safe
@access.page(*WATCHING)
def run(request: HttpRequest, key: UUID) -> HttpResponse:
    return _run(request, _found(key, whole=True))


def _run(request: HttpRequest, row: ImportRun, form: forms.MapForm | None = None) -> HttpResponse:
    may_write, kept = request.actor.supervises, row.file is not None
    if form is None and may_write and kept and row.state not in AT_WORK:
        form = _map_form(None, row)
    context = {
        **_progress(row),
        "errors": Paginator(row.errors, ERRORS_SHOWN).get_page(request.GET.get("page")),
        "kept": kept,
        "may_write": may_write,
        "form": form,
        "zones": zones.names(),
    }
    return render(request, "imports/import.html", context, status=400 if form and form.errors else 200)


def _map_form(data: Any, row: ImportRun) -> forms.MapForm | None:
    try:
        columns, events = uploading.headers(run=row)
    except Refused:
        return None
    return forms.MapForm(data, map=row.map, columns=columns, events=events, initial={"zone": row.zone})


def _progress(row: ImportRun) -> dict[str, Any]:
    counts = [(label, row.counts.get(name, 0)) for name, label in COUNTS.items() if row.counts.get(name)]
    return {
        "run": row,
        "at_work": row.state in AT_WORK,
        "percent": round(100 * float(row.progress.get("share") or 0)),
        "counts": counts,
        "ignored": row.counts.get("ignored_columns") or [],
    }


@require_safe
@access.page(*WATCHING)
def progress(request: HttpRequest, key: UUID) -> HttpResponse:
    """Polled while a run is at work; once it is over, the page is loaded anew."""
    row = _found(key)
    response = render(request, "imports/_parts/progress.html", _progress(row))
    if row.state not in AT_WORK:
        response["HX-Refresh"] = "true"
    return response


@require_safe
@access.page(*WATCHING)
def errors(request: HttpRequest, key: UUID) -> HttpResponse:
    """All that were kept, as CSV."""
    row = _found(key)
    names = ("file", "line", "column", "code", "message")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-errors-{row.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(names)
    writer.writerows([tables.cell(error.get(name, "")) for name in names] for error in row.errors)
    return response


@require_POST
@access.page(*LEADING)
def again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Another dry run by the map as it is now; kept under a name where one is given."""
    row = _found(key, whole=True)
    form = _map_form(request.POST, row) if row.file is not None else None
    if form is None:
        raise Refused("file-gone", "The file is not kept any more. Upload it again.")
    if not form.is_valid():
        return _run(request, row, form)
    try:
        chosen = form.chosen()
        tried = uploading.again(run=row, map=chosen, zone=form.cleaned_data["zone"], by=request.actor, now=request.now)
        if form.cleaned_data["name"]:
            importing.save_map(name=form.cleaned_data["name"], map=chosen, by=request.actor, now=request.now)
    except Refused as refused:
        explain(form, refused, {"map": "json"})
        return _run(request, row, form)
    return redirect("import", tried.pk)


@require_POST
@access.page(*LEADING)
def real(request: HttpRequest, key: UUID) -> HttpResponse:
    done = importing.start_for_real(dry_run=_found(key), by=request.actor, now=request.now)
    messages.success(request, "It is loaded now. You can leave this page.")
    return redirect("import", done.pk)


urlpatterns = [
    path("imports", imports, name="imports"),
    path("imports/<uuid:key>", run, name="import"),
    path("imports/<uuid:key>/errors", errors, name="import-errors"),
    path("imports/<uuid:key>/progress", progress, name="import-progress"),
    path("imports/<uuid:key>/real", real, name="import-real"),
    path("imports/<uuid:key>/trial", again, name="import-trial"),
]
