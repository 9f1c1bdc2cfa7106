"""The figures as people and machines get them: on the page, above its rows, as JSON and as a file."""

import csv
import html
import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from followups.actions import people
from tests.oracle.shares import Columns

THIN, NO_BREAK, DASH = "\u202f", "\u00a0", "\u2013"
# Of each report the columns of its table: a count, a share (%), an interval (~), a mean (#); of some the label alone.
SHARE = (("Rate", "%rate"), ("95 % between", "~"))
TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "resolution": (
        ("Opened", "as_of_rate_den"),
        ("Resolved", "as_of_rate_num"),
        ("Rate", "%as_of_rate_rate"),
        ("95 % between", "~as_of_rate_"),
        *((f"By {days} d", f"%horizons_{days}_rate") for days in (1, 3, 7, 30)),
        ("Open", "open"),
        ("Ended otherwise", "ended_unresolved"),
        ("Reopened", "reopened"),
    ),
    "recontact": (
        ("Ended", "any_issue_den"),
        ("Any issue", "any_issue_num"),
        ("Rate", "%any_issue_rate"),
        ("95 % between", "~any_issue_"),
        ("Same issue", "same_issue_num"),
        ("Rate", "%same_issue_rate"),
        ("95 % between", "~same_issue_"),
        ("Too recent", "any_issue_immature"),
        ("Left out", "+any_issue_excluded_"),
    ),
    "time-to-resolution": (
        ("Opened", "n"),
        ("Resolved", "events"),
        ("Did not hold", "first_not_held"),
        *((f"By {days} d", f"%resolved_by_{days}") for days in (1, 3, 7, 30)),
        ("Open", "open"),
        ("Ended otherwise", "ended_unresolved"),
    ),
    "promises": (
        ("Fell due", "den"),
        ("Kept", "num"),
        *SHARE,
        ("Tried in time", "tried_in_time"),
        ("Kept late", "kept_late"),
        ("Never done", "never_done"),
        ("Moved by us", "moved_by_us"),
        ("Kept empty-handed", "empty_handed"),
        ("Told", "%told_share"),
    ),
    "dead-ends": (
        ("Closings", "den"),
        ("Dead ends", "num"),
        *SHARE,
        ("Replaced", "replaced"),
        ("Told", "told"),
        ("Waived", "waived"),
        ("Orphans", "orphans"),
        ("No first step", "no_first_step"),
        ("Something in her hands", "%tangible_rate"),
    ),
    "first-contact": (
        ("Problems", "den"),
        ("At the first contact", "num"),
        *SHARE,
        ("Came again", "came_again"),
        ("Not resolved", "not_resolved"),
        ("Contacts a problem", "#effort_contacts"),
        ("Transfers", "#effort_transfers"),
        ("Changes of channel", "#effort_channel_switches"),
        ("Told again", "#effort_retold"),
        ("Days first to last", "#effort_days"),
        ("Too recent", "immature"),
    ),
    "chase": (
        ("Fell due", "den"),
        ("Asked after", "num"),
        *SHARE,
        ("More than once", "often"),
        ("Contacts", "contacts"),
    ),
    "silent": (
        ("Watched", "den"),
        ("Silent", "num"),
        *SHARE,
        ("Waived", "waived"),
        ("Gave up", "gave_up"),
        ("Imported", "imported"),
        ("Waiting", "waiting"),
        ("To contact", "to_contact"),
        ("Held out", "held_out"),
    ),
    "workload": (
        ("Open", "open"),
        ("Under a day", "ages_1"),
        ("1 to 7 days", "ages_7"),
        ("7 to 30 days", "ages_30"),
        ("Over 30 days", "ages_older"),
        ("Overdue", "overdue"),
        ("No next step", "no_first_step"),
        ("Came in", "opened"),
        ("Ended", "ended"),
        ("Resolved", "resolved"),
        ("Minutes in ten days", "+days_ _minutes"),
    ),
    "targets": (
        ("Met or missed", "den"),
        ("Met", "num"),
        *SHARE,
        ("Missed", "missed"),
        ("First response", "%kinds_first_response_rate"),
        ("Next update", "%kinds_next_update_rate"),
        ("Resolution", "%kinds_resolution_rate"),
        ("Acknowledgement", "%kinds_acknowledgement_rate"),
        ("Not over yet", "immature"),
        ("Left out", "+excluded_"),
    ),
    "confirmed": (
        ("Resolutions", "den"),
        ("Confirmed", "num"),
        ("At least", "%low"),
        ("At most", "%high"),
        ("Refuted", "refuted"),
        ("Claimed", "claimed"),
        ("Too recent", "immature"),
    ),
}
# The shares above the tables: `num of den`.
SHARES = {
    "resolution": {"Resolved as it stood": "as_of_rate_", "Resolved 7 days after the first contact": "horizons_7_"},
    "recontact": {"Came back, any issue": "any_issue_", "Came back, same issue": "same_issue_"},
    "promises": {"Kept": ""},
    "dead-ends": {"Dead ends of all closings": "", "Got something in her hands": "tangible_"},
    "first-contact": {"Solved at the first contact": ""},
    "confirmed": {"Confirmed by the customer, at least": ""},
    "chase": {"Asked after before we came back": ""},
    "silent": {"Silent for 90 days": ""},
    "targets": {"Met in time": ""},
}


