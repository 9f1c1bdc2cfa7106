"""Teams, agents and categories: the names that bodies use."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, lists, shapes
from desk.api.described import listed, reads
from desk.api.resource import Resource, answer
from followups.models import Agent, Category, Scope, Team

READ = {"GET": Scope.TICKETS_READ}


def _named(field: str) -> lists.Order:
    return lists.Order(field, is_instant=False)


class Teams(Resource):
    scopes: ClassVar = READ

    @reads("list_teams", "Teams by name", listed("Team", shapes.TeamAnswer), filters=lists.PAGES)
    def get(self, request: Request) -> Response:
        lists.query(request)
        token = request.actor.token
        rows = Team.objects.filter(pk=token.team_id) if token and token.team_id else Team.objects.all()
        return answer(
            lists.page(
                request,
                rows,
                order=_named("name"),
                answers=lambda page: [answers.team(row) for row in page],
                name="teams",
            )
        )


class Agents(Resource):
    scopes: ClassVar = READ

    @reads("list_agents", "People by username", listed("Agent", shapes.AgentAnswer), filters=lists.PAGES)
    def get(self, request: Request) -> Response:
        lists.query(request)
        token = request.actor.token
        rows = Agent.objects.filter(teams=token.team_id) if token and token.team_id else Agent.objects.all()
        return answer(
            lists.page(
                request,
                rows.prefetch_related("teams", "absences"),
                order=_named("username"),
                answers=lambda page: [answers.agent(row, now=self.now) for row in page],
                name="agents",
            )
        )


class Categories(Resource):
    scopes: ClassVar = READ

    @reads("list_categories", "Categories by path", listed("Category", shapes.CategoryAnswer), filters=lists.PAGES)
    def get(self, request: Request) -> Response:
        lists.query(request)
        rows = Category.objects.all()
        return answer(
            lists.page(
                request,
                rows,
                order=_named("path"),
                answers=lambda page: [answers.category(row) for row in page],
                name="categories",
            )
        )
