"""Public holidays by country and part of it, as proposals: the rows of a calendar decide."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import holidays
from holidays.registry import COUNTRIES


@cache
def countries() -> dict[str, str]:
    """Codes of two letters, like DE, with names, by name."""
    known = holidays.list_supported_countries(include_aliases=False)
    named = {code: module.replace("_", " ").title() for module, (_, code, *_more) in COUNTRIES.items() if code in known}
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


@cache
def parts(country: str) -> dict[str, str]:
    """Codes of a country's parts with their names where they are known; empty for an unknown country."""
    if country not in countries():
        return {}
    known = holidays.country_holidays(country)
    names = {code: name for name, code in getattr(known, "subdivisions_aliases", {}).items()}
    return {code: f"{names[code]} ({code})" if code in names else code for code in known.subdivisions}


def proposed(country: str, part: str, years: Iterable[int]) -> dict[date, str]:
    """Days and names, in English where the library has them so, by date; nothing for an unknown country or part."""
    if country not in countries() or (part and part not in parts(country)):
        return {}
    return dict(_days(country, part, tuple(years)))


@cache
def _days(country: str, part: str, years: tuple[int, ...]) -> tuple[tuple[date, str], ...]:
    known = type(holidays.country_holidays(country))
    language = "en_US" if "en_US" in known.supported_languages else None
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=language)
    return tuple(sorted((on, name) for on, name in found.items() if on.year in years))