class Doors:
    """One reader who sees all, at every door. `given` are the words of the address."""

    def __init__(self, admin: Any, now: Any) -> None:
        self.browser = Client()
        self.browser.force_login(admin, backend=settings.AUTHENTICATION_BACKENDS[0])
        _, secret = people.make_token(
            name="reader", scopes=["reports:read"], team=None, agent=None, now=now, lives=None
        )
        self.headers = {"Authorization": f"Bearer {secret}"}

    def asked(self, path: str, given: dict[str, Any]) -> str:
        answer = self.browser.get(f"{path}?{urlencode(given)}" if given else path)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    def answer(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        answer = Client().get(f"/api/v1/reports/{name}?{urlencode(given)}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def json(self, name: str, given: dict[str, Any]) -> dict[str, Columns]:
        found = self.answer(name, given)
        return {row.pop("key"): dict(flat(row)) for row in (found["total"], *found["rows"])}

    def file(self, name: str, given: dict[str, Any]) -> dict[str, dict[str, str]]:
        answer = Client().get(f"/api/v1/reports/{name}?{urlencode(given | {'format': 'csv'})}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return {line.pop("key"): line for line in csv.DictReader(answer.content.decode().splitlines())}

    def page(self, name: str, given: dict[str, Any]) -> "Page":
        return Page(self.asked(f"/reports/{name}", given))

    def rows(self, path: str, given: dict[str, Any] | None = None) -> int:
        """How many rows lie behind a figure, as the page of the rows says it, and as many as it then lists."""
        text = self.asked(path, given or {})
        said = int(re.search(r"([\d\u202f]+) rows?: exactly", text)[1].replace(THIN, ""))
        assert text.count('<li class="row"') == min(said, 50)
        return said


class Page:
    """A report as it is read: the columns of its table by name, and the figures above it."""

    def __init__(self, text: str) -> None:
        cut = text.partition('aria-labelledby="cut"')[2]
        self.table = re.search(r"<table.*?</table>|$", cut, re.DOTALL)[0]
        heads = re.findall(r'<th scope="col" class="num".*?>(.*?)</th>', self.table, re.DOTALL)
        self.heads = [html.unescape(re.sub(r"<.*?>", "", head)).strip().replace("\u00a0", " ") for head in heads]
        lines = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', self.table, re.DOTALL)
        self.lines = [[cell(each) for each in re.findall(r'<td class="num">(.*?)</td>', line)] for _, line in lines]
        figures = re.findall(r'<section class="figure" aria-label="(.*?)">(.*?)</section>', text, re.DOTALL)
        self.figures = {html.unescape(label): inside for label, inside in figures}

    def told(self, name: str) -> list[list[str]]:
        """The columns that are known of a report, line by line, the whole last; nothing where there is no table."""
        places, at = [], 0
        for label, _ in TABLES[name] if self.lines else ():
            at = self.heads.index(label, at) + 1
            places.append(at - 1)
        return [[line[place][0] for place in places] for line in self.lines]

    def links(self) -> list[tuple[str, str]]:
        """Counts of the table with the address of their rows."""
        cells = [each for line in self.lines for each in line]
        return [(text.replace(THIN, ""), url) for text, url in cells if url and text.replace(THIN, "").isdigit()]

    def share(self, label: str) -> str:
        found = re.search(r'<div class="figure-range">(.*?)(?: ·.*?)?</div>', self.figures[label], re.DOTALL)
        return html.unescape(re.sub("<.*?>", "", found[1]))


def cell(text: str) -> tuple[str, str]:
    """What a cell says, and where it leads."""
    link = re.match(r'<a href="(.*?)">(.*?)</a>', text)
    return (html.unescape(link[2]), html.unescape(link[1])) if link else (html.unescape(text.partition("<")[0]), "")


def flat(figures: dict[str, Any], prefix: str = "") -> Any:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}_")
        elif name != "key":
            yield f"{prefix}{name}", value


def said(name: str, row: Columns) -> list[str]:
    """What the page should say of these figures."""
    return [words(kind, row) for _, kind in TABLES[name]]


def words(kind: str, row: Columns) -> str:
    sign, rest = (kind[0], kind[1:]) if kind[0] in "%~#+" else ("", kind)
    if sign == "+":
        start, _, end = rest.partition(" ")
        return number(sum(value for column, value in row.items() if column.startswith(start) and column.endswith(end)))
    if sign == "~":
        low, high = row[f"{rest}ci_low"], row[f"{rest}ci_high"]
        return DASH if low is None else f"{low * 100:.1f}{THIN}{DASH}\u2060{THIN}{high * 100:.1f}{NO_BREAK}%"
    if row[rest] is None:
        return DASH
    return {"%": lambda: f"{row[rest] * 100:.1f}{NO_BREAK}%", "#": lambda: f"{row[rest]:,.2f}"}.get(
        sign, lambda: number(row[rest])
    )()


def number(count: int) -> str:
    return f"{count:,}".replace(",", THIN)
