"""The languages in which the desk writes to customers: their words, days and hours. Plain templates, one place.

Each language has every text; `LANGUAGES` says which there are. Nothing here promises an outcome.
"""

from dataclasses import dataclass
from datetime import datetime

ENGLISH = "en"


@dataclass(frozen=True)
class Language:
    """`between`, `at`, `until` and `across` take `day`, `start`, `end` and `last` (the day on which it ends)."""

    name: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    hour: str
    between: str
    at: str
    until: str
    across: str
    said: dict[str, str]
    brought: dict[str, str]


EN = Language(
    name="English",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date="{weekday} {day} {month}",
    hour="{hour:02}:{minute:02}",
    between="on {day} between {start} and {end}",
    at="on {day} at {start}",
    until="by {last} {end}",
    across="from {day} {start} to {last} {end}",
    said={
        "hello": "Hello {name},",
        "hello_nobody": "Hello,",
        "told_title": "What happens next",
        "told": "this is what we promised you:",
        "moved_title": "A new time",
        "moved": "the time we promised has changed. Now it is:",
        "kept_title": "As promised",
        "kept": "as promised, we got back to you about “{subject}”. We brought: {brought}.",
        "next": "What comes next: we get back to you {window} ({zone}).",
        "closed_title": "Closed",
        "closed": "we have closed your request “{subject}” (number {number}).",
        "not_so": "Not so? Tell us here, and we take it up again:\n{link}",
        "answer_us": "If it is not solved for you, answer this message or call us and name the number: we take it up again.",
        "call": "We will call you {window} with what we know, even if we are still waiting.",
        "write": "We will write to you {window} with what we know, even if we are still waiting.",
        "when": "When: {window} ({zone}).",
        "bring": "What we bring: {what}",
        "page": "What we promised, and where to tell us that it is solved or not:\n{link}",
        "number": "Your number: {number}",
        "sms_told": "{team}: we get back to you {window}. {link}",
        "sms_moved": "{team}: new time, {window}. {link}",
        "sms_kept": "{team}: as promised, we brought: {brought}. {link}",
        "sms_closed": "{team}: number {number} is closed. Not so? {link}",
    },
    brought={
        "answer": "an answer",
        "workaround": "a way around it",
        "credit": "a credit",
        "refund": "a refund",
        "replacement": "a replacement",
        "appointment": "an appointment",
        "document": "a document",
        "news": "news",
    },
)

DE = Language(
    name="Deutsch",
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    date="{weekday}, {day}. {month}",
    hour="{hour:02}:{minute:02}",
    between="am {day}, zwischen {start} und {end} Uhr",
    at="am {day}, um {start} Uhr",
    until="bis {last}, {end} Uhr",
    across="von {day}, {start} Uhr, bis {last}, {end} Uhr",
    said={
        "hello": "Guten Tag {name},",
        "hello_nobody": "Guten Tag,",
        "told_title": "So geht es weiter",
        "told": "das haben wir Ihnen zugesagt:",
        "moved_title": "Ein neuer Termin",
        "moved": "der zugesagte Termin hat sich geändert. Jetzt gilt:",
        "kept_title": "Wie zugesagt",
        "kept": "wie zugesagt haben wir uns zu „{subject}“ bei Ihnen gemeldet. Mitgebracht haben wir: {brought}.",
        "next": "Wie es weitergeht: Wir melden uns {window} ({zone}).",
        "closed_title": "Abgeschlossen",
        "closed": "wir haben Ihr Anliegen „{subject}“ (Nummer {number}) abgeschlossen.",
        "not_so": "Stimmt das nicht? Sagen Sie es uns hier, dann nehmen wir es wieder auf:\n{link}",
        "answer_us": "Ist es für Sie nicht gelöst, antworten Sie auf diese Nachricht oder rufen Sie uns an und nennen Sie die "
        "Nummer: Wir nehmen es wieder auf.",
        "call": "Wir rufen Sie {window} an und sagen Ihnen, was wir wissen, auch wenn wir noch auf etwas warten.",
        "write": "Wir schreiben Ihnen {window}, was wir wissen, auch wenn wir noch auf etwas warten.",
        "when": "Wann: {window} ({zone}).",
        "bring": "Was wir mitbringen: {what}",
        "page": "Was wir zugesagt haben, und wo Sie uns sagen können, ob es gelöst ist:\n{link}",
        "number": "Ihre Nummer: {number}",
        "sms_told": "{team}: Wir melden uns {window}. {link}",
        "sms_moved": "{team}: Neuer Termin: {window}. {link}",
        "sms_kept": "{team}: Wie zugesagt, mitgebracht: {brought}. {link}",
        "sms_closed": "{team}: Nummer {number} ist abgeschlossen. Stimmt das nicht? {link}",
    },
    brought={
        "answer": "eine Antwort",
        "workaround": "einen Ausweg",
        "credit": "eine Gutschrift",
        "refund": "eine Erstattung",
        "replacement": "einen Ersatz",
        "appointment": "einen Termin",
        "document": "ein Dokument",
        "news": "Neuigkeiten",
    },
)

