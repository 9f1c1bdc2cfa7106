"""Where people hear of the desk outside it, and when: their channels, proved by a test, and their quiet hours.

`Agent.pushes` is kept true exactly while a person has a channel that answered its test and hears something.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from followups import inputs, languages, outward
from followups.errors import Forbidden, Invalid, Refused
from followups.models import (
    Actor,
    Agent,
    Channel,
    ChannelKind,
    Delivery,
    DeliveryKind,
    Heard,
    Listening,
    Messaging,
    Role,
    Site,
    Team,
)

CODE_LIVES = timedelta(hours=1)
TRIES = 5
MOST = 10
PAUSE = timedelta(minutes=1)  # between two tests
SALT = "followups.channel"
LOUD = (Heard.OVERDUE, Heard.ESCALATED, Heard.ASSIGNED, Heard.CUSTOMER)


@transaction.atomic
def add(*, kind: str, name: str, address: str, by: Actor, now: datetime) -> Channel:
    """A channel of one's own, with its test on the way. Nothing else goes there before the test is answered."""
    agent = _oneself(by)
    kind, address = _checked(kind, address)
    if agent.channels.count() >= MOST:
        raise Refused("too-many", f"At most {MOST} channels. Remove one first.", field="address")
    name = inputs.line("name", name, most=60) or str(ChannelKind(kind).label)
    try:
        with transaction.atomic():
            row = Channel.objects.create(
                agent=agent, kind=kind, name=name, address=address, hears=list(LOUD), made_at=now
            )
    except IntegrityError:
        raise Invalid("address", "This channel is set up already.", "already-there") from None
    return _test(row, now=now)


def _oneself(by: Actor) -> Agent:
    """Held, so that `pushes` is true to what stands."""
    if by.agent is None:
        raise Forbidden("needs-agent", "Only a person has channels.")
    return Agent.objects.select_for_update(no_key=True).get(pk=by.agent.pk)


def _checked(kind: str, address: str) -> tuple[str, str]:
    if kind not in ChannelKind.values:
        raise Invalid("kind", f"One of {', '.join(ChannelKind.values)}.", "unknown-choice")
    address = inputs.line("address", address.strip(), most=500, required=True)
    if kind == ChannelKind.MAIL:
        return kind, _mail(address)
    if kind == ChannelKind.SMS:
        return kind, _phone(address)
    return outward.check(address), address


