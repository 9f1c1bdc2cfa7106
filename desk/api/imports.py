"""Imports: files handed in, worked through by the clock, watched until they are done."""

import json
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, bodies, lists, shapes
from desk.api.described import acts, reads
from desk.api.parsing import ImportParser
from desk.api.resource import Resource, answer, one
from followups.actions import importing
from followups.errors import Invalid
from followups.models import Actor, ImportRun, Scope

SCOPES = {"GET": Scope.IMPORTS_WRITE, "POST": Scope.IMPORTS_WRITE}


class Imports(Resource):
    scopes: ClassVar = SCOPES
    parser_classes = (ImportParser,)

    @acts(
        "start_import",
        "Hand in a file of tickets",
        bodies.ImportBody,
        {202: shapes.ImportAnswer},
        found=False,
        media_type="multipart/form-data",
    )
    def post(self, request: Request) -> Response:
        body = bodies.IMPORT.run_validation(request.data.dict())
        events = body.get("events")
        run = importing.start(
            file=body["file"],
            file_name=body["file"].name,
            source=body["source"],
            events=events,
            events_name=events.name if events else "",
            map=_map(body.get("map", "")),
            zone=body.get("zone", ""),
            dry_run=body.get("dry_run") == "true",
            by=request.actor,
            now=self.now,
        )
        place = request.build_absolute_uri(f"{request.path}/{run.pk}")
        return answer(answers.import_run(run), status=202, location=place)


def _map(text: str) -> dict[str, Any] | str:
    """JSON, or the name of a saved map."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise Invalid("map", "This map is not JSON.", "invalid-json") from exc


def readable(actor: Actor) -> QuerySet[ImportRun]:
    """Supervisors and tokens of no team see all imports, others their own."""
    rows = ImportRun.objects.defer("file", "events")
    return rows if actor.sees_all or actor.supervises else rows.filter(by=actor.agent, by_name=actor.name)


class OneImport(Resource):
    scopes: ClassVar = SCOPES

    @reads("get_import", "How an import goes", shapes.ImportAnswer, found=True)
    def get(self, request: Request) -> Response:
        lists.query(request)
        row = one(readable(request.actor), pk=self.kwargs["id"])
        return answer(answers.import_run(row))
