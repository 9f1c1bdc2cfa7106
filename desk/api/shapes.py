"""What the API answers, as the OpenAPI file shows it. `answers` makes the values; a test holds the two together."""

from typing import Any

from rest_framework import serializers as s

from followups.models import (
    Brought,
    Confirmed,
    DoNotContact,
    FollowUpState,
    ImportState,
    NoticeKind,
    Purpose,
    Reached,
    Stage,
)


def maybe(kind: type[s.Field], **kwargs: Any) -> s.Field:
    return kind(allow_null=True, **kwargs)


class CustomerBrief(s.Serializer):
    id = s.UUIDField()
    reference = maybe(s.CharField)
    name = s.CharField(help_text="Masked without the scope customers:pii.")


class ToldAnswer(s.Serializer):
    at = s.DateTimeField()
    contact = s.UUIDField(required=False)
    message = s.UUIDField(required=False)


class MoveAnswer(s.Serializer):
    at = s.DateTimeField()
    to = s.DateTimeField()
    by = s.CharField()
    reason = s.CharField()
    agreed_contact = maybe(s.UUIDField)

    def get_fields(self):
        return {"from": s.DateTimeField(), **super().get_fields()}


class NextFollowUp(s.Serializer):
    id = s.UUIDField()
    owner = maybe(s.CharField, help_text="A username or team:NAME.")
    promise = s.CharField()
    told = maybe(ToldAnswer)
    promised_from = maybe(s.DateTimeField)
    promised_by = s.DateTimeField()
    stage = maybe(s.ChoiceField, choices=Stage.choices)


class FollowUpAnswer(s.Serializer):
    id = s.UUIDField()
    ticket = s.CharField()
    owner = maybe(s.CharField, help_text="A username or team:NAME.")
    open = s.BooleanField()
    state = s.ChoiceField(choices=FollowUpState.choices)
    promise = s.CharField()
    told = maybe(ToldAnswer)
    promised_from = maybe(s.DateTimeField)
    promised_by = s.DateTimeField()
    zone = s.CharField()
    channel = s.CharField()
    will_bring = s.CharField()
    voicemail_ok = s.BooleanField()
    moves = MoveAnswer(many=True)
    attempts = s.IntegerField(help_text="Calls tried and messages sent for it.")
    stage = maybe(s.ChoiceField, choices=Stage.choices, help_text="The last one noticed for the present date.")
    next_reminder_at = maybe(s.DateTimeField)
    acknowledged_by = maybe(s.CharField)
    taken_by = maybe(s.CharField)
    brought = maybe(s.ChoiceField, choices=Brought.choices)
    ended_at = maybe(s.DateTimeField)
    updated_at = s.DateTimeField()
    url = s.URLField()


class OutcomeAnswer(FollowUpAnswer):
    """The follow-up as it is now; `proposed` are the next hours to try where she was not reached."""

    contact = s.UUIDField()
    proposed = s.ListField(child=s.DateTimeField())
    next_follow_up = maybe(NextFollowUp)


class TicketAnswer(s.Serializer):
    number = s.CharField()
    reference = maybe(s.CharField)
    state = s.ChoiceField(choices=["open", "closed"])
    customer = maybe(CustomerBrief)
    subject = s.CharField()
    description = s.CharField()
    category = s.CharField()
    family = s.CharField()
    channel = s.CharField()
    priority = s.CharField()
    team = maybe(s.CharField)
    agent = maybe(s.CharField)
    opened_at = s.DateTimeField()
    resolved_at = maybe(s.DateTimeField)
    closed_at = maybe(s.DateTimeField)
    outcome = maybe(s.CharField)
    confirmed = s.ChoiceField(choices=Confirmed.choices)
    waived = s.BooleanField()
    reopen_count = s.IntegerField()
    recontact_of = maybe(s.CharField)
    next_follow_up = maybe(NextFollowUp)
    extra = s.DictField(child=s.CharField(allow_blank=True))
    updated_at = s.DateTimeField()
    url = s.URLField()


class Hint(s.Serializer):
    code = s.CharField()
    message = s.CharField()


class ClosureAnswer(s.Serializer):
    closed = s.BooleanField()
    replaced_by = FollowUpAnswer(required=False)
    ticket = TicketAnswer()
    hints = Hint(many=True)


class WaiverAsked(s.Serializer):
    """An agent's waiver is asked for; the supervisors answer."""

    asked = s.BooleanField()
    request = s.UUIDField()
    ticket = TicketAnswer()


