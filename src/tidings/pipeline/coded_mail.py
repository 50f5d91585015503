"""An e-mail that a code sends: what it says, and what the mail server's word on it comes to."""

from __future__ import annotations

import msgspec

from tidings.core.codes import Call
from tidings.core.ids import show
from tidings.core.mail import Mail
from tidings.core.ports import Mailed, NotMailed
from tidings.pipeline.coded_call import Told, failed
from tidings.pipeline.house import House


def mail(house: House, told: Told, address: str) -> Mail:
    """The e-mail, the same however often it goes out."""
    call, said = told.call, msgspec.json.decode(told.call.said or "{}")
    return Mail(
        id=show("call", call.id), sender=house.settings.email.sender, to=address, subject=said.get("subject", ""),
        text=said.get("text", ""), at=call.created_at,
    )  # fmt: skip


def outcome(house: House, told: Told, came: Mailed | NotMailed) -> Call:
    """What an attempt came to: taken, to be repeated, or given up."""
    attempts = told.call.attempts + 1
    if isinstance(came, NotMailed):
        return failed(house, told.call, attempts, f"{came.kind}: {came.detail}", None, gone=came.permanent)
    return msgspec.structs.replace(
        told.call, status="answered", attempts=attempts, next_at=None, said=None, finished_at=house.clock.now(),
        note=f"the mail server took it: {came.said}"[:300],
    )  # fmt: skip
