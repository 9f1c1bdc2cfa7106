"""Imports: tried, mapped, tried again, loaded."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from followups.actions import importing
from followups.models import ImportMap, ImportRun, Ticket

GOOD = b"reference,opened_at,category\nA1,2026-01-02T10:00:00Z,Refund\nA2,2026-01-03T10:00:00Z,Refund\n"
OTHERS = b"call_ref,started,about\nA1,2026-01-02 10:00,Refund\nA2,never,=1+1\n"


def upload(client, content=GOOD, **fields):
    file = SimpleUploadedFile("calls.csv", content)
    return client.post("/imports", {"file": file, "source": "csv", **fields})


def worked(now):
    importing.run_waiting(now=now, seconds=20)


def mapped(run, **changes):
    """What the map form of this run sends when only these selects are changed."""
    return {"json": json.dumps(run.map, indent=2, ensure_ascii=False), "zone": run.zone, **changes}


def test_an_upload_is_a_trial_that_stores_nothing(office, as_, now):
    client = as_(office.sam)
    path = upload(client).url
    assert client.get(path).status_code == 200
    assert 'hx-get="' + path + '/progress"' in client.get(path).content.decode()
    worked(now)
    run = ImportRun.objects.get()
    assert (run.state, run.dry_run, run.by, run.counts["made"]) == ("done", True, office.sam, 2)
    assert Ticket.objects.count() == 0
    page = client.get(path).content.decode()
    assert "This is what it would do." in page
    assert "Every row is taken." in page


def test_the_progress_asks_for_the_page_once_it_is_over(office, as_, now):
    client = as_(office.sam)
    path = upload(client).url
    assert "HX-Refresh" not in client.get(f"{path}/progress").headers
    worked(now)
    assert client.get(f"{path}/progress").headers["HX-Refresh"] == "true"


def test_done_for_real_the_tickets_are_there_and_only_once(office, as_, now):
    client = as_(office.sam)
    path = upload(client).url
    assert client.post(f"{path}/real").status_code == 409
    worked(now)
    done = client.post(f"{path}/real")
    assert (done.status_code, done.url != path) == (302, True)
    worked(now)
    assert sorted(Ticket.objects.values_list("reference", flat=True)) == ["A1", "A2"]
    assert client.post(f"{path}/real").status_code == 409
    assert "This is what it did." in client.get(done.url).content.decode()


def test_a_header_of_other_names_is_mapped_by_selects_and_the_map_kept(office, as_, now):
    client = as_(office.sam)
    path = upload(client, OTHERS).url
    run = ImportRun.objects.get()
    assert (run.state, run.errors[0]["code"]) == ("failed", "missing-column")
    page = client.get(path)
    assert page.context["form"].fields["t_reference"].choices == [
        ("", "nothing"),
        *((one, one) for one in ("call_ref", "started", "about")),
    ]
    given = mapped(
        run, t_reference="call_ref", t_opened_at="started", t_category="about", zone="Europe/Paris", name="Calls"
    )
    again = client.post(f"{path}/trial", given)
    assert again.status_code == 302
    worked(now)
    tried = ImportRun.objects.get(pk=again.url.rpartition("/")[2])
    assert tried.map == {"reference": "call_ref", "opened_at": "started", "category": "about"}
    assert (tried.counts["made"], tried.counts["refused"], tried.zone) == (1, 1, "Europe/Paris")
    assert ImportMap.objects.get(name="Calls").map == tried.map
    assert ImportRun.objects.get(pk=run.pk).file is None
    assert client.post(f"{path}/trial", given).status_code == 409


def test_a_saved_map_is_chosen_at_the_upload(office, as_, now):
    saved = {"reference": "call_ref", "opened_at": "started", "category": "about", "skip": {"call_ref": ["A2"]}}
    importing.save_map(name="Calls", map=saved, by=office.by(office.sam), now=now)
    upload(as_(office.sam), OTHERS, map="Calls", zone="UTC")
    worked(now)
    run = ImportRun.objects.get()
    assert (run.state, run.counts["made"], run.counts["skipped"], run.error_count) == ("done", 1, 1, 0)


def test_what_selects_cannot_say_stays_in_the_map(office, as_, now):
    first = {
        "reference": "call_ref",
        "opened_at": ["started", "about"],
        "channel": {"const": "phone"},
        "skip": {"about": ["x"]},
    }
    importing.save_map(name="Calls", map=first, by=office.by(office.sam), now=now)
    client = as_(office.sam)
    path = upload(client, OTHERS, map="Calls").url
    worked(now)
    run = ImportRun.objects.get()
    choices = dict(client.get(path).context["form"].fields["t_opened_at"].choices)
    assert choices[""] == "as the map says: started or about"
    client.post(f"{path}/trial", mapped(run, t_reference="call_ref", t_category="about"))
    assert ImportRun.objects.exclude(pk=run.pk).get().map == {**first, "category": "about"}


def test_the_whole_map_may_be_written_by_hand(office, as_, now):
    client = as_(office.sam)
    path = upload(client, OTHERS).url
    whole = {"reference": "call_ref", "opened_at": "started", "channel": {"const": "phone"}}
    client.post(f"{path}/trial", {"json": json.dumps(whole), "t_reference": "about"})
    assert ImportRun.objects.exclude(file=None).get().map == whole


@pytest.mark.parametrize("text", ["{", "[]", '{"nonsense": 1}', '{"reference": "not there"}'])
def test_a_map_that_cannot_be_read_is_refused_at_its_field(office, as_, text):
    client = as_(office.sam)
    path = upload(client, OTHERS).url
    answer = client.post(f"{path}/trial", {"json": text})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["json"])
    assert ImportRun.objects.count() == 1


def test_errors_are_named_by_line_and_come_as_csv_without_formulas(office, as_, now):
    bad = b"reference,opened_at,category\nA1,never,Refund\n=cmd(),never,x\n"
    client = as_(office.sam)
    path = upload(client, bad).url
    worked(now)
    page = client.get(path).content.decode()
    assert '<td class="num">2</td><td>opened_at</td>' in page
    run = ImportRun.objects.get()
    ImportRun.objects.update(errors=[{**run.errors[0], "message": "=HYPERLINK(1)"}])
    answer = client.get(f"{path}/errors")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "file,line,column,code,message",
        f"tickets,2,opened_at,{run.errors[0]['code']},'=HYPERLINK(1)",
    ]


def test_errors_are_shown_fifty_at_a_time(office, as_, now):
    rows = b"".join(b"A%d,never,x\n" % place for place in range(60))
    client = as_(office.sam)
    path = upload(client, b"reference,opened_at,category\n" + rows).url
    worked(now)
    assert len(client.get(path).context["errors"]) == 50
    assert len(client.get(f"{path}?page=2").context["errors"]) == 10
    assert "51 to 60 of 60" in client.get(f"{path}?page=99").content.decode()


@pytest.mark.parametrize(
    ("fields", "field"), [({"zone": "Nowhere"}, "zone"), ({"map": "gone"}, "map"), ({"source": "other"}, "source")]
)
def test_an_upload_is_refused_at_its_field(office, as_, fields, field):
    answer = upload(as_(office.sam), **fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert ImportRun.objects.count() == 0


def test_a_file_that_is_no_table_is_refused(office, as_):
    answer = upload(as_(office.sam), b"\xff\xfe\x00\x01")
    assert answer.status_code == 400
    assert ImportRun.objects.count() == 0


def test_auditors_read_and_agents_do_not(office, as_):
    path = upload(as_(office.root)).url
    client = as_(office.aud)
    assert [client.get(one).status_code for one in ("/imports", path, f"{path}/progress", f"{path}/errors")] == [
        200
    ] * 4
    assert upload(client).status_code == 403
    assert client.post(f"{path}/real").status_code == 403
    assert client.post(f"{path}/trial", {"json": "{}"}).status_code == 403
    assert as_(office.ada).get("/imports").status_code == 403
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three_and_reads_no_file(
    office, as_, now, django_assert_num_queries, count
):
    run = {"source": "csv", "file_name": "x.csv", "made_at": now, "by_name": "sam", "file": b"secret"}
    for _ in range(count):
        ImportRun.objects.create(**run)
    client = as_(office.sam)
    with django_assert_num_queries(5) as asked:
        client.get("/imports")
    assert not [query for query in asked if '"followups_importrun"."file"' in query["sql"]]
