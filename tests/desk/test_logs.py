"""Logs hold no personal data: no searches, no signed addresses, no values of variables."""

import logging

import pytest
from django.test import Client

LOGGER = "django_structlog.middlewares.request"


@pytest.mark.django_db
def test_search_words_and_signed_addresses_are_not_logged(caplog):
    caplog.set_level(logging.INFO)
    logging.getLogger("django_structlog").setLevel(logging.INFO)
    Client().get("/api/v1/tickets?q=ana@example.org")
    Client().get("/p/signed-4711")
    assert "GET /api/v1/tickets" in caplog.text
    assert "ana@example.org" not in caplog.text
    assert "signed-4711" not in "\n".join(r.getMessage() for r in caplog.records if r.name == LOGGER)
