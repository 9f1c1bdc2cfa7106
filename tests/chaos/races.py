"""F14, F17, F18: two at once. The rows tell in which order they were served."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connection

from followups.actions import answering, promising, scheduling
from followups.clock import reminders
from followups.models import Actor, Agent, FollowUp, Notice, Ticket
from tests.chaos import asking, counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, counted


def f14(on: Ground) -> Trial:
    """People complete, move, call off and hand over while sweeps hold the rows."""
    rounds = int(on.scaled(500, 120))
    ada, eve, root = (Agent.objects.get(username=name) for name in ("ada", "eve", "root"))
    lot = counting.lay(rounds, after=0.5, within=on.scaled(40, 5), mailed=False)
    FollowUp.objects.filter(pk__in=lot.keys).update(channel="email")
    rows = list(FollowUp.objects.filter(pk__in=lot.keys).order_by("promised_by"))
    acts = [
        lambda row, by, now: scheduling.assign(follow_up=row, owner=eve, by=by, now=now),
        lambda row, by, now: scheduling.call_off(
            follow_up=row, called_off_by="customer", reason="solved", by=by, now=now, next_step=later(now)
        ),
        lambda row, by, now: scheduling.move(follow_up=row, step=later(now), reason="no news", by=by, now=now),
        lambda row, by, now: answering.answer(follow_up=row, answer=reached(now), by=by, now=now),
    ]
    over, hurry = threading.Event(), lambda: timedelta(seconds=on.dice.uniform(-0.03, 0.01))
    at_once(
        lambda: people([(row, hurry()) for row in rows], acts, Actor(door="web", agent=root), over),
        *[lambda: sweeping(over)] * 2,
    )
    counting.settled(lot, seconds=20)
    wrong = [row for row in rows if not served_in_order(row, ada, eve)]
    kinds = Counter(kind for row in rows for kind in row.events.values_list("kind", flat=True))
    done = f"{rounds} acts beside 4 sweeps; {kinds['follow_up.due']} reminded first"
    trial = counted("F14", done, tried=rounds, lost=len(wrong), bound="nothing after the commit")
    trial.wrong += [f"{row.pk}: {history(row)}" for row in wrong[:3]]
    return trial


def later(now) -> promising.Step:
    return promising.Step(promised_by=now + timedelta(days=1), channel="email")


def reached(now) -> answering.Answer:
    return answering.Answer(reached="written", brought="answer", text="The parcel is in Lyon.", next_step=later(now))


def people(rows: list[tuple], acts: list[Callable], by: Actor, over: threading.Event) -> None:
    """Each row at about its own instant, by the database's clock."""
    try:
        for n, (row, hurry) in enumerate(rows):
            while (now := counting.now()) < row.promised_by + hurry:
                time.sleep(0.002)
            acts[n % len(acts)](row, by, now)
    finally:
        over.set()


def sweeping(over: threading.Event) -> None:
    """The same sweep as the workers', without rest."""
    while not over.is_set():
        reminders.sweep(now=counting.now())


def served_in_order(row: FollowUp, old: Agent, new: Agent) -> bool:
    """Events are numbered while their writer holds the follow-up, so their order is that of the commits."""
    kinds = history(row)
    heard = list(Notice.objects.filter(follow_up=row, kind="reminder").values_list("recipient_id", flat=True))
    if kinds[:1] == ["follow_up.due"]:
        return heard == [old.pk]
    if kinds == ["follow_up.assigned", "follow_up.due"]:
        return heard == [new.pk]
    return heard == [] and len(kinds) == 1


def history(row: FollowUp) -> list[str]:
    acts = row.events.filter(kind__startswith="follow_up.").exclude(kind="follow_up.scheduled")
    return list(acts.order_by("id").values_list("kind", flat=True))


def at_once(*acts: Callable[[], None]) -> None:
    """Each in a thread with a connection of its own, started together; their errors are ours."""
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(alone, act) for act in acts]:
            done.result()


def alone(act: Callable):
    try:
        return act()
    finally:
        connection.close()


def f18(on: Ground) -> Trial:
    """Two supervisors change one follow-up at once, each with the version that they read."""
    rounds, wrong = 50, []
    lot = counting.lay(rounds, after=7200, within=60, mailed=False)
    FollowUp.objects.filter(pk__in=lot.keys).update(channel="email")
    for n, key in enumerate(lot.keys):
        caller = f"supervisor {n // 10}"
        version = asking.api(on, "GET", f"/follow-ups/{key}", caller=caller).headers["ETag"]
        body = {"promised_by": (counting.now() + timedelta(days=2)).isoformat(), "reason": "Bank holiday"}
        call = {"caller": caller, "If_Match": version}
        with ThreadPoolExecutor(2) as pool:
            path = f"/follow-ups/{key}/move"
            asked = [pool.submit(asking.api, on, "POST", path, body, **call) for _ in range(2)]
            status = sorted(one.result().status for one in asked)
        moves = FollowUp.objects.get(pk=key).moves.count()
        wrong += [] if (status, moves) == ([200, 412], 1) else [f"{status}, {moves} moves"]
    trial = counted(
        "F18", f"{rounds} follow-ups moved by two at once", tried=rounds, lost=len(wrong), bound="the second gets 412"
    )
    trial.wrong += sorted(set(wrong))[:3]
    return trial


def f17(on: Ground) -> Trial:
    """The same POST 50 times in parallel under one key, then the key with another body."""
    rounds, twins = int(on.scaled(10, 2)), 50
    wrong, tickets, slowest = [], 0, 0.0
    for n in range(rounds):
        subject = f"Refund {n} of {on.dice.randrange(10**6)}"  # more digits could be a card's, and be masked
        answers = posted(on, {**asking.TICKET, "subject": subject}, key := f"call-{n}-{on.dice.random()}", twins)
        made = Ticket.objects.filter(subject=subject).count()
        tickets += made
        slowest = max(slowest, *(answer.seconds for answer in answers))
        wrong += alike(answers, made)
        other = asking.api(on, "POST", "/tickets", asking.TICKET, caller=subject, Idempotency_Key=key)
        wrong += [] if other.status == 422 else [f"another body answered {other.status}"]
    done = f"{rounds} times {twins} equal POSTs at once"
    trial = counted(
        "F17",
        done,
        tried=rounds,
        lost=max(0, rounds - tickets),
        twice=max(0, tickets - rounds),
        latest=slowest,
        bound="one ticket, one answer; else 422",
    )
    trial.wrong += wrong
    return trial


def posted(on: Ground, body: dict, key: str, twins: int) -> list[asking.Answer]:
    asking.secret(caller := body["subject"])
    call = {"caller": caller, "Idempotency_Key": key}
    with ThreadPoolExecutor(twins) as pool:
        asked = [pool.submit(asking.api, on, "POST", "/tickets", body, **call) for _ in range(twins)]
        return [one.result() for one in asked]


def alike(answers: Iterable[asking.Answer], made: int) -> list[str]:
    """One ticket, and the same answer to all; 409 only from who waited five seconds."""
    status = Counter(answer.status for answer in answers)
    bodies = {answer.body for answer in answers if answer.status == 201}
    hasty = [answer for answer in answers if answer.status == 409 and answer.seconds < 5]
    sound = set(status) <= {201, 409} and len(bodies) == 1 and made == 1 and not hasty
    return [] if sound else [f"{dict(status)}, {len(bodies)} bodies, {made} tickets"]
