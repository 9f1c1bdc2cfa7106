"""The reports: what the figures are, in plain words, with the rows behind each of them."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from desk import access
from desk.web import (
    capacity,
    changes,
    comparing,
    drawing,
    figures,
    meanwhile,
    multiples,
    outreach,
    pairs,
    periods,
    sorting,
    weeks,
    widening,
    within,
)
from followups.actions import exporting
from followups.errors import Invalid
from followups.models import Category, Disclosure, FollowUp, Site, Team, Ticket, Way
from followups.reports import (
    catalogue,
    cuts,
    reading,
    rows,
    shares,
    silent,
    time_to_resolution,
    windows,
    wording,
    workload,
)

PAGE_SIZE = 50
DRAWN = 12
WINDOWS = (7, 14, 30)
OF = (("resolved", "a resolution"), ("unresolved", "another end"), ("all", "any end"))
FAMILIAR = wording.Figure(
    "Closed as resolved (the familiar figure)", wording.SHARE, lambda row: row, "closed_resolved", whole="closed"
)
FAMILIAR_FOR = windows.DAYS
FIELDS = figures.CUTS | {
    "from": "From",
    "to": "Until",
    "as_of": "As it stood on",
    "window_days": "the days watched",
    "of": "After",
    "by": "Cut by",
    "against": "Against",
    "fewer": "With fewer agents",
    sorting.NAME: "the order of the table",
}
DRILLED = ("key", "part", "page", "fewer", "widened", sorting.NAME)
SHOWN = 20


@require_GET
@access.page()
def overview(request: HttpRequest) -> HttpResponse:
    """Whether fewer are left without an answer, and where; the cards of the reports come one by one below it."""
    with reading.whole():
        question, refused = asked(request)
        look = changes.context(request, question, given(request)) if question else {}
        look |= meanwhile.context(replace(question, by=None)) if question else {}
    context = common(request, question, refused) | look
    if question and not opened_in(question):
        context |= elsewhere(question)
    return render(request, "reports/overview.html", context, status=status(refused))


def opened_in(question: windows.Question) -> bool:
    """Asked in the order of the index: the planner would look for one of many from the oldest row on."""
    opened = Ticket.objects.filter(opened_at__gte=question.start, opened_at__lt=question.end)
    return opened.order_by("-opened_at").values("pk").first() is not None


@require_GET
@access.page()
def card(request: HttpRequest, name: str) -> HttpResponse:
    """One report on the overview, over the period asked, else the 90 days to now: a slow one holds up no other."""
    module = catalogue.named(name)
    with reading.whole():
        question, refused = asked(request)
        if question is None:
            raise refused or Invalid("as_of", "Which figures?")
        timed = replace(question, by=weeks.pace(replace(question, by=None)))
        report = module.report(timed)
        look = meanwhile.context(replace(question, by=None))
    charts = drawing.course(name, timed, report.rows, linked(request, name, by=timed.by))
    context = look | {
        "title": wording.TITLES[name],
        "report": report,
        "figure": figures.shown(report, lambda *_: "")[0],
        "url": f"{reverse('report', args=[name])}?{urlencode(given(request))}",
        "chart": charts[0] if charts else None,
    }
    return render(request, "reports/_parts/card.html", context)


@require_GET
@access.page()
def report(request: HttpRequest, name: str) -> HttpResponse:
    module = catalogue.named(name)
    with reading.whole():
        question, refused = asked(request, name)
        found = OWN.get(name, drawn)(request, module, question) if question else {}
        found |= widening.context(request, name, question, found["report"].total) if question else {}
    if address := widening.address(request, found):
        return redirect(address)
    context = common(request, question, refused) | asking(request, question) | found
    context |= {"name": name, "title": wording.TITLES[name]}
    if found and found["is_empty"]:
        context |= elsewhere(question)
    if question:
        note(request, name, question, Way.PAGE, len(context["report"].rows))
    return render(request, "reports/report.html", context, status=status(refused))


def note(request: HttpRequest, name: str, question: windows.Question, way: Way, count: int) -> None:
    """Reading figures of single agents is written down."""
    if exporting.is_per_agent(question):
        asked = {"question": question, "words": request.GET.dict(), "count": count}
        exporting.record(way=way, report=name, **asked, by=request.actor, now=request.now)


def drawn(request: HttpRequest, module: ModuleType, question: windows.Question) -> dict[str, Any]:
    """A report of shares: its course over time, and the cut where one is asked for; one tally for both where it can."""
    name, by = module.NAME, weeks.pace(question)
    is_cut = question.by not in (None, *windows.TIMES)
    if is_cut:
        for source in (each for each in module.SOURCES if each.by is None):
            cuts.together(question, source, (by, question.by))
    course = module.report(replace(question, by=by))
    found = shares.beside(module.report(question) if is_cut else course, question)
    ranked = [row for row in found.rows if not shares.is_few(name, question, row)] if is_cut else []
    link_of = partial(linked, request, name)
    charts = drawing.charts(name, question, course.rows, found.total, link_of)
    charts |= {
        "is_empty": not course.rows,
        "time_column": figures.CUTS[by],
        "multiples": multiples.drawn(module, question, ranked, link_of),
        "bars": drawing.bars(name, question, ranked[:DRAWN], link_of()),
        "bars_note": f"the {DRAWN} largest; all in the table below" if len(ranked) > DRAWN else "",
        "beside": comparing.beside(name, found.total, question, lambda **words: linked(request, name, **words)),
    }
    return laid_out(request, found, question) | charts


def timed(request: HttpRequest, module: ModuleType, question: windows.Question) -> dict[str, Any]:
    """The report of times: how many were still waiting, over the time waited."""
    known = time_to_resolution.ages(question)
    found = shares.apart(module.report(question, known=known), question)
    if not found.total.n:
        return laid_out(request, found, question) | {"is_empty": True}
    return laid_out(request, found, question) | {
        "is_empty": False,
        "curve": drawing.waiting(known[None], found.total),
        "within": within.table(known[None], found.total, linked(request, module.NAME)),
    }


def laden(request: HttpRequest, module: ModuleType, question: windows.Question) -> dict[str, Any]:
    """The report of work: what lies ahead of each team, day by day."""
    fewer = capacity.fewer(request.GET.get("fewer", ""))
    for source in module.SOURCES:
        cuts.together(question, source, ("team", question.by))
    ahead = capacity.table(module.report(replace(question, by="team")), fewer)
    found = module.report(question)
    more = {"is_empty": not found.total.opened, "ahead": ahead, "fewer": fewer}
    return laid_out(request, found, question) | more


def silent_ones(request: HttpRequest, module: ModuleType, question: windows.Question) -> dict[str, Any]:
    """The report of silence: also who is to be contacted, with owner and next step."""
    total, listed = cuts.listed(question, module.SOURCES, part="to_contact", key=None, limit=SHOWN, offset=0)
    found = drawn(request, module, question)
    effects = outreach.effects(found["report"].outreach, linked(request, module.NAME))
    return found | {"to_contact": outreach.rows_of(request, listed), "in_all": total, "effects": effects}


def laid_out(request: HttpRequest, found: rows.Report, question: windows.Question) -> dict[str, Any]:
    """What every report shows: its figures, the table of the cut, the file."""
    name, link = found.name, linked(request, found.name)
    return meanwhile.context(question) | {
        "report": found,
        "figures": [*figures.shown(found, link), *familiar(found, request, link)],
        "table": table(request, found, question, link) if question.by and found.rows else None,
        "mix": comparing.at_common_mix(name, question, found.rows),
        "unsaid": comparing.unsaid(name, found.rows, question),
        "whole": figures.line(name, question, found.total, link),
        "pairs": pairs.table(found.pairs or [], link),
        "mailing": f"{reverse('mailing-new')}?{urlencode(given(request) | {'report': name})}",
        "csv": f"{reverse('api-report', args=[name])}?{urlencode(given(request) | {'format': 'csv'})}",
    }


def table(request: HttpRequest, found: rows.Report, question: windows.Question, link: figures.Link) -> dict[str, Any]:
    """The cut in the order that is asked for."""
    name, order = found.name, sorting.order(request, found.name)
    first = figures.CUTS[str(question.by)]
    return {
        "first_column": first,
        "heads": sorting.heads(request, name, question, first),
        "rows": [
            figures.line(name, question, row, link) | {"few": sorting.is_few(name, question, row, order)}
            for row in sorting.ordered(found.rows, name, question, order)
        ],
    }


def familiar(found: rows.Report, request: HttpRequest, link: figures.Link) -> list[dict[str, Any]]:
    """The figure that people know, beside the honest one for the first 90 days, so that the first day is not a fall."""
    if found.familiar is None:
        return []
    started = Site.objects.values_list("started_at", flat=True).first()
    if started and request.now > started + FAMILIAR_FOR:
        return []
    note = "of what was closed in the period, open tickets left out: shown for the first 90 days"
    return [figures.metric(FAMILIAR, found.familiar, link, note)]


@require_GET
@access.page()
def drilled(request: HttpRequest, name: str) -> HttpResponse:
    """Exactly the rows of one figure."""
    module = catalogue.named(name)
    question, refused = asked(request)
    if question is None or refused:
        raise refused or Invalid("part", "Which figure?")
    page = number_of(request.GET.get("page", "1"))
    part, key = request.GET.get("part", "den"), request.GET.get("key")
    sources = (*module.SOURCES, *BESIDE.get(name, ()))
    total, listed = cuts.listed(question, sources, part=part, key=key, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    note(request, name, question, Way.ROWS, total)
    pages = Paginator(range(total), PAGE_SIZE)
    context = common(request, question, None) | {
        "name": name,
        "title": wording.TITLES[name],
        "rows": shown(request, listed),
        "total": total,
        "page": pages.get_page(page),
        "back": f"{reverse('report', args=[name])}?{urlencode(given(request))}",
        "what": figures.words_of(name, part),
        "key": None if key in (None, rows.TOTAL) else key_named(question, part, key),
    }
    return render(request, "reports/rows.html", context)


def key_named(question: windows.Question, part: str, key: str) -> str:
    return pairs.label(key) if part == pairs.PART else wording.label(question, key)


def number_of(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text)):
        raise Invalid("page", "A number from 1 on.")
    return int(text)


def shown(request: HttpRequest, listed: list[cuts.Listed]) -> list[dict[str, Any]]:
    """The rows with their tickets; of one that went to another team only that it exists."""
    ids = {row.ticket_id for row in listed}
    tickets = Ticket.objects.visible_to(request.actor, now=request.now).filter(pk__in=ids)
    by_id = {ticket.pk: ticket for ticket in tickets.select_related("category", "team", "customer")}
    steps = FollowUp.objects.in_bulk([row.follow_up_id for row in listed if row.follow_up_id])
    return [
        {"at": row.at, "ticket": by_id.get(row.ticket_id), "follow_up": steps.get(row.follow_up_id)} for row in listed
    ]


def asked(request: HttpRequest, name: str = "") -> tuple[windows.Question | None, Invalid | None]:
    """The question of the address, or what is wrong with it; of the page of a report also with the words of that page."""
    words = {name: text for name, text in request.GET.dict().items() if name not in DRILLED}
    try:
        found = windows.question(
            words, now=reading.clock(), zone=settings.DESK_ZONE, scope=windows.scope_of(request.actor)
        )
        if name:
            sorting.order(request, name)
            capacity.fewer(request.GET.get("fewer", ""))
    except Invalid as wrong:
        return None, wrong
    return found, None


def status(refused: Invalid | None) -> int:
    return refused.status if refused else 200


def given(request: HttpRequest) -> dict[str, str]:
    """What the address asks, without what is empty and without the figure that was opened."""
    return {name: text for name, text in request.GET.dict().items() if text and name not in DRILLED}


def linked(request: HttpRequest, name: str, **changes: Any) -> figures.Link:
    """The address of the rows of a part; without a key, of the whole."""
    base, asked_ = reverse("report-rows", args=[name]), given(request) | changes

    def link(part: str, key: str = rows.TOTAL) -> str:
        which = {"part": part} | ({} if key == rows.TOTAL else {"key": key})
        return f"{base}?{urlencode(asked_ | which)}"

    return link


def common(request: HttpRequest, question: windows.Question | None, refused: Invalid | None) -> dict[str, Any]:
    scope = question.scope if question else None
    disclosed = Disclosure.objects.present()
    return {
        "question": question,
        "refused": refused,
        "refused_title": f"This cannot be shown: {FIELDS.get(refused.field, refused.field)}." if refused else "",
        "given": request.GET.dict(),
        "tabs": [(name, title) for name, title in wording.TITLES.items()],
        "asked": urlencode(given(request)),
        "cuts": [(name, word) for name, word in figures.CUTS.items() if name != "agent" or disclosed],
        "disclosed": disclosed,
        "own": scope is not None and scope.agent_id is not None,
        "zone": settings.DESK_ZONE,
        "periods": periods.choices(request, question),
    }


def choices(scope: windows.Scope | None) -> dict[str, list[str]]:
    """The teams whose figures may be asked for, and the families."""
    teams = Team.objects.filter(pk__in=scope.team_ids) if scope and scope.team_ids is not None else Team.objects.all()
    words = teams.order_by().annotate(what=Value("teams")).values_list("what", "name")
    families = Category.objects.order_by().annotate(what=Value("families")).values_list("what", "family")
    found: dict[str, list[str]] = {"teams": [], "families": []}
    for what, word in words.union(families).order_by("what", "name"):
        found[what].append(word)
    return found


def asking(request: HttpRequest, question: windows.Question | None) -> dict[str, Any]:
    """What the form above a report shows: the dates as they were asked, else those that were taken."""
    words = request.GET.dict()
    taken = {"from": question.start, "to": question.end} if question else {}
    local = {
        name: instant.astimezone(ZoneInfo(settings.DESK_ZONE)).date().isoformat() for name, instant in taken.items()
    }
    return {
        "dates": {name: words.get(name, "")[:10] for name in ("from", "to", "as_of")},
        "taken": local,
        "windows": sorted({*WINDOWS, question.window_days if question else WINDOWS[0]}),
        "ofs": OF,
        "againsts": comparing.AGAINST,
        "filtered": any(words.get(name) for name in windows.FILTERS),
        "only": [(figures.CUTS.get(name, name), words[name]) for name in windows.FILTERS if words.get(name)],
    } | choices(question.scope if question else None)


def elsewhere(question: windows.Question) -> dict[str, Any]:
    """Where the period holds nothing: the latest opening before it, and the day to look from instead."""
    earlier = Ticket.objects.filter(opened_at__lt=question.start).order_by("-opened_at")
    latest = earlier.values_list("opened_at", flat=True).first()
    if latest is None:
        return {}
    day = latest.astimezone(ZoneInfo(settings.DESK_ZONE)).date() + timedelta(days=1)
    return {"last": latest, "last_day": day.isoformat()}


# What only the pages list, beside the sources of a report.
BESIDE = {time_to_resolution.NAME: (within.SOURCE,)}
OWN = {time_to_resolution.NAME: timed, workload.NAME: laden, silent.NAME: silent_ones}

urlpatterns = [
    path("reports", overview, name="reports"),
    path("reports/<str:name>", report, name="report"),
    path("tickets/<str:number>/outreach", outreach.plan, name="ticket-outreach"),
    path("reports/<str:name>/rows", drilled, name="report-rows"),
    path("reports/<str:name>/card", card, name="report-card"),
]
