"""The command line: a client of the API, but for what runs something itself, or works on the data as a whole."""

from __future__ import annotations

import importlib
import sys

import click

from tidings import __version__

COMMANDS = {
    "up": ("tidings.cli.serve", "up"),
    "send": ("tidings.cli.messages", "send"),
    "text": ("tidings.cli.text", "text"),
    "trace": ("tidings.cli.messages", "trace"),
    "keys": ("tidings.cli.keys", "keys"),
    "accounts": ("tidings.cli.accounts", "accounts"),
    "users": ("tidings.cli.users", "users"),
    "senders": ("tidings.cli.senders", "senders"),
    "contacts": ("tidings.cli.contacts", "contacts"),
    "conversations": ("tidings.cli.conversations", "conversations"),
    "codes": ("tidings.cli.codes", "codes"),
    "carriers": ("tidings.cli.carriers", "carriers"),
    "esmes": ("tidings.cli.esmes", "esmes"),
    "doctor": ("tidings.cli.doctor", "doctor"),
    "traffic": ("tidings.cli.counts", "traffic"),
    "orphans": ("tidings.cli.orphans", "orphans"),
    "capture": ("tidings.cli.traffic", "capture"),
    "replay": ("tidings.cli.traffic", "replay"),
    "simulate": ("tidings.cli.serve", "simulate"),
    "erase": ("tidings.cli.erase", "erase"),
    "migrate": ("tidings.cli.data", "migrate"),
    "backup": ("tidings.cli.data", "backup"),
    "restore": ("tidings.cli.data", "restore"),
}
"""Each command with its module, which is imported when the command is asked for."""

SUMMARIES = {
    "up": "Run everything in one process.",
    "send": "Send a text, and with --wait follow it to its end.",
    "text": "Tell how many segments a text takes, and why.",
    "trace": "Tell the whole story of a message.",
    "keys": "Issue, list, change, rotate and revoke API keys.",
    "accounts": "Open, list, change and close accounts.",
    "users": "Invite, list and change people who sign in; let back in who is locked out.",
    "senders": "Say whose numbers are, and what is done with texts to them.",
    "contacts": "Keep, find, change, merge and drop the people you text with.",
    "conversations": "Read and answer what handsets say.",
    "codes": "Say what incoming texts mean, and try texts on it.",
    "carriers": "See how carriers stand; test, pause, add and change them.",
    "esmes": "Enrol, list, show, change, rotate and close customers' ESMEs.",
    "doctor": "Say what is wrong and what to do about it.",
    "traffic": "Tell how many messages were accepted, sent, delivered, over time.",
    "orphans": "List receipts that match no message, match them again, drop them.",
    "capture": "Write down what goes over the SMPP links of a carrier.",
    "replay": "Play captured traffic against a server, and compare.",
    "simulate": "Run the simulated carrier network alone.",
    "erase": "Erase a person from all that is stored.",
    "migrate": "Bring the schema of the store up to date, or move all to another place.",
    "backup": "Write all data into a file while tidings runs.",
    "restore": "Fill an empty installation from a backup.",
}


class Commands(click.Group):
    """Commands that are imported only when they run, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of a first acquaintance."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself; of a noun, one will do: `carrier` for `carriers`."""
        if f"{cmd_name}s" in COMMANDS:
            cmd_name = f"{cmd_name}s"
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tidings")
def commands() -> None:
    """A self-hosted messaging platform in one program.

    Start it with `tidings up`, send with `tidings send NUMBER TEXT --wait`, and ask `tidings doctor` when something is
    amiss.
    """


def main() -> None:
    """The entry point. Exit status: 0 well, 1 not, 2 wrong usage or configuration, 3 undecided, 130 interrupted."""
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as fault:
        fault.show()
        sys.exit(2)
    except click.ClickException as fault:
        click.echo(f"tidings: {fault.format_message()}", err=True)
        sys.exit(getattr(fault, "exit_status", fault.exit_code))
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
