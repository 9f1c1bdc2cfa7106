"""Customers. Phones and mails are not unique: families share them; only the reference is."""

import uuid

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper


class DoNotContact(models.TextChoices):
    NONE = "none", "May be contacted"
    MARKETING = "marketing", "No marketing"
    ALL = "all", "No calls at all"


@pghistory.track(
    fields=["do_not_contact", "shared_account", "take_care", "free_to_leave", "merged_into", "annual_value"]
)
class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=120, null=True, blank=True, unique=True)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text="Lower case.")
    phone = models.CharField(max_length=20, blank=True, help_text="E.164.")
    phone_wrong_at = models.DateTimeField(null=True, blank=True, help_text="Since when the number is known as wrong.")
    zone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=12, blank=True)
    organisation = models.CharField(max_length=200, blank=True)
    annual_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    free_to_leave = models.BooleanField(null=True, blank=True)
    contract_end = models.DateField(null=True, blank=True)
    contact_from = models.TimeField(null=True, blank=True, help_text="Her own calling window, local to her zone.")
    contact_until = models.TimeField(null=True, blank=True)
    contact_days = ArrayField(
        models.SmallIntegerField(), null=True, blank=True, help_text="0 = Monday; empty: the team's days."
    )
    do_not_contact = models.CharField(max_length=10, choices=DoNotContact, default=DoNotContact.NONE)
    shared_account = models.BooleanField(default=False)
    take_care = models.CharField(max_length=300, blank=True, help_text="What to mind when talking with her.")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["phone"], name="customer_phone", condition=~Q(phone="")),
            models.Index(fields=["email"], name="customer_email", condition=~Q(email="")),
            models.Index(fields=["created_at", "id"], name="customer_created"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="customer_name_words"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(reference=""), name="customer_reference_null_or_filled"),
            models.CheckConstraint(
                condition=Q(do_not_contact__in=DoNotContact.values), name="customer_do_not_contact_known"
            ),
            models.CheckConstraint(
                condition=Q(contact_from__isnull=True, contact_until__isnull=True)
                | Q(contact_from__lt=models.F("contact_until")),
                name="customer_contact_from_before_until",
            ),
            models.CheckConstraint(
                condition=Q(annual_value__isnull=True) | Q(annual_value__gte=0), name="customer_annual_value_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.reference or "Customer"
