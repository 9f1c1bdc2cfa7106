"""The watch outside hears of a desk in order, at most once a look, and of no other."""

import datetime as dt
import http.server
import ipaddress
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from desk import checks
from followups import tasks
from followups.clock import deadman
from followups.models import Finding, Site, Sweep

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """For 127.0.0.1, by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=here")
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(dt.datetime(2020, 1, 1)).not_valid_after(dt.datetime(2040, 1, 1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    pem = serialization.Encoding.PEM
    held = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(held + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return path


@pytest.fixture
def outside(certificate, monkeypatch, settings):
    """A service with what it heard, and the status that it answers."""

    class Service(http.server.BaseHTTPRequestHandler):
        heard, status = [], 200

        def do_GET(self):
            self.heard.append(self.path)
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.DEADMAN_URL = f"https://127.0.0.1:{server.server_port}/ping/abc?x=1"
    yield Service
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def in_order():
    """Reminders were swept a moment ago."""
    Sweep.objects.create(name="reminders", started_at=NOW, finished_at=NOW)


def finding(**fields) -> Finding:
    return Finding.objects.create(**{"kind": "gate-broken", "subject": "1", "found_at": NOW, **fields})


def test_a_desk_in_order_is_heard(outside, in_order):
    assert deadman.ping(now=NOW)
    assert outside.heard == ["/ping/abc?x=1"]
    assert Sweep.objects.values_list("finished_at", "error").get(name="deadman") == (NOW, "")


@pytest.mark.parametrize(
    "wrong",
    [
        finding,
        lambda: Site.objects.update_or_create(pk=1, defaults={"sending_held": True}),
        lambda: Site.objects.update_or_create(pk=1, defaults={"clock_suspect_at": NOW}),
        lambda: Sweep.objects.filter(name="reminders").update(finished_at=NOW - timedelta(seconds=61)),
        lambda: Sweep.objects.all().delete(),
    ],
    ids=["finding", "held", "clock", "late", "never swept"],
)
def test_one_that_is_not_is_not(outside, in_order, wrong):
    wrong()
    assert not deadman.ping(now=NOW)
    assert outside.heard == []


@pytest.mark.parametrize(
    "harmless", [{"repaired_at": NOW}, {"cleared_at": NOW}, {"kind": "delivery-dead"}], ids=["repaired", "gone", "told"]
)
def test_what_was_put_right_or_told_to_those_it_is_about_withholds_nothing(outside, in_order, harmless):
    finding(**harmless)
    assert deadman.ping(now=NOW)


def test_a_ping_that_fails_is_noted_and_the_watch_goes_on(outside, in_order):
    outside.status = 503
    assert not deadman.ping(now=NOW)
    assert Sweep.objects.values_list("finished_at", "error").get(name="deadman") == (None, "It answered 503.")
    outside.status = 302
    assert not deadman.ping(now=NOW)
    assert len(outside.heard) == 2


def test_nobody_there_or_not_who_it_should_be(outside, in_order, settings, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    assert not deadman.ping(now=NOW)
    assert "CERTIFICATE_VERIFY_FAILED" in Sweep.objects.get(name="deadman").error
    settings.DEADMAN_URL = "https://127.0.0.1:1/"
    assert not deadman.ping(now=NOW)
    assert "refused" in Sweep.objects.get(name="deadman").error
    assert outside.heard == []


def test_the_watch_pings_once_and_no_other_sweep_does(outside):
    assert tasks.sweep("reminders") is not None
    assert outside.heard == []
    assert tasks.sweep("watch") == 0
    assert tasks.sweep("watch") is None  # a moment after the last
    assert len(outside.heard) == 1


def test_nothing_is_pinged_where_nothing_is_set(outside, in_order, settings):
    settings.DEADMAN_URL = ""
    assert not deadman.ping(now=NOW)
    assert outside.heard == []


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("", 0),
        ("https://watch.example.org/abc", 0),
        ("http://watch.example.org/abc", 1),
        ("watch.example.org", 1),
        ("https://", 1),
        ("https://me:secret@watch.example.org/", 1),
        ("https://watch.example.org:99999/", 1),
    ],
)
def test_the_check_warns_of_an_address_that_cannot_work(settings, address, warned):
    settings.DEADMAN_URL = address
    assert len(checks.deadman_address()) == warned
