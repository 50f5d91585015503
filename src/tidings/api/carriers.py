"""Carriers: how they and their binds stand, paused and resumed; for the operator, whom the default account is."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.problems import Abort, problem, refusal
from tidings.core.carrier import CarrierState
from tidings.core.ports import Fleet
from tidings.core.request import Invalid, Refused


class CarrierList(msgspec.Struct, frozen=True):
    """All carriers, in the order of the configuration."""

    data: tuple[CarrierState, ...]


class WhichBind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bind of the carrier; without it, the whole carrier."""

    bind: (
        Annotated[str, Meta(max_length=64, examples=["north/1"], description="name of the bind, as listed")] | None
    ) = None


async def page(call: Call) -> Reply:
    """All of them: there are never many."""
    return Reply(200, views.encode(CarrierList(_fleet(call).states())))


async def read(call: Call) -> Reply:
    """One carrier."""
    name = call.params["name"]
    found = next((one for one in _fleet(call).states() if one.name == name), None)
    if found is None:
        raise Abort("not_found", "There is no carrier with this name.")
    return Reply(200, views.encode(found))


async def pause(call: Call) -> Reply:
    """Nothing new is handed over from the answer on."""
    return _shown(await _fleet(call).pause(call.params["name"], _bind(call)))


async def resume(call: Call) -> Reply:
    """Messages flow again."""
    return _shown(await _fleet(call).resume(call.params["name"], _bind(call)))


def _bind(call: Call) -> str | None:
    return None if call.body is None else call.body.bind


def _fleet(call: Call) -> Fleet:
    if call.house.fleet is None:
        raise Abort("unavailable", "The carriers do not run yet.")
    return call.house.fleet


def _shown(outcome: CarrierState | Refused | Invalid) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    if isinstance(outcome, Invalid):
        return problem("validation_failed", errors=outcome.errors)
    return Reply(200, views.encode(outcome))
