"""The sentence under each chart: what it shows, and what it does not."""

from desk.web.columns import CUTS
from followups.reports import windows

COURSES = {
    "resolution.7.num": "Of the problems first brought in each {each}, those solved seven days later; open ones count as "
    "not solved, and whether she agrees that it is solved does not show.",
    "recontact.any_issue": "Of what ended in each {each}, those whose customer came back within {days} days about "
    "anything; a low share does not mean that they are content, for some give up and never call again.",
    "recontact.same_issue": "Of what ended in each {each}, those whose customer came back within {days} days about the "
    "same family; a problem that came back under another name does not show, so look at both.",
    "first-contact.num": "Of the problems brought in each {each}, those solved with the one contact; what is still open "
    "counts against it, and how hard that one contact was does not show.",
    "promises.num": "Of the promises that fell due in each {each}, those kept in time by reaching her; dates that nobody "
    "told her are not here, nor does it show what she got.",
    "chase.num": "Of the promises that fell due in each {each}, those she asked after first; who waited in silence does "
    "not show.",
    "dead-ends.num": "Of all closings said in each {each}, those without an answer for her, also where a next step took "
    "their place; tickets that nobody tried to close do not show.",
    "silent.num": "Of those left without a remedy in each {each}, those not heard of for 90 days; why they are silent, "
    "and whether they have left, does not show.",
    "confirmed.num": "Of the resolutions of each {each}, those that the customer herself confirmed, and hatched above them "
    "those she has not refuted: the truth lies between, and where does not show.",
    "targets.num": "Of the targets met or missed in each {each}, those met; how late the others were does not show, nor "
    "those whose time is not over.",
}
PARTS = {
    "promises": "Each promise that fell due in the period once; those she called off herself are left out.",
    "dead-ends": "Each dead end by what was said of it; that most were replaced by a next step does not show here.",
    "silent": "Each silent ticket by how it was left; whether reaching out would help does not show.",
}
WAIVERS = "Tickets ended for good without a remedy, by the reason given; whether the reason was right does not show."
HORIZONS = (
    "The same problems at each age, among those old enough for it, so the counts differ; what is younger is not counted "
    "yet, and what comes later does not show."
)
WAITING = (
    "Of all tickets opened in the period, how many still waited after each time; open ones are counted for as long as they "
    "have waited, and what ended without a resolution is left out from then on, not counted as solved."
)
ENDS = "How many had come to which end after each time; what is missing to 100 % was still waiting, or is too recent to say."
BARS = (
    "One line a {cut}, all on one scale, with the range in which the share may lie by chance alone; a difference may come "
    "from other channels or families, and small ones are not ranked."
)
MULTIPLES = (
    "{which} on one scale, a point a {each}; small ones jump by chance alone, and why one differs from another does not "
    "show."
)


def course(name: str, part: str, question: windows.Question) -> str:
    """`question` is by week or month here."""
    return COURSES[f"{name}.{part}"].format(each=question.by, days=question.window_days)


def bars(question: windows.Question) -> str:
    return BARS.format(cut=CUTS[question.by or "family"].lower())


def multiples(n: int, of: int, each: str) -> str:
    which = "All" if n == of else f"The {n} largest; the others stand in the table. All"
    return MULTIPLES.format(which=which, each=each)
