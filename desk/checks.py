"""What `manage.py check` says of settings that would fail in silence."""

from typing import Any

from django.conf import settings
from django.core import checks

from followups.clock import deadman


@checks.register()
def deadman_address(**options: Any) -> list[checks.CheckMessage]:
    wrong = deadman.wrong_with(settings.DEADMAN_URL)
    return [checks.Warning(f"DEADMAN_URL: {wrong}", id="desk.W001")] if wrong else []
