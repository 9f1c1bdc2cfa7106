"""Small multiples: the course of the largest rows of a cut, one small picture each, all on one scale."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from desk.web import captions, drawing, figures, weeks
from followups.reports import cuts, shares, windows, wording

MOST = 8


def drawn(
    module: ModuleType, question: windows.Question, ranked: list[Any], linked: Callable[..., figures.Link]
) -> dict[str, Any] | None:
    """The `MOST` largest of the rows, in one statement for all; each point leads to its rows by a narrower period.

    `linked` gives the address of rows, with changes to the question.
    """
    name, by = module.NAME, weeks.pace(question)
    if len(ranked) < 2 or name not in shares.SHARES:
        return None
    rows = crossed(module, question, by)
    keys = weeks.all_between({each for key, each in rows if key in {row.key for row in ranked[:MOST]}})
    title, part, _ = drawing.shares(name, ranked[0])[0]
    links = {each: linked(**bounds(each, question)) for each in keys}
    charts = []
    for whole in ranked[:MOST]:
        found = {each: rows[whole.key, each] for each in keys if (whole.key, each) in rows}
        points = [drawing.moment(name, 0, each, found.get(each), links[each](part, whole.key)) for each in keys]
        total = drawing.shares(name, whole)[0][2]
        charts.append({"label": wording.label(question, whole.key), "metric": total, "points": points})
    says = captions.multiples(len(charts), len(ranked), by)
    return {"title": f"{title}, by {figures.CUTS[question.by].lower()}", "charts": charts, "says": says, "by": by}


def crossed(module: ModuleType, question: windows.Question, by: str) -> dict[tuple[str, ...], Any]:
    """Rows of the report by key and week or month."""
    nothing = {part: figure for source in module.SOURCES for part, figure in cuts.nothing(source).items()}
    cut = (str(question.by), by)
    found = cuts.crossed(replace(question, by=None), shares.SHARES[module.NAME].source, cut)
    return {keys: module.row(keys[1], nothing | counted) for keys, counted in found[cut].items()}


def bounds(key: str, question: windows.Question) -> dict[str, str]:
    start, end = weeks.span(key, question)
    return {"from": start.isoformat(), "to": end.isoformat()}
