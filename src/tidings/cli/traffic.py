"""`tidings capture` and `tidings replay`: what goes over SMPP links, written down and played again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, data_option

if TYPE_CHECKING:
    from tidings.smpp.capture import Record
    from tidings.smpp.replay import Player

RECORDS_MOST = 1_000_000
"""Records of a file that are replayed at once: they are held in memory."""


@click.command()
@click.argument("name")
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=60, show_default=True, help="For how long; Ctrl-C ends it."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; else standard output.")
@click.option(
    "--pcap", type=click.Path(path_type=Path, dir_okay=False), help="File for Wireshark and tshark beside it."
)
@click.option("--whole", is_flag=True, help="With texts and whole numbers. Passwords are hidden all the same.")
@data_option
def capture(name: str, seconds: int, out: Path | None, pcap: Path | None, whole: bool, data: Path) -> None:
    """Write down what goes over the SMPP links of the carrier NAME, or of the ESME with the id NAME, PDU by PDU.

    Texts and most digits of numbers are left out unless --whole is given.
    """
    query = {"seconds": seconds, "whole": "true" if whole else "false"}
    noun = "esmes" if name.startswith("esme_") else "carriers"
    records = iter(Client(data).lines(f"/v1/{noun}/{quote(name, safe='')}/capture", query))
    # Asked before a file is opened: one of an earlier capture is not emptied where there is none to be had.
    first = next(records)
    tally: Counter[str] = Counter()
    # Ctrl-C is the usual way to end it: what came is kept.
    with _opened(out) as file, contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        lines = _written(chain([first], records), file, tally, tell_count=out is not None and sys.stderr.isatty())
        if pcap is None:
            deque(lines, maxlen=0)
        else:
            stack.enter_context(_opened(pcap)).writelines(_pcap(lines))
    click.echo(f"\r{tally['pdu']} PDUs captured" + (f" into {out}" if out else ""), err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True, help="Server to play against.")
@click.option("--port", type=click.IntRange(1, 65_535), default=2775, show_default=True, help="Its SMPP port.")
@click.option("--system-id", help="Who binds; else as captured.")
@click.option("--password", envvar="TIDINGS_REPLAY_PASSWORD", help="With it; captures hold none.", show_envvar=True)
@click.option(
    "--speed", type=click.FloatRange(0), default=0.0, help="Times as fast as then; 0 (default): as fast as it answers."
)
@click.option(
    "--patience", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Longest wait, in s."
)
@click.option("--tls", is_flag=True, help="Connect with TLS.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def replay(
    file: Path, host: str, port: int, system_id: str | None, password: str | None, speed: float, patience: float,
    tls: bool, as_json: bool,
) -> None:  # fmt: skip
    """Play the ESME of a captured FILE against a server, and tell where it answers otherwise than it did then.

    Exit status 0 when every answer is as captured, 1 when not.
    """
    from tidings.drivers.clock import SystemClock
    from tidings.drivers.smpp_replay import Pace
    from tidings.drivers.smpp_replay import replay as run

    players = _players(file, system_id, password)
    context = None
    if tls:
        import ssl

        context = ssl.create_default_context()
    counter = _counter(players) if sys.stderr.isatty() and not as_json else (lambda: None)
    faults = asyncio.run(run(players, host, port, SystemClock(), Pace(speed, patience), context, counter))
    told = _outcome(players, faults)
    if as_json:
        click.echo(tell.as_json(told))
    else:
        for line in _lines(told):
            click.echo(line)
    sys.exit(0 if told["as_captured"] else 1)


def _opened(path: Path | None) -> Any:
    """A file that only its owner reads, or the standard output."""
    if path is None:
        return contextlib.nullcontext(sys.stdout.buffer)
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as fault:
        raise CommandError(f"cannot write {path}: {fault.strerror}") from None


def _written(records: Iterable[Any], file: BinaryIO, tally: Counter[str], *, tell_count: bool) -> Iterator[bytes]:
    """The lines, once they stand in the file."""
    for record in records:
        line = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        file.write(line)
        file.flush()
        tally[record.get("what", "head")] += 1
        if tell_count:
            click.echo(f"\r{tally['pdu']} PDUs", nl=False, err=True)
        yield line


def _pcap(lines: Iterable[bytes]) -> Iterator[bytes]:
    from tidings.smpp import capture as form
    from tidings.smpp.pcap import packets

    head, records = form.read(lines)
    return packets(head, records)


def _players(file: Path, system_id: str | None, password: str | None) -> list[Player]:
    from tidings.smpp.capture import BadCapture
    from tidings.smpp.codec import EncodeError
    from tidings.smpp.replay import Login, Player

    if (system_id is None) != (password is None):
        raise CommandError("--system-id and --password go together: captures hold no password")
    login = None if system_id is None or password is None else Login(system_id, password)
    try:
        with file.open("rb") as opened:
            side, links = _links(opened)
    except (OSError, BadCapture) as fault:
        raise CommandError(f"{file} cannot be replayed: {fault}") from None
    try:
        players = [Player(side, records, login) for records in links]
    except EncodeError as fault:
        raise CommandError(f"cannot bind with this login: {fault}") from None
    players = [player for player in players if not player.finished]
    if not players:
        raise CommandError(f"{file} holds nothing to replay: no PDU of an ESME is in it")
    if login is None and not all(player.binds for player in players):
        raise CommandError(
            "a link of the capture stood before it began, so its bind is not in it: give --system-id and --password"
        )
    return players


def _links(opened: BinaryIO) -> tuple[Any, list[list[Record]]]:
    from tidings.smpp import capture as form

    head, records = form.read(iter(lambda: opened.readline(form.LINE_MOST), b""))
    links: dict[str, list[Record]] = {}
    for number, record in enumerate(records):
        if number >= RECORDS_MOST:
            raise form.BadCapture(f"it has more than {RECORDS_MOST} records; split it")
        links.setdefault(record.link, []).append(record)
    return head.side, list(links.values())


def _counter(players: list[Player]) -> Any:
    def show() -> None:
        sent = sum(player.sent for player in players)
        click.echo(
            f"\r{sent} requests sent, {sum(player.same for player in players)} answered as then", nl=False, err=True
        )

    return show


def _outcome(players: list[Player], faults: list[str]) -> dict[str, Any]:
    """All that came of it."""
    differing = sum(player.differing for player in players)
    owed = sum(player.owed for player in players)
    told = [fault for fault in faults if fault]
    return {
        "links": len(players),
        "sent": sum(player.sent for player in players),
        "same": sum(player.same for player in players),
        "differing": differing,
        "differences": [
            {"link": at, "sequence": one.sequence, "request": one.request, "then": one.then, "now": one.now}
            for at, player in enumerate(players, 1)
            for one in player.differences
        ],
        "server_requests": {"then": sum(sum(p.expected.values()) for p in players),
                            "now": sum(sum(p.came.values()) for p in players)},
        "missing": owed,
        "ended": told,
        "as_captured": not differing and not owed and not told,
    }  # fmt: skip


def _lines(told: dict[str, Any]) -> Iterator[str]:
    asked = told["server_requests"]
    yield f"{told['links']} links, {told['sent']} requests: {told['same']} answered as then, {told['differing']} not"
    yield f"requests of the server: {asked['then']} then, {asked['now']} now"
    for one in told["differences"]:
        then, now = _said(one["then"]), _said(one["now"])
        yield f"  link {one['link']}: {one['request']} {one['sequence']}: then {then}, now {now}"
    for why in told["ended"]:
        yield f"  {tell.plain(why)}"
    yield "the server answers as captured" if told["as_captured"] else "the server does not answer as captured"


def _said(status: int | None) -> str:
    from tidings.smpp.status import classify

    if status is None:
        return "no answer"
    return classify(status).name or f"0x{status:08X}"
