"""Carriers: how they and their binds stand; made, changed, paused and taken away by the operator."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tidings.api import views
from tidings.api.call import Call, Reply
from tidings.api.problems import Abort, problem, refusal
from tidings.config import CarrierSettings
from tidings.core.carrier import CarrierState
from tidings.core.ports import Fleet
from tidings.core.request import Invalid, Refused


class CarrierList(msgspec.Struct, frozen=True):
    """All carriers, in the order of the configuration."""

    data: tuple[CarrierState, ...]


class CarrierGone(msgspec.Struct, frozen=True):
    """It is taken away."""

    pending: Annotated[
        str | None, Meta(description="what the process that had its binds has not done yet; null where all is done")
    ] = None


class WhichBind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bind of the carrier; without it, the whole carrier."""

    bind: (
        Annotated[str, Meta(max_length=64, examples=["north/1"], description="name of the bind, as listed")] | None
    ) = None


_NOT_HERE = ("password_file",)
"""Settings of the file that the API does not take: it would read files for its caller."""
_FIELDS = [field for field in msgspec.structs.fields(CarrierSettings) if field.name not in _NOT_HERE]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return field.default


CarrierRequest: Any = msgspec.defstruct(
    "CarrierRequest",
    [
        (field.name, field.type) if field.required else (field.name, field.type, _default(field))
        for field in _FIELDS
    ],
    namespace={"__doc__": "A carrier to be made: the settings of a `[[carriers]]` table."},
    module=__name__, frozen=True, kw_only=True, forbid_unknown_fields=True,
)  # fmt: skip
CarrierChange: Any = msgspec.defstruct(
    "CarrierChange",
    [(field.name, field.type | UnsetType, UNSET) for field in _FIELDS if field.name not in ("name", "type")],
    namespace={"__doc__": "What shall be different about a carrier; what is not named stays."},
    module=__name__, frozen=True, kw_only=True, forbid_unknown_fields=True,
)  # fmt: skip


async def page(call: Call) -> Reply:
    """All of them: there are never many."""
    fleet = fleet_of(call)
    return Reply(200, views.encode(CarrierList(tuple([_whole(fleet, one) for one in fleet.states()]))))


async def post(call: Call) -> Reply:
    """One more, at work from the answer on."""
    wanted = CarrierSettings(**msgspec.structs.asdict(call.body))
    return _shown(call, await fleet_of(call).add(wanted), 201)


async def patch(call: Call) -> Reply:
    """Change what is named; nothing under way is lost."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    return _shown(call, await fleet_of(call).change(call.params["name"], changes))


async def delete(call: Call) -> Reply:
    """Take it away, once what is under way is answered."""
    outcome = await fleet_of(call).remove(call.params["name"])
    if isinstance(outcome, Refused):
        return refusal(outcome)
    return Reply(200, views.encode(CarrierGone(pending=outcome)))


async def read(call: Call) -> Reply:
    """One carrier."""
    name, fleet = call.params["name"], fleet_of(call)
    found = next((one for one in fleet.states() if one.name == name), None)
    if found is None:
        raise Abort("not_found", "There is no carrier with this name.")
    return Reply(200, views.encode(_whole(fleet, found)))


async def pause(call: Call) -> Reply:
    """Nothing new is handed over from the answer on."""
    return _shown(call, await fleet_of(call).pause(call.params["name"], _bind(call)))


async def resume(call: Call) -> Reply:
    """Messages flow again."""
    return _shown(call, await fleet_of(call).resume(call.params["name"], _bind(call)))


def _bind(call: Call) -> str | None:
    return None if call.body is None else call.body.bind


def fleet_of(call: Call) -> Fleet:
    """The carriers of this process. Aborts before they run."""
    if call.house.fleet is None:
        raise Abort("unavailable", "The carriers do not run yet.")
    return call.house.fleet


def _shown(call: Call, outcome: CarrierState | Refused | Invalid, status: int = 200) -> Reply:
    if isinstance(outcome, Refused):
        return refusal(outcome)
    if isinstance(outcome, Invalid):
        return problem("validation_failed", errors=outcome.errors)
    return Reply(status, views.encode(_whole(fleet_of(call), outcome)))


def _whole(fleet: Fleet, state: CarrierState) -> CarrierState:
    """With its settings."""
    return msgspec.structs.replace(state, settings=fleet.settings(state.name))
