"""The product's figures in the oracle's shape: every column of its file, of the whole and of each key."""

from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import pytest

from followups.reports import catalogue, cuts, recontact, shares, tables, windows
from tests.oracle import of_ends, raw
from tests.oracle.answers import Asked, Oracle

# What stands beside a share where it is asked for, and is compared elsewhere.
BESIDE = ("at_common_mix", "against")


def asked(question: windows.Question) -> Asked:
    instants = (raw.micros(question.start), raw.micros(question.end), raw.micros(question.as_of))
    given = {name: raw.plain(value) for name, value in asdict(question.filters).items() if value is not None}
    return Asked(
        *instants,
        days=question.window_days,
        of=question.of,
        by=question.by,
        zone=question.zone,
        filters=given,
        teams=question.scope.team_ids,
        pool=question.scope.pool,
        agent=question.scope.agent_id,
        named=frozenset(question.named),
    )


def columns(row: Any) -> dict[str, Any]:
    return known(dict(tables.flat(asdict(row))))


def known(found: dict[str, Any]) -> dict[str, Any]:
    """Without what stands beside."""
    return {name: value for name, value in found.items() if name != "key" and not any(word in name for word in BESIDE)}


def agree(oracle: Oracle, name: str, question: windows.Question) -> int:
    """Every column of the report, of the whole and of each key, is the oracle's; how many figures were compared."""
    report = catalogue.named(name).report(question)
    it = asked(question)
    found = {row.key: columns(row) for row in report.rows} | {"total": columns(report.total)}
    wanted = oracle.answer(name, it)
    same(name, filled(found), filled(wanted))
    assert report.entered_after_as_of == oracle.entered_later(it)
    if name == "recontact":
        pairs_agree(oracle, question, oracle.facts(name, it))
    if name == "resolution":
        assert (report.familiar.num, report.familiar.den) == oracle.familiar(it)
    return sum(len(row) for row in found.values())


def filled(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without keys of which there is nothing."""
    count = {key: row for key, row in found.items() if any(is_figure(name, row[name]) for name in row)}
    return count | {"total": found["total"]}


def is_figure(name: str, value: Any) -> bool:
    return bool(value) and not name.endswith(("_people", "_per_person", "_budget"))


def same(name: str, found: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> None:
    assert sorted(found) == sorted(wanted), name
    for key, row in wanted.items():
        assert sorted(found[key]) == sorted(row), name
        odd = {
            column: (found[key][column], value) for column, value in row.items() if not alike(found[key][column], value)
        }
        assert not odd, (name, key, odd)


def alike(found: Any, wanted: Any) -> bool:
    """Counts exactly, shares to nine places; hours and means have four."""
    if isinstance(found, float) and isinstance(wanted, float | int):
        return found == pytest.approx(wanted, rel=1e-9, abs=1e-9) or found == pytest.approx(
            round(wanted, 4), abs=1.1e-4
        )
    return found == wanted


def parts_agree(oracle: Oracle, name: str, question: windows.Question, key: str | None) -> None:
    """Every figure that leads to rows lists exactly those that the oracle counts, latest first."""
    module, it = catalogue.named(name), asked(question)
    facts = oracle.facts(name, it)
    if name == "resolution":
        facts += [fact for fact in of_ends.throughput(oracle.recorded, it) if oracle.keeps(it, fact)]
    if name == "recontact":
        pairs_agree(oracle, question, facts)
    facts = facts if key is None else oracle.cut(facts, it).get(key, [])
    names = {part for source in module.SOURCES if source.by is None for part in source.parts}
    of_now = {"orphans", "no_first_step"} if name == "dead-ends" and key and question.by in windows.TIMES else set()
    for part in names - of_now:
        found, listed = cuts.listed(question, module.SOURCES, part=part, key=key, limit=10_000, offset=0)
        rows = [(raw.micros(row.at), row.ticket_id, raw.plain(row.follow_up_id)) for row in listed]
        wanted = [(fact["at"], fact["ticket_id"], fact["follow_up_id"]) for fact in facts if is_in(name, part, fact)]
        assert sorted(rows, key=str) == sorted(wanted, key=str), (name, part, key)
        assert (found, [at for at, *_ in rows]) == (len(rows), sorted((at for at, *_ in rows), reverse=True))


def pairs_agree(oracle: Oracle, question: windows.Question, facts: list[dict[str, Any]]) -> None:
    """What they asked next: each pair of families, the largest first, and the rows behind it."""
    some = [fact for fact in facts if "elsewhere" in fact["parts"]]
    pairs = [of_ends.asked_next(oracle.recorded, fact, question.window_days) for fact in some]
    wanted = sorted(((pair, n) for pair, n in Counter(pairs).items() if pair), key=lambda it: (-it[1], it[0]))
    found = shares.report(recontact, replace(question, by=None)).pairs or []
    assert [(f"{pair.ended}/{pair.asked}", pair.n, pair.of) for pair in found] == [
        (*each, len(some)) for each in wanted[:100]
    ]
    for key in [None, *(pair for pair, _ in wanted[:2])]:
        n, listed = cuts.listed(question, recontact.SOURCES, part="elsewhere", key=key, limit=10_000, offset=0)
        mine = [(fact["at"], fact["ticket_id"]) for fact, pair in zip(some, pairs, strict=True) if key in (None, pair)]
        assert sorted((raw.micros(row.at), row.ticket_id) for row in listed) == sorted(mine)
        assert n == len(mine)


def is_in(name: str, part: str, fact: dict[str, Any]) -> bool:
    """The report of times calls the same figures by other names."""
    part = {"n": "den", "events": "num"}.get(part, part) if name == "time-to-resolution" else part
    return part in fact["parts"]
