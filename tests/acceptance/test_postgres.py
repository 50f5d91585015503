"""The program on PostgreSQL as users have it: killed, cut off, refused; nothing that was acknowledged is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import BIN, CLEAN, Site, until
from promises import REPEATS, Load, Posted, ask_again, examine

import postgres_kit

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("a server of its own")]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_kit.Server]:
    """One that commits as in production, but for waiting for the disk: processes are killed, the machine stays up."""
    one = postgres_kit.Server("fsync=off")
    yield one
    one.end()


def test_tidings_is_killed_again_and_again(tmp_path: Path, server: postgres_kit.Server) -> None:
    posted: list[Posted] = []
    with Site(tmp_path, top={"database": new(server)}, carrier={"window": 20}) as site:
        site.simulator.start()
        for _ in range(3):
            program = site.tidings.start()
            load = Load(site.tidings, list(REPEATS), most=150, pause=0.004)
            time.sleep(random.uniform(0.05, 0.8))
            program.kill()
            assert program.wait() == -signal.SIGKILL
            posted += load.join()
        site.tidings.start()
        held(site, posted)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_the_server_goes_and_comes_back_under_load(
    tmp_path: Path, server: postgres_kit.Server, how: signal.Signals
) -> None:
    """Tidings stays up, says 503 meanwhile, and goes on by itself."""
    posted: list[Posted] = []
    with Site(tmp_path, top={"database": new(server)}, carrier={"window": 20}) as site:
        site.start()
        for _ in range(2):
            load = Load(site.tidings, list(REPEATS), most=250, pause=0.01)
            time.sleep(random.uniform(0.2, 0.8))
            server.stop(how)
            time.sleep(random.uniform(0.1, 0.6))
            assert site.tidings.call("GET", "/healthz").status == 200
            server.start()
            until(lambda: site.tidings.call("GET", "/readyz").status == 200, "tidings is ready again")
            posted += load.join()
        assert any(one.refused for one in posted), "none met the server while it was gone"
        assert site.tidings.program is not None
        assert site.tidings.program.running
        for one in posted:
            if one.refused:  # a commit in doubt is a 503 too: whether it is stored, only asking again tells
                one.answer = None
        held(site, posted)


def test_while_the_server_is_away_a_post_is_503_and_tells_when_to_come_again(
    tmp_path: Path, server: postgres_kit.Server
) -> None:
    with Site(tmp_path, top={"database": new(server)}) as site:
        site.start()
        server.stop()
        try:
            answer = site.tidings.call("POST", "/v1/messages", {"to": "+15551230100", "text": "Hello"})
            assert answer.status == 503, answer
            assert int(answer.headers["Retry-After"]) > 0
            ready = site.tidings.call("GET", "/readyz")
            assert ready.status == 503
            why = ready.body.decode()
            # Or a commit was under way when it ended, of which nobody knows until it is back.
            assert any(one in why for one in ("cannot be reached", "is shutting down", "CommitUnknown")), why
            told = site.tidings.cli("doctor")
            assert told.returncode == 1
            assert "The store cannot commit" in told.stdout
        finally:
            server.start()
        until(lambda: site.tidings.call("GET", "/readyz").status == 200, "tidings is ready again")
        site.tidings.ended(site.tidings.send("+15551230100"))
        told = site.tidings.cli("doctor")
        assert "database: PostgreSQL" in told.stdout
        assert "fsync = off" in told.stdout


def test_while_the_server_is_away_binds_stay_up_and_what_carriers_bring_waits(
    tmp_path: Path, server: postgres_kit.Server
) -> None:
    """Receipts and texts from handsets are not acknowledged, so the carrier keeps them; then each is taken once."""
    handset, us = "+15551230107", "+15554000199"
    settings = {"database": new(server)}
    with Site(tmp_path, top=settings, carrier={"enquire_link": 1.0}, receipt_delay_ms=1_500) as site:
        site.start()
        sent = site.tidings.send("+15551230106")
        until(lambda: site.tidings.message(sent)["status"] == "sent", "the carrier has it")
        links = site.simulator.stats()
        server.stop()
        try:
            began = time.monotonic()
            site.simulator.texts(handset, us, "Hello yourself")
            while time.monotonic() - began < 5:  # several times enquire_link, and beyond the receipt
                assert site.tidings.call("POST", "/v1/messages", {"to": handset, "text": "x"}).status == 503
                time.sleep(0.2)
            owed = site.simulator.stats()
            assert (owed["receipts_owed"], owed["texts_owed"]) == (1, 1), owed
            assert (owed["bound"], owed["links"]) == (links["bound"], links["links"]) == (1, 1)
        finally:
            server.start()
        until(site.tidings.ready, "tidings is ready again")
        assert site.tidings.ended(sent)["status"] == "delivered"
        until(lambda: site.tidings.messages(direction="mo"), "the text from the handset is taken")
        until(lambda: site.simulator.stats()["texts_owed"] == 0, "the carrier is told so")
        assert [one["text"] for one in site.tidings.messages(direction="mo")] == ["Hello yourself"]
        assert site.simulator.stats()["receipts_owed"] == 0


REFUSALS = [
    ("postgresql://u:hunter2@127.0.0.1:1/x", "127.0.0.1:1/x cannot be reached"),
    ("mysql://u:hunter2@127.0.0.1/x", "database must begin with postgresql://"),
]


@pytest.mark.parametrize("command", ["up", "migrate"])
@pytest.mark.parametrize(("url", "sentence"), REFUSALS)
def test_a_database_that_cannot_be_used_is_one_line_and_status_2(
    tmp_path: Path, command: str, url: str, sentence: str
) -> None:
    told = subprocess.run(
        [BIN / "tidings", command, "--data", tmp_path], env=CLEAN | {"TIDINGS_DATABASE": url}, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    assert told.returncode == 2, told
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert "hunter2" not in told.stderr + told.stdout


def new(server: postgres_kit.Server) -> str:
    """A database of its own on this server."""
    name = f"tidings_{random.getrandbits(40):x}"
    postgres_kit.execute(f"create database {name}", url=server.url)
    return postgres_kit.beside(server.url, name)


def held(site: Site, posted: list[Posted]) -> None:
    """What was acknowledged is there and has ended; what was not is found out by asking again."""
    verdict = examine(site, posted)
    assert verdict.statuses["delivered"] > 0
    assert verdict.statuses.total() >= sum(one.acknowledged for one in posted) > 0
    ask_again(site.tidings, posted)
    again = examine(site, posted)
    assert (again.statuses.total(), again.absent) == (len(posted), 0)
