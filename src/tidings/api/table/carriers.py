"""Rows of the table: carriers."""

from __future__ import annotations

from tidings.api import capture, carrier_tests, carriers, examples
from tidings.api.call import Endpoint
from tidings.api.webhooks import Gone
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
        path="/v1/carriers",
        handle=carriers.post,
        name="createCarrier",
        summary="Make a carrier",
        detail="It is stored, and connects at once. The settings are those of a `[[carriers]]` table of the "
        "configuration file, held to the same rules. Its password is in no answer. For keys of the default account.",
        scope="admin",
        operator=True,
        body=carriers.CarrierRequest,
        answer=CarrierState,
        status=201,
        problems=("carrier_exists",),
        example=examples.CARRIER_REQUEST,
        answer_example=examples.CARRIER_MADE,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/carriers/{name}",
        handle=carriers.patch,
        name="changeCarrier",
        summary="Change a carrier that was made by the API",
        detail="What is not named stays. Binds with the new settings are made beside those that stand. Once they stand "
        "themselves, the old ones take nothing more, and unbind when all is answered: nothing is lost or sent twice. "
        "While the carrier refuses a new password, the old binds go on, and `change` of each says why. Carriers of the "
        "configuration file are changed there. For keys of the default account.",
        scope="admin",
        operator=True,
        body=carriers.CarrierChange,
        answer=CarrierState,
        problems=("carrier_in_file",),
        example=examples.CARRIER_CHANGE,
        answer_example=examples.CARRIER_MADE,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/carriers/{name}",
        handle=carriers.delete,
        name="deleteCarrier",
        summary="Take away a carrier that was made by the API",
        detail="It gets nothing new, and is gone once what it has is answered, or its patience is over. What waits for "
        "it goes by the first of the others. For keys of the default account.",
        scope="admin",
        operator=True,
        answer=Gone,
        problems=("carrier_in_file", "carrier_in_use"),
        answer_example={},
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
        method="POST",
        path="/v1/carriers/{name}/test",
        handle=carrier_tests.start,
        name="testCarrier",
        summary="Send one text through a carrier, to learn its ways",
        detail="Through this carrier whatever the routes say, with every gate and limit of any other text, and worth "
        "delivering for ten minutes. `GET /v1/carriers/{name}/test/{id}` tells what came of it. "
        "For keys of the default account.",
        scope="admin",
        operator=True,
        body=carrier_tests.TestOrder,
        example=examples.TEST_ORDER,
        answer=carrier_tests.CarrierTestBegun,
        answer_example=examples.CARRIER_TEST_BEGUN,
        status=202,
        problems=("not_found", "rejected", "rate_limited", "quota_used_up", "too_many_queued"),
    ),
    Endpoint(
        method="GET",
        path="/v1/carriers/{name}/test/{id}",
        handle=carrier_tests.read,
        name="getCarrierTest",
        summary="What a test told about a carrier, and the profile that follows from it",
        detail="`id` is the `message` of the test. Ask again until `done`. For keys of the default account.",
        scope="admin",
        operator=True,
        answer=carrier_tests.CarrierTest,
        answer_example=examples.CARRIER_TEST,
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
