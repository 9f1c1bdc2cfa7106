"""What was counted, as lines for a terminal and as a table in Markdown."""

import os
from itertools import chain

HEAD = ("fault", "what was done", "due", "lost", "twice", "early", "latest", "mails", "lost", "again", "latest", "")
ROW = "{:<5} {:<46} {:>6} {:>5} {:>5} {:>5} {:>8} {:>6} {:>5} {:>5} {:>8}  {}"
NAMES = (
    "fault",
    "what was done",
    "due",
    "lost",
    "twice in-app",
    "early",
    "latest in-app",
    "mails",
    "mails lost",
    "mails repeated",
    "latest mail",
    "bound",
    "",
)


def plain(shown: list) -> str:
    lines = [ROW.format(*HEAD), *(ROW.format(*cells(trial, verdict), words(verdict)) for trial, verdict in shown)]
    return "\n".join(lines)


def markdown(shown: list, *, seed: int, full: bool) -> str:
    rows = [[*cells(trial, verdict), bound(trial), words(verdict)] for trial, verdict in shown]
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in chain([NAMES, ["---"] * len(NAMES)], rows)]
    size = f"{os.cpu_count()} cores, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    lines += ["", f"`manage.py chaos{'' if full else ' --quick'} --seed {seed}` on {size}."]
    return "\n".join(lines) + "\n"


def cells(trial, verdict) -> list:
    """Nothing is said of mails where none were part of the trial."""
    found = verdict.count
    inside = [found.due, found.lost, found.duplicates, found.early, f"{found.latest:.1f} s" if found.latest else "-"]
    mails = [found.mails, found.mails_lost, found.mails_repeated, f"{found.mails_latest:.1f} s"]
    return [trial.name, trial.done, *inside, *(mails if found.mails else ["-"] * 4)]


def bound(trial) -> str:
    words = {"latest": "in-app {:.0f} s", "mails_latest": "mail {:.0f} s", "mails_repeated": "repeats {:.0f}"}
    parts = [words[name].format(most) for name, most in trial.most.items()]
    return "; ".join([*parts, *([trial.bound] if trial.bound else [])])


def words(verdict) -> str:
    return "held" if verdict.held else f"BROKE: {'; '.join(verdict.wrong) or 'see the counts'}"
