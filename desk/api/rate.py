"""600 requests a minute for each token with a burst of 60: a bucket in the token's row, spent by one statement.

The database's clock fills it, so that every web process counts alike.
"""

from dataclasses import dataclass
from math import ceil, floor

from django.db import connection

from desk.api.errors import Problem

PER_MINUTE, BURST = 600, 60
_SPEND = """
UPDATE followups_apitoken AS token
SET budget = bucket.filled - CASE WHEN bucket.filled >= 1 THEN 1 ELSE 0 END, budget_at = bucket.at,
    last_used_at = CASE WHEN bucket.at - token.last_used_at < interval '1 minute' THEN token.last_used_at
        ELSE bucket.at END
FROM (
    SELECT id, at, LEAST(%(burst)s, budget + %(rate)s * GREATEST(0, EXTRACT(EPOCH FROM at - budget_at))) AS filled
    FROM (
        SELECT id, budget, clock_timestamp() AS at, COALESCE(budget_at, clock_timestamp()) AS budget_at
        FROM followups_apitoken WHERE id = %(id)s FOR UPDATE
    ) AS present
) AS bucket
WHERE token.id = bucket.id
RETURNING bucket.filled
"""


@dataclass(frozen=True)
class Left:
    """What is left in the bucket after this request."""

    budget: float

    @property
    def headers(self) -> dict[str, str]:
        full_in = (BURST - self.budget) / (PER_MINUTE / 60)
        return {
            "RateLimit-Limit": str(PER_MINUTE),
            "RateLimit-Remaining": str(floor(self.budget)),
            "RateLimit-Reset": str(ceil(full_in)),
        }


def spend(token_id: int) -> Left:
    """Take one request from the bucket and note the use of the token; 429 where it is empty."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, {"id": token_id, "burst": float(BURST), "rate": PER_MINUTE / 60})
        filled = cursor.fetchone()[0]
    if filled < 1:
        wait = ceil((1 - filled) / (PER_MINUTE / 60))
        headers = {**Left(filled).headers, "Retry-After": str(max(1, wait))}
        raise Problem(429, "rate-limit", f"At most {PER_MINUTE} requests a minute, {BURST} at once.", headers=headers)
    return Left(filled - 1)
