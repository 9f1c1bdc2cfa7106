"""F10, F11: rows that cannot be handled, and a disk that is full."""

import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

from followups.models import Agent, Delivery, FollowUp, Reminder
from tests.chaos import asking, counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, eventually

ATTEMPTS = 8
# Whatever is wrong with a row, it shows where its notice is written.
RAISES = """
CREATE OR REPLACE FUNCTION chaos_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'this row cannot be told'; END $$;
CREATE TRIGGER chaos_poison BEFORE INSERT ON followups_notice
    FOR EACH ROW WHEN (NEW.follow_up_id = '{key}') EXECUTE FUNCTION chaos_poison();
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
    raising, unreadable = spoilt.keys
    with connection.cursor() as cursor:
        cursor.execute(RAISES.format(key=raising))
    Agent.objects.filter(username="eve").update(zone="Nowhere/Atlantis")
    FollowUp.objects.filter(pk=unreadable).update(owner=Agent.objects.get(username="eve"))
    Delivery.objects.filter(follow_up__in=mailed.keys).update(subject="Two\nlines")
    over = threading.Event()
    hand = threading.Thread(target=hurrying, args=[spoilt, mailed, over], daemon=True)
    hand.start()
    trial = Trial(
        "F11", f"3 poison rows among {len(lot.keys)}, a note of 10 MB", lot, {"latest": 30, "mails_latest": 90}
    )
    trial.bound = f"dead after {ATTEMPTS} attempts"
    trial.wrong += refused(on)
    trial.last = lambda: trial.wrong.extend(buried(raising, unreadable, mailed.keys[0], over))
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


def buried(raising, unreadable, mailed, over: threading.Event) -> list[str]:
    """Each given up after its eighth attempt, and not before."""
    ends: dict[str, Callable] = {
        "the raising row": lambda: Reminder.objects.values_list("state", "attempts").get(follow_up=raising),
        "the unreadable row": lambda: Reminder.objects.values_list("state", "attempts").get(follow_up=unreadable),
        "the broken mail": lambda: Delivery.objects.values_list("state", "attempts").get(follow_up=mailed),
    }
    eventually(lambda: all(end()[0] == "dead" for end in ends.values()), seconds=60, every=0.5)
    over.set()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER chaos_poison ON followups_notice")
    Agent.objects.filter(username="eve").update(zone="")
    found = {what: end() for what, end in ends.items()}
    return [f"{what} is {state} after {n}" for what, (state, n) in found.items() if (state, n) != ("dead", ATTEMPTS)]


def refused(on: Ground) -> list[str]:
    made = asking.api(on, "POST", "/tickets", asking.TICKET)
    answer = asking.api(on, "POST", f"/tickets/{made.said['number']}/notes", {"text": "x" * 10_500_000})
    lives = asking.ask(on, "GET", "/healthz").status == 200
    return [] if answer.status in (400, 413) and lives else [f"a note of 10 MB was answered with {answer.status}"]
