"""The answers of an endpoint as the OpenAPI document tells them, each with an example."""

from __future__ import annotations

from typing import Any

import msgspec

from tidings.api import examples, one_url
from tidings.api.call import Endpoint
from tidings.api.problems import ProblemDetails, details
from tidings.api.table import problems_of
from tidings.errors import PROBLEMS

REF = "#/components/schemas/"
_NAMES = {"Request": "MessageRequest", "BatchShown": "Batch", "ListQuery": "MessageFilter"}
_HEADERS: dict[str, Any] = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "description": "names this request in our log",
        "example": "req_9f86d081881",
    }
}
_LIMITS = {
    f"RateLimit-{name}": {"schema": {"type": "integer"}, "description": means, "example": example}
    for name, means, example in (
        ("Limit", "messages of a second, a day or a month, whichever leaves the fewest; only where there is one", 5000),
        ("Remaining", "how many of them may still go", 4999),
        ("Reset", "seconds until all of them are there again", 52_200),
    )
}
_RETRY_AFTER = {"schema": {"type": "integer"}, "description": "seconds", "example": 1}


def of(endpoint: Endpoint) -> dict[str, Any]:
    """Every answer by its status."""
    told = {str(endpoint.status): _good(endpoint)}
    by_status: dict[int, list[str]] = {}
    for code in problems_of(endpoint):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        told[str(status)] = _problem(endpoint, status, codes)
    if endpoint.name == "postBatch":
        content = {"schema": ref(endpoint.answer), "example": examples.BATCH_REFUSED}
        told["422"]["content"]["application/json"] = content
    return told


def _good(endpoint: Endpoint) -> dict[str, Any]:
    headers = _HEADERS | _LIMITS if _metered(endpoint) else _HEADERS
    good: dict[str, Any] = {"description": "done", "headers": headers}
    if endpoint.answer is not None:
        schema = {"type": "string"} if endpoint.answer is str else ref(endpoint.answer)
        good["content"] = {endpoint.answer_kind: {"schema": schema, "example": endpoint.answer_example}}
    if _as_text(endpoint):
        good["content"]["text/plain"] = _text({"id": f"{endpoint.answer_example['id']}\n"})
    if endpoint.links:
        good["links"] = {
            name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in endpoint.links
        }
    return good


def _problem(endpoint: Endpoint, status: int, codes: list[str]) -> dict[str, Any]:
    headers = {**_HEADERS, "Retry-After": _RETRY_AFTER} if status in (429, 503) else _HEADERS
    if status == 429 and _metered(endpoint):
        headers = headers | _LIMITS
    shown = {code: msgspec.to_builtins(details(code, **examples.told(code, endpoint))) for code in codes}
    values = {code: {"value": value} for code, value in shown.items()}
    content: dict[str, Any] = {"application/problem+json": {"schema": ref(ProblemDetails), "examples": values}}
    if _as_text(endpoint):
        content["text/plain"] = _text(
            {code: one_url.as_lines(msgspec.json.encode(value)).decode() for code, value in shown.items()}
        )
    return {
        "description": "; ".join(f"`{code}`: {PROBLEMS[code].sentence}" for code in codes),
        "headers": headers,
        "content": content,
    }


def _metered(endpoint: Endpoint) -> bool:
    return "quota_used_up" in endpoint.problems


def _as_text(endpoint: Endpoint) -> bool:
    return one_url.OneUrl in (endpoint.body, endpoint.query)


def _text(values: dict[str, str]) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "examples": {name: {"value": value} for name, value in values.items()}}


def ref(kind: Any) -> dict[str, str]:
    """A reference to the schema of a struct."""
    return {"$ref": REF + shown(kind.__name__)}


def shown(name: str) -> str:
    """The name of a struct as callers see it."""
    return _NAMES.get(name, name.removesuffix("View"))
