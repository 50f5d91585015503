"""How a record of the log is written: as text or as a JSON object a line, without what exceptions may quote."""

from __future__ import annotations

import datetime as dt
import json
import logging
import traceback
from typing import Any


class Plain(logging.Formatter):
    """Lines for people. Of an exception its kinds and places are told, not its words: these may quote a text."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name logging calls
        """The kinds of an exception and its causes, and where they arose."""
        return where(ei[1])


class JsonLines(Plain):
    """A JSON object a line: time, level, logger, message; request_id and exception where there are."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", None)
        if request_id:
            line["request_id"] = request_id
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def where(fault: BaseException | None) -> str:
    """Kinds and places of an exception and its causes, newest first."""
    lines = []
    for _ in range(5):
        if fault is None:
            break
        lines.append(f"{type(fault).__module__}.{type(fault).__qualname__}")
        frames = traceback.extract_tb(fault.__traceback__, limit=-25)
        lines.extend(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        fault = fault.__cause__ or fault.__context__
    return "\n".join(lines)