class BulkRow(s.Serializer):
    status = s.IntegerField()
    ticket = TicketAnswer(required=False)
    problem = s.DictField(required=False)


class BulkAnswer(s.Serializer):
    results = BulkRow(many=True)


class ContactAnswer(s.Serializer):
    id = s.UUIDField()
    reference = maybe(s.CharField)
    ticket = maybe(s.CharField)
    customer = maybe(s.UUIDField)
    direction = s.ChoiceField(choices=["inbound", "outbound"])
    channel = s.CharField()
    at = s.DateTimeField()
    reached = s.ChoiceField(choices=Reached.choices)
    purpose = maybe(s.ChoiceField, choices=Purpose.choices)
    summary = s.CharField()
    follow_up = maybe(s.UUIDField)
    answers_follow_up = maybe(s.UUIDField)
    waited_seconds = maybe(s.IntegerField)
    duration_seconds = maybe(s.IntegerField)
    transfers = maybe(s.IntegerField)
    mood = s.CharField()
    disliked = s.CharField()
    abandoned = s.BooleanField()
    by = maybe(s.CharField)


class ContactRecorded(ContactAnswer):
    led_to = maybe(s.CharField, help_text="The number of the ticket that it reopened or opened.")


class NoteAnswer(s.Serializer):
    id = s.UUIDField()
    ticket = s.CharField()
    text = s.CharField()
    at = s.DateTimeField()
    by = s.CharField()


class EventAnswer(s.Serializer):
    id = s.IntegerField()
    kind = s.CharField()
    words = s.CharField()
    at = s.DateTimeField()
    entered_at = s.DateTimeField()
    by = s.CharField()
    door = s.CharField()
    follow_up = maybe(s.UUIDField)
    data = s.DictField()


class CustomerAnswer(s.Serializer):
    id = s.UUIDField()
    reference = maybe(s.CharField)
    name = s.CharField()
    email = s.CharField()
    phone = s.CharField()
    masked = s.BooleanField(help_text="Name, mail and phone are masked.")
    zone = s.CharField()
    language = s.CharField()
    organisation = s.CharField()
    annual_value = maybe(s.FloatField)
    free_to_leave = maybe(s.BooleanField)
    contract_end = maybe(s.DateField)
    contact_from = maybe(s.CharField)
    contact_until = maybe(s.CharField)
    contact_days = s.ListField(child=s.IntegerField(), help_text="0 is Monday; empty: the team's days.")
    do_not_contact = s.ChoiceField(choices=DoNotContact.choices)
    phone_wrong_at = maybe(s.DateTimeField, help_text="Since when the number is known as wrong.")
    shared_account = s.BooleanField()
    take_care = s.CharField()
    merged_into = maybe(s.UUIDField)
    updated_at = s.DateTimeField()


class Candidates(s.Serializer):
    results = CustomerAnswer(many=True)


class TeamAnswer(s.Serializer):
    name = s.CharField()
    kind = s.CharField()
    separate = s.BooleanField()


class AgentAnswer(s.Serializer):
    username = s.CharField()
    name = s.CharField()
    role = s.CharField()
    teams = s.ListField(child=s.CharField())
    active = s.BooleanField()
    away_until = maybe(s.DateTimeField)


class CategoryAnswer(s.Serializer):
    path = s.CharField()
    family = s.CharField()
    sorted = s.BooleanField()


class NoticeAnswer(s.Serializer):
    id = s.UUIDField()
    kind = s.ChoiceField(choices=NoticeKind.choices)
    stage = maybe(s.ChoiceField, choices=Stage.choices)
    follow_up = maybe(s.UUIDField)
    ticket = maybe(s.CharField)
    text = s.CharField()
    at = s.DateTimeField()
    late_by_seconds = s.IntegerField()
    read_at = maybe(s.DateTimeField)


class ImportProblem(s.Serializer):
    line = maybe(s.IntegerField)
    column = maybe(s.CharField)
    code = s.CharField()
    message = s.CharField()


class ImportAnswer(s.Serializer):
    id = s.UUIDField()
    source = s.CharField()
    state = s.ChoiceField(choices=ImportState.choices)
    dry_run = s.BooleanField()
    made_at = s.DateTimeField()
    started_at = maybe(s.DateTimeField)
    finished_at = maybe(s.DateTimeField)
    progress = s.DictField()
    counts = s.DictField()
    error_count = s.IntegerField()
    errors = ImportProblem(many=True)
    url = s.URLField()
