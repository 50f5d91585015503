"""Alive, able to accept, and what the doctor says."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tidings import doctor
from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.problems import problem
from tidings.core.health import Snapshot


class Alive(msgspec.Struct, frozen=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Ready(msgspec.Struct, frozen=True):
    """Messages are taken."""

    status: Literal["ready"]
    degraded: Annotated[tuple[str, ...], Meta(description="what is down while acceptance still works")]


class Diagnosis(msgspec.Struct, frozen=True):
    """The doctor's advice, worst first, and the figures it was made from."""

    data: list[doctor.Advice]
    snapshot: Snapshot


async def healthz(call: Call) -> Reply:
    """200 while the process lives."""
    return Reply(200, views.encode(Alive()))


async def readyz(call: Call) -> Reply:
    """200 while acceptance works, with what is degraded; 503 when it does not."""
    health = call.house.health()
    if not health.accepting:
        return problem("unavailable", health.reason)
    return Reply(200, views.encode(Ready("ready", health.degraded)))


async def diagnosis(call: Call) -> Reply:
    """What is wrong and what to do about it."""
    snapshot = await call.house.snapshot()
    return Reply(200, views.encode(Diagnosis(doctor.advise(snapshot), snapshot)))
