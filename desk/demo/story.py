"""The month itself: calls come in, promises are made, kept, missed; all through actions and clock, at past instants."""

import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from desk.demo import cast, words
from followups import worktime
from followups.actions import answering, closing, handling, intake, promising, scheduling, waiving
from followups.clock import reminders
from followups.errors import Refused
from followups.models import (
    Actor,
    Agent,
    Category,
    Customer,
    FollowUp,
    Notice,
    Policy,
    Reminder,
    ReminderState,
    Site,
    Team,
    Ticket,
)

DAYS = 30
CALLS_A_DAY = 5
SWEEP_EVERY = timedelta(minutes=15)
SETTER = Actor(door="demo")


class Month:
    """One simulated month that ends at `now`. What lies after `now` never happens: it stays promised."""

    def __init__(self, *, now: datetime, seed: int = 7) -> None:
        self.now = now
        self.dice = random.Random(seed)
        self.queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self.turn = itertools.count()
        self.customers: list[Customer] = []
        self.teams: dict[str, Team] = {}
        self.people: dict[str, Agent] = {}

    def at(self, when: datetime, act: Callable[[datetime], None]) -> None:
        if when < self.now:
            heapq.heappush(self.queue, (when, next(self.turn), act))

    def play(self, said: Callable[[str], None]) -> int:
        """Play all that is due before `now`, in order; how many acts it was."""
        day, count = None, 0
        while self.queue:
            when, _turn, act = heapq.heappop(self.queue)
            if day != when.date():
                day = when.date()
                said(f"{day:%a} {day.day} {day:%b}")
            act(when)
            count += 1
        return count

    def actor(self, team: Team) -> Actor:
        names = [name for name, person in self.people.items() if person.role == "agent" and team.pk in person.team_ids]
        return Actor(door="web", agent=self.people[self.dice.choice(names)])


@transaction.atomic
def load(*, now: datetime, passwords: Mapping[str, str], said: Callable[[str], None], days: int = DAYS) -> int:
    """Make the demo's people and play the last `days`; how many tickets it left. All of it, or nothing."""
    known = set(Category.objects.values_list("pk", flat=True))
    month = Month(now=now)
    month.teams = cast.teams()
    month.people = cast.people(month.teams, passwords=passwords, now=now)
    zone = settings.DESK_ZONE
    first = worktime.to_wall(now, zone).date() - timedelta(days=days)
    for offset in range(days + 1):
        _day(month, first + timedelta(days=offset), zone)
    _just_now(month)
    month.play(said)
    reminders.sweep(now=now)
    Notice.objects.filter(recipient__is_demo=True, at__lt=now - timedelta(hours=8)).update(read_at=F("at"))
    Category.objects.filter(tickets__is_demo=True).exclude(pk__in=known).update(is_demo=True, is_sorted=True)
    Site.objects.update_or_create(pk=1, defaults={"demo_loaded_at": now})
    return Ticket.objects.filter(is_demo=True).count()


def _day(month: Month, day: date, zone: str) -> None:
    weekend = day.weekday() > 4
    opens = worktime.to_instant(datetime.combine(day, datetime.min.time()) + timedelta(hours=9), zone)
    for _call in range(1 if weekend else CALLS_A_DAY):
        month.at(opens + timedelta(minutes=month.dice.randint(0, 450)), lambda when: call(month, when))
    if not weekend:
        for step in range(-2, 44):
            month.at(opens + step * SWEEP_EVERY, _sweep)


def _sweep(when: datetime) -> None:
    """Promised windows, and so their reminders, begin and end on quarters of an hour: none comes late."""
    if Reminder.objects.filter(state=ReminderState.WAITING, due_at__lte=when).exists():
        reminders.sweep(now=when)


