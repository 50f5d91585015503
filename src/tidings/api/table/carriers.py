"""Rows of the table: carriers."""

from __future__ import annotations

from tidings.api import capture, carriers, examples
from tidings.api.call import Endpoint
from tidings.core.carrier import CarrierState

CARRIERS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/carriers",
        handle=carriers.page,
        name="listCarriers",
        summary="How the carriers and their binds stand",
        detail="In the order of the configuration. For keys of the default account.",
        scope="admin",
        operator=True,
        answer=carriers.CarrierList,
        answer_example={"data": [examples.CARRIER]},
    ),
    Endpoint(
        method="GET",
        path="/v1/carriers/{name}",
        handle=carriers.read,
        name="getCarrier",
        summary="How a carrier and its binds stand",
        detail="For keys of the default account.",
        scope="admin",
        operator=True,
        answer=CarrierState,
        answer_example=examples.CARRIER,
    ),
    Endpoint(
        method="POST",
        path="/v1/carriers/{name}/pause",
        handle=carriers.pause,
        name="pauseCarrier",
        summary="Hand nothing new to a carrier, or to one of its binds",
        detail="From the answer on, and after restarts too, until it is resumed. Its binds stay up: answers, receipts "
        "and texts from handsets are still taken. Messages wait for it, within their validity. "
        "For keys of the default account.",
        scope="admin",
        operator=True,
        body=carriers.WhichBind,
        body_required=False,
        example=examples.WHICH_BIND,
        answer=CarrierState,
        answer_example=examples.CARRIER_PAUSED,
    ),
    Endpoint(
        method="POST",
        path="/v1/carriers/{name}/resume",
        handle=carriers.resume,
        name="resumeCarrier",
        summary="Go on with a carrier and all of its binds, or with one bind",
        detail="For keys of the default account.",
        scope="admin",
        operator=True,
        body=carriers.WhichBind,
        body_required=False,
        example=examples.WHICH_BIND,
        answer=CarrierState,
        answer_example=examples.CARRIER,
    ),
    Endpoint(
        method="GET",
        path="/v1/carriers/{name}/capture",
        handle=capture.of_carrier,
        name="captureCarrier",
        summary="What goes over the links of a carrier, PDU by PDU, as it goes",
        detail="A line of JSON for what it is, then one for each PDU and each link that opens or closes, until "
        "`seconds` are over or the reader leaves. Texts and most digits of numbers are left out unless `whole` is "
        "`true`; passwords always are. A reader that is too slow misses records, and is told how many. "
        "For keys of the default account.",
        scope="admin",
        operator=True,
        storeless=True,
        query=capture.CaptureQuery,
        safe=False,
        answer=str,
        answer_kind="application/x-ndjson",
        problems=("not_found", "too_many_captures"),
        answer_example=examples.CAPTURE,
    ),
)
