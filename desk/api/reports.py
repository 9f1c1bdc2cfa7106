"""The reports: the same figures as on the pages, as JSON or CSV."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, described, errors
from desk.api.resource import Resource, answer
from followups.actions import exporting
from followups.errors import Invalid
from followups.models import Actor, Scope, Way
from followups.reports import against, catalogue, marks, mix, pairs, reading, rows, shares, tables, windows

INSTANT = {"type": "string", "description": "A date (its midnight in the desk's zone) or an instant with its offset."}
PARAMETERS: dict[str, dict[str, Any]] = {
    "from": INSTANT,
    "to": INSTANT,
    "as_of": INSTANT,
    "window_days": {"type": "integer", "minimum": 1, "maximum": 90, "default": 7},
    "of": {"type": "string", "enum": list(windows.OF), "default": "resolved"},
    "by": {"type": "string", "enum": ["", *windows.CUTS]},
    "against": {
        "type": "string",
        "enum": ["", *windows.AGAINST],
        "description": "Beside each share the same of the period before of the same length, or of the same dates a year "
        "before. Reports without shares, and shares that never stop changing (`as_of_rate`), have none.",
    },
    **{name: {"type": "string"} for name in windows.FILTERS},
    "format": {"type": "string", "enum": ["json", "csv"], "default": "json"},
}
SHARE = {"type": ["number", "null"]}
COMMON_MIX = {
    "type": "object",
    "description": "In rows by team, site or agent: the share at the channels and families of the whole question. `covered` "
    f"is the part of that mix which the row has cases of; below {mix.COVERED} `rate` is null.",
    "properties": {"rate": SHARE, "covered": SHARE},
    "required": ["rate", "covered"],
}
AGAINST = {
    "type": "object",
    "description": "The earlier period; `difference` is now less then, between `ci_low` and `ci_high`. `at_old_mix`: the share "
    "now, had as many come of each channel and family as then. `verdict` says more or fewer of what the share counts, "
    f"nothing on fewer than {against.ENOUGH}, nothing of a period that is not over, and `..._but_for_mix` where at the old "
    "mix it is the other way round.",
    "properties": {
        **{name: {"type": "integer"} for name in ("num", "den", "immature")},
        **dict.fromkeys(("rate", "difference", "ci_low", "ci_high", "at_old_mix"), SHARE),
        "verdict": {"type": "string", "enum": list(against.VERDICTS)},
    },
    "required": ["num", "den", "rate", "immature", "difference", "ci_low", "ci_high", "at_old_mix", "verdict"],
}
WITHIN = {
    "type": "object",
    "description": "Of time to resolution. `working`: the same in the working hours of the team in which each ticket was opened, "
    "by the calendars as they are now. `first`: until it was first said to be solved, of which tickets (`n`) and how many of "
    "these did not hold. Null: not reached.",
    "properties": {
        **dict.fromkeys(("median_hours", "p90_hours"), SHARE),
        **{name: {"type": "integer", "description": "Of `first` alone."} for name in ("n", "not_held")},
    },
    "required": ["median_hours", "p90_hours"],
}
ROW = {
    "type": "object",
    "description": "Shares carry `num, den, rate, ci_low, ci_high, immature, excluded`; null: nothing to divide by. By team, "
    f"site or agent, rows of fewer than {against.ENOUGH} come last: they are not to be compared.",
    "properties": {
        "key": {"type": "string"},
        "at_common_mix": COMMON_MIX,
        "against": AGAINST,
        "working": WITHIN,
        "first": WITHIN,
    },
    "required": ["key"],
    "additionalProperties": True,
}
FAMILIAR = {"anyOf": [ROW, {"type": "null"}], "description": "Closed as resolved, of all closed in the period."}
EFFECT = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("to_contact", "held_out"), ROW),
        **dict.fromkeys(("difference", "ci_low", "ci_high"), SHARE),
        "verdict": {"type": "string", "enum": list(against.VERDICTS)},
    },
}
OUTREACH = {
    "type": "object",
    "description": "Of the report of the silent: customers drawn in the period, 30 days later, those to be contacted beside "
    "those held out; each once, contacted or not.",
    "properties": {**dict.fromkeys(("came_back", "resolved", "reached"), EFFECT), "why": {"type": "string"}},
}
PAIR = {
    "type": "object",
    "description": "Of the report of re-contact: ends followed within the days by another family alone. `from` is the family "
    "that had ended, `to` that of the first contact about another (empty: it has no ticket), `of` all ends followed by any issue "
    "and not by the same.",
    "properties": {
        name: {"type": "string" if name in ("from", "to") else "integer"} for name in ("from", "to", "n", "of")
    },
    "required": ["from", "to", "n", "of"],
}
EARLIER = {
    "type": ["object", "null"],
    "description": "The earlier period that was asked for. `confirmed` and `silent` have no days after which they stand: there "
    "it is looked at from as long after its end as the later one.",
    "properties": {name: {"type": "string", "format": "date-time"} for name in ("from", "to", "as_of")},
}
MARK = {
    "type": "object",
    "description": "What changed in the period that changes what the figures mean: categories, shared accounts, kinds of teams, "
    "hours, rules, targets, plans, figures per agent. As far as the reader may see it, the earliest first; of very many the "
    f"latest {marks.MOST}.",
    "properties": {"at": {"type": "string", "format": "date-time"}, "what": {"type": "string"}},
    "required": ["at", "what"],
}
PAIRS = "The most frequent first; of re-contact, where it is cut by family or not at all."
ANSWER = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("name", "headline", "definition", "counted", "of")},
        **{name: {"type": "string", "format": "date-time"} for name in ("from", "to", "as_of")},
        **{name: {"type": "integer"} for name in ("window_days", "entered_after_as_of")},
        "by": {"type": ["string", "null"]},
        "against": EARLIER,
        "total": ROW,
        "rows": {"type": "array", "items": ROW},
        "familiar": FAMILIAR,
        "outreach": OUTREACH,
        "pairs": {"type": "array", "items": PAIR, "maxItems": pairs.MOST, "description": PAIRS},
        "marks": {"type": "array", "items": MARK},
    },
    "required": ["definition", "from", "to", "as_of", "window_days", "entered_after_as_of", "total", "rows", "marks"],
}
REFUSALS = (400, 401, 403, 404, 406, 429, 503)


class FormatInQuery(DefaultContentNegotiation):
    """`format` is a parameter of the report; an address without it is negotiated as ever."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        if "format" in request.query_params:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


