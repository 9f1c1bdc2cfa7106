"""The practice desk: played through the real acts, whole or not at all, written to nobody, and gone without a trace."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Count, Q

from desk.demo import removal, story
from followups.actions import closing, handling, intake
from followups.clock import facts
from followups.models import (
    Actor,
    Agent,
    Category,
    Closure,
    Contact,
    Customer,
    Delivery,
    EndFact,
    FollowUp,
    Notice,
    Reminder,
    Site,
    Team,
    Ticket,
    TicketFact,
    Touched,
)
from tests import factories

# A Friday afternoon: three days back lie Tuesday to Friday.
NOW = datetime(2026, 11, 27, 15, 20, tzinfo=UTC)
DAYS = 3


def load(said=lambda day: None, **fields):
    return story.load(**{"now": NOW, "passwords": {"ada": "correct horse"}, "said": said, "days": DAYS, **fields})


def rows():
    """How many rows each table holds, history included; but the marks, which the next sweep of the facts takes."""
    tables = set(connection.introspection.table_names())
    models = [model for model in apps.get_models() if model._meta.db_table in tables and model is not Touched]
    return {model._meta.label: model._base_manager.count() for model in models}


@pytest.fixture(scope="module")
def month(django_db_setup, django_db_blocker):
    """Played once for this file; each test then looks at it, or takes it out, in a transaction that is taken back."""
    with django_db_blocker.unblock():
        found = SimpleNamespace(before=rows(), days=[])
        found.count = load(said=found.days.append)
    yield found
    with django_db_blocker.unblock():
        removal.remove()
        Touched.objects.all().delete()


@pytest.fixture
def played(month, db):
    return month


def test_days_are_told_as_they_are_played(played):
    assert played.days == ["Tue 24 Nov", "Wed 25 Nov", "Thu 26 Nov", "Fri 27 Nov"]
    assert played.count == Ticket.objects.count() > 25


def test_no_rule_of_the_gate_is_broken(played):
    """The database looks at every row as the transaction ends; here it looks now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT count(followups_gate_check(id)) FROM followups_ticket")
    assert not Ticket.objects.without_next_step().exists()
    assert not FollowUp.objects.open().filter(ticket__state="closed").exists()
    ended = Ticket.objects.filter(state="closed").annotate(
        standing=Count("closures", filter=Q(closures__closed=True, closures__reopened_at=None), distinct=True),
        waived_by=Count("waivers", filter=Q(waivers__reopened_at=None), distinct=True),
    )
    assert {row.standing + row.waived_by for row in ended} == {1}


def test_something_of_everything_is_there(played):
    states = set(FollowUp.objects.values_list("state", flat=True))
    assert {"scheduled", "kept", "called_off"} <= states
    assert {"resolved", "no_remedy"} <= set(Closure.objects.values_list("outcome", flat=True))
    assert FollowUp.objects.overdue(NOW).exists()
    assert FollowUp.objects.due_before(NOW + timedelta(hours=4), after=NOW).exists()
    assert Notice.objects.filter(kind="reminder").exists()


def test_it_writes_to_nobody(played):
    assert Delivery.objects.count() == 0


def test_nothing_lies_in_the_future(played):
    assert not Contact.objects.filter(at__gt=NOW).exists()
    assert not Ticket.objects.filter(opened_at__gt=NOW).exists()
    assert not Reminder.objects.filter(state="waiting", due_at__lte=NOW).exists()


def test_reminders_came_in_time(played):
    late = Notice.objects.filter(kind="reminder", late_by_seconds__gt=60)
    assert late.count() < Notice.objects.filter(kind="reminder").count() / 5


def test_only_people_with_a_password_can_sign_in(played):
    assert [agent.username for agent in Agent.objects.all() if agent.has_usable_password()] == ["ada"]
    assert Agent.objects.get(username="ada").check_password("correct horse")


def test_all_of_it_carries_the_mark(played):
    for model in (Ticket, Customer, Agent, Team, Category):
        assert not model.objects.filter(is_demo=False).exists(), model
    assert Site.objects.get().demo_loaded_at == NOW


# Out again


def test_removal_leaves_nothing(played):
    assert removal.remove() == played.count
    assert rows() == played.before
    assert Site.objects.get().demo_loaded_at is None


def test_practice_makes_no_facts_and_its_marks_go_with_the_next_sweep(played):
    facts.sweep(now=NOW)
    assert not TicketFact.objects.exists()
    removal.remove()
    facts.sweep(now=NOW)
    assert not TicketFact.objects.exists()
    assert not EndFact.objects.exists()
    assert not Touched.objects.exists()


def test_what_was_there_before_stays_untouched(played):
    """A real ada, a real category, a real team of the same name, and their ticket."""
    removal.remove()
    team = factories.team("Demo Billing")
    ada = factories.agent("ada", "supervisor", team=team, password="mine")
    real = factories.ticket(now=NOW, team=team, agent=ada, category=factories.category("Billing/Refund"))
    before = rows()
    load(days=0)
    ada.refresh_from_db()
    assert (ada.role, ada.is_demo, ada.check_password("mine")) == ("supervisor", False, True)
    assert Agent.objects.get(username="demo-ada").is_demo
    removal.remove()
    assert rows() == before
    assert Ticket.objects.get() == real


def test_cut_short_it_leaves_nothing(played):
    removal.remove()
    before = rows()

    def stop(day):
        if day == "Fri 27 Nov":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(said=stop, days=1)
    assert rows() == before


def test_real_customer_met_in_the_demo_stays(played):
    """A real ticket came to name a customer, a category and an earlier ticket of the demo."""
    earlier = Ticket.objects.filter(customer__isnull=False).first()
    real = factories.ticket(
        now=NOW, team=factories.team("Real"), customer=earlier.customer, category=earlier.category, recontact_of=earlier
    )
    removal.remove()
    real.refresh_from_db()
    assert (real.recontact_of, real.customer.is_demo, real.category.is_demo) == (None, False, False)
    assert list(Ticket.objects.all()) == [real]


@pytest.mark.parametrize("hand", ["owner", "team", "contact", "closure"])
def test_real_work_of_demo_people_is_not_torn_apart(played, hand):
    ada, team = Agent.objects.get(username="ada"), Team.objects.get(name="Demo Billing")
    real = factories.ticket(now=NOW, team=team if hand == "team" else None, agent=ada if hand == "owner" else None)
    by = Actor("web", agent=ada)
    if hand == "contact":
        handling.record_contact(told=handling.Told("inbound", "phone"), ticket=real, by=by, now=NOW)
    if hand == "closure":
        closing.close(ticket=real, closing=closing.Closing("spam"), by=by, now=NOW)
    before = rows()
    with pytest.raises(removal.StillUsed):
        removal.remove()
    assert rows() == before


def test_demo_can_be_played_again(played):
    removal.remove()
    assert load(days=0) == Ticket.objects.filter(is_demo=True).count()
    assert intake.next_number()
