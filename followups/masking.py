"""What must not be kept or shown: card numbers in any text, addresses seen by those who may not.

`mask_cards` runs on every free text before it is saved. A card number is 13 to 19 digits, with
blanks or dashes between them, that begin as the card schemes' numbers do (ISO/IEC 7812), have a
length of that scheme and pass the Luhn check. In doubt it masks: of other numbers that look like a
card one in ten passes by chance, and losing a reference is the smaller harm. Phone numbers in E.164
(a plus and at most 15 digits), dates, instants and UUIDs are left alone. Linear in the text.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

_MASK = "•••• •••• •••• "
_BLANK = r"[ \t\u00a0\u2007\u202f\u2010-\u2015-]"
_RUN = re.compile(rf"\+?[0-9](?:{_BLANK}{{0,3}}[0-9]){{12,}}")
_DATE = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-[0-3][0-9]|[0-3][0-9]-[01][0-9]-(?:19|20)[0-9]{2}"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_KEPT = re.compile(rf"(?<![0-9A-Za-z-])({_DATE}|{_UUID})(?![0-9-])")
_GROUP = re.compile(r"[0-9]+")
_LONGEST_PHONE = 15
# How numbers begin, and the lengths in use; 16 comes first because it is almost always 16.
_SCHEMES = (
    (r"4", (16, 19, 18, 13)),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    (r"3[47]", (15,)),
    (r"30[0-5]|3095|3[689]", (16, 19, 18, 17, 15, 14)),
    (r"35(?:2[89]|[3-8])|220[0-5]|8[12]|9792", (16, 19, 18, 17)),
    (r"5[0678]|6", (16, 19, 18, 17, 15, 14, 13)),
)
_BEGINNING = re.compile("|".join(f"({beginning})" for beginning, _ in _SCHEMES))
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def mask_cards(text: str) -> str:
    """The text with every card number as "•••• •••• •••• 1234". Masking twice changes nothing."""
    pieces = _KEPT.split(text)
    pieces[::2] = [_RUN.sub(_mask_run, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _mask_run(match: re.Match[str]) -> str:
    run, masked, kept_from = match[0], [], 0
    spans = [group.span() for group in _GROUP.finditer(run)]
    edges = list(accumulate((end - start for start, end in spans), initial=0))
    starts = dict(zip(edges, (start for start, _ in spans), strict=False))
    ends = dict(zip(edges[1:], (end for _, end in spans), strict=True))
    digits = "".join(_GROUP.findall(run))
    done = 4 if match.string.endswith(_MASK, 0, match.start()) else 0
    phone = _LONGEST_PHONE if run[0] == "+" else 0
    for start, end in _cards(digits, edges, done, phone):
        masked += [run[kept_from : starts[start]], _MASK, digits[end - 4 : end]]
        kept_from = ends[end]
    return "".join([*masked, run[kept_from:]])


def _cards(digits: str, edges: list[int], done: int, phone: int) -> Iterator[tuple[int, int]]:
    """Where cards begin and end among the digits: at edges of groups, and beyond a phone number."""
    sums, closing = _luhn_sums(digits), set(edges)
    for start in edges:
        if start < done:
            continue
        for length in _lengths(digits, start):
            end = start + length
            if end > phone and end in closing and _passes(sums[end % 2], start, end):
                yield start, end
                done = end
                break


def _lengths(digits: str, start: int) -> tuple[int, ...]:
    found = _BEGINNING.match(digits, start)
    return _SCHEMES[found.lastindex - 1][1] if found and found.lastindex else ()


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Running Luhn sums with the digits at even, and at odd, places doubled."""
    values = [int(digit) for digit in digits]
    even, odd = values.copy(), values.copy()
    even[::2] = [_DOUBLED[value] for value in values[::2]]
    odd[1::2] = [_DOUBLED[value] for value in values[1::2]]
    return list(accumulate(even, initial=0)), list(accumulate(odd, initial=0))


def _passes(sums: list[int], start: int, end: int) -> bool:
    return (sums[end] - sums[start]) % 10 == 0


def mask_name(name: str) -> str:
    """The initials, "A••• L•••": enough to tell two apart who were found by the same word."""
    return " ".join(f"{word[0]}•••" for word in name.split())


def mask_email(address: str) -> str:
    """A mail address as "a•••@e•••.org": enough to recognise, too little to write to."""
    name, at, domain = address.rpartition("@")
    if not (name and domain):
        return "•••" if address else ""
    top = domain.rpartition(".")[2] if "." in domain else ""
    return f"{name[0]}•••{at}{domain[0]}•••{'.' + top if top else ''}"


def mask_phone(number: str) -> str:
    """A phone number as "••• 123": its last three digits, where there are at least seven."""
    digits = [sign for sign in number if sign.isdecimal()]
    if len(digits) < 7:
        return "•••" if number else ""
    return f"••• {''.join(digits[-3:])}"
