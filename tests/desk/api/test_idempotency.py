import threading
import time

import pytest
from django.db import connection, connections, transaction

from desk.api import idempotency
from followups.models import IdempotentAnswer, Team, Ticket

from .conftest import Api

GOOD = {"subject": "S", "category": "X", "channel": "web"}
KEY = {"Idempotency_Key": "k-1"}


def test_same_key_and_body_replays_the_answer_whole(api):
    first, again = api.post("/tickets", GOOD, **KEY), api.post("/tickets", GOOD, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    for header in ("ETag", "Location", "Content-Type"):
        assert first[header] == again[header]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Ticket.objects.count() == 1


def test_replay_stands_though_the_version_moved_on(api, log):
    path = f"/tickets/{log().number}"
    headers = {**KEY, "If_Match": api.get(path)["ETag"]}
    first = api.post(f"{path}/closure", {"outcome": "withdrawn", "why": "gave_up"}, **headers)
    again = api.post(f"{path}/closure", {"outcome": "withdrawn", "why": "gave_up"}, **headers)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)


def test_same_key_with_another_body_is_a_mismatch(api):
    api.post("/tickets", GOOD, **KEY)
    answer = api.post("/tickets", {**GOOD, "subject": "T"}, **KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")


def test_key_counts_per_token_and_path(api, token):
    api.post("/tickets", GOOD, **KEY)
    assert token("all").post("/tickets", GOOD, **KEY).status_code == 201
    assert api.post("/tickets/bulk", {"tickets": [GOOD]}, **KEY).status_code == 200
    assert Ticket.objects.count() == 3


def test_refusal_is_kept_and_its_act_taken_back(api):
    wrong = {**GOOD, "team": "Late"}
    first = api.post("/tickets", wrong, **KEY)
    Team.objects.create(name="Late")
    again = api.post("/tickets", wrong, **KEY)
    assert (first.status_code, again.status_code, again.content) == (400, 400, first.content)
    assert again["Content-Type"] == "application/problem+json"
    assert Ticket.objects.count() == 0


def test_mistake_of_ours_is_not_kept(api, monkeypatch):
    from desk.api import tickets

    api.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(tickets, "opened", lambda *args, **kwargs: 1 / 0)
        assert api.post("/tickets", GOOD, **KEY).status_code == 500
    assert IdempotentAnswer.objects.count() == 0
    assert api.post("/tickets", GOOD, **KEY).status_code == 201


def in_threads(act, count):
    found = []

    def run():
        try:
            found.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def live(transactional_db, desk, token):
    return token("all")


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_under_one_key_make_one_ticket(live):
    secret = live.headers["Authorization"].removeprefix("Bearer ")
    answers = in_threads(lambda: Api(secret).post("/tickets", GOOD, **KEY), 50)
    assert [answer.status_code for answer in answers] == [201] * 50
    assert len({answer.content for answer in answers}) == 1
    assert Ticket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twin_does_the_act_where_the_first_failed(live):
    row = IdempotentAnswer(
        token=live.token, path="/api/v1/tickets", key="k-1", body_digest="x", at="2026-03-03T12:00:00Z"
    )
    answers = []
    with transaction.atomic():
        row.save()
        thread = threading.Thread(
            target=lambda: answers.extend(in_threads(lambda: live.post("/tickets", GOOD, **KEY), 1))
        )
        thread.start()
        time.sleep(0.5)
        transaction.set_rollback(True)
    thread.join()
    assert [answer.status_code for answer in answers] == [201]


@pytest.mark.django_db(transaction=True)
def test_twin_waits_no_longer_than_its_patience(live, monkeypatch):
    monkeypatch.setattr(idempotency, "LONGEST_WAIT", "300ms")
    row = IdempotentAnswer(
        token=live.token, path="/api/v1/tickets", key="k-1", body_digest="x", at="2026-03-03T12:00:00Z"
    )
    with transaction.atomic():
        row.save()
        (answer,) = in_threads(lambda: live.post("/tickets", GOOD, **KEY), 1)
        transaction.set_rollback(True)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-busy")
    assert connection.settings_dict["NAME"]
