"""Writing down who took a report out of the desk, or read figures of single agents: one row, and never a figure."""

from collections.abc import Mapping
from datetime import datetime

from followups.models import Actor, Export, Way
from followups.reports import windows

WORDS = ("by", "team", "channel", "category", "family", "priority", "part", "key")
LONGEST = 200


def record(
    *,
    way: Way,
    report: str,
    question: windows.Question,
    words: Mapping[str, str],
    count: int | None,
    by: Actor,
    now: datetime,
) -> Export:
    """One statement, after the look at the figures. `words` are those of the address, `count` its rows.

    Of one's own numbers the count is left out, as of the rows of a single agent: it would be a figure of theirs.
    """
    instants = {"from": question.start, "to": question.end, "as_of": question.as_of}
    asked = {name: at.isoformat() for name, at in instants.items()}
    asked |= {name: words[name][:LONGEST] for name in WORDS if words.get(name)}
    asked |= {"of": question.of, "window_days": str(question.window_days)}
    if question.filters.customer:
        asked["customer"] = str(question.filters.customer)
    of_one = question.scope.agent_id is not None or (is_per_agent(question) and "key" in asked)
    return Export.objects.create(
        at=now,
        by=by.agent,
        token=by.token,
        by_name=by.name,
        way=way,
        report=report,
        asked=asked,
        count=None if of_one else count,
    )


def is_per_agent(question: windows.Question) -> bool:
    """Whether the answer has figures of single agents, so that reading it is written down too."""
    return question.by == "agent"
