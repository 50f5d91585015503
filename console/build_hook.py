"""Puts the built console into a wheel: builds it first where that was not done yet (hatchling calls this)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NO_NODE = "the console is not built, and there is no npm to build it with: run `make console`, or install Node 20.19"


class ConsoleHook(BuildHookInterface):
    """Built by `make console` in a checkout; from the sources elsewhere."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel is put together; an editable install has the checkout, and make."""
        built = Path(self.root) / "src" / "tidings" / "console"
        if version == "editable":
            return
        if not (built / "index.html").is_file():
            _build(Path(self.root) / "console", built)


def _build(sources: Path, built: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(NO_NODE)
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=sources, check=True)
    subprocess.run([npm, "run", "build"], cwd=sources, check=True)
    shutil.rmtree(built, ignore_errors=True)
    shutil.move(sources / "dist", built)
