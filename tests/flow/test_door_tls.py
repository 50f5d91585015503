"""The SMPP door over TLS: who shows which certificate, and connections that only pretend to begin a handshake."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from door_kit import door, submit, until
from tidings.config import ConfigError, SmppSettings
from tidings.door.door import tls_context

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed certificates of the door, of a customer, and of somebody else; each with its key in one file."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("door", "customer", "other"):
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        paths = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
        subprocess.run([*command.split(), *subject, *paths], check=True, capture_output=True)
    both = (folder / "customer.crt").read_text() + (folder / "other.crt").read_text()
    (folder / "clients.pem").write_text(both)
    return folder


def shown(papers: Path, name: str) -> str:
    der = ssl.PEM_cert_to_DER_cert((papers / f"{name}.crt").read_text())
    return hashlib.sha256(der).hexdigest()


def customer(papers: Path, shows: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(papers / "door.crt"))
    context.check_hostname = False
    if shows:
        context.load_cert_chain(papers / f"{shows}.crt", papers / f"{shows}.key")
    return context


def settings(papers: Path, **more: Any) -> dict[str, Any]:
    return {
        "tls_port": 0, "tls_certificate": str(papers / "door.crt"), "tls_key": str(papers / "door.key"), **more
    }  # fmt: skip


async def test_both_ports_stand_side_by_side_and_tls_may_be_asked_for(tmp_path: Path, papers: Path) -> None:
    async with door(tmp_path, **settings(papers)) as rig:
        await rig.enrol(tls=True)
        assert await (await rig.connect()).bind() == 0x0D
        client = await rig.connect(tls=customer(papers), port=1)
        assert await client.bind() == 0
        assert (await client.ask(submit()))[0].command_status == 0
        (session,) = await rig.house.store.read(lambda tx: tx.esmes.sessions([next(iter(rig.door.guests)).esme_id]))
        assert (session.secure, session.address) == (True, "127.0.0.1")


async def test_an_esme_shows_the_certificate_that_is_its_own(tmp_path: Path, papers: Path) -> None:
    more = settings(papers, tls_client_ca=str(papers / "clients.pem"))
    async with door(tmp_path, **more) as rig:
        await rig.enrol(certificate=shown(papers, "customer"))
        statuses = []
        for name in ("customer", "other", ""):
            client = await rig.connect(tls=customer(papers, name), port=1)
            statuses.append(await client.bind())
        assert statuses == [0, 0x0D, 0x0D]


async def test_a_certificate_that_nobody_vouches_for_comes_to_nothing(tmp_path: Path, papers: Path) -> None:
    more = settings(papers, tls_client_ca=str(papers / "other.crt"))
    async with door(tmp_path, **more) as rig:
        await rig.enrol(certificate=shown(papers, "customer"))
        try:
            client = await rig.connect(tls=customer(papers, "customer"), port=1)
            status = await client.bind()
        except OSError:
            status = -1
        assert status == -1


async def test_a_handshake_that_does_not_end_counts_and_is_cut_off(tmp_path: Path, papers: Path) -> None:
    async with door(tmp_path, **settings(papers, login_timeout=1.0, connections_per_address=2)) as rig:
        await rig.enrol()
        number = rig.door.ports[1].number
        silent = [socket.create_connection(("127.0.0.1", number)) for _ in range(2)]
        loop = asyncio.get_running_loop()
        await until(lambda: rig.door.state().connections == 2)
        turned = socket.create_connection(("127.0.0.1", number))
        turned.setblocking(False)
        assert await loop.sock_recv(turned, 1) == b""
        await until(lambda: not rig.door.state().connections)
        for one in (*silent, turned):
            one.close()
        client = await rig.connect(tls=customer(papers), port=1)
        assert await client.bind() == 0


async def test_who_speaks_plain_smpp_to_the_tls_port_is_let_go(tmp_path: Path, papers: Path) -> None:
    async with door(tmp_path, **settings(papers)) as rig:
        await rig.enrol()
        client = await rig.connect(port=1)
        assert await client.bind() == -1
        assert rig.door.state().binds == 0


@pytest.mark.one_engine("no store is asked")
def test_files_that_cannot_be_used_are_named(papers: Path) -> None:
    with pytest.raises(ConfigError, match=r"smpp\.tls_certificate"):
        tls_context(SmppSettings(**settings(papers, tls_key=str(papers / "other.key"))))
    with pytest.raises(ConfigError, match=r"smpp\.tls_client_ca"):
        tls_context(SmppSettings(**settings(papers, tls_client_ca=str(papers / "nothing.pem"))))
