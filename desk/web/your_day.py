"""Your day: one page for the morning, to be read with the first coffee."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from desk import access
from followups.models import Listening
from followups.reports import your_day


@require_safe
@access.page(*access.DESK_PEOPLE)
def page(request: HttpRequest) -> HttpResponse:
    zone = access.zone_of(request.user)
    mailed = Listening.objects.filter(agent=request.user, your_day=True).exists()
    return render(
        request, "today/your_day.html", {"day": your_day.of(request.user, zone=zone, now=request.now), "mailed": mailed}
    )


urlpatterns = [path("your-day", page, name="your-day")]
