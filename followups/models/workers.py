"""Workers: each keeps one row of its own fresh while it takes messages."""

from django.db import models


class Worker(models.Model):
    """`name` as Celery knows it, with its host; `seen_at` is when it last wrote here, `took_at` when it last took a
    message, both by the database's clock. A worker that ends in good order takes its row along.
    """

    name = models.CharField(max_length=160, primary_key=True)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    took_at = models.DateTimeField()
