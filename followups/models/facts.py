"""What the reports keep worked out, so that they need not read all of history again; and what has changed since.

Nothing here says anything that the rows of tickets, contacts and ends do not say: it may be emptied at any time. Plain
numbers stand for other rows: facts follow their tickets by the sweep, never by a foreign key.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Touched(models.Model):
    """A ticket or a customer whose history changed: appended by the database with every such change, dropped once the
    facts follow. A mark of neither stands for everybody.
    """

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField(null=True)
    ticket_id = models.BigIntegerField(null=True)


class Keeping(models.Model):
    """One row: whether the facts are whole, the zone of their days, and the latest instant that any of them names.

    Without `built_at` the reports read the rows.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    built_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    latest = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="keeping_one_row")]


class Placed(models.Model):
    """By what a fact is cut and filtered: at its time, as the reports say."""

    ticket_id = models.BigIntegerField()
    customer_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    team_id = models.BigIntegerField(null=True)
    agent_id = models.BigIntegerField(null=True)
    category_id = models.BigIntegerField()
    channel = models.CharField(max_length=40)
    priority = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True


class EndFact(Placed):
    """One end of a ticket. What came after it within any number of days is a comparison with these two instants; at `said_at`
    the customer last said of a resolution whether it is one.
    """

    resolved = models.BooleanField()
    claimed = models.BooleanField(db_default=False)
    left_out = models.CharField(max_length=20, null=True)
    next_any = models.DateTimeField(null=True)
    next_same = models.DateTimeField(null=True)
    said_at = models.DateTimeField(null=True)
    confirmed = models.BooleanField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="end_fact_at"),
            models.Index(fields=["ticket_id"], name="end_fact_ticket"),
            models.Index(fields=["customer_id"], name="end_fact_customer"),
        ]


class TicketFact(Placed):
    """One ticket as it stands after all that happened. It stood the same at any instant from `turned_until` on, and at
    every instant where that is empty: then it ended once at most, and so did all of its customer's of the family.
    """

    ended_at = models.DateTimeField(null=True)
    resolved = models.BooleanField(null=True)
    left_out = models.CharField(max_length=20, null=True)
    is_first = models.BooleanField()
    by_1 = models.BooleanField(null=True)
    by_3 = models.BooleanField(null=True)
    by_7 = models.BooleanField(null=True)
    by_30 = models.BooleanField(null=True)
    reopened_at = models.DateTimeField(null=True)
    turned_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="ticket_fact_at"),
            models.Index(fields=["ticket_id"], name="ticket_fact_ticket"),
            models.Index(fields=["customer_id"], name="ticket_fact_customer"),
            models.Index(
                fields=["customer_id", "turned_until", "ticket_id"],
                name="ticket_fact_turned",
                condition=Q(turned_until__isnull=False),
            ),
            models.Index(fields=["ended_at", "at"], name="ticket_fact_ended"),
            models.Index(fields=["ticket_id"], name="ticket_fact_open", condition=Q(ended_at__isnull=True)),
            models.Index(
                fields=["turned_until", "at"], name="ticket_fact_turns", condition=Q(turned_until__isnull=False)
            ),
            models.Index(
                fields=["ended_at"], name="ticket_fact_unsolved", condition=Q(resolved=False, left_out__isnull=True)
            ),
        ]


class DrawFact(Placed):
    """A customer, and the ticket with which she had first been left without a remedy or an update for 90 days, at `at`: an
    instant that may lie ahead, if nothing happens until then.
    """

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="draw_fact_at"),
            models.Index(fields=["ticket_id"], name="draw_fact_ticket"),
            models.Index(fields=["customer_id"], name="draw_fact_customer"),
        ]


class ClosureFact(Placed):
    """One closure that was not undone. `told_at` is of the follow-up that stands in its place: whether she was told is a
    comparison with it.
    """

    outcome = models.CharField(max_length=12)
    dead = models.BooleanField()
    closed = models.BooleanField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="closure_fact_at"),
            models.Index(fields=["ticket_id"], name="closure_fact_ticket"),
            models.Index(fields=["customer_id"], name="closure_fact_customer"),
        ]


class EpisodeFact(Placed):
    """One ticket, and where it is the first of an episode, what happened in its first 90 days, after all that happened.

    `heard` are the instants at which she contacted us, the opening first; null: the opening alone. Beside each the sums so
    far, where there are any: of transfers, changes of channel, times told again. It came to stand resolved at `solved_at`,
    and ceased to or came to again at each of `changed_at`. All this was so at any instant after `turned_until`.
    """

    left_out = models.CharField(max_length=20, null=True)
    is_first = models.BooleanField()
    heard = ArrayField(models.DateTimeField(), null=True)
    transferred = ArrayField(models.IntegerField(), null=True)
    switched = ArrayField(models.IntegerField(), null=True)
    told_again = ArrayField(models.IntegerField(), null=True)
    solved_at = models.DateTimeField(null=True)
    changed_at = ArrayField(models.DateTimeField(), null=True)
    turned_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="episode_fact_at"),
            models.Index(fields=["ticket_id"], name="episode_fact_ticket"),
            models.Index(fields=["customer_id"], name="episode_fact_customer"),
        ]


class PromiseFact(Placed):
    """One follow-up, `at` its date as it counts in the end, told to the customer or not. It stands as it does from `last_at`
    on, the last that happened to it.
    """

    follow_up_id = models.UUIDField()
    told_at = models.DateTimeField(null=True)
    left_out = models.CharField(max_length=20, null=True)
    moved_alone = models.BooleanField()
    message = models.BooleanField()
    connected_at = models.DateTimeField(null=True)
    empty_handed = models.BooleanField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="promise_fact_at"),
            models.Index(fields=["ticket_id"], name="promise_fact_ticket"),
            models.Index(fields=["customer_id"], name="promise_fact_customer"),
        ]


class DayCount(models.Model):
    """Counts and sums of the facts of one day (in the zone of `Keeping`) and one key of one cut; `of` is a kind of facts."""

    of = models.CharField(max_length=8)
    cut = models.CharField(max_length=8)
    key = models.CharField(max_length=60)
    day = models.DateField()
    counts = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of", "cut", "day", "key"], name="day_count_once")]
