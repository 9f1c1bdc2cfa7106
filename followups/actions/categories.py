"""Categories as rules name them: a family that is not known would let a rule hold for nothing."""

from collections.abc import Iterable
from difflib import get_close_matches

from followups.errors import Invalid
from followups.models import Category

NAMED = 5


def families(field: str, words: Iterable[str]) -> tuple[str, ...]:
    """Each in the spelling of its categories; Invalid says which is not known and what comes nearest. On a desk without
    any category every word is taken.
    """
    words = list(words)
    found = set(Category.objects.order_by().values_list("family", flat=True).distinct()) if words else set()
    if not found:
        return tuple(words)
    by_name = {family.casefold(): family for family in sorted(found)}
    for word in words:
        if word.casefold() not in by_name:
            raise Invalid(field, f"No family is called {word}. {_meant(word, by_name)}", "unknown-family")
    return tuple(dict.fromkeys(by_name[word.casefold()] for word in words))


def _meant(word: str, by_name: dict[str, str]) -> str:
    if near := get_close_matches(word.casefold(), by_name, n=1):
        return f"Is it {by_name[near[0]]}?"
    named = ", ".join(list(by_name.values())[:NAMED])
    return f"There {'is' if len(by_name) == 1 else 'are'} {named}{' and others' if len(by_name) > NAMED else ''}."
