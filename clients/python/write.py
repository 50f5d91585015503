"""Write `tidings_client`'s methods and types from the OpenAPI document: `python clients/python/write.py`."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tidings.api.openapi import document
from tidings.app import every_endpoint

PACKAGE = Path(__file__).parents[2] / "src" / "tidings_client"
_REF = "#/components/schemas/"
_KINDS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
HARMLESS = ("analyzeText", "cancelMessage", "createErasure", "previewMessage", "testCode", "verifySignature")
"""POSTs that do nothing, or nothing more the second time."""
OF_BROWSERS = ("setUp", "signIn", "beginOidc", "signInByOidc")
"""Beside what takes no key: calls that open a session, which is a browser's cookie. Programs have keys."""
_FLOWS = {"text/event-stream": "stream", "application/x-ndjson": "lines"}
"""Methods of the client that take answers of these media types as they come."""
_TYPES_HEAD = '''"""What the API takes and answers, as typed dictionaries. Written by clients/python/write.py."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''
_CALLS_HEAD = '''"""A method for every call of the API. Written by clients/python/write.py."""

from __future__ import annotations

from typing import Any, Literal

from tidings_client import types
from tidings_client.lines import AsyncLines, Lines
from tidings_client.stream import AsyncStream, Stream
from tidings_client.wire import Call, step
'''


def types() -> str:
    """The module of typed dictionaries."""
    schemas = document(every_endpoint())["components"]["schemas"]
    return _formatted(_TYPES_HEAD + "".join(_typed(name, schema) for name, schema in sorted(schemas.items())))


def calls() -> str:
    """The module of methods, once for each of the two clients."""
    parts = [_CALLS_HEAD]
    operations = [
        (method.upper(), path, operation)
        for path, methods in document(every_endpoint())["paths"].items()
        for method, operation in methods.items()
        if for_programs(operation)
    ]
    for name, word, wait in (("Calls", "def", ""), ("AsyncCalls", "async def", "await ")):
        parts.append(f'\n\nclass {name}:\n    """The calls of the API; `call` makes them."""\n\n')
        parts.append(f"    {word} call(self, call: Call, *, keyed: bool = False) -> Any:\n")
        parts.append('        """Make one call."""\n        raise NotImplementedError\n')
        parts.append(f"\n    def stream(self, call: Call) -> {'Stream' if word == 'def' else 'AsyncStream'}:\n")
        parts.append('        """Take events as they come."""\n        raise NotImplementedError\n')
        parts.append(f"\n    def lines(self, call: Call) -> {'Lines' if word == 'def' else 'AsyncLines'}:\n")
        parts.append('        """Take lines of JSON as they come."""\n        raise NotImplementedError\n')
        parts += [_method(word, wait, *operation) for operation in operations]
    return _formatted("".join(parts))


def for_programs(operation: dict[str, Any]) -> bool:
    """Whether a call is for whoever has a key, or needs none."""
    return operation["operationId"] not in OF_BROWSERS and operation.get("security") != [{"session": []}]


def method_name(operation_id: str) -> str:
    """`listMessageEvents` → `list_message_events`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation_id).lower()


def _typed(name: str, schema: dict[str, Any]) -> str:
    """One schema as a TypedDict; in the form of a call where a field is a word of Python."""
    if schema.get("type") != "object" or "properties" not in schema:
        return f"\n{name} = {_kind(schema, '')}\n"
    required = set(schema.get("required", ()))
    fields = {}
    for field, inner in schema["properties"].items():
        kind = _kind(inner, "")
        fields[field] = kind if field in required else f"NotRequired[{kind}]"
    if any(keyword.iskeyword(field) for field in fields):
        lines = [f'    "{field}": {json.dumps(kind)},\n' for field, kind in fields.items()]
        return f'\n{name} = TypedDict("{name}", {{\n{"".join(lines)}}})\n'
    about = json.dumps(schema.get("description", f"See `{name}` of the document."), ensure_ascii=False)
    lines = [f"    {field}: {kind}\n" for field, kind in fields.items()]
    return f'\n\nclass {name}(TypedDict):\n    ""{about}""\n\n{"".join(lines)}'


def _kind(schema: dict[str, Any], room: str) -> str:
    if "$ref" in schema:
        return room + schema["$ref"].removeprefix(_REF)
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(one) for one in schema['enum'])}]"
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " | ".join(dict.fromkeys(_kind(one, room) for one in schema[word]))
    if schema.get("type") == "array":
        return f"list[{_kind(schema.get('items', {}), room) if schema.get('items') else 'Any'}]"
    if schema.get("type") == "object":
        return "dict[str, Any]"
    return _KINDS.get(schema.get("type", ""), "Any")


def _method(word: str, wait: str, verb: str, path: str, operation: dict[str, Any]) -> str:
    arguments, given = ["self"], [repr(verb)]
    in_path = re.findall(r"{(\w+)}", path)
    arguments += [f"{name}: str" for name in in_path]
    given.append("f" * bool(in_path) + '"' + re.sub(r"{(\w+)}", r"{step(\1)}", path) + '"')
    body = operation.get("requestBody")
    if body:
        kind = _kind(next(iter(body["content"].values()))["schema"], "types.")
        arguments.append(f"body: {kind}" if body.get("required", True) else f"body: {kind} | None = None")
        given.append("body=body" if "application/json" in body["content"] else "form=body")
    named, query, keyed = [], [], False
    for one in operation.get("parameters", ()):
        if one["in"] == "query":
            argument = one["name"] + "_" * keyword.iskeyword(one["name"])
            kinds = _kind(one["schema"], "types.").removesuffix(" | None")
            named.append(f"{argument}: {kinds}" if one.get("required") else f"{argument}: {kinds} | None = None")
            query.append(f'"{one["name"]}": {argument}')
        keyed = keyed or one["name"] == "Idempotency-Key"
    if path == "/send":  # here a GET sends, and its key may be a parameter: it is never made again by itself
        keyed = False
        given.append("harmless=False")
    elif operation["operationId"] in HARMLESS:
        given.append("harmless=True")
    if query:
        given.append(f"query={{{', '.join(query)}}}")
    if keyed:
        named.append("idempotency_key: str | None = None")
        given.append("idempotency_key=idempotency_key")
    signature = ", ".join(arguments + (["*", *named] if named else []))
    if flow := _flow(operation):
        kind = flow.title() if word == "def" else f"Async{flow.title()}"
        end = f"        return self.{flow}(Call({', '.join(given)}))\n"
        about = f'        """{operation["summary"].rstrip(".")}."""\n'
        return f"\n    def {method_name(operation['operationId'])}({signature}) -> {kind}:\n{about}{end}"
    answer = _answer(operation)
    made = f"{wait}self.call(Call({', '.join(given)}){', keyed=True' if keyed else ''})"
    end = f"        answer: {answer} = {made}\n        return answer\n"
    summary = operation["summary"].rstrip(".")
    about = f'        """{summary}{"" if summary.endswith("?") else "."}"""\n'
    return f"\n    {word} {method_name(operation['operationId'])}({signature}) -> {answer}:\n{about}{end}"


def _flow(operation: dict[str, Any]) -> str | None:
    """The method that takes an answer as it comes, where it does not come at once."""
    content = operation["responses"].get("200", {}).get("content", {})
    return next((method for kind, method in _FLOWS.items() if kind in content), None)


def _answer(operation: dict[str, Any]) -> str:
    good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    content = good.get("content", {})
    if not content:
        return "Any"
    # Where there is a choice, JSON is asked for.
    return _kind(content.get("application/json", next(iter(content.values())))["schema"], "types.")


def _formatted(source: str) -> str:
    ruff = Path(sys.executable).parent / "ruff"
    command = [ruff, "format", "--stdin-filename", PACKAGE / "calls.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    (PACKAGE / "types.py").write_text(types(), encoding="utf-8")
    (PACKAGE / "calls.py").write_text(calls(), encoding="utf-8")
