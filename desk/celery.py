"""The Celery application, and the one table of everything recurring."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")

app = Celery("desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["followups"])

# name: (task, every seconds, what it does)
RECURRING = {
    "reminders": ("followups.tasks.sweep_reminders", 5.0, "writes the notices of every stage that fell due"),
    "targets": ("followups.tasks.sweep_targets", 15.0, "warns of targets that come near, and tells of those missed"),
    "routes": ("followups.tasks.sweep_routes", 5.0, "passes notices on to the channels of their readers"),
    "deliveries": ("followups.tasks.sweep_deliveries", 5.0, "sends waiting mail, once per key"),
    "pushes": ("followups.tasks.sweep_pushes", 5.0, "sends waiting chat messages and SMS, once per key"),
    "digests": ("followups.tasks.sweep_digests", 60.0, "gathers overdue notices into one mail per person"),
    "mornings": ("followups.tasks.sweep_mornings", 60.0, "mails those who want it what their day holds"),
    "watch": ("followups.tasks.sweep_watch", 60.0, "looks at every open row and repairs what slipped through"),
    "imports": ("followups.tasks.sweep_imports", 5.0, "runs the imports that people uploaded"),
    "retention": ("followups.tasks.sweep_retention", 3600.0, "drops idempotent answers and sign-in links that ran out"),
}

app.conf.beat_schedule = {name: {"task": task, "schedule": every} for name, (task, every, _words) in RECURRING.items()}

# Beat only sends names: without Django's models it is half the size.
beat = Celery("desk", fixups=[], set_as_current=False)
beat.config_from_object("django.conf:settings", namespace="CELERY")
beat.conf.beat_schedule = app.conf.beat_schedule
