"""An act of a list: done or refused, said on the page that one comes back to."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from followups.errors import Refused


def act(request: HttpRequest, do: Callable[[], Any], done: str, *, back: str) -> HttpResponse:
    """`done` is said once `do` has happened, else why it was refused; `back` is the route of the page that says it."""
    try:
        do()
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect(back)
