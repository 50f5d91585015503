"""`tidings erase`: a person asks to be forgotten."""

from __future__ import annotations

from pathlib import Path

import click

from tidings.cli import tell
from tidings.cli.client import Client, data_option


@click.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON.")
@data_option
def erase(number: str, yes: bool, as_json: bool, data: Path) -> None:
    """Erase the person behind NUMBER (E.164): number, texts and octets go from all that is stored."""
    if not yes:
        click.confirm(f"Erase all texts to and from {number}? It cannot be undone.", abort=True)
    client, sums = Client(data), dict.fromkeys(("messages", "receipts", "evidence"), 0)
    while True:
        done = client.call("POST", "/v1/erasures", {"number": number})
        sums = {name: so_far + done[name] for name, so_far in sums.items()}
        if done["complete"]:
            break
        click.echo(f"{sums['messages']:,} messages so far", err=True)
    if as_json:
        click.echo(tell.as_json({**done, **sums}))
        return
    click.echo(
        f"erased: {sums['messages']:,} messages, {sums['receipts']:,} strays; {sums['evidence']:,} rows of evidence "
        f"hold {done['digest']} now"
    )
    if done["left"]:
        click.echo(f"{done['left']:,} messages are on their way: give the command again once they have ended")