def _customer(month: Month, when: datetime) -> Customer:
    """A known voice in one call of five."""
    if month.customers and month.dice.random() < 0.2:
        return month.dice.choice(month.customers)
    name = f"{month.dice.choice(words.FIRST)} {month.dice.choice(words.LAST)}"
    serial = len(month.customers) + 1
    given = intake.CustomerGiven(
        reference=f"DEMO-{serial:04}",
        name=name,
        phone=f"+1212555{serial % 100 + 100:04}",
        email=f"{name.split(maxsplit=1)[0].lower()}.{serial}@example.invalid",
        zone=month.dice.choice(("", settings.DESK_ZONE, settings.DESK_ZONE)),
    )
    customer = intake.customer_for(given=given, now=when, is_demo=True)
    month.customers.append(customer)
    return customer


def call(month: Month, when: datetime, problem: words.Problem | None = None, customer: Customer | None = None) -> None:
    """A call comes in; what the agent can do about it is drawn."""
    problem = problem or month.dice.choice(words.PROBLEMS)
    team = month.teams[problem.team]
    by = month.actor(team)
    ticket, _made = intake.open_ticket(
        intake=intake.Intake(
            subject=problem.subject,
            description=problem.said,
            category=problem.category,
            channel=month.dice.choices(("phone", "email", "chat", "social"), (70, 18, 9, 3))[0],
            priority=month.dice.choices(("normal", "high"), (85, 15))[0],
            customer_row=customer or _customer(month, when),
            team=team,
            agent=by.agent,
            opened_at=when,
            waited_seconds=month.dice.randint(5, 600),
            transfers=month.dice.choices((0, 1, 2), (75, 20, 5))[0],
            mood=month.dice.choice(words.MOODS),
        ),
        by=by,
        now=when,
    )
    fate = month.dice.choices((resolve, dead_end, wait, withdraw, spam), (38, 44, 10, 6, 2))[0]
    month.at(
        when + timedelta(minutes=month.dice.randint(3, 12)),
        lambda then: fate(month, ticket, problem, by, then),
    )


def resolve(month: Month, ticket: Ticket, problem: words.Problem, by: Actor, when: datetime) -> None:
    _close(
        month,
        ticket,
        closing.Closing("resolved", note="Solved in the call.", evidence="customer_said"),
        by,
        when,
    )


def withdraw(month: Month, ticket: Ticket, problem: words.Problem, by: Actor, when: datetime) -> None:
    why = month.dice.choice(("no_longer_needed", "solved_elsewhere", "gave_up"))
    _close(month, ticket, closing.Closing("withdrawn", note="She needs no more from us.", why=why), by, when)


def spam(month: Month, ticket: Ticket, problem: words.Problem, by: Actor, when: datetime) -> None:
    _close(month, ticket, closing.Closing("spam"), by, when)


def wait(month: Month, ticket: Ticket, problem: words.Problem, by: Actor, when: datetime) -> None:
    """Left with the policy's first update."""
    for follow_up in ticket.follow_ups.open():
        _plan_answer(month, follow_up, problem)


def _close(month: Month, ticket: Ticket, given: closing.Closing, by: Actor, when: datetime) -> None:
    closed = closing.close(ticket=ticket, closing=given, by=by, now=when)
    if closed.ticket.outcome == "resolved":
        _afterwards(month, closed.ticket, when)


def _afterwards(month: Month, ticket: Ticket, when: datetime) -> None:
    """She confirms, says no, or has to call again about the same."""
    later = when + timedelta(hours=month.dice.randint(3, 190))
    fate = month.dice.random()
    if fate < 0.28:
        month.at(later, lambda then: _confirm(ticket, True, then))
    elif fate < 0.33:
        month.at(later, lambda then: _confirm(ticket, False, then))
    elif fate < 0.45:
        problem = next(p for p in words.PROBLEMS if p.category == ticket.category.path)
        month.at(_at_work(later), lambda then: call(month, then, problem, ticket.customer))


def _confirm(ticket: Ticket, confirmed: bool, when: datetime) -> None:
    ticket.refresh_from_db()
    if not ticket.is_open:
        by = Actor(door="customer", customer=ticket.customer)
        closing.confirm(ticket=ticket, confirmed=confirmed, by=by, now=when, by_customer=True)


