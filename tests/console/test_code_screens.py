"""A manager makes a code: a keyword with parameters, tried beside the form, saved and texted (the fifth journey)."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect
from processes import Caller

from console_kit import Seat


def add_action(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add an action").click()
    page.get_by_role("menuitem", name=name).click()


def test_a_code_is_made_tried_and_texted(seat: Seat) -> None:
    seat.expected |= {422}
    page = seat.open("/codes")
    page.get_by_role("button", name="New code").first.click()
    page.get_by_role("menuitem", name="Blank").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New code")
    page.get_by_role("textbox", name="Name", exact=True).fill("price")
    keywords = page.get_by_role("combobox", name="Keywords")
    keywords.fill("PRICE")
    keywords.press("Enter")
    page.get_by_role("button", name="Add a parameter").click()
    page.get_by_role("textbox", name="Called").fill("item")
    page.get_by_role("combobox", name="Takes").click()
    page.get_by_role("option", name="a whole number").click()
    page.get_by_role("textbox", name="At least").fill("1000")
    answer = page.get_by_role("textbox", name="Text", exact=True)
    answer.fill("Number {{ itme }} is sold out.")

    page.get_by_role("textbox", name="A text").fill("price 4711")
    expect(page.get_by_text("{{ itme }} is no value of this code")).to_be_visible()
    answer.fill("Number {{ item }} is sold out.")
    would = page.get_by_role("list", name="What would be done")
    expect(would.get_by_text("Number 4711 is sold out.")).to_be_visible()
    expect(page.get_by_text("For this code")).to_be_visible()
    page.get_by_role("textbox", name="A text").fill("price 12")
    expect(page.get_by_text("too_small")).to_be_visible()
    assert not seat.grave()

    add_action(page, "Tag")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("expected an array of length >= 1")).to_be_visible()
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill("price")
    tags.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("price")

    page.get_by_role("button", name="Phones beside").click()
    phone = page.get_by_role("region", name="Phone +1 555 123 0100")
    phone.get_by_role("textbox", name="Text", exact=True).fill("Price 4711")
    page.keyboard.press("Enter")
    expect(phone.get_by_role("log").get_by_text("Number 4711 is sold out.")).to_be_visible()


def test_examples_reports_and_files(seat: Seat, caller: Caller, tmp_path: Path) -> None:
    page = seat.open("/codes")
    page.get_by_role("button", name="New code").first.click()
    page.get_by_role("menuitem", name="Vote").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).not_to_have_value("")
    page.get_by_role("link", name="All codes").click()

    rule = {"name": "twin", "keywords": ["TWIN"], "actions": [{"type": "inbox"}]}
    file = tmp_path / "codes.json"
    file.write_text(json.dumps({"codes": [rule, rule | {"name": "other"}]}), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    asked = page.get_by_role("dialog")
    expect(asked.get_by_text("twin, other")).to_be_visible()
    asked.get_by_role("button", name="Import").click()
    expect(page.get_by_role("link", name="twin")).to_be_visible()
    expect(page.get_by_role("list", name="What codes do to each other")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("button", name="Export").click()
    codes = json.loads(Path(told.value.path()).read_text(encoding="utf-8"))["codes"]
    assert {one["name"] for one in codes} >= {"twin", "other"}
    assert caller("POST", "/v1/codes/import", {"codes": codes, "dry_run": True}).status == 200

    file.write_text('{"nothing": 1}', encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("This is no file of codes")).to_be_visible()
