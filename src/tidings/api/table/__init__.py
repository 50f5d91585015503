"""The one table of endpoints, a file a noun: routes, OpenAPI document, docs page and clients are all made from it."""

from __future__ import annotations

from tidings.api.call import Endpoint
from tidings.api.table.accounts import ACCOUNTS
from tidings.api.table.carriers import CARRIERS
from tidings.api.table.codes import CODES
from tidings.api.table.contacts import CONTACTS
from tidings.api.table.conversations import CONVERSATIONS
from tidings.api.table.erasures import ERASURES
from tidings.api.table.esmes import ESMES
from tidings.api.table.health import HEALTH
from tidings.api.table.keys import KEYS
from tidings.api.table.messages import MESSAGES
from tidings.api.table.orphans import ORPHANS
from tidings.api.table.people import PEOPLE
from tidings.api.table.reports import REPORTS
from tidings.api.table.senders import SENDERS
from tidings.api.table.stream import STREAM
from tidings.api.table.texts import TEXTS
from tidings.api.table.webhooks import WEBHOOKS

ENDPOINTS: tuple[Endpoint, ...] = (
    *MESSAGES,
    *TEXTS,
    *STREAM,
    *KEYS,
    *ACCOUNTS,
    *PEOPLE,
    *SENDERS,
    *CONTACTS,
    *CONVERSATIONS,
    *REPORTS,
    *ERASURES,
    *CODES,
    *ESMES,
    *WEBHOOKS,
    *CARRIERS,
    *ORPHANS,
    *HEALTH,
)


def problems_of(endpoint: Endpoint) -> list[str]:
    """Codes of every problem an endpoint may answer."""
    codes = ["bad_request", "internal"]
    if endpoint.scope is not None:
        codes += ["unauthorized", "forbidden", *([] if endpoint.storeless else ["unavailable"])]
        if not endpoint.raw or endpoint.query is not None or endpoint.body is not None:
            codes.append("validation_failed")
    if "{" in endpoint.path:
        codes.append("not_found")
    if endpoint.body is not None:
        codes += ["request_timeout", "body_too_large", "unsupported_media_type"]
        if endpoint.body_kind == "application/json":
            codes.append("malformed_json")
    return [*codes, *(code for code in endpoint.problems if code not in codes)]