def dead_end(month: Month, ticket: Ticket, problem: words.Problem, by: Actor, when: datetime) -> None:
    """ "Nothing more can be done" becomes the next free slot, read aloud and agreed to."""
    slot = month.dice.choice(promising.proposals(ticket=ticket, now=when, count=4))
    step = promising.Step(
        promised_by=slot.by_at,
        promised_from=slot.from_at,
        promise=slot.sentence,
        zone=slot.zone,
        told=True,
        will_bring=problem.will_bring,
        voicemail_ok=month.dice.random() < 0.2,
    )
    given = closing.Closing("no_remedy", note=problem.dead_end, follow_up=step)
    closed = closing.close(ticket=ticket, closing=given, by=by, now=when)
    for follow_up in ticket.follow_ups.open().filter(by_policy=True):
        scheduling.call_off(
            follow_up=follow_up,
            called_off_by="us",
            reason="Told her the next date in the call",
            by=by,
            now=when,
        )
    _plan_answer(month, closed.replaced_by, problem)


def _plan_answer(month: Month, follow_up: FollowUp, problem: words.Problem) -> None:
    """Most are called inside the window; some chase us first, some are late, some wait until somebody notices."""
    start = follow_up.promised_from or follow_up.promised_by - timedelta(hours=1)
    length = follow_up.promised_by - start
    fate = month.dice.random()
    if fate < 0.10:
        month.at(_at_work(start - timedelta(hours=month.dice.randint(2, 20))), lambda then: _chase(follow_up, then))
    if fate < 0.80:
        when = start + length * month.dice.random()
    elif fate < 0.92:
        when = _at_work(follow_up.promised_by + timedelta(minutes=month.dice.randint(5, 240)))
    else:
        when = _at_work(follow_up.promised_by + timedelta(hours=month.dice.randint(20, 90)))
    month.at(when, lambda then: _answer(month, follow_up, problem, then))


def _chase(follow_up: FollowUp, when: datetime) -> None:
    ticket = Ticket.objects.get(pk=follow_up.ticket_id)
    told = handling.Told("inbound", "phone", purpose="chase", summary="Asks whether there is any news.")
    if ticket.is_open and when > follow_up.promised_at:
        handling.record_contact(told=told, ticket=ticket, by=SETTER, now=when)


def _answer(month: Month, follow_up: FollowUp, problem: words.Problem, when: datetime) -> None:
    row = FollowUp.objects.select_related("ticket__team").get(pk=follow_up.pk)
    if not row.is_open:
        return
    by = Actor(door="web", agent=row.promiser) if row.promiser else month.actor(row.ticket.team)
    fate = month.dice.random()
    if fate < 0.18:
        reached = month.dice.choice(("no_answer", "voicemail"))
        tried = answering.answer(
            follow_up=row,
            answer=answering.Answer(reached, "answer", "Left it on her voicemail.", next_step=_next(row, when)),
            by=by,
            now=when,
        )
        if not tried.ended:
            month.at(when + timedelta(minutes=50), lambda then: _answer(month, row, problem, then))
    elif fate < 0.23:
        _move(month, row, problem, by, when)
    else:
        _reached(month, row, problem, by, when)


def _move(month: Month, row: FollowUp, problem: words.Problem, by: Actor, when: datetime) -> None:
    """Moved by us alone: the first promise is broken, and the reports say so."""
    slot = promising.proposals(ticket=row.ticket, now=when, count=1)[0]
    step = promising.Step(promised_by=slot.by_at, promised_from=slot.from_at)
    moved = scheduling.move(follow_up=row, step=step, reason="Still waiting for an answer", by=by, now=when)
    _plan_answer(month, moved, problem)


