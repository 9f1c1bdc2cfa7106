import dataclasses
import stat

import pytest
import redis
from redis import backoff, retry

from desk.local import places, processes, valkey

ONCE = retry.Retry(backoff.NoBackoff(), 0)


def client(broker):
    return redis.Redis(host="127.0.0.1", port=broker.port, password=broker.password, socket_timeout=2, retry=ONCE)


def test_messages_survive_a_kill(place, guard, tmp_path):
    broker = valkey.Broker(place=place / "valkey", port=places.free_port(), password="secret")
    with processes.started([valkey.program(broker, log=tmp_path / "log")], guard=guard) as (child,):
        with client(broker) as line:
            line.rpush("queue", "tick")
            line.waitaof(1, 0, 2000)
        child.process.kill()
        child.process.wait()
    with processes.started([valkey.program(broker, log=tmp_path / "log")], guard=guard), client(broker) as line:
        assert line.lrange("queue", 0, -1) == [b"tick"]


def test_nobody_enters_without_the_password(place, guard, tmp_path):
    broker = valkey.Broker(place=place / "valkey", port=places.free_port(), password="secret", durable=False)
    with processes.started([valkey.program(broker, log=tmp_path / "log")], guard=guard):
        assert stat.S_IMODE((broker.place / "valkey.conf").stat().st_mode) == 0o600
        for wrong in ("guess", None):
            with client(dataclasses.replace(broker, password=wrong)) as line, pytest.raises(redis.AuthenticationError):
                line.ping()
