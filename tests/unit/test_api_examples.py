"""The OpenAPI documents are sound to a validator of others, everything has an example, and each fits its schema."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from tidings.api.openapi import document
from tidings.app import every_endpoint, network_endpoints
from tidings.drivers.clock import SystemClock
from tidings.simulator.network import Network, NetworkSettings

Json = dict[str, Any]


def plain(value: Any) -> Json:
    told: Json = msgspec.json.decode(msgspec.json.encode(value))
    return told


OURS = plain(document(every_endpoint()))
ALONE = plain(document(network_endpoints(Network(NetworkSettings(), SystemClock()))))
DOCUMENTS = pytest.mark.parametrize("told", [OURS, ALONE], ids=["tidings", "the simulator alone"])


def faults(told: Json) -> list[str]:
    return [fault.message for fault in OpenAPIV31SpecValidator(told).iter_errors()]


@DOCUMENTS
def test_a_validator_of_others_finds_nothing(told: Json) -> None:
    assert faults(told) == []


def plant(*steps: str, value: Any = ...) -> Callable[[Json], None]:
    """Sets what is at the end of the steps, or deletes it."""

    def at(told: Json) -> None:
        for step in steps[:-1]:
            told = told[step]
        if value is ...:
            del told[steps[-1]]
        else:
            told[steps[-1]] = value

    return at


PLANTED = {
    "no title": plant("info", "title"),
    "a parameter of the path that nobody describes": plant("paths", "/v1/messages/{id}", "get", "parameters"),
    "an answer without words": plant("paths", "/healthz", "get", "responses", "200", "description"),
    "two operations of one name": plant("paths", "/healthz", "get", "operationId", value="ready"),
    "a type that is none": plant("components", "schemas", "Message", "properties", "id", "type", value="text"),
    "a place that is none": plant("paths", "/send", "get", "parameters", value=[{"name": "to", "in": "url"}]),
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_the_validator_finds_what_is_planted(planted: Callable[[Json], None]) -> None:
    told = copy.deepcopy(OURS)
    planted(told)
    assert faults(told)


def operations(told: Json) -> Iterator[tuple[str, Json]]:
    for methods in told["paths"].values():
        for operation in methods.values():
            yield operation["operationId"], operation


def exemplified(told: Json) -> Iterator[tuple[str, Json]]:
    """Everything that should have an example: parameters, bodies, answers and their headers."""
    for name, operation in operations(told):
        for one in operation.get("parameters", ()):
            yield f"{name}, parameter {one['name']}", one
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name}, body as {kind}", content
        for status, answer in operation["responses"].items():
            for header, one in answer["headers"].items():
                yield f"{name}, {status}, {header}", one
            for kind, content in answer.get("content", {}).items():
                yield f"{name}, {status} as {kind}", content


def examples(one: Json) -> list[Any]:
    return [one["example"]] if "example" in one else [each["value"] for each in one.get("examples", {}).values()]


def unfit(told: Json, schema: Json, example: Any) -> list[str]:
    schema = {**schema, "components": told["components"]}
    validator = OAS31Validator(schema, format_checker=oas31_format_checker)
    return [fault.message for fault in validator.iter_errors(example)]


@DOCUMENTS
def test_everything_has_an_example_and_each_fits_its_schema(told: Json) -> None:
    wrong = {}
    for where, one in exemplified(told):
        if not examples(one):
            wrong[where] = ["has no example"]
        for example in examples(one):
            if found := unfit(told, one["schema"], example):
                wrong[where] = found
    assert wrong == {}


def test_an_example_that_does_not_fit_is_found() -> None:
    message = {"$ref": "#/components/schemas/Message"}
    good = OURS["paths"]["/v1/messages/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert unfit(OURS, message, good) == []
    assert unfit(OURS, message, {**good, "id": "msg"})
    assert unfit(OURS, message, {**good, "created_at": "yesterday"})
    assert unfit(OURS, message, {**good, "error": {}})
    assert unfit(OURS, {"$ref": "#/components/schemas/MessageRequest"}, {"to": "+15551230100", "txt": "x"})
