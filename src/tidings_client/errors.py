"""What may go wrong with a call, as exceptions."""

from __future__ import annotations

from typing import Any


class TidingsError(Exception):
    """Any failure of a call."""


class NoAnswer(TidingsError):
    """The server could not be reached, or the answer did not come; `kind` names the fault, for programs."""

    def __init__(self, detail: str, kind: str, sent: bool) -> None:
        super().__init__(detail, kind, sent)
        self.detail = detail
        self.kind = kind
        self.sent = sent
        """Whether the request may have reached the server."""

    def __str__(self) -> str:
        return self.detail


class NotTidings(TidingsError):
    """Something else answers at this address."""

    def __init__(self, detail: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(detail, status, retry_after)
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        """Seconds after which it may be tried again, where something on the way said so."""

    def __str__(self) -> str:
        return self.detail


class Problem(TidingsError):
    """The server answered with problem details (RFC 9457); branch on `code`."""

    def __init__(self, status: int, told: dict[str, Any], request_id: str | None, retry_after: float | None) -> None:
        self.status = status
        self.code = str(told.get("code", ""))
        self.title = str(told.get("title", ""))
        self.detail = str(told.get("detail", ""))
        errors = told.get("errors")
        self.errors: list[dict[str, str]] = errors if isinstance(errors, list) else []
        """Every field at fault, by `pointer`, with its `detail`."""
        self.told = told
        """The problem as it came."""
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds after which it may be tried again, where the server said so."""
        super().__init__(status, told, request_id, retry_after)  # all of it, so that copies and pickles are whole

    def __str__(self) -> str:
        code = f", {self.code}" if self.code else ""
        return f"{self.detail or self.title or 'refused'} (HTTP {self.status}{code})"


class BadSignature(TidingsError):
    """A webhook that is not what it claims to be, or too old."""
