"""Documented or red: settings, errors and carrier kinds have their rows, links resolve, nothing private slips in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tidings import config
from tidings.core.message import CATEGORY_RULES
from tidings.errors import MESSAGE_ERRORS, PROBLEMS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TITLES = [str(page.relative_to(ROOT)) for page in PAGES]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str) -> dict[str, list[str]]:
    """Table rows of a page by the code-quoted name in their first cell; a page may hold several tables."""
    found: dict[str, list[str]] = {}
    for line in page(name).splitlines():
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
    if isinstance(value, str) and value and " " not in value:
        return value
    return None


def test_every_setting_has_its_row_and_no_row_is_left_over() -> None:
    written = rows("docs/reference/settings.md")
    kinds = {"smpp"}
    profile = {name for name in written if "." not in name and name not in defaults()}
    assert set(defaults()) - set(written) == set()
    assert set(written) - set(defaults()) - profile == set()
    assert kinds <= set(written)


@pytest.mark.parametrize(("name", "value"), [(k, as_written(v)) for k, v in defaults().items() if as_written(v)])
def test_the_default_in_the_table_is_the_one_in_force(name: str, value: str) -> None:
    assert rows("docs/reference/settings.md")[name][0] == f"`{value}`"


def test_every_problem_has_its_row_with_its_status() -> None:
    written = rows("docs/reference/errors.md")
    missing = {code: p.status for code, p in PROBLEMS.items() if str(p.status) not in written.get(code, [])}
    assert missing == {}


def test_every_message_error_has_its_row_with_its_category() -> None:
    written = rows("docs/reference/errors.md")
    missing = {code: cause.group for code, cause in MESSAGE_ERRORS.items() if cause.group not in written.get(code, [])}
    assert missing == {}


def test_no_error_is_documented_that_does_not_exist() -> None:
    assert set(rows("docs/reference/errors.md")) - set(PROBLEMS) - set(MESSAGE_ERRORS) == set()


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