FR = Language(
    name="Français",
    days=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    date="{weekday} {day} {month}",
    hour="{hour} h {minute:02}",
    between="le {day} entre {start} et {end}",
    at="le {day} à {start}",
    until="au plus tard le {last} à {end}",
    across="du {day} à {start} au {last} à {end}",
    said={
        "hello": "Bonjour {name},",
        "hello_nobody": "Bonjour,",
        "told_title": "La suite",
        "told": "voici ce que nous vous avons promis :",
        "moved_title": "Un nouvel horaire",
        "moved": "l’horaire promis a changé. Voici le nouveau :",
        "kept_title": "Comme promis",
        "kept": "comme promis, nous sommes revenus vers vous au sujet de « {subject} ». Nous vous avons apporté : {brought}.",
        "next": "La suite : nous revenons vers vous {window} ({zone}).",
        "closed_title": "Dossier clos",
        "closed": "nous avons clos votre demande « {subject} » (numéro {number}).",
        "not_so": "Ce n’est pas le cas ? Dites-le-nous ici et nous la reprenons :\n{link}",
        "answer_us": "Si le problème n’est pas résolu pour vous, répondez à ce message ou appelez-nous en donnant le numéro : "
        "nous reprenons votre demande.",
        "call": "Nous vous appelons {window} pour vous dire ce que nous savons, même si nous attendons encore une réponse.",
        "write": "Nous vous écrivons {window} ce que nous savons, même si nous attendons encore une réponse.",
        "when": "Quand : {window} ({zone}).",
        "bring": "Ce que nous apportons : {what}",
        "page": "Ce que nous avons promis, et où nous dire si c’est résolu ou non :\n{link}",
        "number": "Votre numéro : {number}",
        "sms_told": "{team} : nous revenons vers vous {window}. {link}",
        "sms_moved": "{team} : nouvel horaire, {window}. {link}",
        "sms_kept": "{team} : comme promis, nous avons apporté : {brought}. {link}",
        "sms_closed": "{team} : le numéro {number} est clos. Ce n’est pas le cas ? {link}",
    },
    brought={
        "answer": "une réponse",
        "workaround": "une solution provisoire",
        "credit": "un avoir",
        "refund": "un remboursement",
        "replacement": "un remplacement",
        "appointment": "un rendez-vous",
        "document": "un document",
        "news": "des nouvelles",
    },
)

ES = Language(
    name="Español",
    days=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    date="{weekday} {day} de {month}",
    hour="{hour}:{minute:02}",
    between="el {day}, de {start} a {end} h",
    at="el {day}, a las {start} h",
    until="a más tardar el {last}, {end} h",
    across="desde el {day}, {start} h, hasta el {last}, {end} h",
    said={
        "hello": "Hola, {name}:",
        "hello_nobody": "Hola:",
        "told_title": "Lo que sigue",
        "told": "esto es lo que le hemos prometido:",
        "moved_title": "Una nueva hora",
        "moved": "la hora prometida ha cambiado. Ahora es:",
        "kept_title": "Como prometimos",
        "kept": "como prometimos, nos hemos puesto en contacto con usted sobre «{subject}». Le hemos traído: {brought}.",
        "next": "Lo que sigue: nos pondremos en contacto con usted {window} ({zone}).",
        "closed_title": "Cerrado",
        "closed": "hemos cerrado su solicitud «{subject}» (número {number}).",
        "not_so": "¿No es así? Díganoslo aquí y la retomamos:\n{link}",
        "answer_us": "Si para usted no está resuelto, responda a este mensaje o llámenos e indique el número: lo retomamos.",
        "call": "Le llamaremos {window} para decirle lo que sabemos, aunque sigamos esperando.",
        "write": "Le escribiremos {window} lo que sabemos, aunque sigamos esperando.",
        "when": "Cuándo: {window} ({zone}).",
        "bring": "Lo que traemos: {what}",
        "page": "Lo que prometimos, y dónde decirnos si está resuelto o no:\n{link}",
        "number": "Su número: {number}",
        "sms_told": "{team}: nos pondremos en contacto con usted {window}. {link}",
        "sms_moved": "{team}: nueva hora, {window}. {link}",
        "sms_kept": "{team}: como prometimos, le hemos traído: {brought}. {link}",
        "sms_closed": "{team}: el número {number} está cerrado. ¿No es así? {link}",
    },
    brought={
        "answer": "una respuesta",
        "workaround": "una solución provisional",
        "credit": "un abono",
        "refund": "un reembolso",
        "replacement": "una sustitución",
        "appointment": "una cita",
        "document": "un documento",
        "news": "novedades",
    },
)

LANGUAGES = {"en": EN, "de": DE, "fr": FR, "es": ES}


def known(*wished: str) -> str:
    """The first of the wished languages that is written here (`de-AT` is `de`), else English."""
    for text in wished:
        code = text.strip().casefold().replace("_", "-").partition("-")[0]
        if code in LANGUAGES:
            return code
    return ENGLISH


def say(language: str, key: str, **words: str) -> str:
    return LANGUAGES[language].said[key].format(**words)


def window(language: str, start: datetime | None, end: datetime) -> str:
    """The window between two wall times of one zone, in words: `am Freitag, 20. November, zwischen 15:00 und 17:00 Uhr`."""
    own = LANGUAGES[language]
    words = {"last": _date(own, end), "end": _hour(own, end)}
    if start is None:
        return own.until.format(**words)
    words |= {"day": _date(own, start), "start": _hour(own, start)}
    if start == end:
        return own.at.format(**words)
    return (own.between if start.date() == end.date() else own.across).format(**words)


def _date(own: Language, at: datetime) -> str:
    return own.date.format(weekday=own.days[at.weekday()], day=at.day, month=own.months[at.month - 1])


def _hour(own: Language, at: datetime) -> str:
    return own.hour.format(hour=at.hour, minute=at.minute)
