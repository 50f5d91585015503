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
    Endpoint(
        method="GET",
        path="/v1/reports/traffic",
        handle=reports.traffic,
        name="reportTraffic",
        summary="How many messages were accepted, sent, delivered and so on, by the minute, hour or day",
        detail="Counts when a message took a status, not when it was made: one accepted at 9:59 and delivered at 10:01 "
        "counts in both hours. Steps in which nothing happened are told with zeros. Counts of minutes are kept for two "
        "days, those of hours and days for `retention.traffic` days. At most 1,500 steps are told.",
        scope="read",
        query=reports.TrafficQuery,
        answer=reports.TrafficReport,
        answer_example=examples.TRAFFIC,
    ),
)
