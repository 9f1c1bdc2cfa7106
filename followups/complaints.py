"""Named templates of regulated complaint clocks: what a public rule says, by its name and place. Not legal advice.

They are off until an administrator turns one on for a team. A template is a suggestion in figures: whether a rule binds
the desk, and how its days are counted, is for the desk's own counsel to say.
"""

from dataclasses import dataclass

NOT_ADVICE = "Not legal advice: whether a rule binds this desk, and how its days count, is for your own counsel."
ACKNOWLEDGEMENT = "acknowledgement"
FINAL_ANSWER = "final_answer"
DAYS, WORKING_DAYS, MONTHS = "days", "working_days", "months"


@dataclass(frozen=True)
class Step:
    """`kind` within `amount` of `unit`, counted from the day after the complaint came in, to the end of the last day."""

    kind: str
    amount: int
    unit: str


@dataclass(frozen=True)
class Template:
    """`note` says what the figures leave out: exceptions, extensions, what the letter has to hold."""

    key: str
    name: str
    jurisdiction: str
    source: str
    steps: tuple[Step, ...]
    note: str
    letter: str = "We send you our final answer in writing."


TEMPLATES = (
    Template(
        "uk-disp",
        "Financial complaint",
        "United Kingdom",
        "FCA Handbook, DISP 1.6.1R and 1.6.2R",
        (Step(ACKNOWLEDGEMENT, 3, WORKING_DAYS), Step(FINAL_ANSWER, 56, DAYS)),
        "Eight weeks to the final response, with the way to the ombudsman. The rule says “promptly” for the "
        "acknowledgement; three working days are this desk's reading. Resolved by the end of the third business day, a "
        "summary resolution communication takes its place (DISP 1.5).",
    ),
    Template(
        "uk-disp-payments",
        "Complaint about a payment service",
        "United Kingdom",
        "FCA Handbook, DISP 1.6.2AR",
        (Step(FINAL_ANSWER, 15, WORKING_DAYS),),
        "In exceptional circumstances 35 business days, with a holding reply that gives the reasons and the new date.",
    ),
    Template(
        "eu-psd2",
        "Complaint about a payment service",
        "European Union",
        "Directive (EU) 2015/2366 (PSD2), article 101(2)",
        (Step(FINAL_ANSWER, 15, WORKING_DAYS),),
        "In exceptional situations 35 business days, with a holding reply that gives the reasons and the new date.",
    ),
    Template(
        "eu-gdpr",
        "Request about personal data",
        "European Union",
        "Regulation (EU) 2016/679 (GDPR), article 12(3)",
        (Step(FINAL_ANSWER, 1, MONTHS),),
        "May be extended by two further months where needed; she is told of that, and why, within the first month.",
        letter="We send you in writing what was done about your request.",
    ),
    Template(
        "uk-ofcom-adr",
        "Telecoms complaint",
        "United Kingdom",
        "Ofcom General Conditions, C4 (Ofcom Approved Complaints Code), six weeks since 8 April 2026",
        (Step(FINAL_ANSWER, 42, DAYS),),
        "An unresolved complaint gets the letter that names the dispute resolution scheme six weeks after it was first "
        "raised, or earlier at deadlock.",
        letter="We send you in writing where you can take your complaint next.",
    ),
    Template(
        "au-rg271",
        "Financial complaint",
        "Australia",
        "ASIC Regulatory Guide 271, Internal dispute resolution",
        (Step(ACKNOWLEDGEMENT, 1, WORKING_DAYS), Step(FINAL_ANSWER, 30, DAYS)),
        "30 calendar days for the standard complaint; others, such as superannuation, have terms of their own.",
    ),
)
BY_KEY = {template.key: template for template in TEMPLATES}
