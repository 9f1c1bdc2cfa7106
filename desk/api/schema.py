"""The OpenAPI file and the page that reads it. Both hold no data and are open to all; made once a process."""

from functools import cache

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from desk.api import errors


@cache
def rendered() -> bytes:
    return OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True), renderer_context={})


class Schema(APIView):
    """OpenAPI 3.1, as JSON."""

    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(rendered(), content_type="application/vnd.oai.openapi+json; charset=utf-8")


class Docs(SpectacularSwaggerSplitView):
    """The file, readable. Its script and style come from this site."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    url_name = "api-schema"
    template_name = "api/docs.html"


class Nowhere(APIView):
    """Every other address: not found, as problem JSON."""

    schema = None
    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None

    def initial(self, request: Request, *args, **kwargs) -> None:
        raise errors.Problem(404, "not-found", "There is no such address.")
