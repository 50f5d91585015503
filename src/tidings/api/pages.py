"""What describes the API: `/openapi.json` and `/docs`, a page without scripts or outside assets."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

import msgspec

import tidings
from tidings.api.call import HTML, Call, Endpoint, Headers, Reply
from tidings.api.openapi import document
from tidings.api.table import problems_of
from tidings.core.people import OWN
from tidings.errors import MESSAGE_ERRORS, PROBLEMS

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid #8886; }
h3 code { font-size: 1.1em; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: #8882; padding: .8rem; overflow-x: auto; border-radius: .3rem; }
table { border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; padding: .25rem 1rem .25rem 0; }
summary { cursor: pointer; }
section { margin-bottom: 2rem; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Headers = [
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'".encode(),
    ),
    (b"referrer-policy", b"no-referrer"),
]


_KEYS = """
Send <code>Authorization: Bearer KEY</code>; the first key is in <code>admin.key</code> of the data folder."""


def endpoints(table: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """The endpoints that serve the document and the page of `table`, made when they are first asked for."""

    @cache
    def described() -> bytes:
        return msgspec.json.format(msgspec.json.encode(document(table)), indent=1)

    @cache
    def shown() -> bytes:
        return page(table).encode()

    async def openapi(call: Call) -> Reply:
        return Reply(200, described())

    async def docs(call: Call) -> Reply:
        return Reply(200, shown(), HTML, list(_POLICY))

    return (
        Endpoint(method="GET", path="/openapi.json", handle=openapi, name="openapi", summary="The OpenAPI document"),
        Endpoint(method="GET", path="/docs", handle=docs, name="docs", summary="This API for people"),
    )


def page(table: Sequence[Endpoint]) -> str:
    """The table as one HTML page."""
    keys = _KEYS if any(endpoint.scope for endpoint in table) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>tidings API</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>tidings API</h1>
<p>Version {escape(tidings.__version__)}. Machines read <a href="/openapi.json">/openapi.json</a>.{keys}</p>
<h2>Endpoints</h2>
<ul>
{"".join(_entry(endpoint) for endpoint in table)}</ul>
{"".join(_section(endpoint) for endpoint in table)}
<h2 id="problems">Problems</h2>
<p>Every error is RFC 9457 problem details; <code>code</code> is stable.</p>
<table><tr><th>code</th><th>status</th><th>try again?</th><th>meaning</th></tr>
{"".join(_problem(code) for code in PROBLEMS)}</table>
<h2 id="message-errors">Why a message did not arrive</h2>
<p>Codes of <code>error.code</code> of a message.</p>
<table><tr><th>code</th><th>group</th><th>try again?</th><th>meaning</th></tr>
{"".join(_cause(code) for code in MESSAGE_ERRORS)}</table>
</body>
</html>
"""


def _entry(endpoint: Endpoint) -> str:
    return (
        f'<li><a href="#{endpoint.name}"><code>{endpoint.method} {escape(endpoint.path)}</code></a> '
        f"{escape(endpoint.summary)}</li>\n"
    )


def _section(endpoint: Endpoint) -> str:
    needs = f"Scope <code>{endpoint.scope}</code>." if endpoint.scope else "No key needed."
    if endpoint.scope == OWN:
        needs = "For whoever is signed in."
    if endpoint.also:
        needs += f" So does <code>{endpoint.also}</code>."
    if endpoint.own:
        needs += " Scope <code>send</code> does for what the key sent itself."
    codes = ", ".join(f'<a href="#problem-{code}"><code>{code}</code></a>' for code in problems_of(endpoint))
    return (
        f'<section id="{endpoint.name}"><h3><code>{endpoint.method} {escape(endpoint.path)}</code></h3>\n'
        f"<p>{escape(endpoint.summary)}. {_marked(endpoint.detail)}</p><p>{needs}</p>\n"
        + _example("Request", endpoint.example)
        + _example(f"Answer, {endpoint.status}", endpoint.answer_example)
        + f"<details><summary>Problems</summary><p>{codes}</p></details></section>\n"
    )


def _example(title: str, example: Any) -> str:
    if example is None:
        return ""
    text = msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
    return f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>\n"


def _problem(code: str) -> str:
    known = PROBLEMS[code]
    return (
        f'<tr id="problem-{code}"><td><code>{code}</code></td><td>{known.status}</td>'
        f"<td>{known.retry.replace('_', ' ')}</td><td>{_marked(known.sentence)}</td></tr>\n"
    )


def _cause(code: str) -> str:
    known = MESSAGE_ERRORS[code]
    return (
        f"<tr><td><code>{code}</code></td><td>{known.group}</td><td>{known.retry.replace('_', ' ')}</td>"
        f"<td>{escape(known.sentence)}</td></tr>\n"
    )


def _marked(text: str) -> str:
    """Text with `code` in backticks as HTML."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))
