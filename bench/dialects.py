"""How each program is asked over HTTP to send message number N: the same number, sender and text for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

SENDER = "TIDINGS"
USER = "bench"
PASSWORD = "bench-pw"
TEXT = "Your order %d is on its way and arrives today between 3 and 5 pm. Reply HELP for help."


@dataclass(frozen=True, slots=True)
class Where:
    """Whom to ask, and where the receipt is to be told; without the latter no receipt is asked for."""

    host: str
    key: str = ""
    callback: str = ""


Write = Callable[[Where, int, int], bytes]
"""The whole request for `count` messages from number `first` on."""


def digits(number: int) -> str:
    """The phone of message `number`. Its last digits stay above 1000, where the simulated network delivers."""
    return f"1555{number // 9000 * 10000 % 10_000_000 + 1000 + number % 9000:07d}"


def _quoted(number: int) -> str:
    return quote(TEXT % number, safe="")


def tidings(where: Where, first: int, count: int) -> bytes:
    """POST /v1/messages, or a batch."""
    path, body = "/v1/messages", _message(first)
    if count > 1:
        path = "/v1/messages/batch"
        body = '{"messages":[' + ",".join(_message(first + at) for at in range(count)) + "]}"
    return (
        f"POST {path} HTTP/1.1\r\nHost: {where.host}\r\nAuthorization: Bearer {where.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _message(number: int) -> str:
    return (
        f'{{"to":"+{digits(number)}","from":"{SENDER}","text":"{TEXT % number}","client_ref":"order-{number}",'
        '"tags":["bench"]}'
    )


def one_url(where: Where, first: int, count: int) -> bytes:
    """GET /send of tidings."""
    query = f"to=%2B{digits(first)}&from={SENDER}&text={_quoted(first)}&client_ref=order-{first}"
    return f"GET /send?{query} HTTP/1.1\r\nHost: {where.host}\r\nAuthorization: Bearer {where.key}\r\n\r\n".encode()


def kannel(where: Where, first: int, count: int) -> bytes:
    """GET sendsms; dlr-mask 1 asks for the receipt of delivery alone."""
    query = (
        f"username={USER}&password={PASSWORD}&from={SENDER}&to=%2B{digits(first)}&text={_quoted(first)}"
        + (f"&dlr-mask=1&dlr-url={quote(f'{where.callback}/{first}', safe='')}" if where.callback else "")
    )  # fmt: skip
    return f"GET /cgi-bin/sendsms?{query} HTTP/1.1\r\nHost: {where.host}\r\n\r\n".encode()


def jasmin(where: Where, first: int, count: int) -> bytes:
    """GET /send; level 2 asks for the receipt of the handset alone."""
    query = f"username={USER}&password={PASSWORD}&from={SENDER}&to={digits(first)}&content={_quoted(first)}" + (
        f"&dlr=yes&dlr-level=2&dlr-method=GET&dlr-url={quote(f'{where.callback}/{first}', safe='')}"
        if where.callback
        else ""
    )
    return f"GET /send?{query} HTTP/1.1\r\nHost: {where.host}\r\n\r\n".encode()


DIALECTS: dict[str, Write] = {"tidings": tidings, "one-url": one_url, "kannel": kannel, "jasmin": jasmin}
ACCEPTED = {b"200", b"202"}
