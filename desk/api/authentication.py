"""Who calls: a token, or the person signed in to the pages. Each request gets `request.actor`; scopes bound it."""

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission

from desk.api.errors import Problem
from followups.actions import people
from followups.models import Actor, Agent, Role, Scope

_WRITES = frozenset(
    {Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.TICKETS_CLOSE, Scope.FOLLOW_UPS_WRITE, Scope.REPORTS_READ}
)
_LEADS = _WRITES | {Scope.CUSTOMERS_PII, Scope.REPORTS_AGENTS, Scope.IMPORTS_WRITE}
ROLE_SCOPES: dict[str, frozenset[str]] = {
    Role.AGENT: _WRITES,
    Role.SUPERVISOR: _LEADS,
    Role.ADMIN: _LEADS | {Scope.WEBHOOKS_MANAGE},
    Role.AUDITOR: frozenset({Scope.TICKETS_READ, Scope.REPORTS_READ, Scope.REPORTS_AGENTS}),
    Role.INTEGRATION: frozenset(Scope.values),
}


def scopes_of(actor: Actor) -> frozenset[str]:
    """What a token allows, and no more than its person may."""
    own = frozenset(actor.token.scopes) if actor.token else frozenset(Scope.values)
    return own & ROLE_SCOPES.get(actor.agent.role, frozenset()) if actor.agent else own


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. Expired, revoked, or of a person who left: 401."""

    def authenticate(self, request):
        kind, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed("Write: Authorization: Bearer TOKEN.")
        token = people.find_token(secret=secret.strip(), now=timezone.now())
        if token is None:
            raise AuthenticationFailed("This token is not known, or it has ended.")
        request.actor = Actor(door="api", agent=token.agent, token=token)
        return token.agent or AnonymousUser(), token

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="agent desk"'


class PageSession(SessionAuthentication):
    """The person signed in to the pages; every change needs the CSRF token."""

    def authenticate(self, request):
        found = super().authenticate(request)
        if found is None or not isinstance(found[0], Agent):
            return None
        request.actor = Actor(door="api", agent=found[0])
        return found

    def enforce_csrf(self, request) -> None:
        try:
            super().enforce_csrf(request)
        except Exception as exc:
            raise Problem(403, "csrf", "The CSRF token is missing or wrong. Send X-CSRFToken.") from exc


class SignedIn(BasePermission):
    """Somebody calls, and the scope that the view names for the method is theirs."""

    def has_permission(self, request, view) -> bool:
        actor = getattr(request, "actor", None)
        if actor is None:
            raise NotAuthenticated("Send a token, or sign in.")
        needed = getattr(view, "scopes", {}).get(request.method.replace("HEAD", "GET"))
        if needed and needed not in scopes_of(actor):
            raise Problem(403, "scope", f"This needs the scope {needed}.")
        return True


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "desk.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "description": "A token of `manage.py create_token`."}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "desk.api.authentication.PageSession"
    name = "session"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "desk_session",
            "description": "With the header X-CSRFToken on changes.",
        }
