"""F1-F4, F13: processes that die, are stopped, or are away. Times are those of the bar, scaled down in the quick round."""

import time

from django.db import connection

from tests.chaos import asking, counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, eventually, rest, through, timed


def f1(on: Ground) -> Trial:
    """Workers are killed with -9 while reminders fall due; somebody starts them again."""
    span, every = on.scaled(180, 9), on.scaled(5, 3)
    kills = int(span // every)
    lot = counting.lay(int(on.scaled(5000, 500)), after=1, within=span)
    begun = time.monotonic()
    for n in range(kills):
        rest(begun + 2 + every * n)
        victim = on.dice.choice(on.ready("worker"))
        on.kill(victim, alone=on.dice.random() < 0.5)
        on.worker(victim)
    done = f"{kills} workers killed -9 in {time.monotonic() - begun:.0f} s"
    return through("F1", done, lot, latest=30, mails_latest=90, mails_repeated=kills)


def f2(on: Ground) -> Trial:
    """No beat for a while, then three at once."""
    away = on.scaled(120, 3)
    on.kill("beat-1")
    begun = time.monotonic()
    lot = counting.lay(int(on.scaled(3000, 300)), after=0.5, within=away)
    rest(begun + away)
    on.wait(*[on.beat(name) for name in ("beat-1", "beat-2", "beat-3")])
    outage = time.monotonic() - begun
    trial = through("F2", f"no beat for {outage:.0f} s, then 3", lot, latest=outage + 15, mails_repeated=0)
    on.stop("beat-2", "beat-3")
    return trial


def f3(on: Ground) -> Trial:
    """The broker dies with everything in it and stays away; pages and API answer, and a ticket closes meanwhile."""
    down, asked = on.scaled(300, 4), int(on.scaled(200, 20))
    usual, usual_p95 = timed(lambda: asking.works(on))[0], asking.p95(on, asked)
    lot = counting.lay(int(on.scaled(3000, 300)), after=0.5, within=down)
    on.kill("valkey")
    begun = time.monotonic()
    took, wrong = timed(lambda: asking.works(on))
    wrong += [] if took < 2 * usual + 1 else [f"waited for the broker: {took:.1f} s, else {usual:.1f}"]
    slow = asking.p95(on, asked) / usual_p95
    wrong += [] if slow <= 1.5 or not on.full else [f"p95 {slow:.1f} times the usual"]
    rest(begun + down)
    on.start_server(on.broker)
    back = time.monotonic() - begun
    trial = through("F3", f"broker killed -9, gone for {back:.0f} s", lot, latest=back + 30, mails_repeated=0)
    trial.bound = f"pages work, p95 {slow:.1f} times the usual"
    trial.wrong += wrong
    return trial


def f4(on: Ground) -> Trial:
    """The database is killed with -9 in the middle of it and started at once."""
    lot = counting.lay(int(on.scaled(2000, 500)), after=0.5, within=4)
    time.sleep(on.dice.uniform(1.5, 3.5))
    on.kill("postgres", alone=True)
    begun = time.monotonic()
    connection.close()
    wrong = plain_503(on)
    on.start_server(on.database)
    well = eventually(lambda: asking.ask(on, "GET", "/readyz").status == 200, seconds=30)
    wrong += [] if well and time.monotonic() - begun < 30 else ["no recovery within 30 s"]
    trial = through("F4", "postmaster killed -9, started at once", lot, latest=30 + 15, mails_repeated=1)
    trial.wrong += wrong
    trial.bound = "503 without a trace meanwhile"
    return trial


def plain_503(on: Ground) -> list[str]:
    """Pages and API alike say that the database is away, within five seconds, without a word of how they are made."""
    answers = {path: asking.ask(on, "GET", path) for path in ("/readyz", "/api/v1/follow-ups")}
    return [
        f"{path} answered {answer.status} after {answer.seconds:.1f} s"
        for path, answer in answers.items()
        if answer.status != 503 or answer.shows_a_trace or answer.seconds > 5
    ]


# What a migration does to tables in use: a column with a default of the database, and an index beside the writers.
MIGRATION = (
    "ALTER TABLE followups_reminder ADD COLUMN chaos_later integer NOT NULL DEFAULT 0",
    "ALTER TABLE followups_followup ADD COLUMN chaos_later text",
    "CREATE INDEX CONCURRENTLY chaos_later ON followups_reminder (chaos_later)",
)
TAKEN_BACK = (
    "ALTER TABLE followups_reminder DROP COLUMN chaos_later",
    "ALTER TABLE followups_followup DROP COLUMN chaos_later",
)


def f13(on: Ground) -> Trial:
    """Workers are asked to end in the middle of their sweeps, while the tables change under the others."""
    span = on.scaled(60, 10)
    lot = counting.lay(int(on.scaled(3000, 300)), after=1, within=span)
    begun, ends = time.monotonic(), 0
    while time.monotonic() < begun + span:
        victim = on.dice.choice(on.ready("worker"))
        time.sleep(on.dice.uniform(0.5, 4))
        on.stop(victim)
        on.worker(victim)
        ends += 1
        if ends <= len(MIGRATION):
            with connection.cursor() as cursor:
                cursor.execute(MIGRATION[ends - 1])
    trial = through("F13", f"{ends} SIGTERM while tables change", lot, latest=30, mails_repeated=0)
    with connection.cursor() as cursor:
        for statement in TAKEN_BACK:
            cursor.execute(statement)
    return trial
