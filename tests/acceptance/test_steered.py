"""Carriers steered while the program runs: paused over a kill -9, changed by file and API under load."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from processes import BIN, CARRIER, CLEAN, Site, until

FIRST = "+155512301"


def numbers(count: int, begin: int = 0) -> list[str]:
    return [f"{FIRST}{begin + at:02}" for at in range(count)]


def state(site: Site, name: str = CARRIER) -> dict[str, Any]:
    told: dict[str, Any] = site.tidings.get(f"/v1/carriers/{name}")
    return told


def arrived(site: Site) -> Counter[str]:
    """How many submit_sm came for each number."""
    return Counter(one["to"].removeprefix("+") for one in site.simulator.submissions())


def test_a_paused_carrier_is_paused_after_kill_9_and_nothing_is_lost(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start()
        done = site.tidings.cli("carriers", "pause", CARRIER)
        assert (done.returncode, done.stdout) == (0, "north is paused; north is paused\n"), done.stderr
        sent = [site.tidings.send(number) for number in numbers(30)]
        site.tidings.kill()
        site.tidings.start()
        until(lambda: state(site)["binds_up"] == 1, "its bind stands while it is paused")
        until(lambda: state(site)["waiting"] == 30, "they wait for it")
        assert (state(site)["state"], arrived(site)) == ("paused", Counter())
        assert "paused by an operator" in site.tidings.degraded()
        listed = site.tidings.cli("carriers", "list").stdout
        assert "paused" in listed
        assert "tidings carriers resume north" in site.tidings.cli("doctor").stdout
        site.simulator.texts("+15551230199", "TIDINGS", "Hello")
        until(lambda: site.tidings.messages(direction="mo"), "a text is taken while it is paused")
        done = site.tidings.cli("carriers", "resume", CARRIER)
        assert (done.returncode, done.stdout) == (0, "north is resumed; north is up\n"), done.stderr
        assert {site.tidings.ended(one)["status"] for one in sent} == {"delivered"}
        assert set(arrived(site).values()) == {1}
        assert len(arrived(site)) == 30


def test_the_file_read_again_acts_under_load(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start()
        file = site.tidings.data / "tidings.toml"
        before = file.read_text()
        sent = [site.tidings.send(number) for number in numbers(40)]
        file.write_text(before + '\npassword = "newer"\nwindow = 9\nbinds = 2\n')
        assert site.tidings.program is not None
        os.kill(site.tidings.program.pid, signal.SIGHUP)
        sent += [site.tidings.send(number) for number in numbers(40, 40)]
        until(
            lambda: [bind["window"] for bind in state(site)["binds"] if bind["bound"]] == [9, 9], "the new binds stand"
        )
        assert {site.tidings.ended(one)["status"] for one in sent} == {"delivered"}
        assert set(arrived(site).values()) == {1}
        file.write_text("no toml")
        os.kill(site.tidings.program.pid, signal.SIGHUP)
        program = site.tidings.program
        until(lambda: "the configuration is not taken" in program.printed, "it says so")
        assert site.tidings.ended(site.tidings.send(FIRST + "99"))["status"] == "delivered"


def test_a_carrier_of_the_api_is_there_after_kill_9(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start()
        east = tmp_path / "east.json"
        east.write_text(
            f'{{"name": "east", "host": "127.0.0.1", "port": {site.simulator.smpp_port}, "system_id": "east",'
            ' "password": "first-secret"}'
        )
        done = site.tidings.cli("carriers", "add", str(east))
        assert (done.returncode, done.stdout) == (0, "east is added; it is connecting\n"), done.stderr
        until(lambda: state(site, "east")["state"] == "up", "it comes up")
        site.tidings.kill()
        site.tidings.start()
        until(lambda: state(site, "east")["state"] == "up", "it comes up again")
        command = [BIN / "tidings", "carriers", "password", "east", "--data", site.tidings.data]
        changed = subprocess.run(command, input="new-secret\n", env=CLEAN, capture_output=True, text=True, timeout=30)
        assert changed.stdout.startswith("east has a new password"), changed.stderr
        shown = site.tidings.cli("carriers", "show", "east")
        assert "east/1 (transceiver)" in shown.stdout, shown.stderr
        assert "first-secret" not in (tmp_path / "tidings.log").read_text() + shown.stdout
        assert "new-secret" not in (tmp_path / "tidings.log").read_text() + shown.stdout
        twice = site.tidings.cli("carriers", "add", str(east))
        assert (twice.returncode, "already" in twice.stderr) == (1, True)
        gone = site.tidings.cli("carriers", "remove", "east")
        assert (gone.returncode, gone.stdout) == (0, "east is taken away\n"), gone.stderr
        assert [one["name"] for one in site.tidings.get("/v1/carriers")["data"]] == [CARRIER]
        kept = site.tidings.cli("carriers", "remove", CARRIER)
        assert (kept.returncode, "configuration file" in kept.stderr) == (1, True)


def test_a_carrier_of_the_api_alone_puts_the_simulator_out(tmp_path: Path) -> None:
    """What is accepted goes by it at once; after a restart there is no simulator."""
    with Site(tmp_path) as site:
        site.simulator.start()
        (site.tidings.data / "tidings.toml").write_text("")
        site.tidings.start()
        body = {"name": "east", "host": "127.0.0.1", "port": site.simulator.smpp_port, "sender_rules": "off"}
        made = site.tidings.call("POST", "/v1/carriers", body)
        assert made.status == 201, made
        assert [one["name"] for one in site.tidings.get("/v1/carriers")["data"]] == ["east", "simulator"]
        assert site.tidings.ended(site.tidings.send(FIRST + "00"))["carrier"] == "east"
        site.tidings.kill()
        site.tidings.start()
        assert [one["name"] for one in site.tidings.get("/v1/carriers")["data"]] == ["east"]
        assert site.tidings.ended(site.tidings.send(FIRST + "01"))["carrier"] == "east"
