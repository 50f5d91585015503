"""`tidings doctor`: the folder, the server, and what the server says of itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tidings.cli import tell
from tidings.cli.client import Client, CommandError, ProblemError, data_option, up_command

GOOD_ENOUGH = "note"
"""Findings of this severity do not make the exit status 1."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print findings and figures as JSON.")
@data_option
def doctor(as_json: bool, data: Path) -> None:
    """Say what is wrong and what to do about it. Exit status 0 when all is well."""
    found, figures = examine(data)
    if as_json:
        click.echo(tell.as_json({"data": found, "snapshot": figures}))
    else:
        for line in [*_figures(figures), *tell.advice(found)]:
            click.echo(line)
        if not found:
            click.echo("All is well.")
    sys.exit(0 if all(advice["severity"] == GOOD_ENOUGH for advice in found) else 1)


def examine(data: Path) -> tuple[list[dict[str, str]], dict[str, Any] | None]:
    """Findings, worst first, and the server's figures; None when it did not tell them."""
    from tidings.cli import folder

    found: list[dict[str, str]] = []
    if data.exists() or not os.environ.get("TIDINGS_URL"):
        found = [_plain(advice.severity, advice.what, advice.do) for advice in folder.look(data)]
    figures = None
    try:
        client = Client(data)
        told = client.call("GET", "/v1/doctor")
        found += told["data"]
        figures = told["snapshot"]
        found += _not_ready(client)
    except ProblemError as problem:
        found.append(_plain("error", f"The server refuses: {problem.format_message()}.", "Use an admin key."))
    except CommandError as fault:
        found += _silent(data, fault, folder.holder(data))
    rank = {"error": 0, "warning": 1}
    return sorted(found, key=lambda advice: rank.get(advice["severity"], 2)), figures


def _not_ready(client: Client) -> Iterator[dict[str, str]]:
    try:
        client.call("GET", "/readyz", with_key=False)
    except ProblemError as problem:
        yield _plain("error", f"The server takes no messages: {problem.format_message()}.", "See the findings here.")


def _silent(data: Path, fault: CommandError, holder: str | None) -> Iterator[dict[str, str]]:
    said = fault.format_message()
    if "API key" in said:
        yield _plain("error", f"The server could not be asked: {said}.", "Give --data or set TIDINGS_KEY.")
    elif os.environ.get("TIDINGS_URL"):
        yield _plain(
            "error", f"{said.removesuffix('; is TIDINGS_URL right?')}.", "Check TIDINGS_URL, and the server there."
        )
    elif holder is None:
        yield _plain("error", f"tidings is not running on {data}.", f"Start it: `{up_command(data)}`.")
    else:
        yield _plain(
            "error",
            f"Process {holder} holds {data}, but its API does not answer: {said}.",
            f"It may be starting or hung: look at its log, or end process {holder} and start tidings again.",
        )


def _figures(figures: dict[str, Any] | None) -> Iterator[str]:
    if figures is None:
        return
    for carrier in figures["carriers"]:
        answers = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in carrier["answers"].items())
        up = f"{carrier['binds_up']} of {carrier['binds_total']} binds up"
        yield f"carrier {carrier['name']} ({carrier['address']}): {up}; {answers or 'no answers yet'}"
    yield (
        f"queue: {figures['queued']} waiting, the oldest for {figures['oldest_s']:.0f} s; "
        f"{figures['in_flight']} segments in flight; {figures['orphans']} orphaned receipts"
    )
    free = "unknown" if figures["disk_free_mb"] is None else f"{figures['disk_free_mb']} MB"
    yield f"store: {figures['store']}; disk free {free}; last commit {figures['commit_lag_ms']:.0f} ms"
    if days := figures["messages_kept_days"]:
        behind = figures["retention_behind_s"] / 86_400
        oldest = f"the oldest is {behind:.1f} days past that" if behind else "none is past that"
        yield f"retention: messages are kept {days} days after their end; {oldest}"
    if figures["database"] is not None:
        yield from _database(figures["database"])


def _database(told: dict[str, Any]) -> Iterator[str]:
    log = "" if told["wal_mb"] is None else f", write-ahead log {told['wal_mb']} MB"
    yield f"database: {told['version']}; {told['size_mb']} MB{log}"
    if told["engine"] == "sqlite":
        return
    open_for = f"oldest transaction {told['oldest_transaction_s']:.0f} s"
    dead = ", ".join(f"{one['name']} {one['dead']}" for one in told["tables"]) or "none to speak of"
    yield f"  {open_for}; dead rows: {dead}; connections {told['connections']} of {told['connections_most']}"
    standbys = ", ".join(
        f"{one['name']} ({one['mode']}, {one['lag_s']:.1f} s, {one['behind_mb']} MB behind)" for one in told["standbys"]
    )
    yield f"  standbys: {standbys or 'none'}; commits wait: {told['synchronous_commit']}"


def _plain(severity: str, what: str, do: str) -> dict[str, str]:
    return {"severity": severity, "what": what, "do": do}
