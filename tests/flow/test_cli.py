"""The command line against a running tidings: what it prints, and its exit status."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from copy_kit import contents
from tidings_client import Client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.one_engine("clients of the API, and commands whose work on a database the contract proves on both"),
]

TIDINGS = Path(sys.executable).parent / "tidings"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")} | {"TZ": "UTC"}


class Done:
    """A command that ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __repr__(self) -> str:
        return f"exit {self.status}\n{self.out}\n{self.err}"


def tidings(*arguments: str, cwd: Path, timeout: float = 20, **environ: str) -> Done:
    return Done(
        subprocess.run(
            [TIDINGS, *arguments], cwd=cwd, env=CLEAN | environ, capture_output=True, text=True, timeout=timeout
        )
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a running tidings in its `tidings-data`."""
    folder = tmp_path_factory.mktemp("home")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([TIDINGS, "up", "--port", "0"], cwd=folder, env=CLEAN, stdout=log, stderr=log)
    try:
        wait_for(folder / "tidings-data" / "server.json", server, folder / "log")
        yield folder
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(15)


def wait_for(file: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 15
    while not file.exists():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


# send


def test_send_prints_the_id_and_does_not_wait(home: Path) -> None:
    done = tidings("send", "+15551230004", "Hello", cwd=home)
    assert done.status == 0, done
    assert re.fullmatch(r"msg_[0-9a-z]{13}  accepted\n", done.out)


ENDS = [
    ("delivered", "+15551230100", 0, ["accepted", "queued", "sent", "delivered"]),
    ("throttled at first", "+15551230015", 0, ["accepted", "queued", "sent", "delivered"]),
    ("undeliverable", "+15551230001", 1, ["accepted", "queued", "sent", "undelivered"]),
    ("refused", "+15551230003", 1, ["accepted", "queued", "failed"]),
]


@pytest.mark.parametrize(("to", "status", "words"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
def test_send_follows_to_the_end(home: Path, to: str, status: int, words: list[str]) -> None:
    done = tidings("send", to, "Hello", "--wait", cwd=home)
    assert done.status == status, done
    lines = [line.split() for line in done.out.splitlines()]
    assert [line[2] for line in lines if re.match(r"\d\d:", line[1])] == words
    assert ("tidings trace msg_" in done.out) == (status != 0)


def test_send_gives_up_waiting(home: Path) -> None:
    done = tidings("send", "+15551230004", "Hello", "--wait", "--timeout", "0.3", cwd=home)
    assert done.status == 3, done
    assert "still sent" in done.out


def test_send_as_json(home: Path) -> None:
    done = tidings("send", "+15551230100", "Hello", "--from", "ACME", "--category", "otp", "--wait", "--json", cwd=home)
    message = json.loads(done.out)
    assert (done.status, message["status"], message["from"], message["category"]) == (0, "delivered", "ACME", "otp")
    assert message["text"] is None


def test_a_person_is_erased_and_found_in_no_table(home: Path) -> None:
    """The whole way of real messages, one of them answered with an opt-out."""
    number = "+15551230187"
    for text in ("Hello", "Zażółć gęślą jaźń 😀", "z" * 400):
        assert tidings("send", number, text, "--wait", cwd=home).status == 0
    url = json.loads((home / "tidings-data" / "server.json").read_text())["url"]
    key = (home / "tidings-data" / "admin.key").read_text().strip()
    with Client(url, key) as api:
        api.text_from_handset(number, {"to": "12345", "text": "STOP"})
        while not api.list_messages(status="received")["data"]:
            time.sleep(0.05)
        while api.list_messages(to=number, status="sent")["data"]:  # the answer to STOP
            time.sleep(0.05)
    assert known(home, number[1:]) >= {"message", "suppression", "consent_event", "inbound", "receipt"}
    done = tidings("erase", number, cwd=home)
    assert done.status == 130, "nobody said yes"
    done = tidings("erase", number, "--yes", cwd=home)
    assert done.status == 0, done
    assert re.match(r"erased: [4-9] messages, 0 strays; 2 rows of evidence hold #[0-9a-f]{32} now", done.out)
    assert known(home, number[1:]) == set()
    assert tidings("erase", number, "--yes", cwd=home).out.startswith("erased: 0 messages")
    done = tidings("send", number, "Hello", cwd=home)
    assert done.status == 1, "the opt-out holds"
    assert "opted out" in done.err
    assert tidings("erase", "12345", "--yes", cwd=home).status == 1


def known(home: Path, digits: str) -> set[str]:
    """Tables in which a number stands, while the server runs."""
    return {
        name
        for name, rows in contents(str(home / "tidings-data")).items()
        if any(digits in str(value) or digits in repr(value) for row in rows for value in row)
    }


LEARNED = [
    ("ids as they are", "+15551230100", 0, 'receipt_id = "same"', "It tells the id as the response gave it."),
    ("ids in decimal", "+15551230012", 0, 'receipt_id = "hex_to_dec"', "in decimal, which the response gave"),
    ("refused", "+15551230003", 0, "[carriers.profile]", "refused with 0x0000000B"),
    ("without a receipt", "+15551230004", 3, "[carriers.profile]", "The receipt has not come in time"),
    ("not delivered", "+15551230001", 0, 'receipt_id = "same"', "(err 001): see `receipt_errors`"),
]


@pytest.mark.parametrize(("to", "status", "profile", "note"), [e[1:] for e in LEARNED], ids=[e[0] for e in LEARNED])
def test_a_carrier_is_tested(home: Path, to: str, status: int, profile: str, note: str) -> None:
    done = tidings("carrier", "test", "simulator", "--to", to, "--timeout", "2" if status else "30", cwd=home)
    assert done.status == status, done
    steps, notes, proposed = done.out.split("\n\n")
    assert steps.startswith("bound: 1 of 1 binds are up\nsent as msg_")
    assert note in notes
    assert profile in proposed.splitlines()
    tomllib.loads(proposed)


def test_a_carrier_test_as_json_has_its_route_in_the_story(home: Path) -> None:
    done = tidings("carriers", "test", "simulator", "--to", "+15551230100", "--text", "Hello", "--json", cwd=home)
    told = json.loads(done.out)
    assert (done.status, told["done"], told["status"], told["text"]) == (0, True, "delivered", "Hello")
    assert told["smsc_interface_version"] in ("3.4", "5.0")
    story = tidings("trace", told["message"], "--json", cwd=home)
    assert json.loads(story.out)["route"] == {"carrier": "simulator", "why": "The test was of simulator."}


WRONG_TESTS = [
    ("no such carrier", ["north", "--to", "+15551230100"], "no carrier"),
    ("no number", ["simulator", "--to", "hello"], "to: has U+0068"),
    ("no sender", ["simulator", "--to", "+15551230100", "--from", "much too long a name"], "from: must be"),
]


@pytest.mark.parametrize(("words", "said"), [e[1:] for e in WRONG_TESTS], ids=[e[0] for e in WRONG_TESTS])
def test_a_wrong_carrier_test_says_what_is_wrong(home: Path, words: list[str], said: str) -> None:
    done = tidings("carrier", "test", *words, cwd=home)
    assert done.status == 1, done
    assert said in done.err


def test_send_in_a_terminal_is_one_line(home: Path) -> None:
    ours, theirs = pty.openpty()
    command = [TIDINGS, "send", "+15551230100", "Hello", "--wait"]
    running = subprocess.Popen(command, cwd=home, env=CLEAN, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal nobody holds any more with EIO
        while read := os.read(ours, 4096):
            shown += read
    os.close(ours)
    assert running.wait(20) == 0, shown
    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode().strip().splitlines()[-1])
    assert re.search(r"accepted → queued → sent → delivered  \(\d+\.\d\d s\)$", last), last


REFUSALS = [
    ("a bad number", ["send", "12", "x"], 1, "tidings: to: must be E.164"),
    ("a bad sender", ["send", "+15551230100", "x", "--from", "ONE TOO MANY LETTERS"], 1, "tidings: from: must be"),
    ("two faults", ["send", "1", ""], 1, "; text: "),
    ("a category nobody knows", ["send", "+15551230100", "x", "--category", "spam"], 2, "Invalid value for"),
    ("no text", ["send", "+15551230100"], 2, "Missing argument 'TEXT'"),
    ("an unknown id", ["trace", "msg_0000000000001"], 1, "tidings: there is no message msg_0000000000001 at http://127"),
    ("no id at all", ["trace", "../keys?x"], 1, "tidings: there is no message ../keys?x at"),
    ("a key without a name", ["keys", "create", "--scope", "send"], 2, "Missing option '--name'"),
    ("a name that cannot be", ["keys", "create", "--name", "a\nb", "--scope", "send"], 1, "tidings: name: "),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "said"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_a_refusal_is_one_line(home: Path, arguments: list[str], status: int, said: str) -> None:
    done = tidings(*arguments, cwd=home)
    assert (done.status, done.out) == (status, ""), done
    assert said in done.err
    assert status == 2 or len(done.err.splitlines()) == 1


# trace


DOCS = Path(__file__).parents[2] / "docs"
SHOWN = [
    (file.name, *block)
    for file in (DOCS / "reference/cli.md", DOCS / "howto/make-texts-cheaper.md")
    for block in re.findall(r"```\n(tidings text [^\n]*)\n```\n\n```\n(.*?)```", file.read_text(encoding="utf-8"), re.S)
]


@pytest.mark.parametrize(("page", "command", "printed"), SHOWN, ids=[page for page, *_ in SHOWN])
def test_text_prints_what_the_documents_show(home: Path, page: str, command: str, printed: str) -> None:
    done = tidings(*shlex.split(command)[1:], cwd=home)
    assert (done.status, done.out) == (0, printed), done


def test_text_of_html_names_what_is_left_out(home: Path) -> None:
    done = tidings("text", "--html", "<b>5</b> &euro;<img src='/a.png\x1b[1m'>", cwd=home)
    assert done.out.splitlines() == [
        "gsm7 · 1 segment · 4 septets, room for 156 more",
        "  1    4 of 160  5 €",
        "two septets each · 1 character",
        "  €  U+20AC at 2",
        "left out of the HTML · formatting × 1, image × 1",
        "  image /a.png\\x1b[1m",
    ]


def test_text_that_cannot_be_sent(home: Path) -> None:
    done = tidings("text", "a ж", "--encoding", "gsm7", cwd=home)
    assert (done.status, done.out.splitlines()[0]) == (
        1,
        "cannot be sent: These characters cannot be encoded: U+0436 at 2.",
    )
    told = tidings("text", "x" * 40_000, "--json", cwd=home)
    assert (told.status, json.loads(told.out)["sendable"]) == (1, False)


def test_text_from_the_standard_input(home: Path) -> None:
    done = subprocess.run(
        [TIDINGS, "text", "-", "--json"],
        cwd=home,
        env=CLEAN,
        input="Привет\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["text"] == "Привет"


def test_trace_tells_the_story_in_order(home: Path) -> None:
    sent = json.loads(tidings("send", "+15551230100", "Hello \x1b[31m", "--wait", "--json", cwd=home).out)
    done = tidings("trace", sent["id"], cwd=home)
    assert done.status == 0
    assert done.out.splitlines()[0] == f"{sent['id']}  delivered"
    story = [
        "accepted", "queued", "handed over", "sent, carrier's id", "receipt DELIVRD", "id:", "sent",
        "delivered", "advice",
    ]  # fmt: skip
    at = 0
    for word in story:
        at = done.out.index(word, at) + 1
    assert "\x1b" not in done.out
    assert r"Hello \x1b[31m" in done.out


def test_trace_of_a_failure_names_the_carriers_code(home: Path) -> None:
    sent = json.loads(tidings("send", "+15551230003", "Hello", "--wait", "--json", cwd=home).out)
    done = tidings("trace", sent["id"], cwd=home)
    assert "0x0000000B" in done.out
    assert "advice" in done.out
    told = json.loads(tidings("trace", sent["id"], "--json", cwd=home).out)
    assert told["decided_by"] == "carrier"
    assert f"door      rest, key {told['origin']['key']}" in done.out
    assert "gate      claim: suppression passed" in done.out
    assert "route     simulator: simulator is the only carrier." in done.out
    assert "dest 1/1, esm_class 0x00, data_coding 0x00, sm_length 5" in done.out


# keys


def test_a_key_is_made_listed_and_used(home: Path) -> None:
    made = tidings("keys", "create", "--name", "shop", "--scope", "read", cwd=home)
    token = made.out.strip()
    assert token.startswith("tk_")
    assert "not shown again" in made.err
    listed = tidings("keys", "list", cwd=home).out
    assert re.search(r"^key_\w{13}  read  .*  shop$", listed, re.M)
    assert token not in listed
    url = json.loads((home / "tidings-data" / "server.json").read_text())["url"]
    refused = tidings("send", "+15551230100", "x", cwd=Path("/"), TIDINGS_URL=url, TIDINGS_KEY=token)
    assert refused.status == 1
    assert "needs scope `send`" in refused.err


def test_a_key_is_bound_rotated_and_revoked(home: Path) -> None:
    url = json.loads((home / "tidings-data" / "server.json").read_text())["url"]
    bounds = ("--sender", "ACME", "--network", "127.0.0.1", "--rate", "50", "--expires-at", "2099-01-01T00:00:00Z")
    made = json.loads(tidings("keys", "create", "--name", "bound", "--scope", "send", *bounds, "--json", cwd=home).out)
    assert (made["senders"], made["networks"], made["rate"]) == (["ACME"], ["127.0.0.1"], 50)
    fresh = tidings("keys", "rotate", made["id"], "--overlap", "60", cwd=home).out.strip()
    for token in (fresh, made["token"]):
        sent = tidings("send", "+15551230100", "x", "--json", cwd=home, TIDINGS_URL=url, TIDINGS_KEY=token)
        assert json.loads(sent.out)["from"] == "ACME"
    assert tidings("keys", "revoke", made["id"], cwd=home).out == f"{made['id']} is revoked\n"
    assert tidings("send", "+15551230100", "x", cwd=home, TIDINGS_URL=url, TIDINGS_KEY=fresh).status == 1
    assert re.search(rf"^{made['id']}  send  .*  revoked  *bound$", tidings("keys", "list", cwd=home).out, re.M)
    assert "revoked" in tidings("keys", "rotate", made["id"], cwd=home).err
    assert (
        "no account"
        in tidings("keys", "create", "--name", "n", "--scope", "read", "--account", "acc_0000000000009", cwd=home).err
    )


def test_an_address_is_given_changed_and_taken_away(home: Path) -> None:
    told = tidings(
        "senders", "add", "+15550009999", "--label", "Shop", "--inbox-url", "https://example.com/in", cwd=home
    )
    assert told.out == "+15550009999 belongs to acc_0000000000001\n"
    assert "belongs to an account already" in tidings("senders", "add", "+15550009999", cwd=home).err
    listed = tidings("senders", "list", cwd=home).out
    assert re.search(r"^\+15550009999  acc_0000000000001  https://example.com/in +Shop$", listed, re.M)
    changes = ("--inbox-url", "none", "--unknown-reply", "Text HOURS.", "--json")
    changed = json.loads(tidings("senders", "change", "+15550009999", *changes, cwd=home).out)
    assert (changed["inbox_url"], changed["unknown_reply"], changed["label"]) == (None, "Text HOURS.", "Shop")
    assert tidings("senders", "change", "+15550009999", cwd=home).status == 2
    assert tidings("senders", "remove", "+15550009999", cwd=home).out == "+15550009999 is nobody's\n"
    assert "no sender of this address" in tidings("senders", "remove", "+15550009999", cwd=home).err


def test_people_are_kept_and_talked_with(home: Path) -> None:
    def said(*words: str, status: int = 0) -> str:
        done = tidings(*words, cwd=home)
        assert done.status == status, done
        return (done.out if status == 0 else done.err).strip()

    ada, ben, ours = "+15551237001", "+15551237002", "+15550007000"
    said("senders", "add", ours)
    one = said(
        "contacts", "add", ada, "--name", "Ada Wong", "--field", "guests=4", "--field", "table=4b", "--tag", "regular"
    )
    two = said("contacts", "add", ben, "--notes", "the other phone")
    listed = said("contacts", "list", "--tag", "regular")
    assert re.search(rf"^{one}  \{ada}  Ada Wong  regular$", listed, re.M)
    assert json.loads(said("contacts", "show", ada, "--json"))["fields"] == {"guests": 4, "table": "4b"}
    said("contacts", "change", one, "--field", "dog=true", "--no-field", "table", "--no-tags")
    changed = json.loads(said("contacts", "show", one, "--json"))
    assert (changed["fields"], changed["tags"], changed["name"]) == ({"guests": 4, "dog": True}, [], "Ada Wong")
    assert "write NAME=VALUE" in said("contacts", "change", one, "--field", "dog", status=2)
    assert "nothing to change" in said("contacts", "change", one, status=2)
    assert said("contacts", "merge", ada, ben) == f"{one} has {ada}, {ben}"
    assert "no contact with this id" in said("contacts", "show", two, status=1)
    assert "no contact has the number" in said("contacts", "show", "+15551237003", status=1)
    told = said("contacts", "show", ben)
    assert "guests = 4" in told
    assert "notes: the other phone" in told

    thread = said("conversations", "open", ada, "--from", ours)
    assert said("conversations", "open", ada, "--from", ours) == thread
    assert re.match(r"msg_\w+  (accepted|queued)", said("conversations", "reply", thread, "Nine is fine."))
    assert "give either" in said("conversations", "reply", thread, status=2)
    said("conversations", "note", thread, "Quiet table", "--author", "kim")
    said("conversations", "change", thread, "--assignee", "kim", "--label", "booking", "--unread")
    shown = said("conversations", "show", thread)
    assert shown.startswith(f"{thread}  Ada Wong {ada}  open [booking]")
    assert re.search(rf"\{ours} \(\w+\): Nine is fine\.", shown)
    assert "note kim: Quiet table" in shown
    row = next(
        line for line in said("conversations", "list", "--unread", "--assignee", "kim").splitlines() if thread in line
    )
    assert row.split()[-5:] == ["1", "kim", "Nine", "is", "fine."]
    assert "Nine is fine." in said("conversations", "search", "fine", "nin*")
    assert (
        said("conversations", "change", thread, "--status", "closed", "--read", "--assignee", "none")
        == f"{thread} is closed"
    )
    found = json.loads(said("conversations", "list", "--status", "closed", "--limit", "1", "--json"))["data"]
    assert [(each["id"], each["assignee"], each["unread"]) for each in found] == [(thread, None, 0)]
    assert "snoozed_until" in said("conversations", "change", thread, "--status", "snoozed", status=1)
    assert said("contacts", "remove", ben) == f"{one} is gone"
    assert "no conversation" in said("conversations", "show", thread, status=1)
    said("senders", "remove", ours)


def test_an_account_is_opened_changed_and_closed(home: Path) -> None:
    number = tidings(
        "accounts", "create", "--name", "Berlin", "--sender", "Berlin", "--rate", "5", cwd=home
    ).out.strip()
    assert re.fullmatch(r"acc_\w{13}", number)
    made = json.loads(
        tidings("keys", "create", "--account", number, "--name", "k", "--scope", "send", "--json", cwd=home).out
    )
    assert re.search(rf"^{made['id']}  send  ", tidings("keys", "list", "--account", number, cwd=home).out, re.M)
    assert made["id"] not in tidings("keys", "list", cwd=home).out
    limits = ("--rate", "none", "--daily-quota", "7", "--no-sender", "--json")
    changed = json.loads(tidings("accounts", "change", number, *limits, cwd=home).out)
    assert (changed["rate"], changed["daily_quota"], changed["senders"], changed["name"]) == (None, 7, [], "Berlin")
    bounds = ("--network", "192.0.2.0/24", "--expires-at", "2099-01-01T00:00:00Z", "--json")
    bound = json.loads(tidings("keys", "change", made["id"], *bounds, cwd=home).out)
    assert (bound["networks"], bound["expires_at"][:4]) == (["192.0.2.0/24"], "2099")
    freed = ("--any-network", "--expires-at", "none", "--json")
    free = json.loads(tidings("keys", "change", made["id"], *freed, cwd=home).out)
    assert (free["networks"], free["expires_at"], free["name"]) == ([], None, "k")
    assert tidings("keys", "change", made["id"], cwd=home).status == 2
    assert tidings("keys", "change", made["id"], "--any-sender", "--sender", "x", cwd=home).status == 2
    assert tidings("accounts", "close", number, cwd=home).out == f"{number} is closed\n"
    assert re.search(rf"^{number}  .*  closed  –  +Berlin$", tidings("accounts", "list", cwd=home).out, re.M)


@pytest.mark.parametrize("end", ["interrupted", "server gone"])
def test_a_wait_that_breaks_off_prints_what_is_known(tmp_path: Path, end: str) -> None:
    """The server here takes the message, and then never tells of its end."""
    asked = threading.Event()

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(202, {"id": "msg_1", "status": "accepted"})

        def do_GET(self) -> None:
            if asked.is_set() and end == "server gone":
                self.answer(404, {"title": "gone", "status": 404})
            else:
                self.answer(200, {"data": [{"type": "message.queued", "occurred_at": "2026-11-23T09:30:00Z"}]})
            asked.set()

        def answer(self, status: int, body: object) -> None:
            octets = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environ = {"TIDINGS_URL": f"http://127.0.0.1:{server.server_port}", "TIDINGS_KEY": "tk"}
        command = [TIDINGS, "send", "+15551230100", "x", "--wait", "--json"]
        running = subprocess.Popen(
            command, cwd=tmp_path, env={**CLEAN, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # where the tests' own is deaf
        )  # fmt: skip
        assert asked.wait(20)
        if end == "interrupted":
            time.sleep(0.5)  # until its answer was read
            running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
        server.shutdown()
    assert running.returncode == (130 if end == "interrupted" else 1)
    assert json.loads(out) == {"id": "msg_1", "status": "queued"}


def commands_of(page: str) -> list[str]:
    """The lines of a page that call on keys and accounts, as printed."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text()
    blocks = re.findall(r"^```\n(.*?)^```", text, re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\w+=\$\()?tidings (keys|accounts) ", line)]


@pytest.mark.parametrize(("page", "commands"), [("howto/accounts-and-keys.md", 5), ("reference/cli.md", 9)])
def test_what_the_pages_print_works_as_printed(home: Path, page: str, commands: int) -> None:
    account, found = "", commands_of(page)
    assert len(found) >= commands
    for line in sorted(found, key=lambda one: "accounts create" not in one):
        key = tidings("keys", "create", "--name", "k", "--scope", "send", "--json", cwd=home)
        line = re.sub(r"key_\w{13}", json.loads(key.out)["id"], line).replace("acc_05a3mp8qj0001", account)
        plain = re.sub(r"^\w+=\$\((.*)\)$", r"\1", line)
        done = tidings(*shlex.split(plain)[1:], cwd=home)
        assert done.status == 0, (line, done)
        if "accounts create" in line:
            account = done.out.strip()
    assert tidings("accounts", "change", account, "--no-sender", cwd=home).status == 0


def test_smart_encoding_of_accounts_senders_and_messages(home: Path) -> None:
    def changed(*words: str) -> tuple[object, object]:
        done = tidings("accounts", "change", account, *words, "--json", cwd=home)
        assert done.status == 0, done
        told = json.loads(done.out)
        return told["smart_encoding"], told["sender_smart_encoding"]

    made = [
        "accounts",
        "create",
        "--name",
        "s",
        "--smart-encoding",
        "off",
        "--sender-smart-encoding",
        "ACME=on",
        "--json",
    ]
    told = json.loads(tidings(*made, cwd=home).out)
    account = told["id"]
    assert (told["smart_encoding"], told["sender_smart_encoding"]) == (False, {"ACME": True})
    assert changed("--smart-encoding", "transliterate") == ("transliterate", {"ACME": True})
    several = ["--sender-smart-encoding", "A=B=off", "--sender-smart-encoding", "C=transliterate"]
    refused = tidings("accounts", "change", account, *several, cwd=home)
    assert (refused.status, "sender_smart_encoding" in refused.err) == (1, True), refused
    assert changed(*several[2:]) == ("transliterate", {"C": "transliterate"})
    assert changed("--no-sender-smart-encoding", "--smart-encoding", "none") == (None, {})
    for bad in (["--smart-encoding", "yes"], ["--sender-smart-encoding", "on"], ["--sender-smart-encoding", "A=maybe"],
                ["--sender-smart-encoding", "A=on", "--no-sender-smart-encoding"]):  # fmt: skip
        assert tidings("accounts", "change", account, *bad, cwd=home).status == 2
    sent = tidings("send", "+15551230100", "“x”", "--smart-encoding", "on", "--json", cwd=home)
    assert json.loads(sent.out)["text"] == '"x"'


# doctor


def test_doctor_finds_all_well(home: Path) -> None:
    done = tidings("doctor", cwd=home)
    assert done.status == 0, done
    assert "carrier simulator" in done.out
    assert "All is well." in done.out
    told = json.loads(tidings("doctor", "--json", cwd=home).out)
    assert (told["data"], told["snapshot"]["carriers"][0]["binds_up"]) == ([], 1)


def test_doctor_sees_an_open_key(home: Path) -> None:
    key = home / "tidings-data" / "admin.key"
    key.chmod(0o644)
    try:
        done = tidings("doctor", cwd=home)
    finally:
        key.chmod(0o600)
    assert done.status == 1
    assert "can be read by others (mode 0644)" in done.out
    assert "chmod 600" in done.out


def test_doctor_without_a_server(tmp_path: Path) -> None:
    done = tidings("doctor", cwd=tmp_path)
    assert done.status == 1
    assert "no data folder" in done.out
    assert "tidings is not running" in done.out
    assert "`tidings up`" in done.out
    assert list(tmp_path.iterdir()) == []


# without a server, without a key

NOWHERE = "http://127.0.0.1:9"

NO_ONE = {"TIDINGS_URL": NOWHERE, "TIDINGS_KEY": "tk"}

LOST: list[tuple[str, dict[str, str], list[str], list[str]]] = [
    ("never started", {}, ["send", "1", "x"], ["no server has run on tidings-data", "`tidings up`"]),
    ("never started there", {}, ["trace", "x", "--data", "/nonexistent/d"], ["`tidings up --data /nonexistent/d`"]),
    ("nobody answers", NO_ONE, ["keys", "list"], [NOWHERE, "is TIDINGS_URL right?"]),
    ("an address that is none", NO_ONE | {"TIDINGS_URL": "nonsense"}, ["keys", "list"], ["nonsense"]),
    ("a scheme nobody speaks", NO_ONE | {"TIDINGS_URL": "ftp://x"}, ["keys", "list"], ["ftp://x"]),
    ("a password in it", NO_ONE | {"TIDINGS_URL": "http://me:hidden@x"}, ["keys", "list"], ["holds a password"]),
    ("a key in the address", NO_ONE | {"TIDINGS_URL": "http://x/?key=hidden"}, ["keys", "list"], ["holds a password"]),
    ("a password, wrong scheme", NO_ONE | {"TIDINGS_URL": "ftp://me:hid/den@x?hidden"}, ["keys", "list"], ["ftp://x;"]),
    ("a key with a line break", NO_ONE | {"TIDINGS_KEY": "a\nb"}, ["keys", "list"], ["TIDINGS_KEY holds no"]),
    ("no key", {"TIDINGS_URL": NOWHERE}, ["send", "1", "x"], ["no API key", "TIDINGS_KEY"]),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "arguments", "said"), [m[1:] for m in LOST], ids=[m[0] for m in LOST])
def test_a_server_that_is_not_there(
    tmp_path: Path, environ: dict[str, str], arguments: list[str], said: list[str]
) -> None:
    done = tidings(*arguments, cwd=tmp_path, **environ)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1), done
    for words in said:
        assert words in done.err
    assert "hid" not in done.err


