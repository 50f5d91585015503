"""Options that change what a key or an account may do: what is not named stays, `none` takes a bound away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from tidings.cli.client import CommandError

F = TypeVar("F", bound=Callable[..., Any])

NONE = object()
"""Given for `none`: the bound goes."""


class OrNone(click.ParamType[Any]):
    """A value of a kind, or the word `none`."""

    def __init__(self, kind: click.ParamType[Any] = click.STRING) -> None:
        self._kind = kind
        self.name = f"{kind.name} or none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or NONE."""
        return NONE if value == "none" else self._kind.convert(value, param, ctx)


OR_NONE = OrNone()


def limit_options(command: F) -> F:
    """`--rate`, `--daily-quota` and `--monthly-quota` of a change."""
    for flag, kind, about in (
        ("--monthly-quota", click.INT, "Messages of one UTC month; `none`: no quota."),
        ("--daily-quota", click.INT, "Messages of one UTC day; `none`: no quota."),
        ("--rate", click.FLOAT, "Messages per second; 0: no limit; `none`: as the settings say."),
    ):
        command = click.option(flag, type=OrNone(kind), help=about)(command)
    return command


def changes(wanted: dict[str, Any], emptied: Iterable[str] = ()) -> dict[str, Any]:
    """The body of a change, of options by field; `emptied`: lists that shall hold nothing.

    Raises CommandError when nothing would change, or a list shall hold something and nothing.
    """
    body = {name: None if value is NONE else value for name, value in wanted.items() if value not in (None, ())}
    for name in emptied:
        if name in body:
            raise CommandError(f"{name} cannot be both given and taken away", 2)
        body[name] = []
    if not body:
        raise CommandError("nothing to change was given; see --help", 2)
    return body
