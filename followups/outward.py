"""The ways out of the desk beside mail: chats and SMS services, through apprise, by an allow-list of schemes.

Only what stands in `KNOWN` is ever read, each by the one class that knows its scheme; which of it a site uses is said by
`CHANNEL_SCHEMES`. Addresses are secrets: errors name neither them nor what a host answered.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from followups.errors import Invalid

CONNECTING, READING = 4, 6  # seconds
PLACE = "{phone}"
PHONE = re.compile(r"\+[1-9][0-9]{4,14}")
FORBIDDEN_SIGNS = re.compile(r"[\x00-\x20\x7f]")


class NotSent(Exception):
    """The host did not take it, or could not be reached."""


@dataclass(frozen=True)
class Way:
    """A scheme of apprise: `plugin` is `module.Class`, `hosts` the only ones where the address names a host."""

    kind: str
    plugin: str
    hosts: tuple[str, ...] = ()


KNOWN = {
    "slack": Way("chat", "slack.NotifySlack"),
    "workflows": Way("chat", "workflows.NotifyWorkflows", (".logic.azure.com", ".powerplatform.com")),
    "gchat": Way("chat", "google_chat.NotifyGoogleChat"),
    "discord": Way("chat", "discord.NotifyDiscord"),
    "webex": Way("chat", "webexteams.NotifyWebexTeams"),
    "tgram": Way("chat", "telegram.NotifyTelegram"),
    "pover": Way("chat", "pushover.NotifyPushover"),
    "twilio": Way("sms", "twilio.NotifyTwilio"),
    "vonage": Way("sms", "vonage.NotifyVonage"),
    "msgbird": Way("sms", "messagebird.NotifyMessageBird"),
    "sinch": Way("sms", "sinch.NotifySinch"),
    "plivo": Way("sms", "plivo.NotifyPlivo"),
    "clicksend": Way("sms", "clicksend.NotifyClickSend"),
    "bulksms": Way("sms", "bulksms.NotifyBulkSMS"),
    # Hosts of one's own: whoever allows these trusts everybody who may set up a channel with the network behind them.
    "mmosts": Way("chat", "mattermost.NotifyMattermost"),
    "rockets": Way("chat", "rocketchat.NotifyRocketChat"),
    "ntfys": Way("chat", "ntfy.NotifyNtfy"),
    "json": Way("chat", "custom_json.NotifyJSON"),
    "jsons": Way("chat", "custom_json.NotifyJSON"),
}
OWN_HOSTS = ("mmosts", "rockets", "ntfys", "json", "jsons")
NATIVE = {"hooks.slack.com": "slack", "discord.com": "discord", "chat.googleapis.com": "gchat"}


def allowed() -> dict[str, Way]:
    return {scheme: KNOWN[scheme] for scheme in settings.CHANNEL_SCHEMES if scheme in KNOWN}


def scheme_of(address: str) -> str:
    """The scheme of an address, or of a web address as the service itself shows it; empty for any other text."""
    try:
        parts = urlsplit(address)
        scheme = NATIVE.get(parts.hostname or "", "") if parts.scheme == "https" else parts.scheme
    except ValueError:
        return ""
    if not scheme and parts.scheme == "https" and (parts.hostname or "").endswith(KNOWN["workflows"].hosts):
        return "workflows"
    return scheme


def check(address: str) -> str:
    """The kind (chat, sms) of an address that may be used; Invalid for any other."""
    plugin, way = _plugin(address)
    if way.hosts and not str(plugin.host or "").casefold().endswith(way.hosts):
        raise Invalid("address", f"Only hosts that end in {' or '.join(way.hosts)}.", "unknown-host")
    return way.kind


def _plugin(address: str) -> tuple[Any, Way]:
    way = allowed().get(scheme_of(address))
    if way is None:
        words = ", ".join(sorted(allowed())) or "none"
        raise Invalid("address", f"Only addresses that begin with one of: {words}.", "unknown-scheme")
    if FORBIDDEN_SIGNS.search(address):
        raise Invalid("address", "An address holds no blanks.", "unknown-address")
    module, _, name = way.plugin.partition(".")
    try:
        kind = getattr(import_module(f"apprise.plugins.{module}"), name)
        read = kind.parse_native_url(address) if address.startswith("https:") else kind.parse_url(address)
        found = kind(**{**read, "redirect": False, "verify": True, "cto": CONNECTING, "rto": READING, "retry": 0})
    except Exception:  # noqa: BLE001 (each plugin refuses in its own way, and names the secret in it)
        raise Invalid("address", "This address is not complete.", "unknown-address") from None
    return found, way


def masked(address: str) -> str:
    """What of an address may be shown: the secrets in it are left out."""
    if PHONE.fullmatch(address):
        return f"{address[:4]}…{address[-2:]}"
    if "://" not in address:
        return address
    try:
        return str(_plugin(address)[0].url(privacy=True)).partition("?")[0].rstrip("/")
    except Invalid:
        return f"{scheme_of(address) or 'unknown'}://…"


def route_of(address: str) -> str:
    """Whom a slow host of it may hold up: those who send through the same host."""
    scheme = scheme_of(address)
    host = (urlsplit(address).netloc.rpartition("@")[2] if scheme in OWN_HOSTS else "").casefold()
    return f"{scheme}:{host}"[:60].rstrip(":")


def sms_route() -> str:
    return route_of(settings.CUSTOMER_SMS_URL) if settings.CUSTOMER_SMS_URL else ""


def sends_sms() -> bool:
    return PLACE in settings.CUSTOMER_SMS_URL


def send_sms(phone: str, text: str) -> None:
    """An SMS through the site's own service. NotSent where it was not taken."""
    if not sends_sms() or not PHONE.fullmatch(phone):
        raise NotSent("No SMS can be sent there.")
    send(settings.CUSTOMER_SMS_URL.replace(PLACE, quote(phone)), "", text)


def send(address: str, title: str, body: str) -> None:
    """Hand one message to the host of an address, in ten seconds at most; NotSent where it was not taken."""
    try:
        plugin, _way = _plugin(address)
    except Invalid as wrong:
        raise NotSent(wrong.message) from None
    try:
        taken = plugin.notify(body=body, title=title)
    except Exception as wrong:  # noqa: BLE001 (each plugin fails in its own way, and names the secret in it)
        raise NotSent(f"The host failed: {type(wrong).__name__}.") from None
    if not taken:
        raise NotSent("The host did not take it, or did not answer in time.")
