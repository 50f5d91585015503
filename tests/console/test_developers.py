"""A developer integrates: a key and programs that work, a webhook, its deliveries, a signature (the fourth journey)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Locator, Page, expect
from processes import Caller, until

from console_kit import Seat

pytestmark = pytest.mark.slow


class Receiver:
    """An endpoint of somebody's: keeps what came, and answers what it is told to."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], str]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = b"taken" if receiver.status == 200 else b"the shelf is full"
                self.send_response(receiver.status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def shown(dialog: Locator, start: str) -> str:
    """What stands in a dialog as code and begins with this."""
    return str(dialog.get_by_text(start).first.inner_text())


def sample(dialog: Locator, language: str) -> str:
    dialog.get_by_role("tab", name=language).click()
    return str(dialog.get_by_role("tabpanel").locator("pre").inner_text())


def run(language: str, program: str, folder: Path) -> str:
    """What a program prints. Node and PHP may be missing on a machine; curl and Python are not."""
    file = folder / f"sample.{language}"
    file.write_text(program)
    with_what = {"curl": ["sh"], "Python": [sys.executable], "JavaScript": ["node"], "PHP": ["php"]}[language]
    done = subprocess.run([*with_what, file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_developer_integrates(seat: Seat, caller: Caller, receiver: Receiver, tmp_path: Path) -> None:
    token = a_key_is_made_and_its_programs_work(seat, caller, tmp_path)
    secret = a_webhook_is_added_and_called(seat, receiver)
    a_delivery_is_looked_at_and_sent_again(seat, caller, receiver, token)
    a_signature_is_checked(seat, receiver, secret)


def a_key_is_made_and_its_programs_work(seat: Seat, caller: Caller, folder: Path) -> str:
    page = seat.open("/keys")
    page.keyboard.press("n")
    form = page.get_by_role("form", name="API key")
    form.get_by_label("Name").fill("web shop")
    form.get_by_label("Addresses").fill("nowhere")
    form.get_by_label("Senders").fill("TIDINGS, +15550009999")
    seat.expected.add(422)
    form.get_by_role("button", name="Make the key").click()
    expect(form.get_by_text("must be an address or a range")).to_be_visible()  # at the field, and nothing typed is lost
    form.get_by_label("Addresses").fill("127.0.0.0/8, ::1")
    form.get_by_role("button", name="Make the key").click()
    dialog = page.get_by_role("dialog", name="web shop")
    token = shown(dialog, "tk_")
    assert not seat.grave()
    ran = [one for one in ("curl", "Python", "JavaScript", "PHP") if one in ("curl", "Python") or shutil.which(
        {"JavaScript": "node", "PHP": "php"}[one]
    )]  # fmt: skip
    for language in ran:
        assert '"msg_' in run(language, sample(dialog, language), folder).replace("'", '"'), language
    dialog.get_by_role("button", name="I have kept it").click()
    page.get_by_role("button", name="web shop").click()
    dialog = page.get_by_role("dialog", name="web shop")
    expect(dialog.get_by_text("TIDINGS, +15550009999")).to_be_visible()
    dialog.get_by_role("button", name="Rotate, old one good for a day").click()
    newer = shown(dialog, "tk_")
    assert newer != token
    for one in (token, newer):
        assert Caller(seat.tidings.url, one)("GET", "/v1/messages?limit=1").status == 200
    dialog.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("row").filter(has_text="web shop")).to_contain_text("Rotating")

    caller("POST", "/v1/keys", {"name": "left behind", "scope": "read"})
    page.reload()
    page.get_by_role("button", name="left behind").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog", name="Revoke left behind?").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row").filter(has_text="left behind")).to_contain_text("Revoked")
    return newer


def a_webhook_is_added_and_called(seat: Seat, receiver: Receiver) -> str:
    page = seat.open("/webhooks")
    page.keyboard.press("n")
    form = page.get_by_role("form", name="Webhook")
    form.get_by_label("Called").fill(receiver.url)
    hears = form.get_by_label("Hears of")
    hears.fill("message.delivered")
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Make the webhook").click()
    dialog = page.get_by_role("dialog", name="New webhook")
    secret = shown(dialog, "whsec_")
    assert not seat.grave()
    dialog.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("heading", name="Test call")).to_be_visible()
    page.get_by_role("button", name="Call it now").click()
    expect(page.get_by_text("Took it")).to_be_visible()
    expect(page.get_by_text("taken")).to_be_visible()
    assert json.loads(receiver.came[-1][1])["type"] == "webhook.test"
    return secret


