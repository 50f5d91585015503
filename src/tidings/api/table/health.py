"""Rows of the table: how it stands with this process."""

from __future__ import annotations

from tidings.api import examples, health, metrics
from tidings.api.call import Endpoint

HEALTH: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/doctor",
        handle=health.diagnosis,
        name="diagnose",
        summary="What is wrong and what to do about it",
        detail="An empty list means that all is well.",
        scope="admin",
        operator=True,
        answer=health.Diagnosis,
        answer_example=examples.DIAGNOSIS,
    ),
    Endpoint(
        method="GET",
        path="/metrics",
        handle=metrics.get,
        name="metrics",
        summary="Figures of this process for Prometheus",
        detail="Without a key for callers on the same machine, and for all where the setting `metrics.open` is on.",
        scope="read",
        operator=True,
        raw=True,
        answer=str,
        answer_kind="text/plain",
        answer_example=examples.METRICS,
    ),
    Endpoint(
        method="GET",
        path="/healthz",
        handle=health.healthz,
        name="alive",
        summary="Is the process alive?",
        answer=health.Alive,
        answer_example={"status": "ok"},
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        handle=health.readyz,
        name="ready",
        summary="Are messages taken?",
        detail="200 while they are, even when carriers are down (`degraded` tells); 503 when not.",
        answer=health.Ready,
        problems=("unavailable",),
        answer_example=examples.READY,
    ),
)