def _mail(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("address", "This is not a mail address.", "unknown-address") from None
    if len(address) > 254:
        raise Invalid("address", "This address is too long.", "too-long")
    return address


def _phone(address: str) -> str:
    if not outward.sends_sms():
        raise Invalid("address", "This site sends no SMS.", "no-sms")
    phone = "".join(address.split())
    if not outward.PHONE.fullmatch(phone):
        raise Invalid("address", "Write the number like +12125550123.", "unknown-address")
    return phone


@transaction.atomic
def test(*, channel: Channel, by: Actor, now: datetime) -> Channel:
    """Send a test with a new code, once a minute at most."""
    row = _own(channel, by)
    if row.tested_at and now - row.tested_at < PAUSE:
        raise Refused("too-soon", "A test is on its way. Wait a minute before the next one.")
    return _test(row, now=now)


def _own(channel: Channel, by: Actor) -> Channel:
    agent = _oneself(by)
    return Channel.objects.select_for_update(no_key=True).get(pk=channel.pk, agent=agent)


def _test(row: Channel, *, now: datetime) -> Channel:
    row.tested_at, row.tries, row.trouble = now, 0, ""
    row.save(update_fields=["tested_at", "tries", "trouble"])
    is_mail = row.kind == ChannelKind.MAIL
    to_phone = outward.PHONE.fullmatch(row.address)
    Delivery.objects.create(
        key=f"test:{row.pk}:{now:%Y%m%dT%H%M%S%f}",
        kind=DeliveryKind.TEST,
        agent=row.agent,
        channel=row,
        route="mail" if is_mail else outward.sms_route() if to_phone else outward.route_of(row.address),
        address=row.address if is_mail else "",
        subject="A test of your channel",
        body=f"Your code at the desk: {code_of(row)}. Enter it on the page Channels; then messages come here.",
        made_at=now,
        due_at=now,
    )
    return row


def code_of(row: Channel) -> str:
    """Six digits that only who reads the channel knows; of this test alone."""
    said = salted_hmac(SALT, f"{row.pk}:{row.address}:{row.tested_at.isoformat()}").digest()
    return f"{int.from_bytes(said[:8], 'big') % 1_000_000:06}"


@transaction.atomic
def _answered(channel: Channel, code: str, *, by: Actor, now: datetime) -> Refused | None:
    """The try is counted also where it is refused."""
    row = _own(channel, by)
    if row.tested_at is None or now - row.tested_at > CODE_LIVES or row.tries >= TRIES:
        return Refused("code-gone", "This code is not good any more. Send another test.", field="code")
    row.tries += 1
    if hmac.compare_digest("".join(code.split()).encode(), code_of(row).encode()):
        row.verified_at, row.tested_at, row.trouble = now, None, ""
    row.save(update_fields=["tries", "verified_at", "tested_at", "trouble"])
    _keep_true(row.agent)
    return None if row.verified_at == now else Invalid("code", "This is not the code of the last test.", "wrong-code")


def verify(*, channel: Channel, code: str, by: Actor, now: datetime) -> None:
    """The code of the test: from now on the channel hears. Five tries for each test, and an hour."""
    refusal = _answered(channel, code, by=by, now=now)
    if refusal:
        raise refusal


@transaction.atomic
def choose(*, channel: Channel, hears: Iterable[str], by: Actor) -> Channel:
    row = _own(channel, by)
    wanted = set(hears)
    if wanted - set(Heard.values):
        raise Invalid("hears", f"One of {', '.join(Heard.values)}.", "unknown-choice")
    row.hears = [each for each in Heard.values if each in wanted]
    row.save(update_fields=["hears"])
    _keep_true(row.agent)
    return row


@transaction.atomic
def remove(*, channel: Channel, by: Actor) -> None:
    row = _own(channel, by)
    agent = row.agent
    row.delete()
    _keep_true(agent)


def _keep_true(agent: Agent) -> None:
    hearing = agent.channels.filter(verified_at__isnull=False).exclude(hears=[]).exists()
    Agent.objects.filter(pk=agent.pk).exclude(pushes=hearing).update(pushes=hearing)


@transaction.atomic
def rest(*, quiet_from: time, quiet_until: time, quiet_days_off: bool, your_day: bool, by: Actor) -> Listening:
    """One's own quiet hours, and whether the morning's mail is wanted."""
    fields = {
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "quiet_days_off": quiet_days_off,
        "your_day": your_day,
    }
    return Listening.objects.update_or_create(agent=_oneself(by), defaults=fields)[0]


def switch(*, off: bool, by: Actor) -> None:
    """Channels of the whole site. While they are off, what would go there is dropped; the app goes on telling."""
    _admin(by)
    Site.objects.update_or_create(id=1, defaults={"channels_off": off})


@transaction.atomic
def write_to_customers(*, team: Team | None, language: str, writes: Iterable[str], by: Actor) -> Messaging:
    """Which messages a team (None: the desk) writes by itself; `writes` of told, moved, kept, closed."""
    _admin(by)
    if language not in languages.LANGUAGES:
        raise Invalid("language", f"One of {', '.join(languages.LANGUAGES)}.", "unknown-choice")
    wanted, kinds = set(writes), ("told", "moved", "kept", "closed")
    if wanted - set(kinds):
        raise Invalid("writes", f"One of {', '.join(kinds)}.", "unknown-choice")
    fields = {kind: kind in wanted for kind in kinds}
    return Messaging.objects.update_or_create(team=team, defaults={**fields, "language": language})[0]


def follow_the_desk(*, team: Team, by: Actor) -> None:
    """The team writes as the desk does again."""
    _admin(by)
    Messaging.objects.filter(team=team).delete()


def _admin(by: Actor) -> None:
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
