"""The rules of the house bite: a forbidden import, name or task is found out."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "tidings").rglob("*.py"))


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50


BREACHES = [
    ("a lower layer imports a higher one", "core/message.py", "import tidings.pipeline.accept", "layers"),
    ("strangers import each other", "api/problems.py", "import tidings.runner", "layers"),
    ("the API reaches for the store", "api/problems.py", "import tidings.store.sqlite", "thin-edges"),
    ("a rule asks what time it is", "core/status.py", "import time", "pure-rooms"),
    ("a codec starts a loop", "smpp/codec.py", "import asyncio", "pure-rooms"),
    ("the path rolls dice", "pipeline/accept.py", "import random", "pure-rooms"),
    ("words open a database", "text/gsm7.py", "import apsw", "pure-rooms"),
    ("imports run in a circle", "smpp/fields.py", "import tidings.smpp.codec", "no-cycles"),
    ("a new carrier knows another", "carriers/north.py", "import tidings.carriers.smpp", "carriers-apart"),
    ("a new engine knows the other", "store/postgres.py", "import tidings.store.sqlite", "engines-apart"),
    ("the client knows the server", "../tidings_client/wire.py", "import tidings.errors", "client-apart"),
    ("a new room has no rank", "attic.py", "import tidings.errors", "layers"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "line", "contract"), [b[1:] for b in BREACHES], ids=[b[0] for b in BREACHES])
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "tidings" / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache", "--contract", contract]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout
    assert "1 broken" in done.stdout


NOT_A_NAME = re.compile(
    r"(^|_)(utils?|helpers?|common|managers?|base|misc|providers?|gateways?|connectors?|dlrs?)(_|$)"
)


def words(name: str) -> str:
    """`SmppLinkManager` → `smpp_link_manager`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("name", ["LinkManager", "http_utils", "base", "ProviderError", "dlr"])
def test_names_of_other_houses_are_recognised(name: str) -> None:
    assert NOT_A_NAME.search(words(name))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def test_no_module_class_or_function_has_such_a_name() -> None:
    found = []
    for file in SOURCES:
        inner = file.relative_to(ROOT / "src" / "tidings").with_suffix("")
        names = [*inner.parts]
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.append(node.name)
        found += [f"{inner}: {name}" for name in names if NOT_A_NAME.search(words(name))]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = []
    for file in SOURCES:
        tree = parsed(file)
        if tree.body and not ast.get_docstring(tree):
            silent.append(str(file.relative_to(ROOT)))
    assert silent == []


def test_tasks_are_started_in_task_groups_only() -> None:
    """`loop.create_task` and its like escape the linter, which sees imports and not objects."""
    found = []
    for file in SOURCES:
        for node in ast.walk(parsed(file)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value).split(".")[-1].lower()
            if node.func.attr in {"create_task", "ensure_future"} and not re.search(r"group|tasks", owner):
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node.func)}")
    assert found == []
