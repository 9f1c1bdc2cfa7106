"""The bodies of the calls, each built once at the end. `answered`: what callers know from answers and may not send."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from desk.api.fields import (
    LONG,
    Amount,
    Body,
    Choice,
    Day,
    Email,
    Extra,
    Flag,
    Id,
    Instant,
    LocalTime,
    Path,
    Phone,
    Text,
    TicketNumber,
    Told,
    Whole,
    Word,
    Zone,
)
from followups.models import Brought, Direction, DoNotContact, Evidence, Outcome, Purpose, Reached, WaiverKind, Why

_COUNT = {"min_value": 0, "max_value": 10_000_000, "required": False}
TICKET_ANSWERED = frozenset(
    {
        "number", "state", "family", "resolved_at", "closed_at", "outcome", "confirmed", "waived", "reopen_count",
        "recontact_of", "next_follow_up", "updated_at", "url",
    }
)  # fmt: skip
FOLLOW_UP_ANSWERED = frozenset(
    {
        "id", "ticket", "open", "state", "moves", "attempts", "stage", "next_reminder_at", "acknowledged_by",
        "taken_by", "brought", "ended_at", "updated_at", "url",
    }
)  # fmt: skip


class CustomerBody(Body):
    answered = frozenset({"id", "masked", "merged_into", "phone_wrong_at", "updated_at"})
    reference = Text(max_length=120, required=False)
    name = Text(max_length=200, required=False)
    email = Email(required=False)
    phone = Phone(required=False)
    zone = Zone(required=False)
    language = Text(max_length=12, required=False)
    organisation = Text(max_length=200, required=False)
    annual_value = Amount(required=False)


class StepBody(Body):
    answered = FOLLOW_UP_ANSWERED
    promise = Text(max_length=500)
    promised_by = Instant()
    promised_from = Instant(required=False)
    zone = Zone(required=False)
    told = Told(required=False)
    asked_contact = Id(required=False)
    owner = Text(max_length=150, required=False, help_text="A username or team:NAME.")
    channel = Word(max_length=40, required=False)
    will_bring = Text(required=False)
    voicemail_ok = Flag(required=False)


class TicketBody(Body):
    answered = TICKET_ANSWERED
    reference = Text(max_length=120, required=False)
    customer = CustomerBody(required=False)
    subject = Text()
    description = Text(max_length=LONG, required=False)
    category = Path(help_text="A path of free words, root first, such as Billing/Refund.")
    channel = Word(max_length=40)
    priority = Word(max_length=60, required=False)
    team = Text(max_length=120, required=False)
    agent = Text(max_length=150, required=False)
    opened_at = Instant(required=False)
    follow_up = StepBody(required=False)
    extra = Extra(required=False)


class BulkBody(Body):
    tickets = serializers.ListField(
        child=serializers.DictField(),
        allow_empty=False,
        max_length=1000,
        help_text="Up to 1,000 bodies as of POST /tickets.",
    )


class TicketChange(Body):
    """An empty team or agent takes it away."""

    answered = TICKET_ANSWERED | {"reference", "customer", "channel", "opened_at"}
    subject = Text(required=False, allow_blank=False)
    description = Text(max_length=LONG, required=False)
    category = Path(required=False, allow_blank=False)
    priority = Word(max_length=60, required=False)
    team = Text(max_length=120, required=False)
    agent = Text(max_length=150, required=False)
    extra = Extra(required=False)


class ContactBody(Body):
    answered = frozenset({"id", "follow_up", "by", "led_to"})
    direction = Choice(choices=Direction.choices)
    channel = Word(max_length=40)
    at = Instant(required=False)
    reached = Choice(choices=Reached.choices, required=False)
    purpose = Choice(choices=Purpose.choices, required=False)
    summary = Text(max_length=LONG, required=False)
    answers_follow_up = Id(required=False)
    waited_seconds = Whole(**_COUNT)
    transfers = Whole(min_value=0, max_value=1000, required=False)
    mood = Word(max_length=40, required=False)
    disliked = Text(max_length=200, required=False)
    on_behalf_of = Text(max_length=150, required=False)
    then = Choice(choices=["reopen", "new_ticket", "nothing"], required=False)


@extend_schema_field({"oneOf": [{"$ref": "#/components/schemas/CustomerBody"}, {"type": "string", "format": "uuid"}]})
class CustomerNamed(serializers.Field):
    """A customer as an intake names her, or her id."""

    body, key = CustomerBody(), Id()

    def to_internal_value(self, data: Any) -> Any:
        return self.key.run_validation(data) if isinstance(data, str) else self.body.run_validation(data)


class FreeContactBody(ContactBody):
    reference = Text(max_length=200, required=False)
    ticket = TicketNumber(required=False, allow_blank=False)
    customer = CustomerNamed(required=False)
    abandoned = Flag(required=False)
    duration_seconds = Whole(**_COUNT)


class NoteBody(Body):
    answered = frozenset({"id", "ticket", "at", "by"})
    text = Text(max_length=LONG)


class EvidenceBody(Body):
    kind = Choice(choices=Evidence.choices)
    text = Text(max_length=2000, required=False)
    contact = Id(required=False)


class ClosingBody(Body):
    """What somebody says about the end of a ticket."""

    outcome = Choice(choices=Outcome.choices)
    note = Text(max_length=LONG, required=False)
    evidence = EvidenceBody(required=False)
    why = Choice(choices=Why.choices, required=False)
    follow_up = StepBody(required=False)
    duplicate_of = TicketNumber(required=False, allow_blank=False)


class ClosureBody(ClosingBody):
    answered = frozenset({"closed", "replaced_by", "ticket", "hints"})
    on_behalf_of = Text(max_length=150, required=False)


class ReopeningBody(Body):
    reason = Text()
    follow_up = StepBody(required=False)


class ConfirmationBody(Body):
    confirmed = Choice(choices=["yes", "no"])
    contact = Id(required=False)


class WaiverTold(Body):
    contact = Id(required=False)
    message = Id(required=False)


class WaiverBody(Body):
    kind = Choice(choices=WaiverKind.choices)
    reason = Text(max_length=2000)
    told = WaiverTold(required=False)


class MergeBody(Body):
    into = TicketNumber()


class BroughtBody(Body):
    kind = Choice(choices=Brought.choices)
    text = Text(max_length=LONG, required=False)
    from_party = Text(max_length=120, required=False)
    expected_on = Day(required=False)


class ThenBody(Body):
    closure = ClosingBody(required=False)
    follow_up = StepBody(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) > 1:
            raise serializers.ValidationError("Either a closure or a follow-up.", code="invalid")
        return attrs


class OutcomeBody(Body):
    answered = FOLLOW_UP_ANSWERED - {"brought"} | {"proposed", "contact", "next_follow_up"}
    reached = Choice(choices=Reached.choices)
    brought = BroughtBody(required=False)
    then = ThenBody(required=False)
    at = Instant(required=False)
    summary = Text(max_length=LONG, required=False)
    on_behalf_of = Text(max_length=150, required=False)


class TellingBody(Body):
    contact = Id()


class MoveBody(Body):
    promised_by = Instant()
    promised_from = Instant(required=False)
    reason = Text()
    agreed_contact = Id(required=False)
    asked_contact = Id(required=False)


class TakingBody(Body):
    """Nothing is needed; a bare token names the person."""

    on_behalf_of = Text(max_length=150, required=False)


class AssignmentBody(Body):
    owner = Text(max_length=150, help_text="A username or team:NAME.")
    note = Text()


class CallingOffBody(Body):
    by = Choice(choices=["customer", "us"])
    contact = Id(required=False)
    reason = Text()
    follow_up = StepBody(required=False)


class LookupBody(Body):
    reference = Text(max_length=120, required=False)
    phone = Phone(required=False)
    email = Email(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs.values()):
            raise serializers.ValidationError("Name a reference, a phone or an email.", code="required")
        return attrs


class CustomerChange(CustomerBody):
    answered = CustomerBody.answered | {"reference"}
    reference = None
    free_to_leave = Flag(required=False)
    contract_end = Day(required=False)
    contact_from = LocalTime(required=False)
    contact_until = LocalTime(required=False)
    contact_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, required=False, help_text="0 is Monday."
    )
    do_not_contact = Choice(choices=DoNotContact.choices, required=False)
    shared_account = Flag(required=False)
    take_care = Text(required=False)


class CustomerMergeBody(Body):
    into = Id()


class ImportBody(Body):
    """Multipart. `map` is JSON, or the name of a saved map."""

    file = serializers.FileField(max_length=200, help_text="CSV, plain or gzip.")
    source = Text(max_length=60)
    events = serializers.FileField(required=False, max_length=200)
    map = Text(max_length=LONG, required=False)
    zone = Zone(required=False)
    dry_run = serializers.ChoiceField(choices=["true", "false"], required=False)


class NoBody(Body):
    pass


TICKET, BULK, TICKET_CHANGE = TicketBody(), BulkBody(), TicketChange()
CONTACT, FREE_CONTACT, NOTE = ContactBody(), FreeContactBody(), NoteBody()
CLOSURE, REOPENING, CONFIRMATION, WAIVER, MERGE = (
    ClosureBody(),
    ReopeningBody(),
    ConfirmationBody(),
    WaiverBody(),
    MergeBody(),
)
STEP, OUTCOME, TELLING, MOVE = StepBody(), OutcomeBody(), TellingBody(), MoveBody()
TAKING, ASSIGNMENT, CALLING_OFF = TakingBody(), AssignmentBody(), CallingOffBody()
LOOKUP, CUSTOMER_CHANGE, CUSTOMER_MERGE, IMPORT, NOTHING = (
    LookupBody(),
    CustomerChange(),
    CustomerMergeBody(),
    ImportBody(),
    NoBody(),
)
