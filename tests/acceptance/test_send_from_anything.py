"""The page for people without a coder: what is printed there works as printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tidings.api.one_url import OneUrl

pytestmark = pytest.mark.one_engine("clients of the API")

BIN = Path(sys.executable).parent
PAGE = (Path(__file__).parents[2] / "docs/howto/send-from-anything.md").read_text(encoding="utf-8")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
PRINTED = "http://127.0.0.1:8775"
NAMES = {field.encode_name for field in msgspec.structs.fields(OneUrl)}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.S | re.M)


class Up:
    """A running tidings."""

    def __init__(self, data: Path) -> None:
        self.url: str = json.loads((data / "server.json").read_text())["url"]
        self.admin = (data / "admin.key").read_text().strip()
        made = self.call("/v1/keys", '{"name": "one url", "scope": "send"}')
        self.key: str = json.loads(made)["token"]

    def call(self, path: str, body: str | None = None) -> str:
        command = ["curl", "-sS", self.url + path, "-H", f"Authorization: Bearer {self.admin}"]
        command += ["-H", "Content-Type: application/json", "-d", body] if body else []
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout

    def filled(self, text: str) -> str:
        """What is printed, for this tidings and this key."""
        assert PRINTED in text
        assert re.search(r"\bKEY\b", text)
        return re.sub(r"\bKEY\b", self.key, text.replace(PRINTED, self.url)).replace("X-API-" + self.key, "X-API-Key")

    def text(self, answer: str) -> str:
        assert re.fullmatch(r"msg_[0-9a-z]{13}\n", answer), answer
        text: str = json.loads(self.call(f"/v1/messages/{answer.strip()}"))["text"]
        return text


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("anything")
    with (data / "log").open("w") as log:
        running = subprocess.Popen(
            [BIN / "tidings", "up", "--data", data, "--port", "0"], env=CLEAN, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 15
        while not (data / "server.json").exists():
            assert running.poll() is None, (data / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield Up(data)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def test_the_address_for_a_browser(up: Up) -> None:
    (address,) = blocks("url")
    assert up.text(run("curl", "-sS", up.filled(address).strip())) == "Your table is ready"


def test_curl(up: Up) -> None:
    plain, as_json = (run("sh", "-c", up.filled(block)) for block in blocks("sh"))
    assert up.text(plain) == "Déjà vu & more: 100 %"
    told = json.loads(as_json)
    assert (told["text"], told["from"], told["client_ref"]) == ("On its way", "ACME", "order-17")


def test_php(up: Up, tmp_path: Path) -> None:
    """Run where there is PHP; elsewhere its request is put together as PHP would."""
    (script,) = blocks("php")
    (tmp_path / "send.php").write_text(up.filled(script))
    if shutil.which("php"):
        assert up.text(run("php", str(tmp_path / "send.php"))) == "Your table is ready"
        return
    (call,) = re.findall(r"http_build_query\(\[(.*?)\]\)", script)
    fields = dict(re.findall(r"'(\w+)' => '([^']*)'", call))
    assert set(fields) <= NAMES
    (headers,) = re.findall(r"'header' => \"(.*?)\"", up.filled(script))
    assert "'method' => 'POST'" in script
    command = ["curl", "-sS", f"{up.url}/send"]
    for header in headers.split(r"\r\n"):
        command += ["-H", header]
    for name, value in fields.items():
        command += ["--data-urlencode", f"{name}={value}"]
    assert up.text(run(*command)) == "Your table is ready"


def test_the_formula_of_a_spreadsheet(up: Up) -> None:
    """Worked out by hand: the cells put in, the text functions done."""
    (formula,) = blocks("excel")
    cells = {"A2": "%2B15551230100", "B2": "Caf%C3%A9%20%26%20more", '"june-"&ROW()': "june-2"}
    inner = re.fullmatch(r"=WEBSERVICE\((.*)\)\n", up.filled(formula))
    assert inner
    address = inner[1]
    for cell, value in cells.items():
        address = address.replace(f"ENCODEURL({cell})", f'"{value}"')
    address = "".join(re.findall(r'"([^"]*)"', address))
    assert set(parse_qs(urlsplit(address).query)) <= NAMES
    first = run("curl", "-sS", address)
    assert up.text(first) == "Café & more"
    assert run("curl", "-sS", address) == first


def test_the_script_of_a_sheet_names_what_there_is() -> None:
    (script,) = blocks("js")
    (payload,) = re.findall(r"payload: {(.*?)}", script)
    assert {name.strip() for name in payload.split(",")} <= NAMES
    assert '/send"' in script
    assert 'method: "post"' in script
    assert '"X-API-Key": "KEY"' in script
