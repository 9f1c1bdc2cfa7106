"""Tags, filters and charts: what a page says about time, shares and places."""

import datetime as dt
import re

import pytest
import time_machine
from django import forms
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, QueryDict
from django.template import Context, Template
from django.urls import path

from desk.templatetags import charts
from desk.templatetags import desk as tags

NOW = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
BERLIN = "Europe/Berlin"
NB = "\u00a0"
THIN = "\u202f"


@pytest.fixture
def stopped():
    with time_machine.travel(NOW, tick=False):
        yield


def at(day, hour, minute=0):
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("instant", "said"),
    [
        (at(25, 13), "today 14:00"),
        (at(25, 23), "tomorrow 00:00"),
        (at(24, 9, 30), "yesterday 10:30"),
        (at(27, 13), "Fri 27 Nov 14:00"),
        (dt.datetime(2027, 1, 4, 8, 0, tzinfo=dt.UTC), "Mon 4 Jan 2027 09:00"),
        (None, "\u2013"),
    ],
)
def test_when_counts_days_in_the_zone_given(instant, said):
    assert tags.when(instant, BERLIN) == said


@pytest.mark.usefixtures("stopped")
def test_when_takes_the_zone_of_the_desk_without_another(settings):
    settings.DESK_ZONE = "America/New_York"
    assert tags.when(at(26, 3)) == "today 22:00"


def test_stamp_always_names_day_and_year():
    assert tags.stamp(at(26, 13), BERLIN) == "Thu 26 Nov 2026 14:00"


@pytest.mark.usefixtures("stopped")
def test_day_takes_dates_as_well_as_instants():
    assert tags.day(dt.date(2026, 11, 26)) == "tomorrow"
    assert tags.day(at(25, 23, 30), BERLIN) == "tomorrow"


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (at(26, 13), at(26, 15), f"tomorrow{NB}14\u201316"),
        (at(27, 13, 30), at(27, 15), f"Fri 27 Nov{NB}14:30\u201316"),
        (None, at(27, 15), f"Fri 27 Nov{NB}by{NB}16:00"),
        (at(26, 22), at(27, 8), f"tomorrow{NB}23:00 \u2013 Fri 27 Nov 09:00"),
        (at(26, 13), None, "\u2013"),
    ],
)
def test_window_reads_as_one_span(start, end, said):
    assert tags.window(start, end, BERLIN) == said


@pytest.mark.usefixtures("stopped")
def test_window_without_days_is_her_hours_alone():
    assert tags.window(at(26, 13), at(26, 15), "America/New_York", days=False) == "8\u201310"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, f"0{NB}s"),
        (59, f"59{NB}s"),
        (7500, f"2{NB}h 5{NB}min"),
        (7200, f"2{NB}h"),
        (273_600, f"3{NB}d 4{NB}h"),
        (86_700, f"1{NB}d"),
        (None, "\u2013"),
    ],
)
def test_duration_keeps_its_two_largest_units(seconds, said):
    assert tags.duration(seconds) == said


@pytest.mark.usefixtures("stopped")
def test_late_tells_past_future_and_now():
    assert tags.late(at(25, 9, 55)) == f"2{NB}h 5{NB}min late"
    assert tags.late(at(25, 12, 40)) == f"in 40{NB}min"
    assert tags.late(NOW - dt.timedelta(seconds=59)) == "now"


@pytest.mark.usefixtures("stopped")
def test_moment_keeps_the_instant_for_machines():
    assert tags.moment(at(26, 13), BERLIN) == (
        '<time datetime="2026-11-26T13:00:00+00:00" title="Thu 26 Nov 2026 14:00">tomorrow 14:00</time>'
    )
    assert ' data-relative="">in 40' in tags.moment(at(25, 12, 40), BERLIN, relative=True)


def test_rate_of_nothing_is_a_dash_and_never_nought():
    assert tags.rate(4807 / 10362) == f"46.4{NB}%"
    assert tags.rate(0.0) == f"0.0{NB}%"
    assert tags.rate(None) == "\u2013"


