"""The OpenAPI 3.1 document, made from the table of endpoints and the structs it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import tidings
from tidings.api import examples, responses
from tidings.api.call import Endpoint
from tidings.api.faults import fields
from tidings.api.problems import ProblemDetails
from tidings.api.responses import REF, ref, shown
from tidings.core.people import OWN
from tidings.core.request import NOT_BUILT
from tidings.text import number

_ABOUT = """Send texts, follow what becomes of them, and ask why.

Every answer carries `X-Request-Id` (yours, if you send a sane one). Errors are RFC 9457 problem details whose `code` is
stable. Unknown fields and parameters are errors, never ignored. Times are RFC 3339 in UTC."""


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The document as plain JSON."""
    structs = [kind for endpoint in endpoints for kind in _structs(endpoint)] + [ProblemDetails]
    _, found = msgspec.json.schema_components(list(dict.fromkeys(structs)), ref_template=REF + "{name}")
    if "Request" in found:
        _tighten(found["Request"])
    if "TextQuestion" in found:
        found["TextQuestion"]["oneOf"] = _ONE_TEXT
    schemas: dict[str, Any] = _renamed(found)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    components: dict[str, Any] = {"schemas": dict(sorted(schemas.items()))}
    if any(endpoint.scope for endpoint in endpoints):
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "an API key"},
            "session": {
                "type": "apiKey", "in": "cookie", "name": "tidings_session",
                "description": "somebody signed in; over HTTPS the cookie is called `__Host-tidings_session`; "
                "where the address has a port, that stands behind the name: `tidings_session_8775`",
            },
        }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "tidings", "version": tidings.__version__, "description": _ABOUT},
        "paths": paths,
        "components": components,
    }


def _tighten(request: dict[str, Any]) -> None:
    """Say of a message as posted what only accept checks: what is not built, the text, the form of addresses."""
    fields = {name: schema for name, schema in request["properties"].items() if name not in NOT_BUILT}
    for name in ("text", "html"):
        fields[name]["anyOf"][0]["minLength"] = 1
    fields["to"]["pattern"] = _either(number.E164, number.SHORT_CODE, number.WRITTEN)
    fields["from"]["anyOf"][0]["pattern"] = _either(number.E164, number.SHORT_CODE, number.ALPHANUMERIC, number.WRITTEN)
    request["properties"] = fields
    request["required"] = ["to"]
    request["oneOf"] = _ONE_TEXT


_ONE_TEXT: list[dict[str, Any]] = [
    {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
    for one, other in (("text", "html"), ("html", "text"))
]
"""One of the two; the other may be there as null."""


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
        "responses": responses.of(endpoint),
    }
    if endpoint.detail:
        operation["description"] = endpoint.detail
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint), *_header_parameters(endpoint)]
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint)
    if endpoint.scope is not None:
        operation["security"] = [{"session": []}] if endpoint.scope == OWN else [{"key": []}, {"session": []}]
        operation["x-scope"] = endpoint.scope
        if endpoint.also:
            operation["x-scope-also"] = endpoint.also
        if endpoint.own:
            operation["x-scope-own"] = "send"
    return operation


def _path_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        pattern, example = _PLAIN.get(name) or _an_id(_kind(endpoint.path))
        schema = {"type": "string", "pattern": pattern}
        yield {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


_PLAIN = {
    "number": (r"^\+?[0-9]{1,20}$", "+15551230100"),
    "address": (r"^(\*|[A-Za-z0-9+][A-Za-z0-9 &._-]{0,31})$", "+15550009999"),
    "name": (r"^[a-z][a-z0-9_-]{0,31}$", "simulator"),
}


def _an_id(kind: str) -> tuple[str, str]:
    return f"^{kind}_[0-9a-z]{{13}}$", f"{kind}_02n5m8h2tc800"


def _kind(path: str) -> str:
    """The prefix of ids of this noun."""
    if path.startswith("/v1/webhooks/deliveries/"):
        return "whd"
    return _PREFIXES.get(path.split("/")[2], "msg")


_PREFIXES = {
    "contacts": "con", "conversations": "conv", "canned-replies": "can", "notes": "note", "codes": "code",
    "keys": "key", "esmes": "esme", "accounts": "acc", "webhooks": "wh", "users": "user", "sessions": "ses",
    "orphans": "rcp",
}  # fmt: skip


def _query_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name, field in fields(endpoint.query).items() if endpoint.query else ():
        schema = msgspec.json.schema(field.type)
        if "anyOf" in schema:  # null is how Python says that it may be left out
            schema = {**schema.pop("anyOf")[0], **schema}
        description = schema.pop("description", None)
        if field.default not in (None, msgspec.NODEFAULT):
            schema["default"] = field.default
        yield {
            "name": name,
            "in": "query",
            "schema": schema,
            "example": examples.parameter(endpoint.path, name),
            **({"required": True} if field.required else {}),
            **({"description": description} if description else {}),
        }


def _header_parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    if endpoint.idempotent:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "same key and body: the first answer again, with `Idempotent-Replayed: true`",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            "example": examples.IDEMPOTENCY_KEY,
        }

    if endpoint.resumable:
        yield {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "the last `id` that came: the stream goes on behind it",
            "schema": {"type": "string", "maxLength": 128},
            "example": examples.parameter(endpoint.path, "last_event_id"),
        }


def _body(endpoint: Endpoint) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ref(endpoint.body_shown or endpoint.body)}
    if endpoint.example is not None:
        content["example"] = endpoint.example
    return {"required": endpoint.body_required, "content": {endpoint.body_kind: content}}


def _renamed(value: Any) -> Any:
    """Schemas under the names shown to callers, with every reference to them."""
    components: dict[str, Any] = {}
    for own, schema in value.items():
        name = shown(own)
        if name in components:
            raise ValueError(f"two types would be shown as {name}; one of them is {own}")
        components[name] = {**_with_refs(schema), "title": name}
    return components


def _with_refs(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_refs(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_refs(item) for item in value]
    if isinstance(value, str) and value.startswith(REF):
        return REF + shown(value.removeprefix(REF))
    return value
