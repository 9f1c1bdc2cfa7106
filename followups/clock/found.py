"""What the watch can find, and what each of it means in words for the people who read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One thing out of order. `repaired`: put right in the same look."""

    kind: str
    subject: str
    detail: str
    repaired: bool = False


@dataclass(frozen=True)
class Kind:
    """`withholds`: the desk cannot be trusted to remind while it stands, so the dead-man's ping stays away. What does
    not is told to the people it is about, and supervisors only see it on the page.
    """

    title: str
    means: str
    todo: str
    withholds: bool = True


WORKERS = "See that a worker and the ticking process run; their logs say why they stopped."
KINDS = {
    "reminders-unsent": Kind(
        "Reminders waited for over a minute",
        "They were due and nothing sent them, so the watch did.",
        f"Nothing if it was once. If it stays: {WORKERS[0].lower()}{WORKERS[1:]}",
    ),
    "reminder-missing": Kind(
        "An open follow-up had no reminder",
        "Its reminder was lost or passed over by mistake. The watch made it again, and it goes out as late.",
        "Nothing; if it happens often, tell whoever keeps the desk running.",
    ),
    "reminder-poison": Kind(
        "A reminder cannot be sent",
        "Something in this follow-up, or in its reader's settings, makes its reminder fail each time.",
        "Look after the promise by hand, and correct what the error names: the zone of a person, for example.",
    ),
    "lease-ran-out": Kind(
        "A message was left half sent",
        "Its sender stopped in the middle. It is sent again under the same key, so a mailbox shows it once.",
        "Nothing; if it happens often, see the worker's log.",
    ),
    "gate-broken": Kind(
        "A ticket stands where none may",
        "It is open without a next step, or closed without a reason. The database refuses that, so it was changed by "
        "hand or by a fault.",
        "Open the ticket: plan a next step, or close it with what she got.",
    ),
    "sweep-silent": Kind(
        "A part of the clock has not run",
        "It should run every few seconds or minutes and did not finish of late.",
        WORKERS,
    ),
    "worker-silent": Kind(
        "A worker fell silent",
        "It took no work for three minutes, or was not seen. The others go on; what it held is taken up by them.",
        "See its log, and whether it is started again by itself. One taken away for good leaves this list in 15 minutes.",
    ),
    "clock-leapt": Kind(
        "The database's clock leapt ahead",
        "Sending pauses, so that nobody is reminded before the time. It goes on once the clock is back, or has kept "
        "pace for ten minutes.",
        "Check the time on the database's machine. If it is right, an administrator lets sending go on at once.",
    ),
    "notices-unrouted": Kind(
        "Notices were not passed on",
        "People who want to hear outside the desk did not, for over two minutes. In the desk they see them.",
        WORKERS,
    ),
    "delivery-dead": Kind(
        "Messages were given up",
        "Eight attempts failed. Who promised was told, and tells her another way.",
        "Correct the address or the mail host, then send again from the list of deliveries.",
        withholds=False,
    ),
}
UNKNOWN = Kind("Something is out of order", "The watch found it.", "Tell whoever keeps the desk running.")


def kind(name: str) -> Kind:
    return KINDS.get(name, UNKNOWN)


WITHHOLDING = [name for name, one in KINDS.items() if one.withholds]
