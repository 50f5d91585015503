"""Whether a webhook comes from your tidings: Standard Webhooks signatures, checked over the octets as they came."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from tidings_client.errors import BadSignature

TOLERANCE_S = 300
LEAST_OCTETS = 16
"""Shortest secret that is taken for one."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Any:
    """The event in `body`, as JSON, once its signature holds; raises BadSignature.

    `secret`: `whsec_…` as shown when the webhook was made. `body`: the octets before anybody parsed them.
    `now`: seconds since 1970; the system's clock without it. Keep `webhook-id` for a while and drop what comes twice.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        number, moment, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        sent = int(moment[:20])
        if len(key) < LEAST_OCTETS:  # an empty setting, for instance: anybody could sign with that
            raise ValueError
    except (KeyError, ValueError, binascii.Error):
        raise BadSignature("a header is missing or not readable, or the secret is none") from None
    if abs((time.time() if now is None else now) - sent) > TOLERANCE_S:
        raise BadSignature("it was signed too long ago, or in the future")
    signed = f"{number}.{moment}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    for one in signatures.split():
        version, _, signature = one.partition(",")
        if version == "v1" and hmac.compare_digest(signature.encode("utf-8", "replace"), expected):
            return json.loads(body)
    raise BadSignature("no signature fits: another secret, or the body was changed")
