"""What is taken for which type, what is not, and what is then said; and that reading never raises."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes_kit import NOW
from tidings.core import fold
from tidings.core.parameters import EXAMPLES, TROUBLES, Kind, Parameter, Setting, Trouble, one, read

EUROS: dict[str, Any] = {"currencies": ("EUR", "USD")}
YES: dict[str, Any] = {"choices": {"yes": ("oui", "sí"), "no": ("no way",)}}
MONEY = {"amount": Decimal("12.50"), "currency": "EUR"}
EVE = dt.date(2026, 12, 24)

TAKEN: list[tuple[str, str, dict[str, Any], object]] = [
    ("word", "Anna", {}, "Anna"),
    ("word", "“Anna”,", {}, "Anna"),
    ("word", "4711-B", {}, "4711-B"),
    ("integer", "12", {}, 12),
    ("integer", "#12.", {}, 12),
    ("integer", "-5", {}, -5),
    ("integer", "1,000", {}, 1000),
    ("integer", "1.000.000", {}, 1_000_000),
    ("integer", "١٢", {}, 12),
    ("integer", "１２", {}, 12),
    ("integer", "0007", {"min": 7, "max": 7}, 7),
    ("decimal", "1.5", {}, Decimal("1.5")),
    ("decimal", "1,5", {}, Decimal("1.5")),
    ("decimal", ".5", {}, Decimal("0.5")),
    ("decimal", "1,234.5", {}, Decimal("1234.5")),
    ("decimal", "1,234", {}, Decimal(1234)),
    ("decimal", "1,234", {"decimal": ","}, Decimal("1.234")),
    ("decimal", "1.234,5", {"decimal": ","}, Decimal("1234.5")),
    ("decimal", "1'234.5", {}, Decimal("1234.5")),
    ("money", "€12.50", EUROS, MONEY),
    ("money", "12,50 €", EUROS, MONEY),
    ("money", "EUR 12.50", EUROS, MONEY),
    ("money", "12.50eur", EUROS, MONEY),
    ("money", "12.50", EUROS, MONEY),
    ("money", "$12.50", {"currencies": ("CAD",)}, {"amount": Decimal("12.50"), "currency": "CAD"}),
    ("money", "12.50", {}, {"amount": Decimal("12.50"), "currency": ""}),
    ("date", "2026-12-24", {}, EVE),
    ("date", "24.12.2026", {}, EVE),
    ("date", "24/12/26", {}, EVE),
    ("date", "12/24/26", {"order": "mdy"}, EVE),
    ("date", "24.12.", {}, EVE),
    ("date", "24. 12. 2026", {}, EVE),
    ("date", "24 Dec 2026", {}, EVE),
    ("date", "24th december", {}, EVE),
    ("date", "Dec 24", {}, EVE),
    ("date", "today", {"past": False}, dt.date(2026, 9, 21)),
    ("date", "Tomorrow", {}, dt.date(2026, 9, 22)),
    ("date", "1.9.", {}, dt.date(2027, 9, 1)),
    ("date", "29.2.", {}, dt.date(2028, 2, 29)),
    ("date", "3.4.85", {}, dt.date(1985, 4, 3)),
    ("time", "14:30", {}, "14:30"),
    ("time", "14.30", {}, "14:30"),
    ("time", "1430", {}, "14:30"),
    ("time", "2:30 PM", {}, "14:30"),
    ("time", "2pm", {}, "14:00"),
    ("time", "12 a.m.", {}, "00:00"),
    ("time", "12pm", {}, "12:00"),
    ("time", "14h30", {}, "14:30"),
    ("time", "9h", {}, "09:00"),
    ("phone", "+1 555 123 0100", {}, "+15551230100"),
    ("phone", "0151 12345678", {"region": "DE"}, "+4915112345678"),
    ("email", "<Anna@Example.COM>", {}, "Anna@example.com"),
    ("choice", "YES", YES, "yes"),
    ("choice", "Sí!", YES, "yes"),
    ("choice", "si", YES, "yes"),
    ("choice", "no  way", YES, "no"),
    ("rest", "two\nlines ", {}, "two\nlines"),
]  # fmt: skip

REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("word", "Al", {"min": 3}, "too_short", "x must have at least 3 characters"),
    ("word", "Albert", {"max": 5}, "too_long", "x must have at most 5 characters"),
    ("integer", "1.5", {}, "no_integer", "x must be a whole number, not “1.5”"),
    ("integer", "9" * 19, {}, "no_integer", "x must be a whole number, not “9999999999999999999”"),
    ("integer", "6", {"min": 7}, "too_small", "x must be at least 7"),
    ("integer", "1000001", {"max": 1_000_000}, "too_large", "x must be at most 1000000"),
    ("decimal", "1.2.3", {}, "no_decimal", "x must be a number, not “1.2.3”"),
    ("decimal", "1e5", {}, "no_decimal", "x must be a number, not “1e5”"),
    ("decimal", "NaN", {}, "no_decimal", "x must be a number, not “NaN”"),
    ("money", "lots", EUROS, "no_money", "x must be an amount of money, not “lots”"),
    ("money", "£5", EUROS, "wrong_currency", "x must be in EUR or USD, not “£”"),
    ("date", "31.02.2026", {}, "no_date", "x must be a date, not “31.02.2026”"),
    ("date", "20.9.2026", {"past": False}, "past", "x must not be past"),
    ("time", "25:00", {}, "no_time", "x must be a time of day, not “25:00”"),
    ("time", "2", {}, "no_time", "x must be a time of day, not “2”"),
    ("time", "13pm", {}, "no_time", "x must be a time of day, not “13pm”"),
    ("phone", "12", {}, "no_phone", "x must be a phone number, not “12”"),
    ("email", "anna@nowhere", {}, "no_email", "x must be an e-mail address, not “anna@nowhere”"),
    ("choice", "maybe", YES, "no_choice", "x must be one of yes, no, not “maybe”"),
    ("word", "", {}, "missing", "x is missing"),
    ("word", "Anna Smith", {}, "too_much", "there is more than was asked for: “Smith”"),
    ("rest", "x" * 9, {"max": 8}, "too_long", "x must have at most 8 characters"),
]  # fmt: skip


def said(text: str, *specs: Parameter) -> dict[str, object] | Trouble:
    return read(text, fold.words(text), specs, Setting(NOW))  # type: ignore[return-value]


@pytest.mark.parametrize(("kind", "text", "more", "value"), TAKEN)
def test_taken(kind: Any, text: str, more: dict[str, Any], value: object) -> None:
    assert said(text, Parameter(name="x", type=kind, **more)) == {"x": value}


@pytest.mark.parametrize(("kind", "text", "more", "name", "detail"), REFUSED)
def test_refused(kind: Any, text: str, more: dict[str, Any], name: str, detail: str) -> None:
    assert said(text, Parameter(name="x", type=kind, **more)) == Trouble(
        name, None if name == "too_much" else "x", detail
    )


def test_every_type_and_every_trouble_stands_in_the_tables() -> None:
    assert {kind for kind, *_ in TAKEN} == set(get_args(Kind)) == EXAMPLES.keys() | {"choice"}
    assert {name for *_, name, _ in REFUSED} == TROUBLES.keys()


ITEM = Parameter(name="item", type="integer")
SIZE = Parameter(name="size", type="choice", choices={"S": (), "M": ()}, optional=True, default="M")
NOTE = Parameter(name="note", type="rest", optional=True)
DAY = Parameter(name="day", type="date")
HOUR = Parameter(name="hour", type="time")

ROWS: list[tuple[str, str, tuple[Parameter, ...], object]] = [
    ("what is left out has its default", "7", (ITEM, SIZE), {"item": 7, "size": "M"}),
    ("or nothing", "7 s", (ITEM, SIZE, NOTE), {"item": 7, "size": "S", "note": None}),
    ("what cannot use a word leaves it to the next", "7 please", (ITEM, SIZE, NOTE),
     {"item": 7, "size": "M", "note": "please"}),
    ("where nobody can use it, the first that could not says why", "7 XL", (ITEM, SIZE),
     Trouble("no_choice", "size", "size must be one of S, M, not “XL”")),
    ("one in the middle may be left out", "M 7", (SIZE, ITEM), {"size": "M", "item": 7}),
    ("also when it is", "7", (SIZE, ITEM), {"size": "M", "item": 7}),
    ("a comma parts words", "24.12.2026,14:30", (DAY, HOUR), {"day": EVE, "hour": "14:30"}),
    ("but not digits", "1,5", (Parameter(name="x", type="decimal"),), {"x": Decimal("1.5")}),
    ("each takes as much as it can", "24 Dec 2026 2 pm", (DAY, HOUR), {"day": EVE, "hour": "14:00"}),
    ("the rest keeps its blanks and lines", "7  a  b\nc", (ITEM, NOTE), {"item": 7, "note": "a  b\nc"}),
    ("a phone number leaves words alone", "+1 555 123 0100 Anna", (Parameter(name="p", type="phone"),
     Parameter(name="w", type="word")), {"p": "+15551230100", "w": "Anna"}),
    ("money leaves a word that is no currency", "5 apples", (Parameter(name="m", type="money", currencies=("EUR",)),
     Parameter(name="w", type="word")), {"m": {"amount": Decimal(5), "currency": "EUR"}, "w": "apples"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "specs", "value"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_several(text: str, specs: tuple[Parameter, ...], value: object) -> None:
    assert said(text, *specs) == value


def test_today_is_that_of_the_time_zone() -> None:
    from zoneinfo import ZoneInfo

    late = Setting(1_790_031_600_000, ZoneInfo("Pacific/Auckland"))  # 23:00 UTC
    assert one("today", DAY, late) == dt.date(2026, 9, 22)


specs = st.lists(
    st.builds(
        lambda kind, optional: Parameter(
            name="x", type=kind, optional=optional, choices={"a": ("b c",)} if kind == "choice" else {}
        ),
        st.sampled_from(get_args(Kind)),
        st.booleans(),
    ),
    max_size=5,
).map(lambda made: [msgspec.structs.replace(one, name=f"p{at}") for at, one in enumerate(made)])
odd = st.text(max_size=60) | st.text(st.sampled_from("0123456789 .,:;+-/€$aApPmMhTdD@\n\u0661\u0307ß²½"), max_size=60)


@given(odd, specs)
def test_reading_never_raises_and_is_the_same_each_time(text: str, made: list[Parameter]) -> None:
    got = said(text, *made)
    assert got == said(text, *made)
    if isinstance(got, Trouble):
        assert got.name in TROUBLES
        assert got.detail
    else:
        assert list(got) == [spec.name for spec in made]
        msgspec.json.encode(got)
