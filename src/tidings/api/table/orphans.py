"""Rows of the table: receipts that match no message."""

from __future__ import annotations

from tidings.api import examples, orphans
from tidings.api.call import Endpoint
from tidings.api.webhooks import Gone

ORPHANS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/orphans",
        handle=orphans.page,
        name="listOrphans",
        summary="Receipts that match no message, and why",
        detail="Newest first; also those that are parked, which are still tried by themselves. `reason` is how it "
        "stands at the moment of the answer. For keys of the default account.",
        scope="admin",
        operator=True,
        query=orphans.OrphanQuery,
        answer=orphans.Orphans,
        answer_example={"data": [examples.ORPHAN], "next_cursor": None},
    ),
    Endpoint(
        method="GET",
        path="/v1/orphans/{id}",
        handle=orphans.read,
        name="getOrphan",
        summary="A receipt that matches no message, and why",
        detail="For keys of the default account.",
        scope="admin",
        operator=True,
        answer=orphans.OrphanView,
        answer_example=examples.ORPHAN,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/orphans/{id}",
        handle=orphans.delete,
        name="deleteOrphan",
        summary="Drop a receipt that matches no message",
        detail="For keys of the default account.",
        scope="admin",
        operator=True,
        answer=Gone,
        answer_example={},
    ),
    Endpoint(
        method="POST",
        path="/v1/orphans/match",
        handle=orphans.match,
        name="matchOrphans",
        summary="Match receipts again that matched no message",
        detail="One by `orphan`, or all that the other fields leave, the oldest first: after a change of the profile, "
        "say. What matches moves its message as if it came now; what does not is left as it was. One call looks "
        "through 10,000 receipts at most and says where to go on. For keys of the default account.",
        scope="admin",
        operator=True,
        body=orphans.OrphanChoice,
        body_required=False,
        example=examples.ORPHAN_CHOICE,
        answer=orphans.OrphansMatched,
        problems=("not_found",),
        answer_example={"matched": 0, "unmatched": 1, "next_cursor": None},
    ),
    Endpoint(
        method="POST",
        path="/v1/orphans/drop",
        handle=orphans.drop,
        name="dropOrphans",
        summary="Drop receipts that match no message",
        detail="One by `orphan`, or all that the other fields leave, of which at least one is named. One call looks "
        "through 10,000 receipts at most and says where to go on. For keys of the default account.",
        scope="admin",
        operator=True,
        body=orphans.OrphanChoice,
        example=examples.ORPHAN_CHOICE,
        answer=orphans.OrphansDropped,
        problems=("not_found",),
        answer_example={"dropped": 1, "next_cursor": None},
    ),
)
