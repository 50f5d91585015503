"""One store after another, each engine held to the same contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import postgres_kit
from contract_kit import Desk
from spine_kit import HandClock, opened

ENGINES = ("sqlite", "postgres")
"""Each answers every test of this room; a server takes its time, so its answers are left to `make test`."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=[ENGINES[0], pytest.param(ENGINES[1], marks=pytest.mark.slow)])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[Any]:
    loop = asyncio.get_running_loop()
    with postgres_kit.chosen_for(request.param == "postgres"), opened(tmp_path / "data", clock, loop) as one:
        yield one


@pytest.fixture
def desk(store: Any) -> Desk:
    return Desk(store)
