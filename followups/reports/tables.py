"""A report as a flat table, for CSV: the total first, then its rows, each figure in a column of its own. Pairs of families
stand in the line of the total.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from followups.reports import rows

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(report: rows.Report) -> str:
    """CSV as RFC 4180 has it. A cell that a spreadsheet would take for a formula gets an apostrophe in front."""
    lines = [dict(flat(rows.figures(row))) for row in (report.total, *report.rows)]
    lines[0] |= {f"pairs_{pair.ended}/{pair.asked}": pair.n for pair in report.pairs or ()}
    names = dict.fromkeys(name for line in lines for name in line)
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([cell(line.get(name)) for name in names] for line in lines)
    return file.getvalue()


def flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`{"any_issue": {"num": 1}}` as `any_issue_num`; the key of the whole row stands once, in front."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}_")
        elif name != "key" or not prefix:
            yield f"{prefix}{name}", value


def cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
