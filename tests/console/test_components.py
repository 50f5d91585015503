"""The console's own tests and types, run by Node: what needs no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console_kit import ROOT

pytestmark = pytest.mark.slow

HERE = ROOT / "console"
TYPES = ROOT / "clients" / "typescript"
NEEDED = pytest.mark.skipif(
    not (HERE / "node_modules" / ".ready").exists() or shutil.which("node") is None,
    reason="no node, or the console's packages are missing: run `make console`",
)


def run(*command: str | Path, cwd: Path = HERE) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]


@NEEDED
@pytest.mark.timeout(300)
def test_components_words_and_the_stream() -> None:
    run("node", HERE / "node_modules" / "vitest" / "vitest.mjs", "run", "--reporter=dot")


@NEEDED
@pytest.mark.timeout(300)
@pytest.mark.skipif(not (TYPES / "node_modules" / ".ready").exists(), reason="run `make types`")
def test_types_hold_against_the_api_as_it_is(tmp_path: Path) -> None:
    """The screens compile against types written from the OpenAPI document of this very moment."""
    run(sys.executable, TYPES / "write.py", tmp_path / "openapi.json")
    cli = TYPES / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    api = tmp_path / "api.d.ts"
    run("node", cli, tmp_path / "openapi.json", "--default-non-nullable", "false", "-o", api)
    config = tmp_path / "tsconfig.json"
    node = HERE / "node_modules"
    told = {
        "extends": str(HERE / "tsconfig.json"),
        "compilerOptions": {
            "noEmit": True,
            "types": [str(node / "vite" / "client"), str(node / "@types" / "node")],
            "paths": {"tidings-api": [str(api)]},
        },
        "include": [str(HERE / "src"), str(HERE / "vite.config.ts")],
    }
    config.write_text(json.dumps(told))
    run("node", node / "typescript" / "bin" / "tsc", "-p", config)
