"""F10, F11: rows that cannot be handled, and a disk that is full."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError, connection

from followups.models import Delivery, Reminder
from tests.chaos import asking, counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, counted, eventually, rest, through

ATTEMPTS = 8
# Whatever is wrong with a row, it shows where its notice or its history is written.
RAISES = """
CREATE OR REPLACE FUNCTION chaos_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'this row cannot be told'; END $$;
CREATE TRIGGER chaos_poison BEFORE INSERT ON followups_notice
    FOR EACH ROW WHEN (NEW.follow_up_id = '{first}') EXECUTE FUNCTION chaos_poison();
CREATE TRIGGER chaos_poison BEFORE INSERT ON followups_event
    FOR EACH ROW WHEN (NEW.follow_up_id = '{second}') EXECUTE FUNCTION chaos_poison();
"""
# What waits longer after each failure is due again at once: the eight attempts of a day in a minute.
NOW_AGAIN = """
UPDATE followups_{table} SET due_at = clock_timestamp()
WHERE {column} = %s AND state = 'waiting' AND attempts > 0 AND due_at > clock_timestamp()
"""


def f11(on: Ground) -> Trial:
    """Three rows that fail whenever they are touched, among others that must not wait for them."""
    lot = counting.lay(int(on.scaled(5000, 300)), after=2, within=on.scaled(60, 10))
    spoilt = counting.lay(2, after=2, within=0, mailed=False)
    mailed = counting.lay(1, after=2, within=0)
    first, second = spoilt.keys
    with connection.cursor() as cursor:
        cursor.execute(RAISES.format(first=first, second=second))
    Delivery.objects.filter(follow_up__in=mailed.keys).update(subject="Two\nlines")
    over = threading.Event()
    hand = threading.Thread(target=hurrying, args=[spoilt, mailed, over], daemon=True)
    hand.start()
    trial = Trial(
        "F11", f"3 poison rows among {len(lot.keys)}, a note of 10 MB", lot, {"latest": 30, "mails_latest": 90}
    )
    trial.bound = f"dead after {ATTEMPTS} attempts"
    trial.wrong += refused(on)
    trial.last = lambda: trial.wrong.extend(buried(first, second, mailed.keys[0], over))
    return trial


def hurrying(spoilt: counting.Lot, mailed: counting.Lot, over: threading.Event) -> None:
    rows = [("reminder", "follow_up_id", key) for key in spoilt.keys]
    rows += [("delivery", "follow_up_id", key) for key in mailed.keys]
    while not over.wait(0.3):
        try:
            with connection.cursor() as cursor:
                for table, column, key in rows:
                    cursor.execute(NOW_AGAIN.format(table=table, column=column), [key])
        except DatabaseError:
            connection.close()
    connection.close()


def buried(first, second, mailed, over: threading.Event) -> list[str]:
    """Each given up after its eighth attempt, and not before."""
    ends: dict[str, Callable] = {
        "the first row": lambda: Reminder.objects.values_list("state", "attempts").get(follow_up=first),
        "the second row": lambda: Reminder.objects.values_list("state", "attempts").get(follow_up=second),
        "the broken mail": lambda: Delivery.objects.values_list("state", "attempts").get(follow_up=mailed),
    }
    eventually(lambda: all(end()[0] == "dead" for end in ends.values()), seconds=60, every=0.5)
    over.set()
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION chaos_poison() CASCADE")
    found = {what: end() for what, end in ends.items()}
    return [f"{what} is {state} after {n}" for what, (state, n) in found.items() if (state, n) != ("dead", ATTEMPTS)]


def refused(on: Ground) -> list[str]:
    made = asking.api(on, "POST", "/tickets", asking.TICKET)
    answer = asking.api(on, "POST", f"/tickets/{made.said['number']}/notes", {"text": "x" * 10_500_000})
    lives = asking.ask(on, "GET", "/healthz").status == 200
    return [] if answer.status in (400, 413) and lives else [f"a note of 10 MB was answered with {answer.status}"]


def f10(on: Ground) -> Trial:
    """The disk of the database, the mail folder and the logs is full, then freed."""
    if not on.bounded:
        return counted("F10", "not done: no right to mount a small disk here", tried=0, bound="")
    lot = counting.lay(300, after=1, within=40)
    begun = time.monotonic()
    filler = on.folder / "filler"
    try:
        stuffed = stuff(filler, on)
        rest(begun + 10)
        answers = [asking.api(on, "POST", "/tickets", asking.TICKET) for _ in range(5)]
        rest(begun + 25)
    finally:
        filler.unlink()
    if on.running["postgres"].gone():
        on.start_server(on.database)
    connection.close()
    well = eventually(lambda: asking.ask(on, "GET", "/readyz").status == 200, seconds=30)
    outage = time.monotonic() - begun
    trial = through("F10", f"disk full for 25 s, {stuffed / 2**20:.0f} MB stuffed in", lot, latest=outage + 30)
    wrong = {answer.status for answer in answers if answer.status not in (201, 503) or answer.shows_a_trace}
    trial.bound = "503 meanwhile, all after"
    trial.wrong += [f"answered {sorted(wrong)}"] if wrong else []
    trial.wrong += [] if 503 in {answer.status for answer in answers} else ["it was not full for the database"]
    trial.wrong += [] if well else ["not well 30 s after"]
    return trial


def stuff(filler: Path, on: Ground) -> int:
    """Write until nothing more fits, and make the database need room."""
    block, written = b"x" * 2**20, 0
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                written += file.write(block)
        except OSError:
            pass
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_switch_wal()")
    connection.close()
    return written
