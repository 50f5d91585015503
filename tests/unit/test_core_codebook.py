"""Which code a text is for: keywords, slips, scopes, hours, order; that matching never raises, and is total."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes_kit import NOW, book, code, rule
from tidings.core import fold
from tidings.core.codebook import REGEX_SIZE_MOST, REGEX_TEXT_MOST, Book, compiled, entries
from tidings.core.message import DAY, HOUR
from tidings.core.parameters import Trouble

OURS, OTHERS = "12345", "54321"
ITEM = {"name": "item", "type": "integer"}
WORD = {"name": "word", "type": "word"}
REST = {"name": "said", "type": "rest", "optional": True}

ROWS: list[tuple[str, list[dict[str, Any]], str, str | None, str]] = [
    ("a keyword alone", [{"name": "price"}], "price", "price", "keyword"),
    ("folded", [{"name": "préis"}], "  ＰＲＥＩＳ! ", "préis", "keyword"),
    ("an alias", [{"name": "price", "keywords": ["price", "cost"]}], "COST", "price", "keyword"),
    ("another language", [{"name": "price", "translations": {"ru": ["ЦЕНА"]}}], "цена", "price", "keyword"),
    ("several words", [{"name": "join the club"}], "Join  THE club", "join the club", "keyword"),
    ("not half of them", [{"name": "join the club"}], "join the", None, ""),
    ("the longer keyword first", [{"name": "join", "parameters": [REST]}, {"name": "join club"}], "join club",
     "join club", "keyword"),
    ("unless priority says otherwise", [{"name": "join", "parameters": [REST], "priority": 1}, {"name": "join club"}],
     "join club", "join", "keyword"),
    ("a number right behind it", [{"name": "vote", "parameters": [ITEM]}], "VOTE3", "vote", "keyword"),
    ("or a colon", [{"name": "vote", "parameters": [WORD]}], "Vote:A", "vote", "keyword"),
    ("more than the keyword asks for is wrong", [{"name": "price"}], "price list", "price", "keyword"),
    ("no slip unless it is asked for", [{"name": "price"}], "pirce", None, ""),
    ("a slip", [{"name": "price", "fuzzy": True}], "PIRCE", "price", "fuzzy"),
    ("two in a long word", [{"name": "register", "fuzzy": True}], "rigistre", "register", "fuzzy"),
    ("none in a short word", [{"name": "win", "fuzzy": True, "keywords": ["win", "winner"]}], "won", None, ""),
    ("an exact keyword before a slip of a better priority", [{"name": "prise", "fuzzy": True, "priority": 1},
     {"name": "price"}], "price", "price", "keyword"),
    ("the nearer slip", [{"name": "registers", "fuzzy": True}, {"name": "registered", "fuzzy": True}], "registred",
     "registered", "fuzzy"),
    ("the first that understands", [{"name": "a", "keywords": ["go"], "parameters": [ITEM]},
     {"name": "b", "keywords": ["go"], "parameters": [WORD]}], "go far", "b", "keyword"),
    ("where none does, the first", [{"name": "a", "keywords": ["go"], "parameters": [ITEM]},
     {"name": "b", "keywords": ["go"]}], "go far", "a", "keyword"),
    ("the lower priority", [{"name": "a", "keywords": ["go"]}, {"name": "b", "keywords": ["go"], "priority": 5}], "go",
     "b", "keyword"),
    ("a named number before all numbers", [{"name": "a", "keywords": ["go"]},
     {"name": "b", "keywords": ["go"], "senders": [OURS]}], "go", "b", "keyword"),
    ("the older one", [{"name": "a", "keywords": ["go"]}, {"name": "b", "keywords": ["go"]}], "go", "a", "keyword"),
    ("another number", [{"name": "a", "senders": [OTHERS]}], "a", None, ""),
    ("switched off", [{"name": "a", "enabled": False}], "a", None, ""),
    ("a regex", [{"name": "order", "regex": r"order (?P<item>\d+)"}], "My ORDER 77", "order", "regex"),
    ("a keyword before a regex", [{"name": "any", "regex": "."}, {"name": "go"}], "go", "go", "keyword"),
    ("the default", [{"name": "else", "default": True}, {"name": "go"}], "what?", "else", "default"),
    ("an empty text too", [{"name": "else", "default": True}], "", "else", "default"),
    ("the default of this number", [{"name": "else", "default": True},
     {"name": "here", "default": True, "senders": [OURS]}], "what?", "here", "default"),
    ("a default with parameters", [{"name": "meter", "default": True, "parameters": [ITEM], "priority": 1},
     {"name": "else", "default": True}], "4711", "meter", "default"),
    ("and what it cannot read goes on", [{"name": "meter", "default": True, "parameters": [ITEM], "priority": 1},
     {"name": "else", "default": True}], "hello", "else", "default"),
    ("a wrong parameter is not for the default", [{"name": "go", "parameters": [ITEM]},
     {"name": "else", "default": True}], "go x", "go", "keyword"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "text", "name", "how"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_match(rules: list[dict[str, Any]], text: str, name: str | None, how: str) -> None:
    found = book(*[rule(**one) for one in rules]).match(text, OURS, NOW)
    assert (found and found.code.rule.name, found.how if found else "") == (name, how)


def test_what_it_says() -> None:
    made = book(rule("price", keywords=["price"], translations={"fr": ["prix"]}, parameters=[ITEM, REST]))
    found = made.match("Prix: 4711 s'il vous plaît", OURS, NOW)
    assert found is not None
    assert (found.language, found.keyword) == ("fr", "prix")
    assert found.values == {"item": 4711, "said": "s'il vous plaît"}
    wrong = made.match("PRICE abc", OURS, NOW)
    assert wrong is not None
    assert wrong.trouble == Trouble("no_integer", "item", "item must be a whole number, not “abc”")
    glued = made.match("price-7 now", OURS, NOW)
    assert glued is not None
    assert glued.values == {"item": 7, "said": "now"}


def test_groups_of_a_regex_are_read_as_their_parameters_say() -> None:
    made = book(rule("order", regex=r"order (?P<item>\w+)(?: to (?P<town>.+))?", parameters=[ITEM]))
    found, wrong = made.match("order 12 to Bonn", OURS, NOW), made.match("order twelve", OURS, NOW)
    assert found is not None
    assert wrong is not None
    assert found.values == {"item": 12, "town": "Bonn"}
    assert wrong.trouble.name == "no_integer"


HOURS = [
    ("in its hours", {"from": "14:00", "to": "15:00"}, "UTC", True),
    ("before them", {"from": "14:30", "to": "15:00"}, "UTC", False),
    ("they end before their end", {"from": "13:00", "to": "14:13"}, "UTC", False),
    ("by its own clock", {"from": "16:00", "to": "17:00"}, "Europe/Berlin", True),
    ("another day", {"days": ["tue"], "from": "00:00", "to": "23:59"}, "UTC", False),
    ("a night of yesterday", {"days": ["sun"], "from": "20:00", "to": "15:00"}, "UTC", True),
    ("the night of today has not begun", {"days": ["mon"], "from": "20:00", "to": "15:00"}, "UTC", False),
]


@pytest.mark.parametrize(("hours", "zone", "open_"), [row[1:] for row in HOURS], ids=[row[0] for row in HOURS])
def test_hours(hours: dict[str, Any], zone: str, open_: bool) -> None:
    found = book(rule("a", hours=hours, time_zone=zone)).match("a", OURS, NOW)
    assert (found is not None) == open_


def test_a_code_begins_and_ends() -> None:
    made = book(rule("a", starts_at="2026-09-21T15:00:00Z", ends_at="2026-09-21T16:00:00Z"))
    assert [made.match("a", OURS, NOW + late) is not None for late in (0, HOUR, 2 * HOUR)] == [False, True, False]


def test_others_that_came_close_are_named_with_the_reason() -> None:
    made = book(
        rule("price", parameters=[ITEM]), rule("prices", keywords=["prices"]), rule("old", keywords=["price"],
        ends_at="2026-01-01T00:00:00Z"), rule("there", keywords=["price"], senders=[OTHERS]),
        rule("second", keywords=["price"], priority=200, parameters=[ITEM]), rule("else", default=True),
        rule("far", keywords=["banana"]),
    )  # fmt: skip
    told = made.explain("price 7", OURS, NOW)
    assert told.found is not None
    assert told.found.code.rule.name == "price"
    assert [(one.code.rule.name, one.why) for one in told.close] == [
        ("there", "it does not hold on this number"),
        ("old", "it has ended"),
        ("second", "another goes before it"),
        ("prices", "its keyword is prices, and it is not fuzzy"),
        ("else", "another goes before it"),
    ]


small = st.sampled_from(["go", "gone", "go on", "stay", "стой"])
rules_ = st.lists(
    st.builds(
        lambda keyword, kind, priority, fuzzy, spec, sender: (
            {
                "keyword": {"keywords": [keyword], "fuzzy": fuzzy and keyword != "go"},
                "regex": {"regex": keyword},
                "default": {"default": True},
            }[kind]
            | {"priority": priority, "parameters": spec, "senders": sender}
        ),
        small,
        st.sampled_from(["keyword", "keyword", "regex", "default"]),
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from([[], [ITEM], [REST]]),
        st.sampled_from([[], [OURS], [OTHERS]]),
    ),
    max_size=6,
)


def made_of(rules: list[dict[str, Any]]) -> list[Any]:
    # The parameters of a regex must be its groups.
    return [
        code(at, **({**one, "parameters": []} if "regex" in one else one)) for at, one in enumerate(rules, 1)
    ]  # fmt: skip


@given(rules_, st.text(max_size=30) | st.lists(small | st.text(max_size=5), max_size=4).map(" ".join), st.randoms())
def test_matching_never_raises_and_asks_not_in_which_order_codes_came(
    rules: list[dict[str, Any]], text: str, chance: random.Random
) -> None:
    codes = made_of(rules)
    found = Book(codes).match(text, OURS, NOW)
    chance.shuffle(codes)
    again = Book(codes)
    assert again.match(text, OURS, NOW) == found
    told = again.explain(text, OURS, NOW)
    assert told.found == found
    assert found is None or found.code.id not in {one.code.id for one in told.close}


@given(rules_)
def test_no_two_entries_have_the_same_place_but_those_of_one_code(rules: list[dict[str, Any]]) -> None:
    ranks = [(entry.rank, entry.code.id) for code in made_of(rules) for entry in entries(code)]
    by_rank: dict[Any, set[int]] = {}
    for rank, number in ranks:
        by_rank.setdefault(rank, set()).add(number)
    assert all(len(codes) == 1 for codes in by_rank.values())


def test_a_hostile_regex_takes_no_longer_than_its_text() -> None:
    made = book(rule("bad", regex=r"^(a+)+$"), rule("else", default=True))
    began = time.process_time()
    found = made.match("a" * 10_000 + "!", OURS, NOW + DAY)
    assert time.process_time() - began < 1.0
    assert found is not None
    assert found.how == "default"


def test_of_a_long_text_regexes_see_the_beginning_and_no_end() -> None:
    made = book(rule("all a", regex="^a+$"), rule("some b", regex="b"), rule("else", default=True))
    seen = {
        "a" * REGEX_TEXT_MOST: "all a", "a" * (REGEX_TEXT_MOST + 1): "else", "a" * REGEX_TEXT_MOST + "b": "else",
        "a" * (REGEX_TEXT_MOST - 1) + "bb": "some b", "\ud800b": "some b",
    }  # fmt: skip
    for text, name in seen.items():
        found = made.match(text, OURS, NOW)
        assert found is not None
        assert found.code.rule.name == name, len(text)


def test_the_largest_regexes_there_may_be_cost_a_text_little() -> None:
    """As many and as large as an account may have, none of which finds anything."""
    regex = "[^b]{0,190}x[^b]{0,190}b"
    size = compiled(regex).programsize
    assert size <= REGEX_SIZE_MOST
    made = book(*(rule(f"code{at}", regex=f"{regex}{at}") for at in range(20_000 // size)))
    text = "".join(random.Random(7).choices("aacx \u00fc", k=REGEX_TEXT_MOST))
    began = time.process_time()
    assert made.match(text, OURS, NOW) is None
    assert time.process_time() - began < 2.0  # 0.1 s where it was measured; this machine may be busy


letters = st.text("abcdefgh", min_size=4, max_size=24)


@given(letters, st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcx")), max_size=3), st.integers(0, 3))
def test_a_keyword_is_known_with_every_slip_it_may_bear(word: str, slips: list[tuple[int, str]], kind: int) -> None:
    """The index of the first letters leaves out nothing that the distance allows."""
    written = word
    for at, letter in slips:
        at %= len(written) + 1
        changed = (
            written[:at] + letter + written[at:], written[:at] + written[at + 1 :],
            written[:at] + letter + written[at + 1 :], written[:at] + written[at : at + 2][::-1] + written[at + 2 :],
        )  # fmt: skip
        written = changed[kind] or "a"
    found = book(rule("one", keywords=[word], fuzzy=True)).match(written, OURS, NOW)
    assert (found is not None) == (fold.distance(written, word, fold.slips(word)) <= fold.slips(word))


def test_long_keywords_with_slips_take_little_memory() -> None:
    chance = random.Random(3)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=40)) for _ in range(200)]
    made = Book([code(at, f"code{at}", keywords=[word], fuzzy=True) for at, word in enumerate(words)])
    assert len(made._fuzzy) <= 37 * len(words)


def test_many_choices_cost_a_text_little() -> None:
    choices = {f"choice{at}": [f"alias{at}x{to}" for to in range(20)] for at in range(100)}
    asks = [{"name": "one", "type": "choice", "choices": choices}]
    made = Book([code(at, f"code{at}", keywords=["vote"], parameters=asks) for at in range(100)])
    made.match("vote nothing", OURS, NOW)  # the first to ask folds them
    began = time.process_time()
    for _ in range(10):
        made.match("vote nothing", OURS, NOW)
    assert time.process_time() - began < 0.5  # 4 s where each text folded them anew


def test_a_thousand_codes_cost_a_text_little() -> None:
    made = Book([code(at, f"word{at:04}x", fuzzy=True, parameters=[ITEM]) for at in range(1, 1_001)])
    began = time.process_time()
    for at in range(1, 1_001):
        found = made.match(f"word{at:04}x 7", OURS, NOW)
        assert found is not None
        assert found.code.id == at
    assert time.process_time() - began < 0.5  # 0.02 ms each where it was measured; this machine may be busy