def a_delivery_is_looked_at_and_sent_again(seat: Seat, caller: Caller, receiver: Receiver, token: str) -> None:
    page, own = seat.page, Caller(seat.tidings.url, token)
    receiver.status = 503
    message = own("POST", "/v1/messages", {"to": "+15551230100", "text": "Told of"}).json()["id"]
    page.get_by_role("link", name="message.delivered").first.click()
    expect(page.get_by_role("heading", name="message.delivered")).to_be_visible()
    expect(page.get_by_text("On its way").first).to_be_visible()
    expect(page.get_by_text("Attempt 1: 503")).to_be_visible()
    page.get_by_role("button", name="Show details").first.click()
    expect(page.get_by_text("the shelf is full")).to_be_visible()
    expect(page.get_by_role("link", name=message)).to_be_visible()
    webhook = caller("GET", "/v1/webhooks").json()["data"][0]
    assert webhook["failures_in_a_row"] == 1
    page.get_by_role("link", name=webhook["url"]).click()
    expect(page.get_by_text("Failing")).to_be_visible()

    receiver.status = 200
    page.get_by_role("link", name="message.delivered").first.click()
    again = page.get_by_role("button", name="Send again")
    expect(page.get_by_text("Delivered", exact=True).first).to_be_visible()
    came = len(receiver.came)
    again.click()
    until(lambda: len(receiver.came) > came, "the delivery comes again")
    ids = [headers["webhook-id"] for headers, body in receiver.came if message in body]
    assert len(ids) > 1
    assert len(set(ids)) == 1
    everything_of_a_type_again(page, receiver)
    assert not seat.grave()


def everything_of_a_type_again(page: Page, receiver: Receiver) -> None:
    page.goto("/console/deliveries?type=message.delivered&status=delivered")
    expect(page.get_by_role("row").filter(has_text="message.delivered").first).to_be_visible()
    came = len(receiver.came)
    page.get_by_role("button", name="Send these again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(page.get_by_text("goes out again").or_(page.get_by_text("go out again"))).to_be_visible()
    until(lambda: len(receiver.came) > came, "deliveries of the type come again")
    page.goto("/console/deliveries?status=waiting")
    expect(page.get_by_role("button", name="Send these again")).to_be_disabled()
    page.goto("/console/deliveries?status=dead")
    expect(page.get_by_role("heading", name="No deliveries")).to_be_visible()


def a_signature_is_checked(seat: Seat, receiver: Receiver, secret: str) -> None:
    page = seat.open("/signature")
    headers, body = next((head, body) for head, body in reversed(receiver.came) if "message.delivered" in body)
    form = page.get_by_role("form", name="Check a signature")
    form.get_by_role("textbox", name="Secret").fill(secret)
    form.get_by_label("Headers").fill("\n".join(f"{name}: {value}" for name, value in headers.items()))
    form.get_by_label("Body").fill(body)
    form.get_by_role("button", name="Check").click()
    found = page.get_by_role("status").filter(has_text="Verdict")
    expect(found).to_contain_text("It matches")
    expect(found).to_contain_text(f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body[:40]}")
    form.get_by_label("Body").fill(body.replace(":", ": ", 1))
    form.get_by_role("button", name="Check").click()
    expect(found).to_contain_text("It does not hold")
    expect(found).to_contain_text("body, octet")
    assert not seat.grave()


def test_an_endpoint_that_is_nobody_s(sit: Callable[..., Seat]) -> None:
    """What cannot be called says so at its field or where it was tried."""
    seat = sit()
    page = seat.open("/webhooks")
    page.keyboard.press("n")
    form = page.get_by_role("form", name="Webhook")
    form.get_by_label("Called").fill("ftp://example.com")
    seat.expected.add(422)
    form.get_by_role("button", name="Make the webhook").click()
    expect(form.get_by_text("http")).to_be_visible()
    form.get_by_label("Called").fill("http://127.0.0.1:1/nobody")
    form.get_by_role("button", name="Make the webhook").click()
    page.get_by_role("button", name="I have kept it").click()
    page.get_by_role("button", name="Call it now").click()
    expect(page.get_by_text("Did not take it")).to_be_visible()
    expect(page.get_by_text("unreachable")).to_be_visible()
