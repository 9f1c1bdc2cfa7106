"""How each report is laid out: figures and columns, each number with the address of its rows."""

from collections.abc import Callable
from typing import Any

from desk.templatetags.desk import number, rate
from desk.web import comparing
from desk.web.columns import COLUMNS, CUTS, REASONS, WORDS, Column
from followups.reports import rows, time_to_resolution, windows, wording

__all__ = ["COLUMNS", "CUTS"]

# What gives the address of the rows of a figure: (part, key).
Link = Callable[..., str]
TEXT: dict[str, Callable[[Any], str]] = {
    wording.COUNT: number,
    wording.RATE: rate,
    wording.MEAN: lambda value: number(value, 2),
    wording.HOURS: time_to_resolution.spoken,
    wording.WORKED: time_to_resolution.spoken_work,
}


def words_of(name: str, part: str) -> str:
    """What a figure is called above its rows."""
    named = {column.part: column.label for column in COLUMNS[name] if column.part}
    return WORDS[part] if part in WORDS and part != "num" else named.get(part, WORDS.get(part, part))


def line(name: str, question: windows.Question, row: Any, link: Link) -> dict[str, Any]:
    """A row of the cut: every count leads to exactly its rows."""
    return {"label": wording.label(question, row.key), "cells": [cell(column, row, link) for column in COLUMNS[name]]}


def cell(column: Column, row: Any, link: Link) -> dict[str, Any]:
    text = column.text(row)
    counted = column.share(row).num if column.share else text not in ("0", wording.NOTHING)
    url = link(column.part, row.key) if column.part and counted else ""
    return {"text": text, "url": url, "notes": comparing.notes(column, row)}


def shown(report: rows.Report, link: Link) -> list[dict[str, Any]]:
    """The figures above a report, the first of them that of a row."""
    return [figure(it, report.total, link) for it in wording.figures(report.name, report.total)]


def figure(it: wording.Figure, row: Any, link: Link) -> dict[str, Any]:
    """A share, or one number; each count in it leads to its rows, and what has none of its own is no link."""
    found, note = it.of(row), it.note(row)
    if it.kind == wording.SHARE:
        return metric(it, found, link, note)
    text = wording.missing(it, row) if found is None else TEXT[it.kind](found)
    return {"label": it.label, "value": text, "url": link(it.part) if it.part and found else "", "note": note}


def metric(it: wording.Figure, row: rows.Row, link: Link, note: str = "") -> dict[str, Any]:
    """A share with what is too recent and what is left out, named in words."""
    counts = {"url": (row.num, it.part), "whole_url": (row.den, it.whole), "young_url": (row.immature, it.young)}
    return {
        "label": it.label,
        "metric": row,
        "note": note,
        "left_out": [
            {"n": n, "words": REASONS.get(reason, reason), "url": link(f"{it.out}{reason}") if it.out else ""}
            for reason, n in row.excluded.items()
            if n
        ],
    } | {name: link(part) if n and part else "" for name, (n, part) in counts.items()}
