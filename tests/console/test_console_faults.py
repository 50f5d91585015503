"""Bad input and faults where a person writes: said where they belong, nothing typed lost, nothing sent twice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from processes import Caller, until

from console_kit import OWNER, Seat

pytestmark = pytest.mark.slow

OURS = "+15550009999"
DAY = 86_400


def text(caller: Caller, number: str, words: str) -> None:
    answer = caller("POST", f"/v1/simulator/handsets/{number}/messages", {"to": OURS, "text": words})
    assert answer.status == 202, answer
    until(lambda: caller("GET", f"/v1/contacts?number=%2B{number[1:]}").json()["data"], "the text comes in")


def conversation(caller: Caller, number: str) -> dict[str, Any]:
    contact = caller("GET", f"/v1/contacts?number=%2B{number[1:]}").json()["data"][0]["id"]
    one: dict[str, Any] = caller("GET", f"/v1/conversations?contact={contact}").json()["data"][0]
    return one


def problem(status: int, code: str, detail: str, **more: object) -> dict[str, object]:
    """What a route answers with."""
    body = {"type": "about:blank", "title": "Refused", "status": status, "code": code, "detail": detail} | more
    headers = {"retry-after": "7"} if status == 429 else {}
    return {"status": status, "json": body, "headers": headers, "content_type": "application/problem+json"}


@dataclass(frozen=True)
class Written:
    """A form: how it is come to, where it goes, what is typed into which of its fields."""

    path: str
    goes: str
    typed: dict[str, str]
    send: str
    fields: str
    """Names that an answer may find fault with."""
    opens: str = ""
    tags: tuple[str, str] = ("", "")
    """A field that takes several, and one for it."""


FORMS = {
    "a text": Written(
        "/compose", "/v1/messages", {"To": "+15558000100", "Text": "Half a thought"}, "Send",
        "to text from category send_at",
    ),
    "a contact": Written(
        "/contacts", "/v1/contacts", {"Name": "Zoe", "Notes": "Half a thought"}, "Save",
        "name numbers tags notes fields", "n", ("Numbers", "+15558000102"),
    ),
    "a canned reply": Written(
        "/canned", "/v1/canned-replies", {"Name": "late", "Text": "Half a thought"}, "Save", "name text", "n"
    ),
    "a sender": Written(
        "/senders", "/v1/senders", {"Address": "+15550008888", "What it is for": "Half"}, "Save",
        "address label inbox_url unknown_reply", "n",
    ),
    "a key": Written(
        "/keys", "/v1/keys", {"Name": "Shop", "Senders": "SHOP"}, "Make the key",
        "name scope senders networks expires_at rate daily_quota", "n",
    ),
    "a webhook": Written(
        "/webhooks", "/v1/webhooks", {"Called": "https://example.com/h", "What it is for": "Half"}, "Make the webhook",
        "url events description batch replies ordered enabled", "n",
    ),
    "a person": Written(
        "/people", "/v1/users", {"E-mail address": "zoe@example.com", "Name": "Zoe"}, "Invite somebody",
        "email name role second_factor_required", "n",
    ),
    "a code": Written(
        "/codes/new", "/v1/codes", {"Name": "price", "Text": "Half a thought"}, "Save",
        "name priority keywords regex actions hours starts_at", "", ("Keywords", "PRICE"),
    ),
    "a conversation": Written(
        "/inbox", "/v1/conversations", {"Number": "+15558000101"}, "Begin", "to from", "New conversation"
    ),
}  # fmt: skip

FAULTS: dict[str, tuple[Callable[[Route], None], str]] = {
    "no server": (lambda route: route.abort(), "tidings cannot be reached"),
    "an answer cut short": (
        lambda route: route.fulfill(status=201, body='{"id": "x', content_type="application/json"),
        "tidings cannot be reached",
    ),
    "something in between breaks": (lambda route: route.fulfill(status=502, body="<h1>Bad"), "Bad Gateway"),
    "not for this role": (lambda route: route.fulfill(**problem(403, "forbidden", "Your role may not.")), "may not"),
    "somebody was first": (lambda route: route.fulfill(**problem(409, "taken", "It is there already.")), "is there al"),
    "too quick": (lambda route: route.fulfill(**problem(429, "rate_limited", "Slowly.")), "Try again in 7 seconds."),
}


def begin(seat: Seat, one: Written) -> Locator:
    """The form, filled."""
    page = seat.open(one.path)
    if len(one.opens) == 1:
        page.keyboard.press(one.opens)
    elif one.opens:
        page.get_by_role("button", name=one.opens).click()
    form = page.get_by_role("dialog" if one.opens else "form").filter(has=page.get_by_label(next(iter(one.typed))))
    for label, words in one.typed.items():
        form.get_by_label(label, exact=True).first.fill(words)
    if one.tags[0]:
        form.get_by_role("combobox", name=one.tags[0]).fill(one.tags[1])
        page.keyboard.press("Enter")
    return form


def stands(form: Locator, one: Written) -> None:
    for label, words in one.typed.items():
        expect(form.get_by_label(label, exact=True).first).to_have_value(words)


def posts(page: Page, path: str, how: Callable[[Route], None]) -> None:
    """What is written there is answered so; reads go on."""
    page.unroute(f"**{path}")
    page.route(f"**{path}", lambda route: how(route) if route.request.method == "POST" else route.continue_())


@pytest.mark.parametrize("what", FORMS)
def test_each_fault_stands_at_its_field(seat: Seat, what: str) -> None:
    one = FORMS[what]
    seat.expected |= {422}
    form = begin(seat, one)
    errors = [{"pointer": f"/{name}", "detail": f"The {name} is odd."} for name in one.fields.split()]
    answer = problem(422, "validation_failed", "Some of it cannot be.", errors=errors)
    posts(seat.page, one.goes, lambda route: route.fulfill(**answer))
    seat.page.get_by_role("button", name=one.send, exact=True).last.click()
    for fault in errors:
        expect(form.get_by_text(fault["detail"])).to_be_visible()
    stands(form, one)


@pytest.mark.parametrize("what", ["a text", "a contact", "a code"])
def test_what_goes_wrong_is_said_and_the_next_try_goes_through(seat: Seat, what: str) -> None:
    one = FORMS[what]
    seat.expected |= {201, 403, 409, 429, 502}
    form = begin(seat, one)
    send = seat.page.get_by_role("button", name=one.send, exact=True).last
    keys: list[str | None] = []
    for how, said in FAULTS.values():
        posts(seat.page, one.goes, how)
        with seat.page.expect_request(f"**{one.goes}") as asked:
            send.click()
        keys.append(asked.value.headers.get("idempotency-key"))
        expect(form.get_by_role("alert")).to_contain_text(said)
        stands(form, one)
    seat.page.unroute(f"**{one.goes}")
    with seat.page.expect_response(f"**{one.goes}") as answered:
        send.click()
    assert answered.value.ok, answered.value.text()
    keys.append(answered.value.request.headers.get("idempotency-key"))
    assert len(set(keys)) == 1, "each try of the same text has the same key"


def thread(seat: Seat, caller: Caller, number: str) -> tuple[Page, Locator, Locator]:
    """A conversation, open: the page, the field for the answer, and what was said."""
    text(caller, number, "Hello?")
    page = seat.open("/inbox")
    page.get_by_role("button", name=re.compile(r"\D*".join(number[1:]))).click()
    field = page.get_by_role("textbox", name="Reply")
    field.wait_for()
    return page, field, page.get_by_role("log", name="What was said")


def test_an_answer_goes_once_however_long_it_takes(seat: Seat, caller: Caller) -> None:
    """A server that is slow, then gone with the answer on its way: what was typed since is a text of its own."""
    page, field, said = thread(seat, caller, "+15558010100")
    held: list[Route] = []
    goes = re.compile(r"/v1/conversations/\w+/messages$")
    page.route(goes, lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    field.fill("We are open.")
    page.keyboard.press("Enter")
    expect(field).to_have_value("")
    expect(said.get_by_text("Sending")).to_have_count(1)
    page.keyboard.type("Until five.")
    page.keyboard.press("Enter")
    expect(said.get_by_text("Sending")).to_have_count(2)
    page.keyboard.type("Come")
    first = held[0]
    first.fetch()  # it arrives, and its answer is lost
    first.abort()
    expect(page.get_by_role("alert")).to_contain_text("tidings cannot be reached")
    expect(field).to_have_value("We are open.\nUntil five.\nCome")
    assert len(held) == 1, "what waited behind a failure went out"
    page.unroute(goes)
    field.fill("We are open.")
    with page.expect_request(goes) as asked:
        page.keyboard.press("Enter")
    assert asked.value.headers["idempotency-key"] == first.request.headers["idempotency-key"]
    expect(field).to_have_value("")
    expect(said.get_by_text("We are open.")).to_have_count(1)
    phone = caller("GET", "/v1/simulator/handsets/+15558010100").json()["messages"]
    assert [one["text"] for one in phone] == ["We are open."]


def test_a_note_whose_answer_was_lost_is_there_once(seat: Seat, caller: Caller) -> None:
    page, _field, said = thread(seat, caller, "+15558010101")
    goes = re.compile(r"/v1/conversations/\w+/notes$")

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(goes, lose)
    page.keyboard.press("n")
    page.keyboard.type("Asks for a table")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("tidings cannot be reached")
    page.unroute(goes)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(said.get_by_text("Asks for a table")).to_have_count(1)
    one = conversation(caller, "+15558010101")
    assert len(caller("GET", f"/v1/conversations/{one['id']}/notes").json()["data"]) == 1


def refusing(answer: dict[str, object]) -> Callable[[Route], None]:
    """Answers so what is written; reads go on."""
    return lambda route: route.fulfill(**answer) if route.request.method == "POST" else route.continue_()


def test_a_refused_answer_says_why_and_stays(seat: Seat, caller: Caller) -> None:
    page, field, _said = thread(seat, caller, "+15558020100")
    goes = re.compile(r"/v1/conversations/\w+/messages$")
    field.fill("Half a thought")
    for status in (403, 409, 422, 429):
        seat.expected.add(status)
        errors = [{"pointer": "/text", "detail": f"Its text is odd: {status}."}]
        answer = problem(status, "refused", f"The reason: {status}.", errors=errors)
        page.unroute(goes)
        page.route(goes, refusing(answer))
        field.press("Enter")
        alert = page.get_by_role("form").get_by_role("alert")
        expect(alert).to_contain_text(f"The reason: {status}.")
        expect(page.get_by_text(f"Its text is odd: {status}.")).to_be_visible()
        expect(field).to_have_value("Half a thought")
    expect(alert).to_contain_text("Try again in 7 seconds.")


def enter(seat: Seat) -> None:
    """With a session of its own, which it may end."""
    who = {"email": OWNER["email"], "password": OWNER["password"]}
    origin = {"Origin": seat.tidings.url}
    assert seat.context.request.post("/v1/session", data=who, headers=origin).ok


def test_a_session_that_ends_while_one_types(sit: Callable[..., Seat], seat: Seat, caller: Caller) -> None:
    mine = sit(signed_in=False)
    mine.expected.add(401)
    enter(mine)
    page, field, said = thread(mine, caller, "+15558030100")
    field.fill("Half a thought")
    mine.context.clear_cookies()
    page.keyboard.press("Enter")
    again = page.get_by_role("dialog")
    again.get_by_label("Password", exact=True).fill(OWNER["password"])
    page.keyboard.press("Enter")
    expect(again).to_have_count(0)
    expect(field).to_have_value("Half a thought")
    field.press("Enter")
    expect(said.get_by_text("Half a thought")).to_have_count(1)


def test_two_tabs_are_signed_out_together(sit: Callable[..., Seat], seat: Seat) -> None:
    mine = sit(signed_in=False)
    enter(mine)
    one = mine.open("/contacts")
    other = mine.context.new_page()
    other.goto("/console/keys")
    other.get_by_role("heading", name="API keys").wait_for()
    one.route("**/v1/session", lambda route: route.abort())
    one.get_by_role("button", name="Settings").click()
    one.get_by_role("menuitem", name="Sign out").click()
    expect(one.get_by_role("log", name="News")).to_contain_text("Is the server running")
    expect(one.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    one.unroute("**/v1/session")
    one.get_by_role("button", name="Settings").click()
    one.get_by_role("menuitem", name="Sign out").click()
    for page in (one, other):
        expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_a_screen_whose_file_does_not_come(seat: Seat) -> None:
    """Neither an error page of the browser nor the news of another console: what is wrong, and a way on."""
    page = seat.open("/contacts")
    page.route("**/console/assets/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    page.keyboard.press("Control+k")
    expect(page.get_by_role("log", name="News")).to_contain_text("Is the server running")
    page.get_by_role("link", name="Senders").click()
    expect(page.get_by_role("alert")).to_contain_text("tidings cannot be reached")
    page.unroute("**/console/assets/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Senders")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="A screen, a number")).to_be_focused()
    # React tells the browser's console of what a screen in its place has caught.
    seat.complaints[:] = [one for one in seat.complaints if "A file of the console did not come." not in one]


def test_a_clock_that_is_a_day_off(seat: Seat, caller: Caller) -> None:
    """Times are told by the server's clock."""
    seat.page.clock.set_system_time(time.time() + DAY)
    seat.tidings.send("+15558040100", "a moment ago")
    page = seat.open("/messages?to=%2B15558040100")
    row = page.get_by_role("row").filter(has_text="a moment ago")
    expect(row.get_by_role("time")).to_have_text(re.compile(r"^now$|sec"))


