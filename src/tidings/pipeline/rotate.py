"""The secrets that webhooks are signed with: kept, rotated with an overlap, and put to use."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidings.core import signing
from tidings.core.message import Millis
from tidings.core.ports import stage
from tidings.core.questions import Tx
from tidings.core.webhook import SECRETS_MOST, Secret


def request_headers(secrets: Sequence[Secret], webhook_id: str, now: Millis, body: bytes) -> dict[str, str]:
    """All headers of a request, signed with every secret that is valid now."""
    signed = signing.headers((one.octets for one in valid(secrets, now)), webhook_id, now, body)
    return {"content-type": "application/json", "user-agent": "tidings-webhooks/1", **signed}


def valid(secrets: Sequence[Secret], now: Millis) -> list[Secret]:
    """The secrets that sign now, newest first."""
    return [one for one in secrets if one.ends_at is None or one.ends_at > now]


class NewSecret(msgspec.Struct, frozen=True):
    """A secret to sign with from now on; the ones before it stay valid for `overlap`."""

    account_id: int
    webhook_id: int
    octets: bytes
    overlap: Millis = 0
    only_first: bool = False
    """Leave everything as it is where there is a secret already."""


@stage(order=89)
async def keep_secrets(tx: Tx, wanted: Sequence[NewSecret], now: Millis) -> list[list[Secret]]:
    """Rotate secrets; returns what signs from now on, newest first."""
    return [await add_secret(tx, one, now) for one in wanted]


async def add_secret(tx: Tx, new: NewSecret, now: Millis) -> list[Secret]:
    """One new secret in front of those that are still valid."""
    present = valid(await tx.webhooks.secrets(new.account_id, new.webhook_id), now)
    if present and new.only_first:
        return present
    end = now + new.overlap
    older = [
        msgspec.structs.replace(one, ends_at=end if one.ends_at is None else min(one.ends_at, end))
        for one in present
        if end > now
    ]
    kept = [Secret(new.account_id, new.webhook_id, new.octets, now), *older[: SECRETS_MOST - 1]]
    await tx.webhooks.keep_secrets(new.account_id, new.webhook_id, kept)
    return kept
