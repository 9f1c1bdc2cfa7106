"""Only known services, by their own classes; and no secret of an address is shown."""

import logging

import pytest

from followups import outward
from followups.errors import Invalid
from tests.followups.clock.sinks import ChatHost

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TEAMS = "workflows://prod-1.westeurope.logic.azure.com:443/643e69f83c8944/KODuebWbDGYFr0z0eu"


@pytest.mark.parametrize(
    ("address", "route"),
    [
        (SLACK, "slack"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack"),
        (TEAMS, "workflows"),
        ("tgram://123456789:abcdefg_hijklmnop/12345", "tgram"),
    ],
)
def test_services_that_are_allowed(address, route):
    assert (outward.check(address), outward.route_of(address)) == ("chat", route)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in outward.masked(address)
    assert "KODuebWbDGYFr0z0eu" not in outward.masked(address)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("json://127.0.0.1:8000/x", "unknown-scheme"),
        ("jsons://metadata.internal/", "unknown-scheme"),
        ("xml://10.0.0.1/", "unknown-scheme"),
        ("https://169.254.169.254/latest", "unknown-scheme"),
        ("http://localhost/", "unknown-scheme"),
        ("mailto://u:p@example.org", "unknown-scheme"),
        ("file:///etc/passwd", "unknown-scheme"),
        ("workflows://127.0.0.1:443/643e69f83c8944/KODuebWbDGYFr0z0eu", "unknown-host"),
        ("workflows://logic.azure.com.example.org/643e69f83c8944/KODuebWbDGYFr0z0eu", "unknown-host"),
        (f"{SLACK}, json://127.0.0.1/", "unknown-address"),
        (f"{SLACK}\r\nHost: x", "unknown-address"),
        ("slack://", "unknown-address"),
        ("slack://a/b", "unknown-address"),
        ("http://[::1", "unknown-scheme"),
        ("", "unknown-scheme"),
    ],
)
def test_everything_else_is_refused_by_the_address_field(address, code):
    with pytest.raises(Invalid) as refusal:
        outward.check(address)
    assert (refusal.value.field, refusal.value.code) == ("address", code)


def test_options_of_an_address_weaken_nothing():
    plugin, _ = outward._plugin(f"{TEAMS}?verify=no&redirect=yes&cto=600&rto=600&retry=9")
    assert (plugin.verify_certificate, plugin.redirects, plugin.request_timeout) == (True, False, (4.0, 6.0))
    assert "retry=9" not in plugin.url()


def test_what_a_site_allows_is_sent(settings):
    settings.CHANNEL_SCHEMES = ["json"]
    with ChatHost() as host:
        outward.send(host.address, "Overdue", "Call Ana")
        assert host.posts == [("Overdue", "Call Ana")]
        assert outward.route_of(host.address) == f"json:127.0.0.1:{host.server_address[1]}"


def test_a_refusal_names_neither_address_nor_answer(settings, caplog):
    settings.CHANNEL_SCHEMES = ["json"]
    caplog.set_level(logging.DEBUG)
    with ChatHost() as host:
        host.status = 500
        with pytest.raises(outward.NotSent) as refusal:
            outward.send(f"{host.address}/my-secret", "t", "b")
    assert str(refusal.value) == "The host did not take it, or did not answer in time."
    assert not [record for record in caplog.records if record.name.startswith("apprise")]


@pytest.mark.parametrize("phone", ["", "0123", "+49 30 1", "+1/../..", "+12125550123/x", "+" + "1" * 20])
def test_an_sms_goes_to_a_number_alone(settings, phone):
    settings.CUSTOMER_SMS_URL = "json://127.0.0.1:1/{phone}"
    with pytest.raises(outward.NotSent, match="No SMS can be sent there"):
        outward.send_sms(phone, "Hello")


def test_an_sms_goes_through_the_service_of_the_site(settings):
    settings.CHANNEL_SCHEMES = ["json"]
    with ChatHost() as host:
        settings.CUSTOMER_SMS_URL = f"{host.address}/{{phone}}"
        outward.send_sms("+12125550123", "We call you at two.")
        assert host.posts == [("", "We call you at two.")]
