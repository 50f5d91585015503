"""Rows of the table: reports."""

from __future__ import annotations

from tidings.api import examples, reports
from tidings.api.call import Endpoint

REPORTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/reports/responses",
        handle=reports.responses,
        name="reportResponses",
        summary="How many messages were answered, by message, tag or sender",
        detail="Counts messages created in a time that a carrier took, and the texts whose `in_reply_to` they are, "
        "whenever these came. Of more than 200,000 messages the newest are counted, and `since` says from when on.",
        scope="read",
        query=reports.ResponseQuery,
        answer=reports.ResponseView,
        answer_example=examples.RESPONSES,
    ),
)
