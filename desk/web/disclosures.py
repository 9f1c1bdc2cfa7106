"""Figures per agent: whether others see them, since when and why. Everybody reads it; an administrator switches."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web.forms.refusals import explain
from followups.actions import disclosing
from followups.errors import Forbidden, Refused
from followups.models import Disclosure, Role
from followups.reports import windows

SHOWN = 50


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        label="Reason",
        help_text="Every agent reads it: here, and in a notice now.",
        widget=forms.TextInput(attrs={"class": "field-wide", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def agent_figures(request: HttpRequest) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and request.user.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    if _switched_on(request, form):
        return redirect("agent-figures")
    context = {
        "present": Disclosure.objects.present(),
        "past": Disclosure.objects.filter(until__isnull=False).select_related("by", "ended_by")[:SHOWN],
        "form": form,
        "may_write": request.user.role == Role.ADMIN,
        "large": windows.LARGE_TEAM,
    }
    return render(request, "people/agent_figures.html", context, status=400 if form.errors else 200)


def _switched_on(request: HttpRequest, form: ReasonForm) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    try:
        disclosing.switch_on(**form.cleaned_data, by=request.actor, now=request.now)
    except Refused as refused:
        explain(form, refused)
        return False
    messages.success(request, "Figures per agent are on. Everybody was told why.")
    return True


@require_POST
@access.page(Role.ADMIN)
def ending(request: HttpRequest) -> HttpResponse:
    disclosing.switch_off(by=request.actor, now=request.now)
    messages.success(request, "Figures per agent are off. Everybody was told.")
    return redirect("agent-figures")


urlpatterns = [
    path("agent-figures", agent_figures, name="agent-figures"),
    path("agent-figures/ending", ending, name="agent-figures-ending"),
]
