"""How a call is described in the OpenAPI file: its body, its answers, and every refusal it may give."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from desk.api import codes, errors
from desk.api.fields import Body

ALWAYS = (400, 401, 403, 406, 429, 503)
ON_WRITING = (409, 411, 412, 413, 415, 422)
REFUSALS = {
    400: "The request is wrong; `errors` names the fields.",
    401: "No token, or one that has ended.",
    403: "The scope or the right is lacking.",
    404: "Not there, or not for your eyes.",
    406: "Answers are JSON.",
    409: "Declined as things stand; `code` says why.",
    411: "The body came without its length.",
    412: "If-Match names an old version.",
    413: "The body is over 10 MB.",
    415: "The body is of another type.",
    422: "The Idempotency-Key was used with another body.",
    429: "Too many requests; see Retry-After.",
    503: "The desk cannot answer now; see Retry-After.",
}
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag that was read."
)


class DeskSchema(AutoSchema):
    """Bodies are closed: a field that is not described is refused."""

    def get_description(self) -> str:
        return ""

    def _map_basic_serializer(self, serializer, direction):
        schema = super()._map_basic_serializer(serializer, direction)
        kind = serializer if isinstance(serializer, type) else type(serializer)
        if issubclass(kind, Body):
            schema["additionalProperties"] = False
        if not kind.__doc__:
            schema.pop("description", None)
        return schema


class ProblemField(serializers.Serializer):
    field = serializers.CharField(allow_null=True, help_text="A path such as `customer.email`.")
    code = serializers.ChoiceField(choices=sorted(codes.CODES))
    message = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457. Some codes carry more: `proposed` are instants that could be promised instead."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.ChoiceField(choices=sorted(codes.CODES.items()))
    errors = ProblemField(many=True)
    proposed = serializers.ListField(child=serializers.DateTimeField(), required=False)


def reads(operation: str, summary: str, answer: Any, *, filters: dict[str, str] | None = None, found: bool = False):
    """A GET. `filters` are query parameters with what they mean; `found` where the address names a row."""
    parameters = [OpenApiParameter(name, OpenApiTypes.STR, description=text) for name, text in (filters or {}).items()]
    return extend_schema(
        operation_id=operation,
        summary=summary,
        parameters=[*parameters, *_headers(found)],
        responses={200: answer, **_refusals(ALWAYS, found=found)},
    )


def acts(
    operation: str,
    summary: str,
    body: Any,
    answers: dict[int, Any],
    *,
    found: bool = True,
    media_type: str = "application/json",
):
    """A POST. `body` None: none is needed."""
    key = OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
        OpenApiParameter.HEADER,
        description="The same key and body again give the same answer, for 72 hours.",
    )
    return extend_schema(
        operation_id=operation,
        summary=summary,
        request={media_type: body} if body else None,
        parameters=[key, *([IF_MATCH] if found else []), *_headers(found)],
        responses={**answers, **_refusals((*ALWAYS, *ON_WRITING), found=found)},
    )


def changes(operation: str, summary: str, body: Any, answer: Any):
    """A PATCH."""
    return extend_schema(
        operation_id=operation,
        summary=summary,
        request={"application/json": body},
        parameters=[IF_MATCH, *_headers(True)],
        responses={200: answer, **_refusals((*ALWAYS, 409, 411, 412, 413, 415), found=True)},
    )


def _headers(found: bool) -> list[OpenApiParameter]:
    etag = {"type": "string"}
    return [OpenApiParameter("ETag", etag, OpenApiParameter.HEADER, response=[200, 201])] if found else []


def _refusals(statuses: tuple[int, ...], *, found: bool) -> dict[tuple[int, str], OpenApiResponse]:
    named = sorted({*statuses, 404} if found else statuses)
    return {(status, errors.MEDIA_TYPE): OpenApiResponse(Problem, description=REFUSALS[status]) for status in named}


def listed(name: str, item: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The answer of a list of `item`."""
    fields = {"results": item(many=True), "next": serializers.URLField(allow_null=True, help_text="The next page.")}
    return type(f"{name}List", (serializers.Serializer,), fields)