class Report(Resource):
    scopes: ClassVar = {"GET": Scope.REPORTS_READ}
    content_negotiation_class = FormatInQuery

    @extend_schema(
        operation_id="report",
        summary="One report, cut and filtered",
        parameters=[
            OpenApiParameter("name", {"type": "string", "enum": list(catalogue.REPORTS)}, OpenApiParameter.PATH),
            *(OpenApiParameter(name, schema) for name, schema in PARAMETERS.items()),
        ],
        responses={
            (200, "application/json"): ANSWER,
            (200, "text/csv"): OpenApiTypes.STR,
            **{
                (status, errors.MEDIA_TYPE): OpenApiResponse(described.Problem, description=described.REFUSALS[status])
                for status in REFUSALS
            },
        },
    )
    def get(self, request: Request) -> Response | HttpResponse:
        module = catalogue.named(self.kwargs["name"])
        given = once_each(request.query_params)
        form = given.pop("format", "json")
        if form not in ("json", "csv"):
            raise Invalid("format", "json or csv.", code="unknown-choice")
        question = asked(given, scope=windows.scope_of(request.actor))
        check_agents(request.actor, question)
        with reading.whole():
            report = shares.report(module, question)
            meanwhile = marks.found(question) if form == "json" else []
        if form == "csv" or exporting.is_per_agent(question):
            self.record(report, question, given, Way.FILE if form == "csv" else Way.API)
        return csv(report) if form == "csv" else answer(figures(report, question) | {"marks": told(meanwhile)})

    def record(self, report: rows.Report, question: windows.Question, words: dict[str, str], way: Way) -> None:
        """Who took it; the total is a row of the file too."""
        asked = {"question": question, "words": words, "count": len(report.rows) + 1}
        exporting.record(way=way, report=report.name, **asked, by=self.request.actor, now=self.now)


def check_agents(actor: Actor, question: windows.Question) -> None:
    """Figures per agent need a scope of their own, beside the desk's switch."""
    if question.by == "agent" and actor.token and not actor.token.allows(Scope.REPORTS_AGENTS):
        raise errors.Problem(403, "scope", f"This needs the scope {Scope.REPORTS_AGENTS}.", field="by")


def asked(given: dict[str, str], *, scope: windows.Scope) -> windows.Question:
    """The question in a query string, looked at from now by the database's clock unless it says otherwise."""
    return windows.question(given, now=reading.clock(), zone=settings.DESK_ZONE, scope=scope)


def once_each(query: QueryDict) -> dict[str, str]:
    """Each parameter once; twice would leave open which one counts."""
    for name in query:
        if len(query.getlist(name)) > 1:
            raise Invalid(name, "Once, please.", code="too-many")
    return {name: str(query[name]) for name in query}


def figures(report: rows.Report, question: windows.Question) -> dict[str, Any]:
    return (
        rows.figures(report)
        | next_asked(report)
        | {
            "from": answers.instant(question.start),
            "to": answers.instant(question.end),
            "as_of": answers.instant(question.as_of),
            "window_days": question.window_days,
            "of": question.of,
            "by": question.by,
            "against": earlier(report.name, question),
        }
    )


def next_asked(report: rows.Report) -> dict[str, Any]:
    if report.pairs is None:
        return {}
    return {"pairs": [{"from": it.ended, "to": it.asked, "n": it.n, "of": it.of} for it in report.pairs]}


def told(meanwhile: list[marks.Mark]) -> list[dict[str, str | None]]:
    return [{"at": answers.instant(mark.at), "what": mark.what} for mark in meanwhile]


def earlier(name: str, question: windows.Question) -> dict[str, str | None] | None:
    if question.against is None or name not in shares.SHARES:
        return None
    it = against.earlier(question, lagging=shares.SHARES[name].lagging)
    return {"from": answers.instant(it.start), "to": answers.instant(it.end), "as_of": answers.instant(it.as_of)}


def csv(report: rows.Report) -> HttpResponse:
    answer_ = HttpResponse(tables.text(report), content_type="text/csv; charset=utf-8")
    answer_["Content-Disposition"] = f'attachment; filename="{report.name}.csv"'
    return answer_


urlpatterns = [path("reports/<str:name>", Report.as_view(), name="api-report")]
