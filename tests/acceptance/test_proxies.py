"""nginx and Caddy before tidings, as `deploy/` has them: streams flow, callers are told apart, insides stay inside."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, Program, Site, free_port, until

from debian import environment, program

pytestmark = [pytest.mark.slow, pytest.mark.one_engine("what stands before the API")]

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".peers"
HOST = "sms.example.net"


def launcher(path: str) -> list[Any]:
    """A program that `make peers` has unpacked, with its libraries, or an installed one."""
    found = program(PEERS, path)
    if found is None or shutil.which("openssl") is None:
        pytest.skip(f"there is no {path} here (make peers brings it), or no openssl")
    return ["env", *(f"{name}={value}" for name, value in environment(PEERS).items()), found]


def certificate(folder: Path) -> tuple[Path, Path]:
    key, pem = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", f"/CN={HOST}"]
    subprocess.run(
        [*command, "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", pem],
        check=True,
        capture_output=True,
    )
    return key, pem


def nginx(folder: Path, upstream: int, port: int) -> list[Any]:
    """The command, with the file of `deploy/` in which only ports and places are others."""
    key, pem = certificate(folder)
    conf = (ROOT / "deploy/nginx.conf").read_text()
    conf = conf.replace("127.0.0.1:8775", f"127.0.0.1:{upstream}")
    conf = re.sub(r"listen (\[::\]:)?80;", f"listen 127.0.0.1:{free_port()};", conf, count=1)
    conf = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;", conf)
    conf = re.sub(r"    listen \[::\]:\d+( ssl)?;\n", "", conf)
    conf = conf.replace(f"/etc/ssl/certs/{HOST}.pem", str(pem)).replace(f"/etc/ssl/private/{HOST}.key", str(key))
    conf = conf.replace("/var/log/nginx", str(folder))
    places = "".join(f"{what}_temp_path {folder};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; {user} events {{}} http {{ access_log off; {places} {conf} }}"
    )
    return [*launcher("usr/sbin/nginx"), "-c", folder / "nginx.conf", "-p", folder, "-e", "stderr"]


def caddy(folder: Path, upstream: int, port: int) -> list[Any]:
    """As `nginx`; its certificate is not fetched."""
    key, pem = certificate(folder)
    conf = (ROOT / "deploy/Caddyfile").read_text()
    conf = conf.replace("127.0.0.1:8775", f"127.0.0.1:{upstream}")
    conf = conf.replace(f"{HOST} {{", f"https://{HOST}:{port} {{\n\ttls {pem} {key}")
    options = f"\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system {folder}\n"
    (folder / "Caddyfile").write_text(conf.replace("{\n\tlog {", f"{{\n{options}\tlog {{", 1))
    return [*launcher("usr/bin/caddy"), "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


class Outside:
    """A caller who knows the name of the site only."""

    def __init__(self, port: int, trusted: Path) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(trusted))

    def open(self) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20)
        raw = socket.create_connection(("127.0.0.1", self._port), 20)
        connection.sock = self._context.wrap_socket(raw, server_hostname=HOST)
        return connection

    def call(self, method: str, path: str, key: str, body: Any = None, **headers: str) -> Answer:
        told = {"Host": HOST, "Authorization": f"Bearer {key}", **headers}
        connection = self.open()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), told)
            return Answer(connection.getresponse())
        finally:
            connection.close()


Behind = tuple[Site, Outside]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Behind]:
    command: Callable[[Path, int, int], list[Any]] = request.param
    proxy = tmp_path / "proxy"
    proxy.mkdir()
    port = free_port()
    with Site(tmp_path, top={"trusted_proxies": "127.0.0.1"}) as site:
        site.tidings.port = free_port()
        started = command(proxy, site.tidings.port, port)
        site.start()
        running = Program(started, tmp_path / "proxy.log")
        outside = Outside(port, proxy / "cert.pem")

        def up() -> bool:
            assert running.running, running.printed
            try:
                return outside.call("GET", "/healthz", "").status == 200
            except OSError:
                return False

        try:
            until(up, "the proxy leads to tidings")
            yield site, outside
        finally:
            running.end()


def test_a_proxy_stands_before_tidings(behind: Behind) -> None:
    site, outside = behind
    admin = site.tidings.key

    posted = outside.call("POST", "/v1/messages", admin, {"to": "+15551230100", "text": "Hello"})
    assert posted.status == 202, posted
    assert posted.headers["X-Request-Id"]

    for path in ("/metrics", "/readyz"):
        assert outside.call("GET", path, admin).status in (403, 404), path
    large = outside.call("POST", "/v1/messages", admin, {"text": "x" * 10_600_000})
    assert large.status == 413
    assert large.json()["code"] == "body_too_large"

    def bound_to(network: str) -> str:
        body = {"name": "shop", "scope": "send", "networks": [network]}
        made = site.tidings.call("POST", "/v1/keys", body)
        assert made.status == 201, made
        return str(made.json()["token"])

    here, elsewhere, text = bound_to("127.0.0.1/32"), bound_to("203.0.113.0/24"), {"to": "+15551230101", "text": "Hi"}
    pretends = {"X-Forwarded-For": "203.0.113.7"}
    assert outside.call("POST", "/v1/messages", here, text, **pretends).status == 202
    assert outside.call("POST", "/v1/messages", elsewhere, text, **pretends).status == 403


def test_live_events_pass_the_proxy_at_once(behind: Behind) -> None:
    site, outside = behind
    connection = outside.open()
    connection.request("GET", "/v1/stream", headers={"Host": HOST, "Authorization": f"Bearer {site.tidings.key}"})
    stream = connection.getresponse()
    assert stream.status == 200
    sent = site.tidings.send("+15551230102")
    began = time.monotonic()
    while sent.encode() not in stream.readline():
        assert time.monotonic() - began < 5
    assert time.monotonic() - began < 5
    connection.close()


def test_a_key_in_an_address_is_in_no_log(behind: Behind, tmp_path: Path) -> None:
    """Neither of what went through, nor of what failed while tidings is away."""
    site, outside = behind
    outside.call("GET", "/send?key=hunter2&to=1", "hunter3")
    site.tidings.kill()
    assert outside.call("GET", "/send?key=hunter2&to=1", "hunter3").status in (502, 503)

    def logged() -> str:
        return "".join(one.read_text() for one in (tmp_path / "proxy.log", *(tmp_path / "proxy").glob("*.log")))

    until(lambda: logged().count("/send") >= 2, "both were logged")
    assert "hunter" not in logged()
