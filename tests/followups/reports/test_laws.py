"""The laws of the definitions, of whatever desk Hypothesis makes up."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.models import Closure, Contact, Customer, Ticket
from followups.reports import catalogue, confirmed, first_contact, recontact, tables, time_to_resolution, windows
from tests.followups.reports import lives
from tests.followups.reports.histories import question
from tests.followups.reports.lives import DAY, FEW, MANY, START, TICK, desks, examples, lived

pytestmark = pytest.mark.django_db

END = START + 40 * DAY
AS_OF = START + 45 * DAY
LATE = START + 200 * DAY


def asked(**fields):
    return replace(question(START, AS_OF, end=END, of="all"), **fields)


def columns(row):
    return {name: value for name, value in tables.flat(asdict(row)) if name != "key"}


def told(asked_, names=tuple(catalogue.REPORTS)):
    """What every report says of the whole, and of each channel; days and weeks are labels."""
    found = {}
    for name in names:
        report = catalogue.named(name).report(replace(asked_, by="channel"))
        rows = {"": report.total} | {row.key: row for row in report.rows}
        found[name] = {key: list(columns(row).items()) for key, row in rows.items()}
        if name == "workload":
            found[name] = {key: [value for _, value in row] for key, row in found[name].items()}
    return found


def counts(asked_):
    total = recontact.report(asked_).total
    return total.any_issue.num, total.any_issue.den, total.same_issue.num


def an_immature_closing_changes_no_rate_but_that_it_may_take_over_a_charge(desk, who, family):
    """Of the same customer and family alone it may."""
    person = lives.key("who", who)
    other_people = [
        asked(filters=windows.Filters(customer=lives.key("who", n))) for n in range(lives.PEOPLE) if n != who
    ]
    others = [
        *other_people,
        *(asked(filters=windows.Filters(family=name)) for name in lives.FAMILIES if name != family),
    ]
    with lived(desk):
        before, beside = counts(asked()), [counts(each) for each in others]
        at = AS_OF - 5 * DAY
        row = lives.Life(who, family, "phone", 0, None, "", None, None, None, False, None, None)
        made = {kind: [] for kind in (Ticket, Contact, Closure)}
        ticket = Ticket(
            pk=1,
            number="Y",
            subject="It",
            customer_id=person,
            category=lives.factories.category(family),
            channel="phone",
        )
        ticket.opened_at = ticket.created_at = ticket.updated_at = START - DAY
        ticket.state, ticket.closed_at, ticket.outcome = "closed", at, "resolved"
        ticket.save(force_insert=True)
        lives.closing(made, 99, 0, replace(row, outcome="resolved"), ticket, at).save(force_insert=True)
        after = counts(asked())
        assert after[:2] == before[:2]
        assert after[2] <= before[2]
        assert [counts(each) for each in others] == beside


def row_order_changes_nothing(desk):
    with lived(desk):
        before = told(asked())
    with lived(desk, backwards=True):
        assert told(asked()) == before


def shifting_all_times_by_364_days_changes_nothing_but_labels(desk):
    with lived(desk):
        before = told(asked())
    moved = {name: getattr(asked(), name) + 364 * DAY for name in ("start", "end", "as_of")}
    with lived(desk, start=START + 364 * DAY):
        assert told(replace(asked(), **moved)) == before


def any_issue_is_never_below_same_issue(desk):
    with lived(desk):
        for by in windows.CUTS:
            report = recontact.report(asked(by=by, window_days=14))
            for row in (report.total, *report.rows):
                assert row.any_issue.den == row.same_issue.den
                assert row.same_issue.num <= row.any_issue.num <= row.any_issue.den


def a_longer_window_never_counts_fewer_on_one_mature_cohort(desk):
    """Of re-contact; and so of what is counted by contacts within the days elsewhere."""
    grown = []
    with lived(desk):
        for days in (1, 7, 14, 30):
            one = asked(as_of=LATE, window_days=days)
            again, first, said = (module.report(one).total for module in (recontact, first_contact, confirmed))
            assert again.any_issue.immature == first.immature == said.immature == 0
            grown.append(
                (
                    *counts(one),
                    again.any_issue.den,
                    first.came_again,
                    first.effort.contacts or 0,
                    said.refuted,
                    said.den,
                )
            )
    for shorter, longer in pairwise(grown):
        assert all(a <= b for a, b in zip(shorter, longer, strict=True))
        assert (shorter[3], shorter[-1]) == (longer[3], longer[-1])


def merging_two_customers_never_lowers_any_issue(desk, gone, stays):
    if gone == stays:
        return
    with lived(desk):
        before = counts(asked())
        gone, stays = (lives.key("who", number) for number in (gone, stays))
        for kind in (Ticket, Contact):
            kind.objects.filter(customer=gone).update(customer=stays)
        Customer.objects.filter(pk=gone).update(merged_into=stays)
        after = counts(asked())
        assert after[1] == before[1]
        assert after[0] >= before[0]


def without_censoring_times_are_the_empirical_distribution(durations):
    ended = tuple(
        lives.Life(0, "Billing", "phone", 0, ticks, "resolved", None, None, None, False, None, None)
        for ticks in durations
    )
    with lived(lives.Desk(ended, ())):
        total = time_to_resolution.report(asked(as_of=LATE)).total
    hours = sorted(ticks * 12 for ticks in durations)
    n = len(hours)
    assert (total.n, total.events, total.open) == (n, n, 0)
    assert total.median_hours == next(at for place, at in enumerate(hours, 1) if 2 * place >= n)
    assert total.p90_hours == next(at for place, at in enumerate(hours, 1) if 10 * place >= 9 * n)
    for days, share in total.resolved_by.items():
        assert share == pytest.approx(sum(at <= 24 * int(days) for at in hours) / n)


def what_comes_after_as_of_changes_nothing(desk, ticks):
    """Ends, reopenings, contacts, words of hers and moves: the past stands as it stood."""
    as_of = START + ticks * TICK
    known = lives.Desk(tuple(until(life, ticks) for life in desk.lives), tuple(c for c in desk.calls if c.at <= ticks))
    one = asked(as_of=as_of, end=AS_OF)
    with lived(desk):
        whole = past(one)
    with lived(known):
        assert past(one) == whole


def past(asked_):
    """But what is of this moment, and steps that ended after as_of."""
    found = told(asked_, [name for name in catalogue.REPORTS if name not in ("workload", "targets")])
    gate = ("orphans", "no_first_step")
    said = {key: [it for it in row if it[0] not in gate] for key, row in found["dead-ends"].items()}
    found["dead-ends"] = {key: row for key, row in said.items() if not key or any(value for _, value in row)}
    return found


def until(life, ticks):
    """As far as it had come. One that was opened later stays, for its own instant is out of sight."""
    ended = life.ended if life.ended is not None and life.opened + life.ended <= ticks else None
    back = (
        life.back if ended is not None and life.back is not None and life.opened + ended + life.back <= ticks else None
    )
    again = life.again if back is not None and life.again is not None else None
    again = again if again is not None and life.opened + ended + back + again <= ticks else None
    said = life.yes if ended is not None and life.opened + ended + 1 <= ticks else None
    kept = life.kept if life.kept is not None and life.opened + life.kept <= ticks else None
    return replace(life, ended=ended, back=back, again=again, yes=said, kept=kept)


def what_was_undone_never_happened(desk):
    with lived(desk):
        before = told(asked())
    never = tuple(replace(life, again=None) if life.undone else life for life in desk.lives)
    with lived(lives.Desk(never, desk.calls)):
        assert told(asked()) == before


def the_parts_of_a_whole_add_up_and_so_do_the_rows_of_a_cut(desk):
    with lived(desk):
        for name in catalogue.REPORTS:
            for by in ("channel", "family", "week"):
                report = catalogue.named(name).report(asked(by=by))
                rows, total = [columns(row) for row in report.rows], columns(report.total)
                adding = [each for each, value in total.items() if type(value) is int and "_budget" not in each]
                summed = {each: sum(row[each] or 0 for row in rows) for each in adding if not is_of_now(name, by, each)}
                assert summed == {each: total[each] for each in summed}
                adds_up(name, total)


def is_of_now(name, by, column):
    return (name == "dead-ends" and by == "week" and column in ("orphans", "no_first_step")) or column.endswith(
        ("_people", "_per_person")
    )


def adds_up(name, it):
    if name == "promises":
        assert it["num"] + it["kept_late"] + it["never_done"] + it["moved_by_us"] == it["den"] <= it["due"]
    if name == "resolution":
        assert it["as_of_rate_num"] + it["open"] + it["ended_unresolved"] == it["as_of_rate_den"]
    if name == "targets":
        assert it["num"] + it["missed"] == it["den"]
    if name == "confirmed":
        assert it["num"] + it["refuted"] <= it["den"]
    if name == "silent":
        assert it["waived"] + it["gave_up"] + it["imported"] + it["waiting"] == it["num"] <= it["den"]


people = st.integers(0, lives.PEOPLE - 1)
LAWS = {
    an_immature_closing_changes_no_rate_but_that_it_may_take_over_a_charge: (
        desks,
        people,
        st.sampled_from(lives.FAMILIES),
    ),
    row_order_changes_nothing: (desks,),
    shifting_all_times_by_364_days_changes_nothing_but_labels: (desks,),
    any_issue_is_never_below_same_issue: (desks,),
    a_longer_window_never_counts_fewer_on_one_mature_cohort: (desks,),
    merging_two_customers_never_lowers_any_issue: (desks, people, people),
    without_censoring_times_are_the_empirical_distribution: (st.lists(st.integers(1, 80), min_size=1, max_size=12),),
    what_comes_after_as_of_changes_nothing: (desks, st.integers(1, 90)),
    what_was_undone_never_happened: (desks,),
    the_parts_of_a_whole_add_up_and_so_do_the_rows_of_a_cut: (desks,),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law):
    examples(FEW)(given(*LAWS[law])(law))()


@pytest.mark.full
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_many_times(law):
    examples(MANY)(given(*LAWS[law])(law))()
