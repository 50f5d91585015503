"""Errors as RFC 9457 problem details: rendering, and the one exception that ends a call with a problem."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tidings.api.call import PROBLEM_JSON, Headers, Reply
from tidings.core.request import Fault, Refused, Verdict
from tidings.errors import PROBLEMS

_log = logging.getLogger("tidings.api")
_encode = msgspec.json.Encoder().encode


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as RFC 9457 problem details; `code` is stable and meant for programs."""

    type: Annotated[str, Meta(description="Address of the explanation, relative to this server")]
    title: str
    status: int
    detail: str
    code: str
    errors: Annotated[
        tuple[Fault, ...] | None,
        Meta(description="Every field at fault: a JSON pointer, `?name` of a query parameter, or a header's name"),
    ] = None
    message_id: Annotated[str | None, Meta(description="The message stored as rejected")] = None
    verdicts: Annotated[tuple[Verdict, ...] | None, Meta(description="What the rules said of the message")] = None


class Abort(Exception):
    """Ends the call with a problem; raised while a request is read, never for an outcome of the pipeline."""

    def __init__(
        self, code: str, detail: str = "", errors: Sequence[Fault] = (), headers: Headers | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers

    def reply(self) -> Reply:
        """The problem as it goes out."""
        return problem(self.code, self.detail, errors=self.errors, headers=self.headers)


def details(
    code: str,
    detail: str = "",
    *,
    errors: Sequence[Fault] = (),
    message_id: str | None = None,
    verdicts: Sequence[Verdict] = (),
) -> ProblemDetails:
    """The problem details of a code in `tidings.errors.PROBLEMS`."""
    known = PROBLEMS[code]
    return ProblemDetails(
        type=f"/docs#problem-{code}",
        title=known.title,
        status=known.status,
        detail=detail or known.sentence,
        code=code,
        errors=tuple(errors) or None,
        message_id=message_id,
        verdicts=tuple(verdicts) or None,
    )


def problem(
    code: str,
    detail: str = "",
    *,
    errors: Sequence[Fault] = (),
    message_id: str | None = None,
    verdicts: Sequence[Verdict] = (),
    headers: Headers | None = None,
) -> Reply:
    """A reply that tells a problem."""
    told = details(code, detail, errors=errors, message_id=message_id, verdicts=verdicts)
    return Reply(told.status, _encode(told), PROBLEM_JSON, _with_retry(told.status, headers))


def refusal(refused: Refused) -> Reply:
    """A refusal of the whole call, with Retry-After where waiting helps."""
    headers: Headers = []
    if PROBLEMS[refused.code].retry == "later":
        headers.append((b"retry-after", b"%d" % max(1, refused.retry_after_s)))
    return problem(refused.code, refused.detail, headers=headers)


def broken(fault: BaseException, request_id: str, method: str, route: str) -> Reply:
    """The answer to an exception nobody planned.

    The log gets the request id, the kinds of the exceptions and where they arose; never their texts, which may quote
    what the caller sent.
    """
    extra = {"request_id": request_id}
    _log.error("request %s (%s %s) broke: %s", request_id, method, route, _where(fault), extra=extra)
    return problem("internal", f"Something broke on our side; it was logged under request {request_id}.")


def _with_retry(status: int, headers: Headers | None) -> Headers:
    headers = headers or []
    if status in (429, 503) and not any(name == b"retry-after" for name, _ in headers):
        headers.append((b"retry-after", b"1"))
    return headers


def _where(fault: BaseException | None) -> str:
    lines = []
    for _ in range(5):
        if fault is None:
            break
        lines.append(f"{type(fault).__module__}.{type(fault).__qualname__}")
        frames = traceback.extract_tb(fault.__traceback__, limit=-25)
        lines.extend(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        fault = fault.__cause__ or fault.__context__
    return "\n".join(lines)
