"""Categories renamed, folded, and refused by name."""

import pytest

from followups.actions import closing, sorting, waiving
from followups.errors import Forbidden, Invalid, Missing
from followups.models import Category, Ticket
from tests.followups.actions.racing import at_once


def test_renamed_category_takes_its_family_along(log, by_sam, now):
    category = log(category="Biling/Refund").category
    saved = sorting.save_category(category=category, path=" Billing / Refund ", by=by_sam, now=now)
    assert (saved.path, saved.family, saved.is_sorted) == ("Billing/Refund", "Billing", True)


def test_folded_category_hands_over_all_that_names_it(log, by_ada, by_sam, now):
    """Closures and waivers carry the category of their time: they follow the fold."""
    right, wrong = log(category="Billing/Refund"), log(category="Biling/Refund")
    closing.close(ticket=wrong, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    waiving.waive(ticket=wrong, kind="exhausted", reason="All ways tried.", by=by_sam, now=now)
    saved = sorting.save_category(category=wrong.category, path="Billing/Refund", by=by_sam, now=now)
    wrong = Ticket.objects.get(pk=wrong.pk)
    named = {saved, wrong.category, wrong.closures.get().category, wrong.waivers.get().category}
    assert named == {right.category}
    assert list(Category.objects.values_list("path", flat=True)) == ["Billing/Refund"]
    with pytest.raises(Missing):
        sorting.save_category(category=Category(pk=10**6), path="Billing", by=by_sam, now=now)


@pytest.mark.parametrize(
    ("path", "code"), [(" / ", "required"), ("x" * 251, "too-long"), ("a\x00", "forbidden-character")]
)
def test_bad_path_names_its_field(log, by_sam, now, path, code):
    with pytest.raises(Invalid) as refusal:
        sorting.save_category(category=log().category, path=path, by=by_sam, now=now)
    assert (refusal.value.field, refusal.value.code) == ("path", code)


def test_agents_sort_no_categories(log, by_ada, now):
    with pytest.raises(Forbidden):
        sorting.save_category(category=log().category, path="X", by=by_ada, now=now)


@pytest.mark.django_db(transaction=True)
def test_fold_while_a_call_comes_in(log, by_sam, now):
    """The call keeps its category until it is written, or finds the old one gone and makes it anew."""
    log(category="Billing/Refund")
    for _round in range(4):
        wrong = log(category="Biling/Refund").category
        results = at_once(
            lambda row=wrong: sorting.save_category(category=row, path="Billing/Refund", by=by_sam, now=now).path,
            lambda: log(category="Biling/Refund").category.family,
        )
        assert not [result for result in results if isinstance(result, Exception)], results
