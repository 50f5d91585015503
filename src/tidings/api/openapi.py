"""The OpenAPI 3.1 document, made from the table of endpoints and the structs it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import tidings
from tidings.api.call import Endpoint
from tidings.api.faults import fields
from tidings.api.one_url import OneUrl
from tidings.api.problems import ProblemDetails
from tidings.api.table import problems_of
from tidings.core.request import NOT_BUILT
from tidings.errors import PROBLEMS
from tidings.pipeline import validate

_REF = "#/components/schemas/"
_NAMES = {"Request": "MessageRequest", "BatchShown": "Batch", "ListQuery": "MessageFilter"}
_ABOUT = """Send texts, follow what becomes of them, and ask why.

Every answer carries `X-Request-Id` (yours, if you send a sane one). Errors are RFC 9457 problem details whose `code` is
stable. Unknown fields and parameters are errors, never ignored. Times are RFC 3339 in UTC."""


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The document as plain JSON."""
    structs = [kind for endpoint in endpoints for kind in _structs(endpoint)] + [ProblemDetails]
    _, found = msgspec.json.schema_components(list(dict.fromkeys(structs)), ref_template=_REF + "{name}")
    if "Request" in found:
        _tighten(found["Request"])
    schemas: dict[str, Any] = _renamed(found)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    components: dict[str, Any] = {"schemas": dict(sorted(schemas.items()))}
    if any(endpoint.scope for endpoint in endpoints):
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "an API key"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "tidings", "version": tidings.__version__, "description": _ABOUT},
        "paths": paths,
        "components": components,
    }


def _tighten(request: dict[str, Any]) -> None:
    """Say of a message as posted what only accept checks: what is not built, the text, the form of addresses."""
    fields = {name: schema for name, schema in request["properties"].items() if name not in NOT_BUILT}
    fields["text"] = {**fields["text"]["anyOf"][0], "minLength": 1}
    fields["to"]["pattern"] = _either(validate.E164, validate.SHORT_CODE)
    fields["from"]["anyOf"][0]["pattern"] = _either(validate.E164, validate.SHORT_CODE, validate.ALPHANUMERIC)
    request["properties"] = fields
    request["required"] = ["to", "text"]


def _either(*forms: re.Pattern[str]) -> str:
    r"""One pattern of JSON Schema for several of Python's, which end in `\Z`."""
    return f"^({'|'.join(form.pattern.removesuffix(_END) for form in forms)})$"


_END = r"\Z"


def _structs(endpoint: Endpoint) -> list[Any]:
    kinds = (endpoint.body_shown or endpoint.body, endpoint.answer)
    return [kind for kind in kinds if kind is not None and kind is not str]


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "responses": _responses(endpoint),
    }
    if endpoint.detail:
        operation["description"] = endpoint.detail
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint), *_header_parameters(endpoint)]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint)
    if endpoint.scope is not None:
        operation["security"] = [{"key": []}]
        operation["x-scope"] = endpoint.scope
    return operation


def _path_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        pattern, example = _NUMBER if name == "number" else _an_id(_kind(endpoint.path))
        schema = {"type": "string", "pattern": pattern}
        yield {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


_NUMBER = (r"^\+?[0-9]{1,20}$", "+15551230100")


def _an_id(kind: str) -> tuple[str, str]:
    return f"^{kind}_[0-9a-z]{{13}}$", f"{kind}_02n5m8h2tc800"


def _kind(path: str) -> str:
    """The prefix of ids of this noun."""
    if path.startswith("/v1/webhooks/deliveries/"):
        return "whd"
    return _PREFIXES.get(path.split("/")[2], "msg")


_PREFIXES = {"keys": "key", "accounts": "acc", "webhooks": "wh"}


def _query_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name, field in fields(endpoint.query).items() if endpoint.query else ():
        schema = msgspec.json.schema(field.type)
        if "anyOf" in schema:
            schema = {**schema, **schema.pop("anyOf")[0]}
        description = schema.pop("description", None)
        if field.default not in (None, msgspec.NODEFAULT):
            schema["default"] = field.default
        yield {
            "name": name,
            "in": "query",
            "schema": schema,
            **({"description": description} if description else {}),
        }


def _header_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    if endpoint.idempotent:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "same key and body: the first answer again, with `Idempotent-Replayed: true`",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        }


def _body(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _ref(endpoint.body_shown or endpoint.body)}
    if endpoint.example is not None:
        content["example"] = endpoint.example
    return {"required": endpoint.body_required, "content": {endpoint.body_kind: content}}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    limited = "quota_used_up" in endpoint.problems
    good: dict[str, Any] = {"description": "done", "headers": _HEADERS | _LIMITS if limited else _HEADERS}
    if endpoint.answer is not None:
        content = {"schema": {"type": "string"} if endpoint.answer is str else _ref(endpoint.answer)}
        if endpoint.answer_example is not None:
            content["example"] = endpoint.answer_example
        good["content"] = {endpoint.answer_kind: content}
    if endpoint.links:
        good["links"] = {
            name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in endpoint.links
        }
    responses = {str(endpoint.status): good}
    by_status: dict[int, list[str]] = {}
    for code in problems_of(endpoint):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _problem_response(status, codes)
    if limited:
        responses["429"]["headers"] |= _LIMITS
    if OneUrl in (endpoint.body, endpoint.query):
        for response in responses.values():
            response["content"]["text/plain"] = {"schema": {"type": "string"}}
    if endpoint.name == "postBatch":
        responses["422"]["content"]["application/json"] = {"schema": _ref(endpoint.answer)}
    return responses


def _problem_response(status: int, codes: list[str]) -> dict[str, Any]:
    headers = dict(_HEADERS)
    if status in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "seconds"}
    return {
        "description": "; ".join(f"`{code}`: {PROBLEMS[code].sentence}" for code in codes),
        "headers": headers,
        "content": {"application/problem+json": {"schema": _ref(ProblemDetails)}},
    }


_HEADERS = {"X-Request-Id": {"schema": {"type": "string"}, "description": "names this request in our log"}}


_LIMITS = {
    f"RateLimit-{name}": {"schema": {"type": "integer"}, "description": means}
    for name, means in (
        ("Limit", "messages of a second, a day or a month, whichever leaves the fewest; only where there is a limit"),
        ("Remaining", "how many of them may still go"),
        ("Reset", "seconds until all of them are there again"),
    )
}


def _ref(kind: Any) -> dict[str, str]:
    return {"$ref": _REF + _shown(kind.__name__)}


def _shown(name: str) -> str:
    return _NAMES.get(name, name.removesuffix("View"))


def _renamed(value: Any) -> Any:
    """Schemas under the names shown to callers, with every reference to them."""
    components = {_shown(name): _with_refs(schema) for name, schema in value.items()}
    for name, schema in components.items():
        schema["title"] = name
    return components


def _with_refs(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_refs(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_refs(item) for item in value]
    if isinstance(value, str) and value.startswith(_REF):
        return _REF + _shown(value.removeprefix(_REF))
    return value