def test_interval_reads_dicts_objects_and_pairs():
    said = f"49.0{THIN}\u2013\u2060{THIN}94.3{NB}%"
    assert tags.interval({"ci_low": 0.4902, "ci_high": 0.9433}) == said
    assert tags.interval((0.4902, 0.9433)) == said
    assert tags.interval({"ci_low": None, "ci_high": None}) == "\u2013"


def test_number_groups_by_thin_blanks():
    assert tags.number(12379) == f"12{THIN}379"
    assert tags.number(1234.5, 2) == f"1{THIN}234.50"
    assert tags.number(None) == "\u2013"


def test_status_says_its_word_beside_its_icon():
    pill = tags.status("overdue")
    assert "<svg" in pill
    assert pill.endswith("overdue</span>")
    assert tags.status("promised", "promised, <not> told").endswith("promised, &lt;not&gt; told</span>")


def test_icon_is_silent_unless_it_has_a_label():
    assert 'aria-hidden="true"' in tags.icon("phone")
    assert 'role="img" aria-label="Call"' in tags.icon("phone", "Call")


def test_query_changes_drops_and_repeats_names():
    request = HttpRequest()
    request.GET = QueryDict("team=1&page=3&q=a%26b")
    changed = tags.query(Context({"request": request}), page=None, team=["2", "5"], sort="due")
    assert changed == "?team=2&team=5&q=a%26b&sort=due"


def test_undo_url_comes_out_of_the_extra_tags():
    assert tags.undo_url(Message(25, "Moved", extra_tags="row undo:/follow-ups/9/undo")) == "/follow-ups/9/undo"
    assert tags.undo_url(Message(25, "Moved")) == ""


def test_initials_of_one_name_and_of_several():
    assert tags.initials("Ada Lovelace King") == "AL"
    assert tags.initials("ada") == "ad"
    assert tags.initials(None) == "?"


def nowhere(request):
    raise AssertionError("only its address is asked for")


urlpatterns = [path("", nowhere, name="today"), path("reports", nowhere, name="reports")]


def rows(*routes, role="agent"):
    return [(route, route.title(), "x", frozenset({role})) for route in routes]


@pytest.mark.urls(__name__)
def test_places_leave_out_other_roles_and_missing_addresses():
    both = [*rows("today", "no-such-place"), *rows("reports", role="admin")]
    assert [place["name"] for place in tags.places(both, "agent", "/x")] == ["today"]
    assert [place["name"] for place in tags.places(both, "admin", "/x")] == ["reports"]


@pytest.mark.urls(__name__)
def test_places_mark_only_the_longest_address_that_fits():
    shown = {place["name"]: place["current"] for place in tags.places(rows("today", "reports"), "agent", "/reports/x")}
    assert shown == {"today": False, "reports": True}


class Person:
    is_authenticated = True
    role = "supervisor"


def asked(address="/"):
    request = HttpRequest()
    request.path, request.user = address, Person()
    return request


@pytest.mark.urls(__name__)
def test_desk_nav_marks_the_page_and_counts_what_is_overdue():
    context = Context({"request": asked("/reports/promises"), "today_counts": {"overdue": 4}})
    rail = Template("{% load desk %}{% desk_nav %}").render(context)
    assert re.findall(r'href="([^"]+)"( aria-current="page")?', rail) == [
        ("/", ""),
        ("/reports", ' aria-current="page"'),
    ]
    assert re.search(r'class="count">4<span class="sr-only"> overdue<', rail)


class Call(forms.Form):
    name = forms.CharField(help_text="As she says it.")
    care = forms.BooleanField(required=False)
    channel = forms.ChoiceField(
        choices=[("phone", "Phone"), ("mail", "Mail")],
        widget=forms.RadioSelect(attrs={"class": "segmented"}),
        required=False,
    )


