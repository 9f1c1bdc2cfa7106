"""Who acts: an agent in the pages, a token in the API, the customer on her page, or the clock."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Actor:
    """The `by` of every act. `door` is the way in: web, api, import, admin, customer, clock, shell, demo.

    A token with an agent may do no more than both may; a bare token is bounded by its scopes and its team.
    """

    door: str
    agent: Any = None
    token: Any = None
    customer: Any = None

    @property
    def name(self) -> str:
        if self.agent:
            return self.agent.display_name
        if self.token:
            return self.token.name
        if self.customer:
            return "the customer"
        return "the desk"

    @property
    def role(self) -> str:
        return self.agent.role if self.agent else ("integration" if self.token else "")

    @cached_property
    def team_ids(self) -> frozenset[int]:
        """The teams of the agent, and of a token bound to a team that one at most. Empty for neither."""
        bound = frozenset([self.token.team_id]) if self.token and self.token.team_id else None
        if self.agent is None:
            return bound or frozenset()
        if bound is None:
            return self.agent.team_ids
        return bound if self.agent.role in ("admin", "auditor") else bound & self.agent.team_ids

    @property
    def sees_all(self) -> bool:
        """Admins, auditors, tokens without a team or agent, and the desk itself see every team."""
        if self.agent:
            return self.agent.role in ("admin", "auditor") and not (self.token and self.token.team_id)
        if self.token:
            return self.token.team_id is None
        return self.customer is None

    @property
    def supervises(self) -> bool:
        return bool(self.agent) and self.agent.role in ("supervisor", "admin")