def test_back_leads_to_the_same_rows(seat: Seat) -> None:
    texts = [{"to": f"+1555805{n:04}", "text": f"back {n}", "tags": ["back"]} for n in range(100, 250)]
    seat.tidings.client.post_batch({"messages": texts})  # type: ignore[typeddict-item]
    page = seat.open("/messages?tag=back")
    page.get_by_text("back 249").wait_for()
    page.get_by_role("rowgroup").evaluate("(one) => one.scrollTo(0, 2000)")
    row = page.get_by_text("back 180", exact=True)
    expect(row).to_be_in_viewport()
    before = page.get_by_role("rowgroup").evaluate("(one) => one.scrollTop")
    page.get_by_role("row").filter(has=row).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("To +1 555 805")
    page.go_back()
    expect(row).to_be_in_viewport()
    assert page.url.endswith("/messages?tag=back")
    assert abs(page.get_by_role("rowgroup").evaluate("(one) => one.scrollTop") - before) < 100


TWISTED = "\u202eevil\u202c <b>bold</b> \u200b\u200d zwj 👩‍👩‍👧‍👦 شكرا"
ENDLESS = "w" * 3_000


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_texts_of_any_length_and_direction_stay_in_their_place(
    sit: Callable[..., Seat], caller: Caller, phone: bool
) -> None:
    number = f"+1555806010{int(phone)}"
    text(caller, number, TWISTED + ENDLESS)
    one = conversation(caller, number)
    contact = one["contact"]["id"]
    change = {"name": TWISTED + "W" * 150, "notes": ENDLESS, "tags": ["t" * 60], "fields": {"f" * 40: "v" * 300}}
    assert caller("PATCH", f"/v1/contacts/{contact}", change).status == 200
    seat = sit(phone=phone)
    for path in (f"/inbox?open={one['id']}", f"/messages/{one['last_message']['id']}", "/messages", "/contacts",
                 f"/contacts/{contact}"):  # fmt: skip
        page = seat.open(path)
        expect(page.get_by_text(re.compile("bold|w{40}")).first).to_be_attached()
        wider = "(one) => one.scrollWidth - one.clientWidth"
        assert page.locator("html").evaluate(wider) <= 0, f"{path} is wider than the screen"
        assert page.locator("main").evaluate(wider) <= 0, f"{path} is wider than its place"
        assert page.locator("main b:has-text('bold')").count() == 0, path
        assert not re.search("[\u202a-\u202e]", page.title()), path


