"""Bounces: what a mail host says later of a letter that it took, as a delivery report (RFC 3464).

Anybody may send mail to the address that reads these: nothing in it is believed but the Message-ID of a letter of ours,
which nobody can guess, and the word that it failed for good.
"""

import re
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import NamedTuple

from followups.clock import outcomes
from followups.models import Delivery, DeliveryState

LARGEST = 5 * 1024 * 1024
OURS = re.compile(rb"<([0-9a-f]{40})@[^>\s]{1,253}>")
STATUS = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}")
REPORT = "message/delivery-status"
ORIGINALS = ("message/rfc822", "text/rfc822-headers")
PARTS = 200


class Bounce(NamedTuple):
    """`digests` are the names of letters that the report speaks of, as our Message-IDs carry them."""

    digests: tuple[str, ...]
    why: str


def read(raw: bytes) -> Bounce | None:
    """What a report says; None where it is none, or not of a failure for good, or cannot be read."""
    if len(raw) > LARGEST:
        return None
    try:
        return _read(message_from_bytes(raw))
    except Exception:  # noqa: BLE001 (whatever a stranger sends, it ends nothing here)
        return None


def _read(message: Message) -> Bounce | None:
    parts = [part for part, _ in zip(message.walk(), range(PARTS), strict=False)]
    reports = [part for part in parts if part.get_content_type() == REPORT]
    why = next(filter(None, map(_failure, reports)), "")
    if not why:
        return None
    found = {
        name.decode() for part in parts if part.get_content_type() in ORIGINALS for name in OURS.findall(_head(part))
    }
    return Bounce(tuple(sorted(found)), why) if found else None


def _failure(report: Message) -> str:
    """The words of the first recipient for whom it failed for good; a delay is none."""
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        status = STATUS.search(str(block.get("Status", "")))
        if str(block.get("Action", "")).strip().casefold() == "failed" and status:
            said = str(block.get("Diagnostic-Code", "")).partition(";")[2] or "refused"
            return " ".join(f"{status[0]} {said}".split())[:200]
    return ""


def _head(part: Message) -> bytes:
    """The Message-ID line of the letter that came back, whole or as headers alone."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return str(payload[0].get("Message-ID", "")).encode("ascii", "replace") if payload else b""
    lines = str(payload).replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    ids = [line for line in lines if line.casefold().startswith("message-id:")]
    return "\n".join(ids).encode("ascii", "replace")


def take(raw: bytes, *, now: datetime) -> int:
    """Mark what came back; how many letters. Read twice it is done once."""
    bounce = read(raw)
    if bounce is None:
        return 0
    rows = Delivery.objects.filter(message_id__in=bounce.digests, state=DeliveryState.SENT)
    return sum(outcomes.bounced(row, why=bounce.why, now=now) for row in rows)
