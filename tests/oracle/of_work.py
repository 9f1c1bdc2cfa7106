"""Working time, by counting quarters of an hour: every one between two instants is worked, or it is not."""

import json
from functools import lru_cache
from itertools import accumulate
from typing import Any

from tests.oracle.of_targets import DESK, QUARTER, is_working
from tests.oracle.recorded import Recorded


def worked(rows: Recorded, ticket: dict, until: int, asked: Any) -> int:
    """From the opening of a ticket, by the hours of the team in which it was opened."""
    policies = {row["team_id"]: row for row in rows.rows["policy"]}
    policy = policies.get(ticket["opened_team_id"], policies.get(None, DESK))
    hours = json.dumps({name: policy[name] for name in ("zone", "week", "special_days")})
    first = asked.start // QUARTER
    sums = so_far(hours, first, asked.as_of // QUARTER + 1)
    return counted(sums, first, until) - counted(sums, first, ticket["opened_at"])


@lru_cache(maxsize=64)
def so_far(hours: str, first: int, last: int) -> list[int]:
    """Worked quarters since the first, at the beginning of each."""
    policy = json.loads(hours)
    return list(accumulate((is_working(n * QUARTER, policy) for n in range(first, last + 1)), initial=0))


def counted(sums: list[int], first: int, at: int) -> int:
    place, rest = at // QUARTER - first, at % QUARTER
    return sums[place] * QUARTER + (sums[place + 1] - sums[place]) * rest