def test_a_wrong_key_is_told(home: Path) -> None:
    done = tidings("keys", "list", cwd=home, TIDINGS_KEY="tk_0000000000000_x")
    assert done.status == 1
    assert "does not know this API key" in done.err


# up, migrate, simulate

WRONG: list[tuple[str, list[str], dict[str, str], str]] = [
    ("a port in words", ["--port", "many"], {}, "`port`"),
    ("an unknown variable", [], {"TIDINGS_PROT": "1"}, "did you mean `TIDINGS_PORT`?"),
    ("a setting out of bounds", ["--limits-body-bytes", "0"], {}, "`limits.body_bytes`"),
    ("no such file", ["--config", "none.toml"], {}, "none.toml"),
    ("no such file by variable", [], {"TIDINGS_CONFIG": "none.toml"}, "none.toml"),
    ("a sender that cannot be", ["--default-sender", "!"], {}, "default_sender"),
    ("a secret that others could see", ["--oidc-client-secret", "x"], {}, "set TIDINGS_OIDC_CLIENT_SECRET"),
    ("a level nobody knows", ["--log-level", "loud"], {}, "log_level"),
]


@pytest.mark.parametrize(("arguments", "environ", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_setting_is_one_line_and_exit_2(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], said: str
) -> None:
    done = tidings("up", *arguments, cwd=tmp_path, **environ)
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    assert said in done.err


def test_a_wrong_flag_is_exit_2(tmp_path: Path) -> None:
    assert tidings("up", "--prot", "1", cwd=tmp_path).status == 2
    assert tidings("nonsense", cwd=tmp_path).status == 2


def test_a_folder_in_use_is_one_line(home: Path) -> None:
    for command in (["up", "--port", "0"], ["migrate"]):
        done = tidings(*command, cwd=home)
        assert (done.status, len(done.err.splitlines())) == (1, 1), done
        assert "is in use by process" in done.err


def test_a_port_in_use_is_told(home: Path, tmp_path: Path) -> None:
    url = json.loads((home / "tidings-data" / "server.json").read_text())["url"]
    done = tidings("up", "--port", url.rpartition(":")[2], cwd=tmp_path)
    assert (done.status, len(done.err.splitlines())) == (1, 1), done
    assert "cannot listen on 127.0.0.1" in done.err
    assert "--port 0" in done.err


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = tidings("up", "--data", "file/data", cwd=tmp_path)
    assert (done.status, len(done.err.splitlines())) == (1, 1), done


def test_migrate_says_what_was_applied(tmp_path: Path) -> None:
    done = tidings("migrate", cwd=tmp_path)
    assert done.status == 0, done
    assert "the schema is up to date (0001_" in done.out


def test_a_backup_is_restored_elsewhere_and_only_where_nothing_is(tmp_path: Path) -> None:
    assert tidings("migrate", "--data", "a", cwd=tmp_path).status == 0
    done = tidings("backup", "a.backup", "--verify", "--data", "a", cwd=tmp_path)
    assert done.status == 0, done
    assert "counts and checksums are the same" in done.out
    done = tidings("restore", "a.backup", "--data", "b", "--paused", cwd=tmp_path)
    assert done.status == 0, done
    assert "b is as it was at 20" in done.out
    done = tidings("migrate", "--to", "c", "--data", "b", cwd=tmp_path)
    assert done.status == 0, done
    assert "b lives on at c" in done.out
    done = tidings("migrate", "--data", "b", cwd=tmp_path)
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    done = tidings("migrate", "--reopen", "--data", "b", cwd=tmp_path)
    assert done.status == 0, done
    assert "never start c too" in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("restore", "a.backup", "--data", "a"), "is not empty: account has 2 rows"),
        (("restore", "bad.backup", "--only-verify"), "bad.backup cannot be used"),
        (("backup", "a.backup", "--data", "nowhere"), "there is no installation in nowhere"),
        (("backup", "no/folder/a.backup", "--data", "a"), "No such file or directory"),
        (("migrate", "--to", "mysql://x/y", "--data", "a"), "a place is a folder, or an address"),
        (("migrate", "--to", "b", "--reopen", "--data", "a"), "do not go together"),
    ],
)
def test_what_cannot_be_backed_up_moved_or_restored_is_one_line(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert tidings("migrate", "--data", "a", cwd=tmp_path).status == 0
    assert tidings("backup", "a.backup", "--data", "a", cwd=tmp_path).status == 0
    db = apsw.Connection(str(tmp_path / "a" / "tidings.db"))
    db.execute("insert into account (id, name, created_at) values (2, 'two', 0)")
    db.close()
    (tmp_path / "bad.backup").write_bytes((tmp_path / "a.backup").read_bytes()[:-30])
    done = tidings(*words, cwd=tmp_path)
    assert done.status in (1, 2), done
    *progress, last = done.err.splitlines()
    assert last.startswith("tidings: "), done
    assert sentence in last
    assert all(" rows (" in line for line in progress), done


def test_simulate_runs_alone_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [TIDINGS, "simulate", "--smpp-port", "0", "--http-port", "0", "--folder", str(tmp_path / "network")]
    running = subprocess.Popen(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert re.match(r"the simulated network is up: SMPP 127\.0\.0\.1:\d+, handsets http://127", line)
        in_use = tidings("simulate", "--smpp-port", "0", "--http-port", "0", "--folder", "network", cwd=tmp_path)
        assert (in_use.status, "Traceback" in in_use.err) == (1, False), in_use
    finally:
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err


def test_simulate_behaves_as_it_is_told(tmp_path: Path) -> None:
    done = tidings("simulate", "--personality", "half_pdus", cwd=tmp_path)
    assert done.status == 2
    assert "there is none called half_pdus; did you mean half_pdu?" in done.err
    ports = ("--smpp-port", "0", "--http-port", "0")
    command = [TIDINGS, "simulate", *ports, "--personality", "closes_at_accept"]
    running = subprocess.Popen(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        port = re.search(r"SMPP 127\.0\.0\.1:(\d+)", running.stdout.readline())
        assert port is not None
        with socket.create_connection(("127.0.0.1", int(port[1])), timeout=10) as link:
            assert link.recv(1) == b"", "it hangs up"
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)


def test_help_comes_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    done = tidings("--help", cwd=tmp_path)
    assert done.status == 0
    assert time.monotonic() - began < 2
    code = (
        "import sys, tidings.cli; sys.exit(bool({'rich', 'urllib3', 'uvicorn', 'msgspec', 'apsw'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_what_an_esme_is_owed_is_listed_and_sent_again_and_a_form_taken_back(home: Path) -> None:
    enrolled = tidings(
        "esmes", "create", "--name", "owed", "--system-id", "owed", "--receipt-id-form", "decimal", "--json", cwd=home
    )
    number = json.loads(enrolled.out)["id"]
    changed = tidings("esmes", "change", number, "--receipt-id-form", "none", "--json", cwd=home)
    assert json.loads(changed.out)["receipt_id_form"] is None, changed
    with apsw.Connection(str(home / "tidings-data" / "tidings.db")) as store:
        store.execute("pragma busy_timeout = 5000")
        store.execute(
            "insert into esme_outbox (id, account_id, esme_id, kind, message_id, sequence, part, parts, form, lane,"
            " status, attempts, created_at, began_at, next_at, finished_at, bind, answer, reason)"
            " select 7, account_id, id, 'receipt', 9, 4, 1, 1, '', 0, 'dead', 3, 5, 5, null, 6, 'x', 102, 'refused'"
            " from esme where system_id = 'owed'"
        )
    listed = tidings("esmes", "deliveries", number, "--status", "dead", cwd=home)
    assert re.search(r"dlv_\w{13} +receipt +msg_\w{13} .* 3 +– +refused 0x00000066", listed.out), listed
    assert tidings("esmes", "deliveries", number, "--json", cwd=home).out.split() == ["{", '"data":', "[]", "}"]
    again = tidings("esmes", "replay", number, cwd=home)
    assert (again.status, again.out) == (0, "1 go out again\n"), again
    assert "no delivery" in tidings("esmes", "replay", number, "--delivery", "dlv_0000000000007", cwd=home).err.lower()


# traffic and orphans


def test_traffic_is_told_by_the_hour(home: Path) -> None:
    sent = tidings("send", "+15551230100", "Counted", "--wait", cwd=home)
    assert sent.status == 0, sent
    told = tidings("traffic", "--step", "hour", cwd=home).out.splitlines()
    assert told[0].split()[:4] == ["HOUR", "ACCEPTED", "SENT", "DELIVERED"]
    assert (len(told), told[-1].split()[0]) == (26, "total")
    found = json.loads(tidings("traffic", "--account", "all", "--carrier", "simulator", "--json", cwd=home).out)
    assert (found["account"], len(found["data"])) == ("all", 24)
    assert 0 < found["total"]["delivered"] <= found["total"]["accepted"]
    refused = tidings("traffic", "--step", "minute", "--since", "2026-01-01T00:00:00Z", cwd=home)
    assert "at most 1,500" in refused.err


def test_orphans_are_listed_matched_and_dropped(home: Path) -> None:
    """There are none here: tests/flow/test_orphans.py has some."""
    assert tidings("orphans", "list", cwd=home).out.split() == [
        "ID", "CARRIER", "CAME", "ITS", "ID", "FROM", "STATE", "NEXT", "REASON"
    ]  # fmt: skip
    assert json.loads(tidings("orphans", "list", "--parked", "--carrier", "x", "--json", cwd=home).out) == {"data": []}
    assert tidings("orphans", "match", "--orphaned", cwd=home).out == "0 matched, 0 did not\n"
    assert "name what is to be dropped" in tidings("orphans", "drop", cwd=home).err
    assert json.loads(tidings("orphans", "drop", "--carrier", "x", "--json", cwd=home).out) == {"dropped": 0}
    assert "was dropped, or matches by now" in tidings("orphans", "drop", "rcp_0000000000009", cwd=home).err
