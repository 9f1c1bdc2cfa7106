"""No report of the period or of what lies there reads a large table whole, now or at an instant of the past."""

from datetime import timedelta

import pytest
from django.db import connection

from followups.clock import facts
from followups.reports import catalogue, cuts, kept
from tests.followups.reports.histories import question
from tests.oracle import random_history

NOW = random_history.START + timedelta(days=400)
LARGE = {
    f"followups_{name}"
    for name in (
        *("ticket", "customer", "contact", "closure", "waiver", "followup", "move", "handover", "targetclock", "rest"),
        *("ticketfact", "endfact", "daycount"),
    )
}
MIDDLE = random_history.START + timedelta(days=60)
# What is open now are indexes of their own.
OPEN = ("follow_up_open", "ticket_fact_open")


@pytest.fixture
def past(db):
    """A desk with facts, whose planner would read no table whole where it knows another way."""
    random_history.make(11, tickets=40)
    facts.build(now=NOW)
    assert kept.ready()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; ANALYZE")


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def plans(asked, source):
    """How each statement of a tally was run."""
    found = []

    def explained(execute, sql, params, many, context):
        if "facts AS" in sql:
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
            found.append(context["cursor"].fetchone()[0][0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        cuts.tally(asked, source)
    return found


def is_whole(node):
    """Whether a node that ran went through all of a large table, or of an index of it."""
    if (
        not node["Actual Loops"]
        or node["Node Type"] == "Bitmap Heap Scan"
        or node.get("Index Name", "").startswith(OPEN)
    ):
        return False
    return "Index Cond" not in node and (node.get("Relation Name") in LARGE or node["Node Type"] == "Bitmap Index Scan")


@pytest.mark.parametrize("as_of", [NOW, MIDDLE])
def test_by_index(past, as_of):
    asked = question(random_history.START, as_of, end=MIDDLE, by="channel")
    for name in ("promises", "chase", "targets", "workload"):
        for source in catalogue.named(name).SOURCES:
            (plan,) = plans(asked, source)
            whole = [
                (node["Node Type"], node.get("Relation Name"), node.get("Index Name"))
                for node in nodes(plan)
                if is_whole(node)
            ]
            assert (name, whole) == (name, [])
