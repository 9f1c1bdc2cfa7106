import pytest

from followups.actions import intake
from followups.models import Customer

from .conftest import error_fields

HER = intake.CustomerGiven(
    reference="c1", name="Ana Silva", email="ana@example.org", phone="+12125550123", annual_value=600
)


@pytest.fixture
def ana(log):
    return log(customer=HER).customer


def test_customer_is_answered_whole(api, ana):
    answer = api.get(f"/customers/{ana.pk}")
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    assert answer.json() | {"updated_at": None} == {
        "id": str(ana.pk),
        "reference": "c1",
        "name": "Ana Silva",
        "email": "ana@example.org",
        "phone": "+12125550123",
        "masked": False,
        "zone": "",
        "language": "",
        "organisation": "",
        "annual_value": 600.0,
        "free_to_leave": None,
        "contract_end": None,
        "contact_days": [],
        "contact_from": None,
        "contact_until": None,
        "do_not_contact": "none",
        "phone_wrong_at": None,
        "shared_account": False,
        "take_care": "",
        "merged_into": None,
        "updated_at": None,
    }


def masked(answer):
    found = answer.json()
    return found["masked"], found["name"], found["email"], found["phone"]


HIDDEN = (True, "A••• S•••", "a•••@e•••.org", "••• 123")
SHOWN = (False, "Ana Silva", "ana@example.org", "+12125550123")


def test_personal_data_is_masked_as_the_matrix_says(desk, token, ana):
    path = f"/customers/{ana.pk}"
    for client, expected in [
        (token("tickets:read"), HIDDEN),
        (token("tickets:read", "customers:pii"), SHOWN),
        (token("all", agent=desk.aud), HIDDEN),
        (token("all", agent=desk.olu), HIDDEN),
        (token("tickets:read", agent=desk.ada), HIDDEN),
        (token("all", agent=desk.root), SHOWN),
    ]:
        assert masked(client.get(path)) == expected


def test_ticket_masks_the_name_alike(token, log):
    number = log(customer=HER).number
    assert token("tickets:read").get(f"/tickets/{number}").json()["customer"]["name"] == "A••• S•••"


def test_agents_do_not_see_what_she_is_worth(desk, token, ana):
    path = f"/customers/{ana.pk}"
    assert token("all", agent=desk.ada).get(path).json()["annual_value"] is None
    assert token("all", agent=desk.sam).get(path).json()["annual_value"] == 600.0


def test_lookup_finds_by_reference_phone_or_email(api, ana):
    for given in ({"reference": "c1"}, {"phone": "(212) 555-0123"}, {"email": " ANA@example.org"}):
        answer = api.post("/customers/lookup", given)
        assert (answer.status_code, [row["id"] for row in answer.json()["results"]]) == (200, [str(ana.pk)])
    assert api.post("/customers/lookup", {"reference": "nobody"}).json() == {"results": []}
    assert api.post("/customers/lookup", {}).json()["code"] == "required"
    assert error_fields(api.post("/customers/lookup", {"phone": "12"})) == {"phone": "not-a-phone"}


def test_patch_changes_and_guards_the_version(api, ana):
    path = f"/customers/{ana.pk}"
    body = {"zone": "Europe/Lisbon", "contact_from": "10:00", "contact_until": "18:30", "do_not_contact": "marketing"}
    answer = api.patch(path, {**body, "free_to_leave": False, "contract_end": "2027-01-31"}, If_Match='"1"')
    found = answer.json()
    assert answer.status_code == 200
    assert {name: found[name] for name in body} == body
    assert (found["free_to_leave"], found["contract_end"]) == (False, "2027-01-31")
    assert api.patch(path, {"zone": ""}, If_Match='"1"').status_code == 412


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"reference": "c2"}, "reference", "read-only-field"),
        ({"contact_from": "10:00"}, "contact_until", "end-before-start"),
        ({"contact_from": "25:00"}, "contact_from", "invalid"),
        ({"contract_end": "0001-01-01"}, "contract_end", "out-of-range"),
        ({"contract_end": "2027-02-30"}, "contract_end", "invalid"),
        ({"shared_account": "yes"}, "shared_account", "invalid"),
    ],
)
def test_wrong_change_is_refused_by_field(api, ana, body, field, code):
    answer = api.patch(f"/customers/{ana.pk}", body)
    assert (answer.status_code, error_fields(answer)) == (400, {field: code})


def test_who_sees_her_masked_changes_nothing(desk, token, ana):
    answer = token("all", agent=desk.olu).patch(f"/customers/{ana.pk}", {"name": "X"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert token("tickets:read", "tickets:write").patch(f"/customers/{ana.pk}", {"name": "X"}).status_code == 403
    assert Customer.objects.get(pk=ana.pk).name == "Ana Silva"


def test_merge_is_for_supervisors(api, desk, token, ana, log):
    twin = log(customer=intake.CustomerGiven(reference="c2", name="Ana S.")).customer
    path, into = f"/customers/{twin.pk}/merge", {"into": str(ana.pk)}
    assert token("all", agent=desk.ada).post(path, into).json()["code"] == "not-a-supervisor"
    answer = token("all", agent=desk.sam).post(path, into)
    assert (answer.status_code, answer.json()["id"]) == (200, str(ana.pk))
    assert api.get(f"/customers/{twin.pk}").json()["merged_into"] == str(ana.pk)
    assert api.post(path, into).json()["code"] == "already-merged"
    assert error_fields(api.post(path, {"into": str(desk.ada.pk)})) == {"into": "invalid"}
