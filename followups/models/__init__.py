"""What we remember: one module per plural noun; methods are predicates and querysets only."""

from followups.models.actors import Actor
from followups.models.agents import Absence, Agent, Role, Team, TeamKind
from followups.models.channels import Channel, ChannelKind, Heard, Listening
from followups.models.closures import (
    CLOSING,
    REPLACED,
    Closure,
    Confirmation,
    Evidence,
    LoggedResolution,
    Outcome,
    Reopening,
    Waiver,
    WaiverKind,
    WaiverRequest,
    Why,
)
from followups.models.contacts import Contact, Direction, Note, Purpose, Reached
from followups.models.customers import Customer, DoNotContact
from followups.models.deliveries import Delivery, DeliveryKind, DeliveryState, Messaging
from followups.models.disclosures import Disclosure
from followups.models.events import Event
from followups.models.exports import Export, Way
from followups.models.facts import (
    ClosureFact,
    DayCount,
    DrawFact,
    EndFact,
    EpisodeFact,
    Keeping,
    PromiseFact,
    TicketFact,
    Touched,
)
from followups.models.followups import Brought, FollowUp, FollowUpState, Handover, Move, Stage
from followups.models.imports import ImportMap, ImportRun, ImportState
from followups.models.ladders import Audience, Elapsing, Ladder, LadderStep, Rota, RotaMember
from followups.models.mailings import Mailing, Period, Rhythm
from followups.models.marks import Mark, MarkKind
from followups.models.notices import Notice, NoticeKind
from followups.models.plans import Bringer, Plan, PlanStep
from followups.models.policies import HoursChange, Policy
from followups.models.reminders import Reminder, ReminderState
from followups.models.sweeps import Finding, Site, Sleeper, Sweep
from followups.models.targets import (
    OWN_KINDS,
    ClockEnd,
    Pause,
    Rest,
    Target,
    TargetClock,
    TargetKind,
    Term,
    Waiting,
)
from followups.models.tickets import ON_THE_LINE, Category, Confirmed, Ticket, TicketState
from followups.models.tokens import ApiToken, IdempotentAnswer, OneTimeLink, Scope
from followups.models.workers import Worker

__all__ = [
    "CLOSING",
    "ON_THE_LINE",
    "OWN_KINDS",
    "REPLACED",
    "Absence",
    "Actor",
    "Agent",
    "ApiToken",
    "Audience",
    "Bringer",
    "Brought",
    "Category",
    "Channel",
    "ChannelKind",
    "ClockEnd",
    "Closure",
    "ClosureFact",
    "Confirmation",
    "Confirmed",
    "Contact",
    "Customer",
    "DayCount",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Direction",
    "Disclosure",
    "DoNotContact",
    "DrawFact",
    "Elapsing",
    "EndFact",
    "EpisodeFact",
    "Event",
    "Evidence",
    "Export",
    "Finding",
    "FollowUp",
    "FollowUpState",
    "Handover",
    "Heard",
    "HoursChange",
    "IdempotentAnswer",
    "ImportMap",
    "ImportRun",
    "ImportState",
    "Keeping",
    "Ladder",
    "LadderStep",
    "Listening",
    "LoggedResolution",
    "Mailing",
    "Mark",
    "MarkKind",
    "Messaging",
    "Move",
    "Note",
    "Notice",
    "NoticeKind",
    "OneTimeLink",
    "Outcome",
    "Pause",
    "Period",
    "Plan",
    "PlanStep",
    "Policy",
    "PromiseFact",
    "Purpose",
    "Reached",
    "Reminder",
    "ReminderState",
    "Reopening",
    "Rest",
    "Rhythm",
    "Role",
    "Rota",
    "RotaMember",
    "Scope",
    "Site",
    "Sleeper",
    "Stage",
    "Sweep",
    "Target",
    "TargetClock",
    "TargetKind",
    "Team",
    "TeamKind",
    "Term",
    "Ticket",
    "TicketFact",
    "TicketState",
    "Touched",
    "Waiting",
    "Waiver",
    "WaiverKind",
    "WaiverRequest",
    "Way",
    "Why",
    "Worker",
]
