"""The API as the command line sees it: where it is, with which key, and one line when it cannot be had."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from tidings_client import Client as Wire

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_DATA = "./tidings-data"
TIMEOUT_S = 15.0


class CommandError(click.ClickException):
    """Why a command cannot go on, in one line."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = status


class ProblemError(CommandError):
    """The API answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(_in_one_line(status, problem))
        self.http_status = status
        self.problem = problem


def data_option(command: F) -> F:
    """`--data`, the folder where the running server left its address and the admin key."""
    return click.option(
        "--data",
        envvar="TIDINGS_DATA",
        default=DEFAULT_DATA,
        show_default=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="Data folder of the server, where its address and the admin key are found.",
    )(command)


class Client:
    """Calls the API of one server."""

    def __init__(self, data: Path) -> None:
        """TIDINGS_URL and TIDINGS_KEY win over what lies in the folder."""
        self._data = data
        self.url = _url(data)
        self._key: str | None = None

    def call(self, method: str, path: str, body: Any = None, *, with_key: bool = True) -> Any:
        """The answer's JSON. Raises CommandError when there is no server or no key, ProblemError when it refuses."""
        from tidings_client.wire import Call

        with self._wire(with_key=with_key) as wire, self._faults():
            return wire.call(Call(method, path, body=body))

    def lines(self, path: str, query: dict[str, Any]) -> Iterator[Any]:
        """What the lines of an answer hold, as they come. Raises as `call` does."""
        from tidings_client.wire import Call

        with self._wire() as wire, self._faults(), wire.lines(Call("GET", path, query=query)) as lines:
            yield from lines

    def _wire(self, *, with_key: bool = True) -> Wire:
        from tidings_client import Client as Wire
        from tidings_client import Retries

        key = self.key if with_key else None
        try:
            return Wire(self.url, key, timeout=TIMEOUT_S, retries=Retries(attempts=1))
        except ValueError:
            raise CommandError(f"{self.url} is no address of a server; see TIDINGS_URL") from None

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        from tidings_client import NoAnswer, NotTidings, Problem

        try:
            yield
        except Problem as problem:
            raise ProblemError(problem.status, problem.told) from None
        except NotTidings as fault:
            raise CommandError(str(fault)) from None
        except NoAnswer as fault:
            told = f"tidings does not answer at {self.url} ({_why(fault.kind)}); {self._start()}"
            raise CommandError(told) from None

    @property
    def key(self) -> str:
        """The key: TIDINGS_KEY, else the admin key of the folder."""
        if self._key is None:
            self._key = _key(self._data)
        return self._key

    def _start(self) -> str:
        if os.environ.get("TIDINGS_URL"):
            return "is TIDINGS_URL right?"
        return f"start it with `{up_command(self._data)}`"


def up_command(data: Path) -> str:
    """The command that starts the server of a folder."""
    return "tidings up" if data == Path(DEFAULT_DATA) else f"tidings up --data {data}"


def without_secrets(url: str) -> str:
    """An address as it may be shown: without user, password, query and fragment."""
    return _USER.sub(r"\1", re.split(r"[?#]", url, maxsplit=1)[0])


_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)?.*@", re.DOTALL)


def _url(data: Path) -> str:
    if url := os.environ.get("TIDINGS_URL"):
        if not url.startswith(("http://", "https://")):
            raise CommandError(f"TIDINGS_URL is {without_secrets(url)}; it must begin with http:// or https://")
        if without_secrets(url) != url:
            raise CommandError("TIDINGS_URL holds a password, a query or a fragment; the key goes into TIDINGS_KEY")
        return url.rstrip("/")
    file = data / "server.json"
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["url"]).rstrip("/")
    except FileNotFoundError:
        raise CommandError(
            f"no server has run on {data} yet; start one with `{up_command(data)}`, or set TIDINGS_URL"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise CommandError(f"cannot read {file}: {fault}") from None


def _key(data: Path) -> str:
    if key := os.environ.get("TIDINGS_KEY"):
        return _fit(key, "TIDINGS_KEY")
    file = data / "admin.key"
    try:
        return _fit(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError:
        raise CommandError(f"no API key: {file} does not exist; set TIDINGS_KEY, or give --data") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(f"cannot read {file}: {getattr(fault, 'strerror', None) or 'not text'}") from None


def _fit(key: str, source: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise CommandError(f"{source} holds no API key")
    return key


def _why(kind: str) -> str:
    kinds = {
        "NewConnectionError": "connection refused or host unknown",
        "NameResolutionError": "host unknown",
        "ConnectTimeoutError": "no answer in time",
        "ReadTimeoutError": "no answer in time",
        "ProtocolError": "the connection broke",
    }
    return kinds.get(kind, kind)


def _in_one_line(status: int, problem: dict[str, Any]) -> str:
    errors = problem.get("errors")
    if errors:
        return "; ".join(f"{error.get('pointer', '').lstrip('/') or 'body'}: {error.get('detail')}" for error in errors)
    if status == 401:
        return "the server does not know this API key; see TIDINGS_KEY, or --data for the folder with admin.key"
    said = problem.get("detail") or problem.get("title") or "refused"
    return f"{said} (HTTP {status}{', ' + problem['code'] if 'code' in problem else ''})"
