"""`tidings traffic`: how many messages were accepted, sent, delivered and so on, over time."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option
from tidings.core.traffic import COUNTED, STEPS


@click.command()
@click.option("--step", type=click.Choice(list(STEPS)), default="hour", show_default=True, help="By which it counts.")
@click.option("--since", help="Begin with the step that holds this time (RFC 3339).")
@click.option("--until", help="Steps that begin before this time; else now.")
@click.option("--carrier", help="What was done by this carrier only.")
@click.option("--account", help="Another account (acc_…), or `all`; for keys of the default account.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@data_option
def traffic(as_json: bool, data: Path, **wanted: str | None) -> None:
    """Tell how many messages took which status, by the minute, hour or day (of UTC)."""
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    found = Client(data).call("GET", f"/v1/reports/traffic?{query}")
    if as_json:
        click.echo(tell.as_json(found))
        return
    head = (found["step"].upper(), *(name.upper() for name in COUNTED))
    lines = [(_moment(one["at"], found["step"]), *(str(one[name] or "–") for name in COUNTED)) for one in found["data"]]
    total = ("total", *(str(found["total"][name]) for name in COUNTED))
    for line in tell.table([head, *lines, total]):
        click.echo(line)
    if found["incomplete"]:
        click.echo(f"Counts of {found['step']}s from before {found['since'][:16]} are kept no longer.", err=True)


def _moment(at: str, step: str) -> str:
    return at[:10] if step == "day" else at[:16].replace("T", " ")
