"""`tidings text`: what a text costs, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option

_LISTED = 12
"""Characters that are told one by one."""


@click.command()
@click.argument("text")
@click.option("--html", "is_html", is_flag=True, help="TEXT is HTML: look at the text it would become.")
@click.option(
    "--encoding",
    type=click.Choice(["auto", "gsm7", "ucs2"]),
    default="auto",
    show_default=True,
    help="As in a message.",
)
@click.option("--to", help="Number it would go to: national alphabets depend on its country.")
@click.option("--transliterate", is_flag=True, help="Let smart encoding write other scripts in Latin letters too.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@data_option
def text(
    text: str, is_html: bool, encoding: str, to: str | None, transliterate: bool, as_json: bool, data: Path
) -> None:
    """Tell how many segments TEXT takes and what makes it dear; `-` reads it from the standard input. Sends nothing.

    Exit status 1 when it cannot be sent.
    """
    if text == "-":
        text = sys.stdin.read().removesuffix("\n")
    body = {"html" if is_html else "text": text, "encoding": encoding, "transliterate": transliterate}
    if to is not None:
        body["to"] = to
    told = Client(data).call("POST", "/v1/text/analyze", body)
    if as_json:
        click.echo(tell.as_json(told))
    else:
        for line in lines(told):
            click.echo(line)
    if not told["sendable"]:
        sys.exit(1)


def lines(told: dict[str, Any]) -> Iterator[str]:
    """What is known of a text, for people."""
    if told["sendable"]:
        yield _sum(told)
        width = len(str(told["segments"]))
        for part in told["parts"]:
            yield f"  {part['part']:>{width}}  {part['units']:>3} of {part['room']}  {tell.plain(part['text'])}"
    else:
        yield f"{click.style('cannot be sent', fg='red', bold=True)}: {tell.plain(told['why_not'])}"
    yield from _drivers("not in GSM-7", told["forces_ucs2"])
    yield from _drivers("two septets each", told["takes_two"])
    yield from _smart(told["smart_encoding"])
    yield from _page(told["html"])


def _sum(told: dict[str, Any]) -> str:
    unit = "septet" if told["unit"] == "septet" else "UTF-16 unit"
    head = f"{told['encoding']} · {_many(told['segments'], 'segment')}"
    return f"{click.style(head, bold=True)} · {_many(told['units'], unit)}, room for {told['room_left']} more"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _drivers(title: str, found: dict[str, Any]) -> Iterator[str]:
    if not found["count"]:
        return
    extra = found["extra_segments"]
    cost = f": {_many(extra, 'segment')} more because of them" if extra else ""
    yield f"{click.style(title, bold=True)} · {_many(found['count'], 'character')}{cost}"
    for one in found["characters"][:_LISTED]:
        times = f" × {one['count']}, first" if one["count"] > 1 else ""
        instead = one["instead"]
        hint = "" if instead is None else f"; {tell.plain(instead)} would do" if instead else "; could go"
        yield f"  {tell.plain(one['character'])}  {one['codepoint']}{times} at {one['at']}{hint}"
    if found["distinct"] > _LISTED:
        yield f"  … and {found['distinct'] - _LISTED} further ones"


def _smart(better: dict[str, Any] | None) -> Iterator[str]:
    if better is None:
        return
    head = f"{better['encoding']} · {_many(better['segments'], 'segment')}"
    saved = f", saves {better['saves']}" if better["saves"] else ""
    yield f"{click.style('smart encoding', bold=True)} · {head}{saved}"
    yield f"  {tell.plain(better['text'])}"


def _page(page: dict[str, Any] | None) -> Iterator[str]:
    if page is None or not page["left_out"]:
        return
    kinds = ", ".join(f"{one['what']} × {one['count']}" for one in page["left_out"])
    yield f"{click.style('left out of the HTML', bold=True)} · {kinds}"
    for image in page["images"]:
        yield f"  image {tell.plain(image['source'])}"
