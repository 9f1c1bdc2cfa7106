"""F5, F6, F12: connections that are too many, locked, deaf, slow, half open or cut; a mail host that refuses."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import psycopg
from django.db import connection

from followups.clock import deliveries
from followups.models import Delivery, FollowUp
from tests.chaos import asking, counting
from tests.chaos.ground import Ground
from tests.chaos.proxy import Proxy
from tests.chaos.sink import Sink
from tests.chaos.trials import Trial, counted, eventually, rest, through


def f5(on: Ground) -> Trial:
    """One row is locked for a minute; then every connection that the database gives is taken."""
    lot = counting.lay(300, after=2, within=70)
    begun = time.monotonic()
    held = FollowUp.objects.select_related("ticket").get(pk=lot.keys[0])
    with psycopg.connect(on.environment["DATABASE_URL"]) as line:
        line.execute("SELECT 1 FROM followups_ticket WHERE id = %s FOR UPDATE", [held.ticket_id])
        line.execute("SELECT 1 FROM followups_followup WHERE id = %s FOR UPDATE", [held.pk])
        answer = asking.api(on, "POST", f"/tickets/{held.ticket.number}/notes", {"text": "She called."})
        rest(begun + 60)
        early = counting.lay_of(lot, lot.keys[1:])
        late = counting.count(early, mail=on.folder / "var" / "mail").latest
    wrong = [] if answer.status == 503 and answer.seconds < 5 else [f"{answer.status} after {answer.seconds:.1f} s"]
    wrong += crowded(on)
    trial = through("F5", "a row locked for 60 s; all connections taken", lot, latest=60 + 15)
    trial.bound = f"others in 15 s ({late:.1f} s); 503 in 5 s"
    trial.wrong += wrong + ([] if late <= 15 else ["the others waited"])
    return trial


def crowded(on: Ground, seconds: float = 10) -> list[str]:
    """What a request is told while no connection is left, and whether all is well after."""
    lines = []
    with suppress(psycopg.OperationalError):
        while True:
            lines.append(psycopg.connect(on.environment["DATABASE_URL"], connect_timeout=3))
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(asking.ask, on, "GET", "/readyz") for _ in range(60)]
        answers = [call.result() for call in calls]
    rest(begun + seconds)
    for line in lines:
        line.close()
    bad = {answer.status for answer in answers if answer.status not in (200, 503) or answer.shows_a_trace}
    slow = max(answer.seconds for answer in answers)
    wrong = [f"answered {sorted(bad)}"] if bad else []
    wrong += [f"an answer took {slow:.1f} s"] if slow > 5 else []
    well = eventually(lambda: asking.ask(on, "GET", "/readyz").status == 200, seconds=10)
    return wrong + ([] if well else ["not well again after 10 s"])


def f6(on: Ground) -> Trial:
    """Between workers and broker, database and mail host: nothing arrives, everything late, half open, a reset."""
    sink = Sink()
    sink.well = True
    ports = {"CELERY_BROKER_URL": on.environment["CELERY_BROKER_URL"], "DATABASE_URL": on.environment["DATABASE_URL"]}
    ports["EMAIL_URL"] = f"smtp://127.0.0.1:{sink.port}/"
    proxies = {name: Proxy(int(address.rpartition(":")[2].partition("/")[0])) for name, address in ports.items()}
    on.crew(WORKER_SILENCE="20", **{name: proxy.of(ports[name]) for name, proxy in proxies.items()})
    acts = ["reset", "freeze", "slow", "hole"]
    spans = 12.0
    lot = counting.lay(600, after=1, within=len(acts) * len(proxies) * (spans + 6))
    with on.kept():
        for act in acts:
            for name, proxy in proxies.items():
                getattr(proxy, act)(**probed(name, act))
                time.sleep(spans)
                proxy.heal()
                time.sleep(6)
        counting.settled(lot, seconds=240, leased=True)
    mails = sink.ids()
    on.crew()
    for proxy in proxies.values():
        proxy.close()
    sink.close()
    done = f"{len(acts)} harms x broker, database, mail host, {spans:.0f} s each"
    trial = Trial("F6", done, lot, {"latest": 90})
    trial.kept_elsewhere = mails
    trial.bound = "every harm heals by itself"
    return trial


def probed(name: str, act: str) -> dict[str, float]:
    """Between desk and database both ends probe a silent line, and give it up after 25 s (desk/settings.py)."""
    return {"noticed_after": 25} if name == "DATABASE_URL" and act in ("freeze", "hole") else {}


def f12(on: Ground) -> Trial:
    """A mail host that says 451, 550, and hangs up in the middle of a message."""
    sink = Sink()
    on.crew(EMAIL_URL=f"smtp://127.0.0.1:{sink.port}/")
    lot = counting.lay(200, after=1, within=10)
    rows = list(Delivery.objects.filter(follow_up__in=lot.keys).order_by("due_at"))
    kinds = {row.pk: ("busy", "gone", "drop", "good")[n % 4] for n, row in enumerate(rows)}
    for row in rows:
        Delivery.objects.filter(pk=row.pk).update(address=f"{kinds[row.pk]}@example.org")
    counting.settled(lot, seconds=20)
    wrong = scheduled(kinds)
    sink.well = True
    with connection.cursor() as cursor:
        cursor.execute("UPDATE followups_delivery SET due_at = clock_timestamp() WHERE state = 'waiting'")
    states = {row.pk: row for row in Delivery.objects.filter(pk__in=kinds)}
    wanted = {key: "bounced" if kind == "gone" else "sent" for key, kind in kinds.items()}

    def ended() -> bool:
        states.update({row.pk: row for row in Delivery.objects.filter(pk__in=kinds)})
        return all(states[key].state == state for key, state in wanted.items())

    eventually(ended, seconds=60, every=0.5)
    ids = sink.ids()
    once = [ids[deliveries.message_id(states[key].key)] == (0 if kinds[key] == "gone" else 1) for key in kinds]
    on.crew()
    sink.close()
    ends = [f"{kinds[key]} is {states[key].state}" for key, state in wanted.items() if states[key].state != state]
    trial = counted(
        "F12",
        f"{len(rows)} mails: 451, 550, dropped in DATA, taken",
        tried=len(rows),
        lost=len(ends),
        twice=once.count(False),
        bound="retry schedule; 550 never again",
    )
    trial.wrong += wrong + sorted(set(ends))
    return trial


def scheduled(kinds: dict) -> list[str]:
    """After the first failure each waits for the first step of the schedule, counted from its attempt."""
    wrong = []
    for row in Delivery.objects.filter(pk__in=[key for key, kind in kinds.items() if kind in ("busy", "drop")]):
        wait = row.due_at - counting.now()
        first = deliveries.BACK_OFF[0]
        if row.state != "waiting" or row.attempts != 1 or not timedelta() < wait <= first:
            wrong.append(f"{kinds[row.pk]} after attempt {row.attempts}: {row.state}, again in {wait}")
    return wrong[:3]
