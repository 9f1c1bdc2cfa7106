"""What the people of the demo say."""

from dataclasses import dataclass

TEAMS = {"Demo Billing": "in_house", "Demo Service": "outsourced"}

PEOPLE = (
    # username, first name, last name, role, teams, started days ago
    ("ada", "Ada", "Moreno", "agent", ("Demo Billing",), 820),
    ("ben", "Ben", "Okafor", "agent", ("Demo Billing",), 95),
    ("cleo", "Cleo", "Lindqvist", "agent", ("Demo Service",), 410),
    ("dev", "Dev", "Raman", "agent", ("Demo Service",), 30),
    ("sam", "Sam", "Whitaker", "supervisor", ("Demo Billing", "Demo Service"), 1500),
    ("root", "Ruth", "Okonjo", "admin", (), 1500),
)

FIRST = (
    "Ana", "Bruno", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Mira",
    "Noor", "Olga", "Pavel", "Quinn", "Rosa", "Selim", "Tara", "Umar", "Vera", "Wanda", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abbot", "Berger", "Costa", "Dahl", "Eriksen", "Fontaine", "Garcia", "Huang", "Ivanova", "Jansen", "Kowalski",
    "Lopez", "Moreau", "Nilsen", "Ortega", "Petrov", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vargas", "Weber",
    "Yilmaz", "Zhang",
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A kind of call: where it belongs, what it is called, and what the customer says."""

    team: str
    category: str
    subject: str
    said: str
    dead_end: str
    will_bring: str


PROBLEMS = (
    Problem("Demo Billing", "Billing/Refund", "Refund has not arrived",
            "Sent the parcel back three weeks ago, tracking shows it delivered, no money yet.",
            "The refund is with the bank, nothing more I can do from here.", "the bank's answer on the refund"),
    Problem("Demo Billing", "Billing/Double charge", "Charged twice for the same month",
            "Two identical debits on the 3rd. Needs one of them back before rent is due.",
            "The second debit does not show on our side.", "the finance team's decision on the second debit"),
    Problem("Demo Billing", "Billing/Invoice", "Invoice shows an old address",
            "Moved in spring, changed it online, invoices still go to the old place.",
            "The address in the invoice system is locked for this quarter.", "a corrected invoice"),
    Problem("Demo Billing", "Contract/Cancellation", "Cancellation not confirmed",
            "Cancelled by letter in time and is still being billed.",
            "No trace of the letter in the archive.", "what the archive found"),
    Problem("Demo Billing", "Account/Sign-in", "Cannot sign in after the reset",
            "The reset mail arrives, the link says it was used already.",
            "The account is locked by the security system; no override here.", "the security team's answer"),
    Problem("Demo Service", "Delivery/Late", "Parcel is stuck",
            "Four days at the same depot. It is a birthday present.",
            "The carrier gives no date.", "the carrier's answer"),
    Problem("Demo Service", "Delivery/Damaged", "Arrived broken",
            "Box intact, glass inside in pieces. Photos were sent twice.",
            "The model is no longer in stock.", "what the warehouse can send instead"),
    Problem("Demo Service", "Internet/Slow", "Slow every evening",
            "From eight o'clock on films stop. Works from home and needs the calls.",
            "The line measures fine during the day.", "an evening measurement"),
    Problem("Demo Service", "Internet/Outage", "No connection since the storm",
            "Whole street is dark. The app says all is well.",
            "No technician before next week.", "a date from the line crew"),
    Problem("Demo Service", "Device/Router", "Router restarts by itself",
            "Six times a day, in the middle of work calls.",
            "Out of warranty by two weeks.", "whether we replace it all the same"),
)  # fmt: skip

BROUGHT = (
    ("answer", "Found out why, and told her what happens next."),
    ("workaround", "Walked her through another way that works today."),
    ("credit", "Credited 20.00 for the wait."),
    ("refund", "Refund sent again, the bank confirmed the reference."),
    ("replacement", "A replacement left the warehouse, tracking number given."),
    ("appointment", "Technician booked, the slot was read back to her."),
    ("document", "Sent the corrected paper; she has it open in front of her."),
)
PARTIES = ("the bank", "the carrier", "the warehouse", "the line crew", "the finance team")
MOODS = ("", "", "calm", "worried", "angry", "relieved")
