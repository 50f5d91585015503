"""Documented or red: settings, errors and carrier kinds have their rows, links resolve, nothing private slips in."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from golden import errors
from tidings import config, data
from tidings.api import pages, table, views
from tidings.api.openapi import document
from tidings.app import every_endpoint
from tidings.cli import commands
from tidings.core.message import CATEGORY_RULES
from tidings.core.request import Request
from tidings.core.status import MAY_BECOME
from tidings.door import statuses as door_statuses
from tidings.drivers.smpp_presets import presets
from tidings.drivers.smpp_profile import Profile
from tidings.errors import MESSAGE_ERRORS, PROBLEMS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
TITLES = [str(page.relative_to(ROOT)) for page in PAGES]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def part(name: str, heading: str) -> str:
    """The text under one heading of a page, up to the next heading of its rank."""
    rank, _, _ = heading.partition(" ")
    _, found, rest = page(name).partition(f"\n{heading}\n")
    assert found, f"{name} has no heading `{heading}`"
    return re.split(rf"^{rank} ", rest, maxsplit=1, flags=re.M)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Table rows by the code-quoted name in their first cell; there may be several tables."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            found.setdefault(cells[0].strip("`"), []).extend(cells[1:])
    return found


def defaults(kind: type[msgspec.Struct] = config.Settings, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in msgspec.structs.fields(kind):
        if item.name == "carriers":
            found |= defaults(config.CarrierSettings, "carriers.")
        elif isinstance(item.type, type) and issubclass(item.type, msgspec.Struct):
            found |= defaults(item.type, f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = item.default
    return found


def as_written(value: Any) -> str | None:
    """How a default stands in the table; None where the page may use its own words."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if value < 1e6 else str(int(value))
    return value if isinstance(value, str) and value and " " not in value else None


SETTINGS = rows(page("docs/reference/settings.md").split("\n## Carrier types\n")[0])
PROFILE = rows(part("docs/reference/settings.md", "## Carrier profile"))


def test_every_setting_has_its_row_and_no_row_is_left_over() -> None:
    assert set(SETTINGS) == set(defaults())


def test_every_key_of_a_carrier_profile_has_its_row() -> None:
    assert set(PROFILE) == set(Profile.__struct_fields__)


@pytest.mark.parametrize(("name", "value"), [(k, v) for k, v in defaults().items() if as_written(v)])
def test_the_default_of_a_setting_is_the_one_in_force(name: str, value: Any) -> None:
    assert SETTINGS[name][0] == f"`{as_written(value)}`"


@pytest.mark.parametrize("name", Profile.__struct_fields__)
def test_the_default_of_a_profile_key_is_the_one_in_force(name: str) -> None:
    value = getattr(Profile(), name)
    shown = list(value) if isinstance(value, tuple) else value
    assert PROFILE[name][0] == ("empty" if shown == "" else f"`{as_written(shown) or shown}`")


def test_every_carrier_type_has_its_row() -> None:
    kinds = {file.stem for file in (ROOT / "src/tidings/carriers").glob("*.py")} - {"__init__"}
    assert set(rows(part("docs/reference/settings.md", "## Carrier types"))) == kinds


ENDPOINTS = (*table.ENDPOINTS, *pages.endpoints(table.ENDPOINTS))
CALLS = rows(part("docs/reference/api.md", "## Endpoints"))


def test_every_endpoint_has_its_row_with_its_scope() -> None:
    expected = {f"{one.method} {one.path}": one.scope or "–" for one in ENDPOINTS}
    assert {call: cells[0] for call, cells in CALLS.items()} == expected


def test_every_endpoint_says_who_may_call_it() -> None:
    """What it says holds: tests/flow/test_who_may_what.py."""
    assert set(rows(page("docs/reference/who-may-what.md"))) == {f"{one.method} {one.path}" for one in every_endpoint()}


