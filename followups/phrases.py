"""Hints on closing notes: advice, never a gate.

A rule is a name and a pattern; precision comes before recall, because a wrong hint teaches people
to look away. A note reads as a dead end where a refusal is written outside every "if ..." and no
remedy, commitment, question or next step stands beside it. Only the first and the last 500
characters are read: notes begin or end with how it went, and so the cost has a bound.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_READ = 350
_BLANK_LENGTH = 40


@dataclass(frozen=True)
class Hint:
    """One line of advice: `code` for programs, `message` for people, `rule` to switch it off."""

    code: str
    message: str
    rule: str


_MESSAGES = {
    "note-contradicts-outcome": (
        "This note reads as if the customer left without a remedy. "
        "If so, close it as not solved and a follow-up is set."
    ),
    "promise-without-follow-up": ("This note promises to get back to the customer, but no follow-up is dated."),
    "blank-note": "This note says nothing yet. One sentence on what was done helps the next call.",
}


def _any_of(*patterns: str) -> str:
    return "|".join(patterns)


_WE = r"(?:we|i)(?:'re| are| am|'m| were| was)?(?: currently| also| really| simply| just| still)?"
_NOT_ABLE = r"(?:unable|not able|not in a position) to "
_CANNOT = r"(?:cannot|can not|can't|could not|couldn't) "
_OPENING = r"(?:^|(?<=[.;:!] )|(?<=sorry, )|(?<=unfortunately, )|(?<=unfortunately ))"
_FIND = r"(?:find|locate|observe|verify|reproduce|replicate|identify|confirm|detect|see any) "

_DEAD_END = {
    "nothing-more": _any_of(
        r"nothing (?:(?:more|else|further) )?(?:that )?(?:(?:we|i) )?(?:can|could) (?:be done|do)\b",
        rf"{_CANNOT}(?:be helped|(?:do|help|offer) (?:anything|any (?:more|further)))",
        r"no (?:further|more|other) (?:help|options?|steps?|solutions?) (?:is |are )?"
        r"(?:available|possible|left)",
        r"no (?:fix|remedy|solution|workaround|alternative)(?: is| was)? "
        r"(?:available|possible|found|exists|known)",
    ),
    "not-able": _any_of(
        rf"{_WE} {_NOT_ABLE}",
        rf"{_WE} {_CANNOT}(?!wait|stress|thank|guarantee|recommend|believe|imagine|tell you how)",
        r"(?:sorry|unfortunately|afraid)[^.!?]{0,40}\b(?:cannot|can not|can't|unable to|not able to)\b",
    ),
    "opens-with-no": rf"{_OPENING}(?:{_NOT_ABLE}|{_CANNOT})(?!be closed)",
    "not-possible": _any_of(
        r"(?:is|are|was|were)(?: currently| unfortunately| also)? not (?:currently |yet )?"
        r"(?:available|possible|supported|offered|covered|allowed|permitted|refundable)",
        r"(?:isn't|aren't|wasn't) (?:currently )?(?:available|possible|supported|covered)",
        r"not something (?:that )?we (?:currently )?(?:have|offer|support|do)\b",
        r"(?:would|will) not be (?:a way|possible|able)",
        r"there (?:is|was|'s) no (?:way|option|possibility|workaround|solution|fix)\b",
        r"(?:do not|don't) (?:currently )?(?:offer|support|have (?:that|this|such|the streaming|a way))\b",
        r"(?:do not|don't) (?:currently )?have (?:any|an?) (?:official )?(?:info|information|timeline|eta)\b",
    ),
    "refused": _any_of(
        r"(?:request|claim|refund|appeal|credit|exchange|replacement|application)"
        r" (?:was |is |has been |had to be )?(?:denied|declined|refused|rejected)",
        r"(?:out of|no longer under|not under) warranty",
        r"(?:against|outside|not within) (?:our |the |company )?polic",
        r"policy (?:does not|doesn't) (?:allow|permit)",
        r"(?:won't|will not|wont) fix\b",
        r"(?:acted appropriately|disputes the facts|result of a misunderstanding)",
        r"(?:works|working|behaves) as (?:designed|intended)",
    ),
    "nothing-found": _any_of(
        rf"(?:did not|didn't|could not|couldn't|cannot|can't|unable to|not able to) {_FIND}",
        r"(?:found|observed|saw) no (?!other|further|more|reason)\w+",
        r"no (?:\w+ ){0,3}(?:was|were|is) (?:found|observed|identified|detected|issued)\b",
        r"no (?:(?:code )?violations?|evidence|fault|cause|defect|indication)\b(?! of (?:other|further))",
        r"(?:condition|problem|issue|item|fault) (?:was|were|is) not found",
        r"(?:was|were) gone\b",
    ),
    "no-access": _any_of(
        r"(?:unable to|not able to|could not|couldn't|cannot) (?:gain|get) (?:access|entry)",
        r"no access\b",
    ),
    "too-little-known": _any_of(
        r"(?:not enough|insufficient|not have (?:enough|sufficient)) (?:\w+ )?information",
        r"(?:cannot|can not|could not) be processed",
        r"please resubmit\b",
    ),
    "not-ours": _any_of(
        r"(?:does not|doesn't|did not) fall (?:under|within|in)\b",
        r"not (?:under|within|in) (?:our|the|this|my) (?:\w+ ){0,3}(?:jurisdiction|remit|scope)",
        r"not (?:our|my|this) (?:department|area|responsibility|team|desk)\b",
        r"not not an? |not a city\b",
    ),
    "no-action": _any_of(
        r"no (?:police |other )?(?:action|work|work order|repair)s? "
        r"(?:is|was|are|were) (?:necessary|needed|required|taken|warranted)",
        r"determined that no further action was (?:necessary|needed|required)",
        r"(?:action|work|inspection) (?:was|is) not (?:necessary|needed|required|warranted)",
        r"case invalid\b",
    ),
    "german": _any_of(
        r"(?:konnen|konnten|kann|konnte) (?:\w+ ){0,3}nichts (?:mehr |weiter |weiteres )?(?:tun|machen)",
        r"leider (?:\w+ ){0,3}(?:nicht moglich|keine losung|keine moglichkeit)",
        r"nichts (?:mehr )?zu machen\b",
    ),
    "french": _any_of(
        r"(?:ne )?(?:pouvons|peut|peux|pouvait|pouvions) (?:\w+ ){0,2}rien (?:faire|y faire)",
        r"malheureusement (?:\w+ ){0,4}(?:pas possible|impossible)",
        r"(?:aucune solution|pas de solution|rien a faire)\b",
    ),
    "spanish": _any_of(
        r"no (?:podemos|puedo|se puede|se podia) hacer (?:nada|mas)",
        r"(?:lamentablemente|desgraciadamente|desafortunadamente) (?:\w+ ){0,3}(?:no es posible|no podemos)",
        r"no hay (?:ninguna )?solucion\b",
    ),
}

_NOT_SHE = r"(?<!customer )(?<!caller )(?<!client )(?<!he )(?<!they )"
_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|in case|once)\b[^.!?;,]{0,200}")
_DONE = (
    "fixed|repaired|replaced|corrected|restored|refunded|credited|removed|cleaned|collected|completed|emptied|"
    "delivered|installed|sent|mailed|emailed|provided|addressed|scheduled|booked|escalated|forwarded|referred|"
    "transferred|arranged|located|waived|shipped|unlocked|activated|reopened|resent|reset|solved|performed|"
    "repariert|ersetzt|behoben|erledigt|gesendet|erstattet|remplace|rembourse|envoye|resolu|reparado|enviado"
)
# Beside a refusal each of these makes a good end of it: a remedy, a commitment, a next step.
_REDEEMING = _any_of(
    rf"(?<!not )(?<!n't )(?<!never )(?<!be )(?<!no )(?:{_DONE})\b",
    r"(?:took action|picked up|looped in|issued an?\b|(?:works?|working) (?:now|again|fine)\b)",
    r"(?:issue|problem|it|been|now|is|was) resolved\b",
    r"(?:ticket|summons|notice|violation)s? (?:was |were |has been )?(?:issued|written)\b",
    r"(?:we|i)(?:'ll| will| shall)\b(?! not| never)",
    rf"{_NOT_SHE}will (?:be )?(?:re-?)?(?:call|contact|inspect|review|investigat|sen[dt]|notif|updat|reply|"
    r"respond|repair|replac|schedul|follow|visit|check|ship|arriv|issue|continue)",
    r"(?:customer|caller|client|she|he) (?:is |was )?(?:happy|satisfied|pleased|confirmed)\b",
    r"(?:referral|duplicate|pending|in progress|looking into|investigating|still open)\b",
    r"(?:already (?:exists|reported|being|open|scheduled)|being (?:addressed|reviewed|processed|worked))\b",
    r"(?:keep us posted|let us know (?:how|what|whether)|(?:send|dm|message) us)\b",
    r"(?:steps?|tips|troubleshoot\w*|instead|try (?:the|these|this|using|again|to)|you'd like to wait)\b",
    r"(?:(?:however|but),? (?:you|we) (?:can|do|could)|we (?:do|can) (?:have|offer))\b",
    r"(?:you can (?:also|use|still|cancel|reach|appeal)|workaround (?:is|was|given))\b",
)
_REDEEMED = re.compile(rf"\?|\b(?:{_REDEEMING})")
_PROMISE = {
    "we-will": (
        r"(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to) (?:then )?"
        r"(?:call|ring|phone|e-?mail|text|contact|write to|update|get back|follow up|be in touch|come back|"
        r"let (?:him|her|them|you|the customer) know)\b"
    ),
    "will-call": (
        r"(?:^|(?<=[.;,:!-] )|(?<=team )|(?<=agent )|(?<=colleague ))"
        r"will (?:call|ring|phone|e-?mail|contact|get) "
        r"(?:back|(?:the )?(?:customer|client|caller)|her|him|them|you)\b"
    ),
    "promised": (
        rf"(?<!as ){_NOT_SHE}(?:promised|agreed) (?:(?:him|her|them|the customer|customer) )?"
        r"(?:(?:to (?:call|ring|e-?mail|contact|get back|follow up|update))|(?:a )?call ?back)\b"
    ),
    "call-back-on": (
        r"call[ -]?back (?:is |was )?(?:due|scheduled|arranged|planned|agreed|promised)\b|"
        r"call-?back (?:tomorrow|next week|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    ),
    "german-promise": _any_of(
        r"(?:wir melden uns|ich melde mich)\b",
        r"(?:rufe|rufen|werde|werden) (?:\w+ ){0,4}(?:zuruck|zuruckrufen|anrufen)\b",
    ),
    "french-promise": _any_of(
        r"(?:nous|je) (?:vous |le |la |les )?(?:rappeller?(?:ons|ai)|rappelle|recontacter(?:ons|ai))\b",
        r"(?:nous|je) (?:vous )?(?:tiendr(?:ons|ai) au courant|reviendr(?:ons|ai) vers)\b",
    ),
    "spanish-promise": _any_of(
        r"(?:le|la|les|lo|te) (?:llamaremos|llamare|volveremos a llamar|volvere a llamar|contactaremos)\b",
        r"nos pondremos en contacto\b",
    ),
}
_RULES = {"dead end": _DEAD_END, "promise": _PROMISE}
_NOTHING_SAID = re.compile(
    r"(?:(?:case|ticket|call|issue|area|see|no) )?"
    r"(?:noted|clear(?:ed)?|closed?|resolved|above|notes?|comment)"
    r"|case resolved clear|as above|ok(?:ay)?|done|none|nil|n a|na|x{1,3}|test|tbd"
    r"|erledigt|geschlossen|clos|fait|ras|hecho|cerrado"
)


def check(note: str, *, outcome: str, has_follow_up: bool, off: frozenset[str] = frozenset()) -> list[Hint]:
    """At most one hint on the note of a closing, the weightiest; rules named in `off` are silent.

    An empty note is no fault, since notes are optional. `has_follow_up`: one is open or being set.
    """
    text = _plain(note)
    return (
        (outcome == "resolved" and _hint("note-contradicts-outcome", _dead_end(text, off)))
        or (not has_follow_up and _hint("promise-without-follow-up", _promise(text, off)))
        or _hint("blank-note", _blank(text, off))
        or []
    )


def dead_end(note: str, *, off: frozenset[str] = frozenset()) -> str | None:
    """The name of the rule by which the note reads as a dead end, or None."""
    return _dead_end(_plain(note), off)


def rules() -> tuple[str, ...]:
    """The names of all rules."""
    return (*_DEAD_END, *_PROMISE, "blank")


def _plain(note: str) -> str:
    """What is read of the note: lower case, plain quotes, single blanks, no accents."""
    read = note if len(note) <= 2 * _READ else f"{note[:_READ]} . {note[-_READ:]}"
    if not read.isascii():
        bare = unicodedata.normalize("NFD", read.replace("\u2019", "'"))
        read = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(read.casefold().split())


def _hint(code: str, rule: str | None) -> list[Hint]:
    return [Hint(code, _MESSAGES[code], rule)] if rule else []


@lru_cache(maxsize=64)
def _compiled(kind: str, off: frozenset[str]) -> re.Pattern[str]:
    """All rules of a kind in one pattern, so that the text is walked once."""
    kept = [pattern for name, pattern in _RULES[kind].items() if name not in off]
    return re.compile(rf"\b(?:{'|'.join(kept) or '(?!)'})")


def _first(kind: str, text: str, off: frozenset[str]) -> str | None:
    found = _compiled(kind, off).search(text)
    if found is None:
        return None
    names = [name for name in _RULES[kind] if name not in off]
    return next(n for n in names if re.compile(_RULES[kind][n]).match(text, found.start()))


def _dead_end(text: str, off: frozenset[str]) -> str | None:
    certain = _CONDITION.sub(" ", text)
    rule = _first("dead end", certain, off)
    if rule is None:
        return None
    # What a refusal says itself ("no notice was issued") redeems nothing.
    rest = _compiled("dead end", frozenset()).sub(" ", certain)
    return None if _REDEEMED.search(rest) else rule


def _promise(text: str, off: frozenset[str]) -> str | None:
    return _first("promise", _CONDITION.sub(" ", text), off)


def _blank(text: str, off: frozenset[str]) -> str | None:
    if "blank" in off or not text or len(text) > _BLANK_LENGTH:
        return None
    words = " ".join(re.findall(r"[^\W_]+", text))
    return "blank" if not words or _NOTHING_SAID.fullmatch(words) else None