THREADS = 2_000


def test_thousands_of_threads(seat: Seat, caller: Caller) -> None:
    """Pages of a hundred threads made up here: reading on does not get slower, and no more is drawn than is seen."""
    text(caller, "+15558070100", "The one that is there")
    real = conversation(caller, "+15558070100")

    def threads(route: Route) -> None:
        at = int(re.sub("^.*cursor=c|&.*$", "", route.request.url)) if "cursor=c" in route.request.url else 0
        rows = [
            real | {"id": f"conv_{9_999_999 - n:013}", "number": f"+1555{n:07}",
                    "last_message": real["last_message"] | {"id": f"msg_{9_999_999 - n:013}", "text": f"thread {n}"}}
            for n in range(at, at + 100)
        ]  # fmt: skip
        route.fulfill(json={"data": rows, "next_cursor": f"c{at + 100}" if at + 100 < THREADS else None})

    page = seat.page
    page.route(re.compile(r"/v1/conversations\?"), threads)
    page.goto("/console/inbox")
    expect(page.get_by_text("thread 0", exact=True)).to_be_visible()
    began = time.monotonic()
    rowgroup = page.get_by_role("rowgroup")
    while not page.get_by_text(f"thread {THREADS - 1}", exact=True).is_visible():
        rowgroup.evaluate("(one) => one.scrollTo(0, one.scrollHeight)")
        assert time.monotonic() - began < 90
    took, drawn = time.monotonic() - began, page.get_by_role("row").count()
    began = time.monotonic()
    page.keyboard.press("k")
    page.evaluate("new Promise(requestAnimationFrame)")
    key = time.monotonic() - began
    print(f"{THREADS} threads passed in {took:.1f} s; rows drawn {drawn}; then a key takes {key * 1e3:.0f} ms")
    assert drawn < 80
    assert key < 2