def test_fields_tie_hint_and_error_to_the_input():
    shown = str(Call({})["name"].as_field_group())
    assert 'id="id_name_helptext">As she says it.' in shown
    assert '<ul class="errorlist" id="id_name_error"' in shown
    assert 'aria-invalid="true" aria-describedby="id_name_helptext id_name_error"' in shown


def test_fields_of_choices_are_a_fieldset_with_a_legend():
    shown = str(Call()["channel"].as_field_group())
    assert "<legend>Channel" in shown
    assert shown.count('<label class="choice" for="id_channel_') == 2
    assert 'class="choices segmented"' in shown


def test_fields_to_tick_have_their_label_behind_them():
    shown = str(Call()["care"].as_field_group())
    assert shown.index('type="checkbox"') < shown.index('<label for="id_care">Care</label>')


def test_toasts_offer_undo_only_where_there_is_an_address():
    source = "{% include '_parts/messages.html' %}"
    plain, undoable = Message(25, "Saved"), Message(25, "Moved", extra_tags="undo:/moves/9/undo")
    assert "<form" not in Template(source).render(Context({"messages": [plain]}))
    assert 'data-undo="10"' in Template(source).render(Context({"messages": [undoable]}))
    assert 'action="/moves/9/undo"' in Template(source).render(Context({"messages": [undoable]}))


def metric(num, den, **more):
    share = num / den if den else None
    low, high = (None, None) if share is None else (max(0, share - 0.1), min(1, share + 0.1))
    return {"num": num, "den": den, "rate": share, "ci_low": low, "ci_high": high, "immature": 0, **more}


def drawn(source, **context):
    return Template("{% load charts %}" + source).render(Context(context))


def test_line_chart_breaks_its_line_where_a_rate_is_missing():
    points = [metric(4, 8, label=f"W{week}") for week in range(6)]
    points[2] = metric(0, 0, label="W2")
    chart = drawn("{% line_chart points 'Again' %}", points=points)
    assert len(re.findall("<polyline", chart)) == 2
    assert len(re.findall("<polygon", chart)) == 2
    assert len(re.findall('<circle class="dot', chart)) == 5
    assert len(re.findall("<tr>", chart)) == 7


def test_line_chart_leaves_young_points_hollow_and_says_so():
    chart = drawn(
        "{% line_chart points 'Again' %}",
        points=[metric(4, 8, label="W1"), metric(1, 2, label="W2", immature=3)],
    )
    assert chart.count('class="dot hollow"') == 1
    assert "W2: 50.0" in chart
    assert "1 of 2, still young</title>" in chart
    assert "still young: will change" in chart


def test_line_chart_of_a_quarter_stays_under_four_kilobytes():
    chart = drawn("{% line_chart points 'Again' %}", points=[metric(40, 90, label=f"{week} Mar") for week in range(13)])
    picture = chart[chart.index("<svg") : chart.index("</svg>")]
    assert len(picture.encode()) < 4096


def test_line_chart_without_any_rate_still_draws_its_axes():
    chart = drawn("{% line_chart points 'Again' %}", points=[metric(0, 0, label="W1")])
    assert "<polyline" not in chart
    assert f"100{NB}%" in chart


def test_line_chart_marks_only_the_weeks_that_it_draws():
    points = [metric(1, 2, label=f"2026-W{week}", tick=f"{week}") for week in (10, 11)]
    marks = [{"key": f"2026-W{week}", "n": week, "words": f"Changed <{week}>"} for week in (9, 11, 12)]
    chart = drawn("{% line_chart points 'Again' marks=marks says='So.' %}", points=points, marks=marks)
    assert re.findall(r'<a href="#changed-([^"]+)"><path class="flag" d="M(\d+)', chart) == [("2026-W11", "626")]
    assert "<title>Changed &lt;11&gt;</title>" in chart
    assert "2026-W10, from 10: 50.0" in chart
    assert '<p class="chart-says">So.</p>' in chart