def test_the_openapi_document_describes_the_same_calls() -> None:
    paths = document(table.ENDPOINTS)["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert described == set(CALLS) - {"GET /openapi.json", "GET /docs"}


def encoded(kind: type[msgspec.Struct]) -> set[str]:
    return {item.encode_name for item in msgspec.structs.fields(kind)}


def test_every_field_of_a_posted_message_is_named() -> None:
    posted = part("docs/reference/api.md", "## A message, as posted")
    assert {name for name in encoded(Request) if f"`{name}`" not in posted} == set()


def test_every_field_of_an_answered_message_is_named() -> None:
    named = part("docs/reference/api.md", "## A message, as posted") + part(
        "docs/reference/api.md", "## A message, as answered"
    )
    assert {name for name in encoded(views.MessageView) if f"`{name}`" not in named} == set()


def leaves(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command of a group by its full name, groups opened up."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(leaves(commands, "tidings"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_heading_and_every_option_its_row(name: str) -> None:
    command = COMMANDS[name]
    shown = [one for one in command.get_params(click.Context(command)) if isinstance(one, click.Option)]
    options = {one.opts[0] for one in shown if not one.hidden and "--help" not in one.opts}
    written = rows(part("docs/reference/cli.md", f"## `{name}`"))
    assert {option.split()[0] for option in written} == options


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^## `(.+)`$", page("docs/reference/cli.md"), flags=re.M)) == set(COMMANDS)


def test_the_table_of_statuses_is_the_one_in_force() -> None:
    written = rows(part("docs/concepts/message-path.md", "## Statuses"))
    assert set(written) == set(MAY_BECOME)
    for status, (_, after) in written.items():
        if after != "any below":
            steps = {word.strip(" ¹") for word in after.split(",")} - {"–"}
            assert steps == set(MAY_BECOME[status]), status


ERRORS = rows(part("docs/reference/errors.md", "## Of requests") + part("docs/reference/errors.md", "## Of messages"))


def test_the_tables_of_errors_are_those_in_force() -> None:
    """Run `make golden` when this fails."""
    assert errors.page() == page("docs/reference/errors.md")


CODES = {
    "## command_status": {f"0x{row['code']:08X}" for row in data.load("smpp_command_status")["statuses"]},
    "## States of receipts": {row["word"] for row in data.load("error_taxonomy")["states"]},
    "## network_error_code": {str(row["type"]) for row in data.load("error_taxonomy")["network_error_types"]},
    **{f"### {name}": set(table) for name, table in data.load("error_taxonomy")["tables"].items()},
}


@pytest.mark.parametrize("heading", CODES)
def test_every_code_of_the_tables_has_its_row(heading: str) -> None:
    first = {
        line.split("|")[1].strip() for line in part("docs/reference/errors.md", heading).splitlines() if "|" in line
    }
    assert CODES[heading] - first == set()


DIFFERENCES = part("docs/howto/connect-a-carrier.md", "## Where carriers differ")
UNTOUCHED = {"preset", "address_range", "protocol_id", "priority_flag"}
"""Keys of a profile that no known difference asks for."""


def test_the_differences_of_carriers_name_every_key_of_a_profile_and_only_what_there_is() -> None:
    cells = [line.split("|")[2] for line in DIFFERENCES.splitlines() if line.startswith("| ")][2:]
    named = {word for cell in cells for word in re.findall(r"`([a-z0-9_.]+)`", cell)}
    assert set(Profile.__struct_fields__) - named == UNTOUCHED
    assert named - set(Profile.__struct_fields__) - set(defaults()) == set()
    assert all(re.search(r"`|always", cell) for cell in cells), "an option, or the word always"


def test_every_preset_has_its_row() -> None:
    assert set(rows(part("docs/reference/settings.md", "## Presets"))) == set(presets())


def test_every_problem_has_its_row_with_its_status() -> None:
    missing = {code: p.status for code, p in PROBLEMS.items() if str(p.status) not in ERRORS.get(code, [])}
    assert missing == {}


def test_every_message_error_has_its_row_with_its_category() -> None:
    missing = {code: cause.group for code, cause in MESSAGE_ERRORS.items() if cause.group not in ERRORS.get(code, [])}
    assert missing == {}


def test_no_error_is_documented_that_does_not_exist() -> None:
    assert set(ERRORS) - set(PROBLEMS) - set(MESSAGE_ERRORS) == set()


DOOR = part("docs/reference/smpp-door.md", "## Statuses")


def test_every_status_that_the_door_answers_with_has_its_row() -> None:
    names = {name: value for name, value in vars(door_statuses).items() if isinstance(value, int) and name[0] == "R"}
    written = {
        name: int(code, 16) for name, code in re.findall(r"^\| `ESME_(\w+)` \(0x([0-9A-F]+)\)", DOOR, flags=re.M)
    }
    assert written == names


@pytest.mark.parametrize("category", CATEGORY_RULES)
def test_every_category_has_its_row(category: str) -> None:
    assert any(line.startswith(f"| `{category}`") for line in page("docs/concepts/message-path.md").splitlines())


def anchors(text: str) -> set[str]:
    """The anchors a page offers, as the usual renderers make them from headings."""
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("title", TITLES)
def test_links_of_a_page_resolve(title: str) -> None:
    text = re.sub(r"```.*?```", "", page(title), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (ROOT / title).parent / file if file else ROOT / title
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        here = todo.pop().resolve()
        if here in seen or here.suffix != ".md" or not here.exists():
            continue
        seen.add(here)
        links = re.findall(r"\]\(([^)#\s]+)", here.read_text(encoding="utf-8"))
        todo += [here.parent / link for link in links if not re.match(r"[a-z]+:", link)]
    assert {str(p.relative_to(ROOT)) for p in PAGES if p.resolve() not in seen} == set()


PRIVATE = re.compile(
    r"(?<![\w.$}])/(?:home|root|work)/\w|pypi\.(?:org)|pythonhos(?:ted)|registry\.npm(?:js)|TO(?:DO)\b|FIX(?:ME)\b"
)


def tracked() -> list[Path]:
    """Files of the checkout that git knows or would take; every file of the tree where there is no git."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        rooms = ("src", "tests", "docs", "bench", "requirements")
        return [*ROOT.glob("*.*"), *(file for room in rooms for file in (ROOT / room).rglob("*.*") if file.is_file())]
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_holds_paths_of_a_machine_registry_hosts_or_leftovers() -> None:
    found = []
    for file in tracked():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {hit.group()}" for hit in PRIVATE.finditer(text)]
    assert found == []
