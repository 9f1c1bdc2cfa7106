"""What the domain says when it declines:

`Refused`, turned into a form error by the pages and into problem JSON by the API.
"""

from typing import Any


class Refused(Exception):
    """An act that is declined. `code` is a stable word, `message` a sentence for people, `field` names the input at
    fault.

    `extra` goes into the problem JSON as it is (JSON-ready values only).
    """

    status = 409

    def __init__(self, code: str, message: str, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.extra = extra


class Invalid(Refused):
    """The input itself is wrong: HTTP 400, and always names its field."""

    status = 400

    def __init__(self, field: str, message: str, code: str = "invalid", **extra: Any) -> None:
        super().__init__(code, message, field=field, **extra)


class Forbidden(Refused):
    """Seen, but not theirs to do: HTTP 403."""

    status = 403


class Missing(Refused):
    """Not there, or not for these eyes: HTTP 404, the same answer for both."""

    status = 404

    def __init__(self, message: str = "Not found.", code: str = "not-found") -> None:
        super().__init__(code, message)


class Outdated(Refused):
    """Somebody changed the row since it was read: HTTP 412."""

    status = 412

    def __init__(self, message: str = "Somebody changed this in the meantime. Look at it again, then save.") -> None:
        super().__init__("outdated", message)
