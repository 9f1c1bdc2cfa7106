"""Numbers and addresses as people say and type them: ticket numbers, phones, mail addresses.

A ticket number is a serial and one check digit (Damm 2004), which finds every single wrong digit
and every swap of two neighbours. It has one spelling: ASCII digits without a leading zero.
"""

import re

import phonenumbers

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_NUMBER = re.compile(r"[1-9][0-9]{1,18}")
_TYPED = re.compile(r"\s*#?\s*([0-9](?:[ \t\u00a0\u202f.\u2010-\u2013-]?[0-9]){1,18})\s*")
_MAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]+\.[^\s@<>,;.\"]+")
_MAIL_LENGTH = 254
_PHONE_LENGTH = 60


def _damm(digits: str) -> int:
    state = 0
    for digit in digits:
        state = _DAMM[state][int(digit)]
    return state


def with_check(serial: int) -> str:
    """The ticket number of a serial from 1 on."""
    if serial < 1:
        raise ValueError("Serials of tickets start at 1.")
    return f"{serial}{_damm(str(serial))}"


def is_valid(number: str) -> bool:
    """Whether `number` is a ticket number in its one spelling with the right check digit."""
    return bool(_NUMBER.fullmatch(number)) and _damm(number) == 0


def read_aloud(number: str) -> str:
    """The number in groups of three, a rest of one shared out: "104 277", "104 27 31"."""
    if len(number) < 4:
        return number
    threes = (len(number) - 2) // 3
    head, tail = number[: 3 * threes], number[3 * threes :]
    groups = [head[at : at + 3] for at in range(0, len(head), 3)]
    groups += [tail[:2], tail[2:]] if len(tail) == 4 else [tail]
    return " ".join(groups)


def normalise(text: str) -> str | None:
    """The ticket number in what somebody typed ("#104-277", "104 277"), or None.

    None also where the check digit is wrong: then it is a slip and not a ticket.
    """
    typed = _TYPED.fullmatch(text)
    if typed is None:
        return None
    number = re.sub(r"[^0-9]", "", typed[1])
    return number if is_valid(number) else None


def phone(text: str, *, region: str) -> str | None:
    """The phone number in E.164, read as dialled in `region` (ISO 3166), or None.

    It must have a possible length; whether it is given out is not asked, because number plans are
    ahead of every list. An extension is dropped.
    """
    if len(text) > _PHONE_LENGTH:
        return None
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    verdict = phonenumbers.is_possible_number_with_reason(parsed)
    if verdict != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_words(number: str) -> str:
    """An E.164 number as it is written for people, "+1 212-555-0101"; other text as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(text: str) -> str | None:
    """The mail address without blanks around it and in lower case, or None if it is not one."""
    address = text.strip().lower()
    if len(address) > _MAIL_LENGTH or not _MAIL.fullmatch(address):
        return None
    return address
