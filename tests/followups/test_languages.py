"""Every language has every text, and says days and hours as it should."""

from datetime import datetime
from string import Formatter

import pytest

from followups import languages
from followups.models import Brought

FROM, BY = datetime(2026, 11, 27, 14, 5), datetime(2026, 11, 27, 16)
ALL = sorted(languages.LANGUAGES)


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", ALL)
def test_each_language_says_all_that_english_says_with_the_same_places(code):
    own, english = languages.LANGUAGES[code], languages.EN
    assert {key: places(text) for key, text in own.said.items()} == {
        key: places(text) for key, text in english.said.items()
    }
    assert set(own.brought) == set(Brought.values) - {"no_news"}
    assert (len(set(own.days)), len(set(own.months))) == (7, 12)


@pytest.mark.parametrize(
    ("code", "start", "end", "words"),
    [
        ("en", FROM, BY, "on Friday 27 November between 14:05 and 16:00"),
        ("de", FROM, BY, "am Freitag, 27. November, zwischen 14:05 und 16:00 Uhr"),
        ("fr", FROM, BY, "le vendredi 27 novembre entre 14 h 05 et 16 h 00"),
        ("es", FROM, BY, "el viernes 27 de noviembre, de 14:05 a 16:00 h"),
        ("en", None, BY, "by Friday 27 November 16:00"),
        ("de", None, BY, "bis Freitag, 27. November, 16:00 Uhr"),
        ("fr", None, BY, "au plus tard le vendredi 27 novembre à 16 h 00"),
        ("es", None, BY, "a más tardar el viernes 27 de noviembre, 16:00 h"),
        ("de", BY, BY, "am Freitag, 27. November, um 16:00 Uhr"),
        (
            "fr",
            datetime(2026, 3, 1, 23),
            datetime(2026, 3, 2, 1),
            "du dimanche 1 mars à 23 h 00 au lundi 2 mars à 1 h 00",
        ),
    ],
)
def test_a_window_in_words(code, start, end, words):
    assert languages.window(code, start, end) == words


@pytest.mark.parametrize(
    ("wished", "code"),
    [
        (("de-AT", "fr"), "de"),
        (("FR_ca",), "fr"),
        (("pl", "es"), "es"),
        (("", ""), "en"),
        (("tlh", "xx"), "en"),
        (("deutsch",), "en"),
    ],
)
def test_the_first_language_that_is_written_here(wished, code):
    assert languages.known(*wished) == code


def test_braces_in_what_people_wrote_stay_what_they_are():
    assert languages.say("en", "hello", name="{subject} {0}") == "Hello {subject} {0},"
