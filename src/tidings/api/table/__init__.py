"""The one table of endpoints, a file a noun: routes, OpenAPI document, docs page and clients are all made from it."""

from __future__ import annotations

from tidings.api.call import Endpoint
from tidings.api.table.accounts import ACCOUNTS
from tidings.api.table.health import HEALTH
from tidings.api.table.keys import KEYS
from tidings.api.table.messages import MESSAGES
from tidings.api.table.stream import STREAM
from tidings.api.table.webhooks import WEBHOOKS

ENDPOINTS: tuple[Endpoint, ...] = (*MESSAGES, *STREAM, *KEYS, *ACCOUNTS, *WEBHOOKS, *HEALTH)


def problems_of(endpoint: Endpoint) -> list[str]:
    """Codes of every problem an endpoint may answer."""
    codes = ["bad_request", "internal"]
    if endpoint.scope is not None:
        codes += ["unauthorized", "forbidden", "validation_failed", "unavailable"]
    if "{" in endpoint.path:
        codes.append("not_found")
    if endpoint.body is not None:
        codes += ["malformed_json", "request_timeout", "body_too_large", "unsupported_media_type"]
    return [*codes, *(code for code in endpoint.problems if code not in codes)]
