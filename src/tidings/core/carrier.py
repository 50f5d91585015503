"""Carriers and their binds as they stand at a moment: what the API shows and a diagnosis is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Moment = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC",
        extra_json_schema={"format": "date-time"},
        examples=["2026-11-23T09:30:00.000Z"],
    ),
]

StateOfBind = Literal["connecting", "up", "flapping", "down"]
Source = Literal["file", "api", "simulator"]
StateOfCarrier = Literal["connecting", "up", "degraded", "flapping", "down", "paused", "unattended"]


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What went over a bind since the process began, over all of its connections."""

    sent: int = 0
    """Segments written."""
    answered: int = 0
    """Answers that came in time, of any kind."""
    throttled: int = 0
    """Answers that asked for less."""
    late: int = 0
    """Answers that came after the patience (`response_timeout`) had ended."""
    receipts: int = 0
    inbound: int = 0
    """Parts of texts from handsets."""
    strays: int = 0
    """Answers to nothing that was asked."""
    malformed: int = 0
    """PDUs with an unsound body."""
    drops: int = 0
    """How often the bind stood and fell."""


class BindState(msgspec.Struct, frozen=True, kw_only=True):
    """One bind as it stands."""

    name: str
    kind: Annotated[str, Meta(description="`transceiver` or `transmitter+receiver`")]
    state: Annotated[
        StateOfBind,
        Meta(
            description="`connecting`: not yet stood since it began; `flapping`: it stands or not, but fell several "
            "times within minutes, so that it is tried less often"
        ),
    ]
    bound: Annotated[bool, Meta(description="whether it stands now; one that flaps may")]
    since: Annotated[Moment, Meta(description="when it came up or went down")]
    paused: Annotated[bool, Meta(description="by an operator, alone or with its carrier: nothing new is handed over")]
    error: Annotated[str | None, Meta(description="why it is down, or went down last, and what to check")] = None
    permanent: Annotated[bool, Meta(description="trying again will not help without a change of settings")] = False
    change: Annotated[
        str | None,
        Meta(description="what keeps this bind from its changed settings: it goes on with those before; else null"),
    ] = None
    system_id: Annotated[str, Meta(description="ours")] = ""
    smsc: Annotated[str | None, Meta(description="the system_id that the SMSC gave when it accepted the bind")] = None
    interface_version: Annotated[str, Meta(description="of SMPP, as we ask for")] = ""
    smsc_interface_version: Annotated[
        str | None, Meta(description="as the SMSC told (sc_interface_version); null where it did not")
    ] = None
    window: int = 0
    in_flight: Annotated[int, Meta(description="segments that wait for their answer")] = 0
    free: Annotated[int, Meta(description="segments that would be taken now; 0 unless the bind is up")] = 0
    pace: Annotated[
        float | None,
        Meta(description="segments per second it is given at most since it throttled; null: nothing is held back"),
    ] = None
    congestion: Annotated[
        int | None, Meta(description="the last congestion_state in percent (SMPP 5.0), which lowers `free`; else null")
    ] = None
    round_trip_ms: Annotated[
        float | None, Meta(description="how long the last bind or enquire_link took to be answered")
    ] = None
    traffic: Annotated[Traffic, Meta(description="since the process began")] = Traffic()


class CarrierState(msgspec.Struct, frozen=True, kw_only=True):
    """One carrier as it stands at this moment."""

    name: str
    type: str
    address: Annotated[str, Meta(description="`host:port`")]
    source: Annotated[
        Source, Meta(description="where its settings stand: in the configuration `file`, or stored by the `api`")
    ] = "file"
    state: Annotated[
        StateOfCarrier,
        Meta(
            description="`degraded`: some binds are up; `paused`: by an operator, whatever its binds do; `unattended`: "
            "no engine has its binds, and nothing is handed over"
        ),
    ] = "connecting"
    paused_at: Annotated[
        Moment | None, Meta(description="since when the whole carrier is paused; null while it is not")
    ] = None
    rate: Annotated[float, Meta(description="segments per second it is given at most; 0: no limit")] = 0.0
    waiting: Annotated[
        int, Meta(description="messages in memory that wait for this carrier; the whole queue: `tidings doctor`")
    ] = 0
    binds_up: int
    binds_total: int
    down_reason: Annotated[str | None, Meta(description="why the last bind went down, in a plain sentence")] = None
    permanent: Annotated[
        bool, Meta(description="true when trying again will not help without a change of configuration")
    ] = False
    answers: Annotated[
        dict[str, int],
        Meta(
            description="answers by kind: `sent`, `throttled`, `temporary`, `permanent`, `config`, `bind`, "
            "`not_written`, `in_doubt`"
        ),
    ] = {}
    engine: Annotated[
        str | None, Meta(description="the process that has its binds: host and process id; null where none has")
    ] = None
    engine_since: Annotated[Moment | None, Meta(description="since when that process has them")] = None
    pending: Annotated[
        str | None,
        Meta(description="what was asked for and is stored, but not yet done by that process; null where all is done"),
    ] = None
    binds: tuple[BindState, ...] = ()
    settings: Annotated[
        dict[str, Any] | None, Meta(description="its settings without the password; null in a diagnosis")
    ] = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the process that holds a carrier tells of it to all others."""

    carrier: str
    holder: int
    """See `Leases`."""
    heeded: tuple[str, ...]
    """What of it is paused there: its own name, or names of binds."""
    digest: str
    """Of the settings that it goes on with; see `digest`."""
    fault: str | None = None
    """Why its stored settings cannot be used there."""
    state: CarrierState


def fold(binds: Sequence[BindState], paused: bool) -> StateOfCarrier:
    """The state of a carrier whose binds stand so. What an operator decided goes before what the binds do."""
    if paused or (binds and all(bind.paused for bind in binds)):
        return "paused"
    states = {bind.state for bind in binds}
    if "flapping" in states:
        return "flapping"
    if states == {"up"}:
        return "up"
    if "up" in states:
        return "degraded"
    return "down" if "down" in states else "connecting"
