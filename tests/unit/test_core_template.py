"""What templates make of values, what is wrong with them in sentences, and that none takes long or reaches out."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.template import OUTPUT_MOST, Broken, Filled, Template, faults, parse

VALUES: dict[str, Any] = {
    "item": 4711, "size": "M", "price": {"amount": 12, "currency": "EUR"}, "from": "+15551230100", "text": "hello you",
    "day": dt.date(2026, 12, 24), "none": None,
}  # fmt: skip

FILLED = [
    ("no template at all", "Thanks!", "Thanks!"),
    ("values", "{{ item }}/{{ size | downcase }} {{ price.amount }} {{ price.currency }}", "4711/m 12 EUR"),
    ("a condition", "{% if size == 'M' %}medium{% else %}other{% endif %}", "medium"),
    ("cases", "{% case size %}{% when 'S' %}small{% when 'M' %}medium{% endcase %}", "medium"),
    ("what was left out", "{{ none | default: 'nothing' }}", "nothing"),
    ("a date", "{{ day }} {{ day | date: '%d.%m.%Y' }}", "2026-12-24 24.12.2026"),
    ("sums", "{{ item | minus: 4700 | times: 3 }}", "33"),
    ("a loop", "{% assign all = text | split: ' ' %}{% for one in all %}<{{ one }}>{% endfor %}", "<hello><you>"),
    ("nothing is escaped", "{{ '<&>' }}", "<&>"),
]  # fmt: skip
WRONG = [
    ("an open brace", "Hi {{ item", "expected '}}', found end of file (line 1, character 4)"),
    ("an open tag", "{% if item %}", "expected tag endif, found end of expression"),
    ("a strange tag", "a\n{% foo %}", "unexpected tag 'foo' (line 2, character 4)"),
    ("a strange filter, wherever it stands", "{% if none %}{{ item | nof }}{% endif %}", "unknown filter 'nof'"),
    ("a strange value", "{{ itm }}", "{{ itm }} is no value of this code; there are: day, from, item"),
    ("a sum that fails", "{{ item | divided_by: 0 }}", "tried with example values, divided_by: can't divide by 0"),
    ("what includes others", "{% include 'x' %}", "unexpected tag 'include'"),
    ("what renders others", "{% render 'x' %}", "unexpected tag 'render'"),
    ("ranges", "{% for i in (1..999999999) reversed %}{% endfor %}", "ranges like (1..5) are not taken"),
    ("ranges in filters", "{{ 'x' | append: (1..9) }}", "ranges like (1..5) are not taken"),
    ("tags within tags", "{% if item %}" * 30 + "{% endif %}" * 30, "it has more than 20 tags within each other"),
    ("a format of any width", "{{ day | date: '%999999999d' }}", "tried with example values, date: no such format"),
    ("replacing on and on", "{{ text " + "| replace: '', text " * 9 + "}}", "tried with example values, replace: too"),
    ("numbers without end", "{% assign a = item %}" + "{% assign a = a | times: a %}" * 9 + "{{ a }}",
     "tried with example values, times: too large a number"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), [row[1:] for row in FILLED], ids=[row[0] for row in FILLED])
def test_filled(source: str, text: str) -> None:
    assert faults(source, VALUES, VALUES) == []
    made = parse(source)
    assert isinstance(made, Template)
    assert made.fill(VALUES) == Filled(text)


@pytest.mark.parametrize(("source", "detail"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong(source: str, detail: str) -> None:
    (told,) = faults(source, VALUES, VALUES)
    assert told.startswith(detail)
    assert "\n" not in told


LETTERS = "{% assign l = text | split: '' %}"
HOSTILE = [
    ("a loop over a long text", LETTERS + "{% for c in l %}{{ c }}{% endfor %}"),
    ("loops in loops",
     LETTERS + "{% for c in l %}{% for d in l %}{% for e in l %}x{% endfor %}{% endfor %}{% endfor %}"),
    ("adding up", "{% assign t = t | append: text %}" * 60 + "{{ t }}"),
    ("joining", LETTERS + "{{ l | join: text }}"),
    ("filters on filters", "{{ text" + " | upcase | downcase" * 90 + " }}"),
    ("much output", "{{ text }}" * 150),
]  # fmt: skip


@pytest.mark.parametrize("source", [row[1] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_none_takes_long_or_makes_much(source: str) -> None:
    made = parse(source)
    assert isinstance(made, Template)
    began = time.process_time()
    filled = made.fill({"text": "x" * 9_000, "t": ""})
    assert time.process_time() - began < 0.5
    assert isinstance(filled, Broken)


def test_output_ends_where_a_text_would() -> None:
    made = parse("{{ text }}")
    assert isinstance(made, Template)
    assert isinstance(made.fill({"text": "x" * OUTPUT_MOST}), Filled)
    assert isinstance(made.fill({"text": "x" * (OUTPUT_MOST + 1)}), Broken)


pieces = st.lists(
    st.sampled_from(
        ["{{", "}}", "{%", "%}", " item ", "text", "|", "upcase", ":", "'", "(1..9)", "if", "endif", "for x in",
         "endfor", "#",
         "assign a =", "[", "]", ".", "comment", "endcomment", "-", "\n", "case", "when", "else", "size", ",", "=="]
    ) | st.text(max_size=3),
    max_size=14,
).map("".join)  # fmt: skip


@given(pieces)
def test_reading_and_filling_never_raise(source: str) -> None:
    faults(source, VALUES, VALUES)
    made = parse(source)
    if isinstance(made, Template):
        assert isinstance(made.fill(VALUES), Filled | Broken)
        made.fill({})
