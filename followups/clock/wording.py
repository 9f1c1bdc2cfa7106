"""What a reminder says, as SQL: what to do, for whom, by when and how late; at most 200 characters.

Whole batches are worded by the statement that writes them. Expressions name columns of `line` (the reminder with its
follow-up, ticket and customer) and of `hearer` (the reader's `zone`, and the `owner` by name).
"""

LONGEST = 200
SHORTEST_PROMISE = 24


def one_line(text: str) -> str:
    """Without line breaks and double blanks; few texts have any."""
    clean = f"btrim(regexp_replace({text}, '\\s+', ' ', 'g'))"
    return f"CASE WHEN {text} ~ '^\\s|\\s\\s|[\\n\\r\\t\\f\\v]|\\s$' THEN {clean} ELSE {text} END"


def shortened(text: str, limit: str) -> str:
    cut = f"rtrim(left({text}, {limit} - 1), ' ,.;:') || '…'"
    return f"CASE WHEN length({text}) <= {limit} THEN {text} ELSE {cut} END"


def read_aloud(number: str) -> str:
    """As `numbers.read_aloud`, for numbers of up to 19 digits."""
    threes = f"(length({number}) - 2) / 3"
    heads = [f"CASE WHEN {threes} >= {n} THEN substr({number}, {3 * n - 2}, 3) END" for n in range(1, 6)]
    tail = f"substr({number}, 3 * ({threes}) + 1)"
    end = f"CASE WHEN length({tail}) = 4 THEN left({tail}, 2) || ' ' || right({tail}, 2) ELSE {tail} END"
    return f"CASE WHEN length({number}) < 4 THEN {number} ELSE concat_ws(' ', {', '.join(heads)}, {end}) END"


def moment(instant: str) -> str:
    """`16:00` on the day itself, else `Thu 26 Nov 16:00`, as clocks in the reader's zone show it."""
    local, today = f"({instant} AT TIME ZONE hearer.zone)", "(%(now)s AT TIME ZONE hearer.zone)"
    pattern = f"CASE WHEN {local}::date = {today}::date THEN 'HH24:MI' ELSE 'Dy FMDD Mon HH24:MI' END"
    return f"to_char({local}, {pattern})"


def length(seconds: str) -> str:
    """Whole minutes, hours or days, rounded down: `3 h`."""
    return (
        f"CASE WHEN {seconds} < 3600 THEN greatest({seconds} / 60, 1) || ' min' "
        f"WHEN {seconds} < 172800 THEN {seconds} / 3600 || ' h' ELSE {seconds} / 86400 || ' days' END"
    )


VERB = "CASE channel WHEN 'phone' THEN 'call' WHEN 'none' THEN 'review for' ELSE 'write to' END"
CUSTOMER = shortened("customer", "40")
SUBJECT = shortened("subject", "50")
TASK = f"""{VERB} || ' ' || {CUSTOMER} || ', ' || {read_aloud("number")} || ' "' || {SUBJECT} || '"'"""
SAID = "CASE WHEN told_at IS NULL THEN ' - planned: ' ELSE ' - promised: ' END"
END = f"CASE WHEN late > 0 THEN ' (reminder ' || {length('late')} || ' late)' ELSE '' END"
HEAD = f"""CASE line.stage
    WHEN 'ahead' THEN 'Coming up ' || CASE WHEN line.promised_from IS NULL THEN 'by '
        ELSE {moment("line.promised_from")} || ' to ' END || {moment("line.promised_by")}
    WHEN 'due' THEN 'Due now, ' || {moment("line.promised_by")}
    WHEN 'overdue' THEN 'Overdue since ' || {moment("line.promised_by")}
    ELSE 'Escalated, due since ' || {moment("line.promised_by")} || ', with ' || hearer.owner END || ': '"""
ROOM = f"({LONGEST} - length(task) - length(said) - length(ending))"
TEXT = f"""CASE WHEN {ROOM} < {SHORTEST_PROMISE}
    THEN {shortened("task", f"({LONGEST} - length(ending))")} || ending
    ELSE task || said || {shortened("promise", ROOM)} || ending END"""
