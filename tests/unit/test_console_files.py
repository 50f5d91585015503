"""The console's files as served: what is cached for how long, in which form, under which policy, and nothing else."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from kit import Heard, ask
from tidings.api.app import Named
from tidings.api.console import Console
from tidings.metrics import Metrics

INDEX = b'<!doctype html><script type="module" nonce="__NONCE__" src="/console/assets/main-1a2b.js"></script>'
SCRIPT = b"export const words = 'hello';" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "console"
    (built / "assets").mkdir(parents=True)
    (built / ".vite").mkdir()
    (built / ".vite" / "manifest.json").write_bytes(b"{}")
    (built / "index.html").write_bytes(INDEX)
    (built / "favicon.svg").write_bytes(b"<svg/>")
    (built / "assets" / "main-1a2b.js").write_bytes(SCRIPT)
    (built / "assets" / "main-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (built / "assets" / "main-1a2b.js.br").write_bytes(b"in brotli")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    return built


async def get(folder: Path, path: str, method: str = "GET", **headers: str) -> Heard:
    app = Starlette(routes=Console(Metrics(), folder).routes())
    app.add_middleware(Named)
    told = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return await ask(app, method, path, key=None, headers=told)


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_address_leads_to_the_console(folder: Path, path: str) -> None:
    heard = await get(folder, path)
    assert (heard.status, heard.headers["location"]) == (307, "/console/")


@pytest.mark.parametrize(
    "path", ["/console/", "/console/messages", "/console/messages/msg_05a3mp2w60000", "/console/a.b"]
)
async def test_every_screen_is_the_one_page(folder: Path, path: str) -> None:
    heard = await get(folder, path)
    assert heard.status == 200
    assert heard.headers["content-type"] == "text/html; charset=utf-8"
    assert heard.headers["cache-control"] == "no-cache"
    assert heard.headers["x-content-type-options"] == "nosniff"
    assert heard.headers["referrer-policy"] == "no-referrer"
    assert heard.headers["x-request-id"]


async def test_each_page_has_a_nonce_of_its_own_and_lets_nothing_else_in(folder: Path) -> None:
    pages = [await get(folder, "/console/") for _ in range(2)]
    nonces = [re.findall(rb'nonce="([\w-]{16,})"', page.body)[0].decode() for page in pages]
    assert len(set(nonces)) == 2
    for page, nonce in zip(pages, nonces, strict=True):
        policy = dict(one.strip().split(" ", 1) for one in page.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["style-src"] == f"'self' 'nonce-{nonce}'"
        assert policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "http" not in page.headers["content-security-policy"]


ACCEPTED = [
    ("the best form a browser takes", "gzip, deflate, br, zstd", "br"),
    ("gzip where that is all", "gzip", "gzip"),
    ("never one that is refused", "br;q=0, gzip;q=0.5", "gzip"),
    ("nor with a weight of nothing", "br;q=0.000", ""),
    ("as it is for those who say nothing", "", ""),
]


@pytest.mark.parametrize(("accepted", "encoding"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
async def test_files_come_compressed(folder: Path, accepted: str, encoding: str) -> None:
    heard = await get(folder, "/console/assets/main-1a2b.js", accept_encoding=accepted)
    assert heard.status == 200
    assert heard.headers.get("content-encoding", "") == encoding
    assert heard.headers["vary"] == "accept-encoding"
    assert heard.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert heard.headers["content-type"].startswith("text/javascript")
    assert heard.body == {"br": b"in brotli", "gzip": gzip.compress(SCRIPT), "": SCRIPT}[encoding]
    again = await get(
        folder, "/console/assets/main-1a2b.js", accept_encoding=accepted, if_none_match=heard.headers["etag"]
    )
    assert (again.status, again.body) == (304, b"")
    other = await get(folder, "/console/assets/main-1a2b.js", accept_encoding=accepted, if_none_match='"another"')
    assert other.status == 200


async def test_a_part_is_answered_by_the_whole_and_what_is_there_need_not_come_again(folder: Path) -> None:
    heard = await get(folder, "/console/assets/main-1a2b.js", range="bytes=0-9")
    assert (heard.status, heard.body) == (200, SCRIPT)
    again = await get(folder, "/console/assets/main-1a2b.js", if_none_match="*")
    assert (again.status, again.body) == (304, b"")


async def test_what_has_no_hash_in_its_name_is_asked_for_anew(folder: Path) -> None:
    heard = await get(folder, "/console/favicon.svg")
    assert (heard.status, heard.headers["cache-control"]) == (200, "no-cache")
    assert heard.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "path",
    [
        "/console/assets/gone-9999.js", "/console/assets/../../secret.txt", "/console/assets/%2e%2e/secret.txt",
        "/console/assets//etc/passwd", "/console/assets/main-1a2b.js.br", "/console/assets/",
    ],
)  # fmt: skip
async def test_what_is_not_of_the_build_is_not_there(folder: Path, path: str) -> None:
    heard = await get(folder, path)
    assert heard.status == 404
    assert heard.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/console/../secret.txt", "/console//etc/passwd", "/console/.vite/manifest.json", "/console/index.html"]
)
async def test_no_path_leads_out_of_the_build(folder: Path, path: str) -> None:
    heard = await get(folder, path)
    assert heard.body.startswith(b"<!doctype html><script")


async def test_writing_is_refused(folder: Path) -> None:
    assert (await get(folder, "/console/messages", "POST")).status == 405


async def test_without_a_build_the_page_says_the_command_and_finds_the_build_later(tmp_path: Path) -> None:
    console = Console(Metrics(), tmp_path / "console")
    app = Starlette(routes=console.routes())
    told = await ask(app, "GET", "/console/", key=None)
    assert told.status == 503
    assert b"make console" in told.body
    assert b"script" not in told.body
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "index.html").write_bytes(INDEX)
    assert (await ask(app, "GET", "/console/", key=None)).status == 200


async def test_another_build_is_served_without_a_restart(folder: Path) -> None:
    app = Starlette(routes=Console(Metrics(), folder).routes())
    assert (await ask(app, "GET", "/console/assets/main-1a2b.js", key=None)).status == 200
    (folder / "assets" / "main-1a2b.js").rename(folder / "assets" / "main-3c4d.js")
    fresh = folder / "index.new"
    fresh.write_bytes(INDEX.replace(b"1a2b", b"3c4d"))
    os.replace(fresh, folder / "index.html")
    assert b"3c4d" in (await ask(app, "GET", "/console/", key=None)).body
    assert (await ask(app, "GET", "/console/assets/main-1a2b.js", key=None)).status == 404
    assert (await ask(app, "GET", "/console/assets/main-3c4d.js", key=None)).status == 200
