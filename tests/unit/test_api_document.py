"""The OpenAPI document and the docs page say what the table says."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from kit import FakeHouse, ask, door
from tidings.api.openapi import _renamed, document
from tidings.api.problems import ProblemDetails
from tidings.api.table import ENDPOINTS as OURS
from tidings.api.table import problems_of
from tidings.app import every_endpoint
from tidings.core.request import NOT_BUILT, Request
from tidings.errors import PROBLEMS

ENDPOINTS = every_endpoint()
DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(ENDPOINTS)))
NAMES = [endpoint.name for endpoint in ENDPOINTS]


def walk(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def everything(monkeypatch: pytest.MonkeyPatch) -> Any:
    return door(monkeypatch, FakeHouse(), extra=ENDPOINTS[len(OURS) :])


def test_every_reference_leads_somewhere() -> None:
    targets = {node["$ref"] for node in walk(DOCUMENT) if isinstance(node, dict) and "$ref" in node}
    assert len(targets) > 10
    assert targets <= {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_names_of_operations_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_an_endpoint_is_described(endpoint: Any) -> None:
    operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    assert (operation["operationId"], operation["summary"]) == (endpoint.name, endpoint.summary)
    statuses = {str(endpoint.status), *(str(PROBLEMS[code].status) for code in problems_of(endpoint))}
    assert set(operation["responses"]) == statuses
    assert ("security" in operation) == (endpoint.scope is not None)
    assert ("requestBody" in operation) == (endpoint.body is not None)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_its_examples_are_of_its_types(endpoint: Any) -> None:
    assert endpoint.answer_example is not None
    if endpoint.name != "postBatch":
        strict = msgspec.defstruct("Strict", [("answer", endpoint.answer)], forbid_unknown_fields=True)
        msgspec.convert({"answer": endpoint.answer_example}, strict)
    shown = msgspec.to_builtins(msgspec.convert(endpoint.answer_example, endpoint.answer))
    assert set(shown) == set(endpoint.answer_example)
    if endpoint.example is not None:
        msgspec.convert(endpoint.example, endpoint.body_shown or endpoint.body)


def test_fields_that_are_not_built_are_not_offered() -> None:
    offered = DOCUMENT["components"]["schemas"]["MessageRequest"]
    assert set(offered["properties"]) == {f.encode_name for f in msgspec.structs.fields(Request)} - set(NOT_BUILT)
    assert offered["additionalProperties"] is False


def test_parameters_carry_their_bounds() -> None:
    parameters = {p["name"]: p["schema"] for p in DOCUMENT["paths"]["/v1/messages"]["get"]["parameters"]}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert parameters["since"]["format"] == "date-time"
    assert "delivered" in parameters["status"]["enum"]


def test_problem_details_are_those_of_rfc_9457() -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(ProblemDetails)}
    assert {"type", "title", "status", "detail"} <= fields


class Page(HTMLParser):
    """What a page holds: tags, ids, links, style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.links += [found["href"] or ""] if "href" in found else []
        self.outside += [name for name in found if name.startswith("on") or name in ("src", "style")]


async def test_the_page_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    told = await ask(everything(monkeypatch), "GET", "/docs", key=None)
    text = told.body.decode()
    page = Page(text)
    assert (told.status, told.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script" not in page.tags
    assert page.outside == []
    assert all(link.startswith("#") or link == "/openapi.json" for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert {f"problem-{code}" for code in PROBLEMS} | set(NAMES) <= page.ids
    for endpoint in ENDPOINTS:
        assert f"{endpoint.method} {endpoint.path}" in text


async def test_the_policy_of_the_page_lets_in_its_own_style_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    told = await ask(everything(monkeypatch), "GET", "/docs", key=None)
    style = re.search(r"<style>(.*?)</style>", told.body.decode(), re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = dict(rule.strip().split(" ", 1) for rule in told.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert "script-src" not in policy


async def test_the_document_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    told = await ask(everything(monkeypatch), "GET", "/openapi.json", key=None)
    assert told.json() == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"


def test_no_two_types_are_shown_under_one_name() -> None:
    """A carrier's `Traffic` and a `TrafficView` would both be `Traffic`, and whoever reads the document gets either."""
    with pytest.raises(ValueError, match="shown as Traffic"):
        _renamed({"Traffic": {"type": "object"}, "TrafficView": {"type": "object"}})
