"""TypeScript types written from the OpenAPI document compile, and refuse what the API refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "clients" / "typescript"
TOOLS = HERE / "node_modules"
OPTIONS = ("--default-non-nullable", "false", "-o", "api.d.ts")
"""A field with a default may be left out; as in the Makefile."""
NEEDED = pytest.mark.skipif(
    not (TOOLS / ".ready").exists() or shutil.which("node") is None,
    reason="no node, or its packages are missing: run `make types`",
)


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env={**os.environ})


@NEEDED
def test_the_types_compile(tmp_path: Path) -> None:
    for name in ("tsconfig.json", "use.ts", "package.json"):
        shutil.copy(HERE / name, tmp_path)
    written = run(sys.executable, HERE / "write.py", tmp_path / "openapi.json", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    made = run("node", TOOLS / "openapi-typescript" / "bin" / "cli.js", "openapi.json", *OPTIONS, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    checked = run("node", TOOLS / "typescript" / "bin" / "tsc", "--noEmit", "-p", ".", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    broken = (tmp_path / "use.ts").read_text().replace("// @ts-expect-error an unknown field\n", "")
    (tmp_path / "use.ts").write_text(broken)
    assert "'txt' does not exist" in run("node", TOOLS / "typescript" / "bin" / "tsc", "-p", ".", cwd=tmp_path).stdout