def test_line_chart_hatches_up_to_what_is_known_no_nearer():
    points = [metric(1, 2, label=f"W{week}", up_to=0.75) for week in range(2)]
    chart = drawn("{% line_chart points 'Held' %}", points=points)
    assert len(re.findall('<polygon class="up-to"', chart)) == 1
    assert f"at most 75.0{NB}%</title>" in chart
    assert 'class="up-to"' not in drawn("{% line_chart points 'Held' %}", points=[metric(1, 2, label="W1")] * 2)


def test_small_multiples_share_one_scale_and_name_each_point():
    charts = [
        {"label": name, "metric": metric(num, 100), "points": [metric(num, 100, label="2026-W10", url="/rows")]}
        for name, num in (("Phone", 5), ("E<mail>", 30))
    ]
    chart = drawn("{% small_multiples charts 'Again' says='So.' %}", charts=charts)
    assert chart.count('<svg class="plot"') == 2
    assert chart.count(f">40{NB}%</text>") == 2
    assert "<title>E&lt;mail&gt;, 2026-W10: 30.0" in chart
    assert chart.count('<a href="/rows">') == 4


def test_step_chart_walks_right_then_down_and_stops_at_its_end():
    series = [{"label": "Open", "steps": [(1, 0.9), (2, 0.7), (9, 0.1)]}]
    chart = drawn("{% step_chart series 'Open' x_max=4 %}", series=series)
    walked = re.search(r'class="step s0" d="(M46[^"]+)"', chart)[1]
    assert walked == "M46 10H191V28.8H336V66.4H626"
    assert f'<th scope="row" class="num">4</th><td class="num">70.0{NB}%</td>' in chart


def test_step_chart_can_be_read_point_by_point():
    series = [{"label": "open", "steps": [(1, 0.5)]}]
    chart = drawn("{% step_chart series 'Open' x_max=4 %}", series=series)
    titles = re.findall(r'tabindex="0" role="img"><title>([^<]+)<', chart)
    assert titles == [f"open after {at} d: 50.0{NB}%" for at in (1, 2, 3, 4)]


def test_step_chart_drops_marks_that_were_not_reached():
    marks = [{"at": None, "label": "P90"}, {"at": 2, "label": "median 2 d"}, {"at": 9, "label": "far"}]
    chart = drawn("{% step_chart series 'Open' x_max=4 marks=marks %}", series=[], marks=marks)
    assert re.findall(r'y="20">([^<]+)<', chart) == ["median 2 d"]


def test_bar_chart_shares_one_scale_and_leaves_nothing_blank():
    chart = drawn("{% bar_chart rows 'By channel' %}", rows=[metric(30, 100, label="Phone"), metric(0, 0, label="Web")])
    assert chart.count('<rect class="bar"') == 1
    assert 'width="150"' in chart
    assert f"40{NB}%" in chart
    assert chart.count(">\u2013<") == 2


def test_bar_chart_as_dots_has_no_bars():
    chart = drawn("{% bar_chart rows 'By channel' look='dot' %}", rows=[metric(30, 100, label="Phone", url="/x")])
    assert '<rect class="bar"' not in chart
    assert '<path class="point"' in chart
    assert '<a href="/x">Phone</a>' in chart


def test_stacked_bar_fills_its_width_and_prints_shares():
    parts = [{"label": "Resolved", "value": 3}, {"label": "Waived", "value": 1}]
    chart = drawn("{% stacked_bar parts 'Ends' %}", parts=parts)
    assert '<rect class="k0" x="0" width="480" height="28"/>' in chart
    assert '<rect class="k1" x="480" width="160" height="28"/>' in chart
    assert f"25.0{NB}%" in chart


def test_stacked_bar_of_nothing_has_no_shares():
    assert charts.stacked_bar([{"label": "Resolved", "value": 0}], "Ends")["parts"][0]["share"] is None


def test_labels_are_escaped_in_charts():
    chart = drawn("{% bar_chart rows 'By channel' %}", rows=[metric(1, 2, label="<b>Phone</b>")])
    assert "&lt;b&gt;Phone" in chart
    assert "<b>Phone" not in chart
