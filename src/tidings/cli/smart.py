"""Options that say whether look-alikes may stand in texts (smart encoding)."""

from __future__ import annotations

from typing import Any

import click

_WORDS: dict[str, bool | str] = {"on": True, "off": False, "transliterate": "transliterate"}


class Smart(click.ParamType[Any]):
    """`on`, `off` or `transliterate`, as the API has it."""

    name = "on|off|transliterate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """True, False or "transliterate"."""
        if value not in _WORDS:
            self.fail(f"{value!r} is none of {', '.join(_WORDS)}.", param, ctx)
        return _WORDS[value]


SMART = Smart()


class OfSender(click.ParamType[Any]):
    """`SENDER=on|off|transliterate`."""

    name = "sender=on|off|transliterate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The sender and what holds for it."""
        sender, equals, word = value.rpartition("=")
        if not sender or not equals:
            self.fail(f"{value!r} is not of the form ACME=on.", param, ctx)
        return sender, SMART.convert(word, param, ctx)


OF_SENDER = OfSender()