def _reached(month: Month, row: FollowUp, problem: words.Problem, by: Actor, when: datetime) -> None:
    fate = month.dice.random()
    if fate < 0.72:
        brought, text = month.dice.choice(words.BROUGHT)
        given = answering.Answer(
            "reached",
            brought=brought,
            text=text,
            closure=closing.Closing("resolved", evidence="customer_said"),
        )
    else:
        given = _unfinished(month, row, fate, when)
    answered = answering.answer(follow_up=row, answer=given, by=by, now=when)
    if not answered.ticket.is_open:
        _afterwards(month, answered.ticket, when)
    elif answered.next_follow_up:
        _plan_answer(month, answered.next_follow_up, problem)
        if given.brought == "no_news" and month.dice.random() < 0.5:
            _ask_waiver(month, answered, by, when)


def _unfinished(month: Month, row: FollowUp, fate: float, when: datetime) -> answering.Answer:
    step = _next(row, when)
    if fate < 0.88:
        party = month.dice.choice(words.PARTIES)
        text = f"{party.capitalize()} has it on the desk and answers this week."
        expected = (when + timedelta(days=2)).date()
        return answering.Answer("reached", "news", text, from_party=party, expected_on=expected, next_step=step)
    return answering.Answer("reached", "no_news", "Nothing yet; said so and apologised.", next_step=step)


def _next(row: FollowUp, when: datetime) -> promising.Step:
    slot = promising.proposals(ticket=row.ticket, now=when, count=1)[0]
    return promising.Step(
        promised_by=slot.by_at, promised_from=slot.from_at, promise=slot.sentence, zone=slot.zone, told=True
    )


def _ask_waiver(month: Month, answered: answering.Answered, by: Actor, when: datetime) -> None:
    given = closing.Closing("no_remedy", note="The maker has ended support; told her where she can turn.")
    closing.close(ticket=answered.ticket, closing=given, by=by, now=when)
    request = waiving.ask(
        ticket=answered.ticket,
        kind="final_answer",
        reason="Nobody repairs this model any more; she knows the ombudsman's address.",
        by=by,
        now=when,
        contact=answered.contact,
    )
    sam = Actor(door="web", agent=month.people["sam"])
    if month.dice.random() < 0.6:
        month.at(_at_work(when + timedelta(hours=22)), lambda then: _grant(request, sam, then))


def _grant(request, sam: Actor, when: datetime) -> None:
    request.refresh_from_db()
    if request.answered_at is None and request.ticket.is_open:
        waiving.grant(requests=[request], by=sam, now=when)


def _at_work(when: datetime) -> datetime:
    return worktime.next_working_instant(when, Policy.objects.of(None).calendar)


def _just_now(month: Month) -> None:
    """Something to do on Today at whatever hour the demo is loaded: she asked for these times herself."""
    due_in = (-50, -20, 25, 70, 140, 200)
    for turn, minutes in enumerate(due_in):
        problem = words.PROBLEMS[turn % 5]
        month.at(month.now - timedelta(hours=3, minutes=turn), _caller(month, problem, timedelta(minutes=minutes)))
        month.at(month.now + timedelta(minutes=minutes), _sweep)


def _caller(month: Month, problem: words.Problem, due_in: timedelta) -> Callable[[datetime], None]:
    def act(when: datetime) -> None:
        team = month.teams[problem.team]
        by = Actor(door="web", agent=month.people["ada"])
        ticket, _made = intake.open_ticket(
            intake=intake.Intake(
                subject=problem.subject,
                description=problem.said,
                category=problem.category,
                channel="phone",
                customer_row=_customer(month, when),
                team=team,
                agent=by.agent,
                opened_at=when,
            ),
            by=by,
            now=when,
        )
        contact = ticket.contacts.get()
        by_at = month.now + due_in
        step = promising.Step(
            promised_by=by_at,
            promised_from=max(when, by_at - timedelta(hours=1)),
            told=contact,
            asked_contact=contact,
            will_bring=problem.will_bring,
        )
        try:
            closing.close(
                ticket=ticket,
                closing=closing.Closing("no_remedy", problem.dead_end, follow_up=step),
                by=by,
                now=when,
            )
        except Refused:
            return
        for first in ticket.follow_ups.open().filter(by_policy=True):
            scheduling.call_off(follow_up=first, called_off_by="us", reason="Told her the next date", by=by, now=when)

    return act
