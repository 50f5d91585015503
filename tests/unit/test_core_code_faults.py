"""What is refused on saving, field by field, and what codes are told to do to each other."""

from __future__ import annotations

from typing import Any

import pytest

from codes_kit import NOW, code, rule
from tidings.core.code_faults import faults, reports, settled

ITEM = {"name": "item", "type": "integer"}
REST = {"name": "said", "type": "rest", "optional": True}
OURS = "12345"

FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("nothing to be known by", {"keywords": []}, "/keywords", "give one of the three"),
    ("two ways to be known by", {"keywords": ["a"], "default": True}, "/keywords", "give one of the three"),
    ("a blank keyword", {"keywords": ["  "]}, "/keywords/0", "1 to 4 words"),
    ("a long one", {"keywords": ["one two three four five"]}, "/keywords/0", "1 to 4 words"),
    ("the same twice", {"keywords": ["Préis"], "translations": {"de": ["PREIS"]}}, "/translations/de/0",
     "is the same as Préis"),
    ("a word of the law", {"keywords": ["Stop"]}, "/keywords/0", "before all codes"),
    ("fuzzy without letters", {"keywords": ["win"], "fuzzy": True}, "/fuzzy", "4 letters"),
    ("no regex", {"regex": "("}, "/regex", "missing )"),
    ("what RE2 has not", {"regex": "(?=a)"}, "/regex", "RE2, without look-around"),
    ("a time that cannot be written in UTC", {"starts_at": "0001-01-01T00:00:00+14:00"}, "/starts_at", "1970"),
    ("a time behind all times", {"ends_at": "9999-12-31T23:59:59-14:00"}, "/ends_at", "9998"),
    ("a regex that would be slow", {"regex": "[^b]{0,900}x[^b]{0,900}"}, "/regex", "too large to be quick"),
    ("a group by a name that is taken", {"regex": "(?P<text>.)"}, "/regex", "another name"),
    ("a parameter without its group", {"regex": "(?P<a>.)", "parameters": [ITEM]}, "/parameters/0/name",
     "no named group"),
    ("a name that is taken", {"parameters": [{"name": "from", "type": "word"}]}, "/parameters/0/name", "already"),
    ("a name twice", {"parameters": [ITEM, ITEM]}, "/parameters/1/name", "earlier parameter"),
    ("something behind the rest", {"parameters": [REST, ITEM]}, "/parameters/0/type", "must be the last"),
    ("a field of another type", {"parameters": [{**ITEM, "choices": {"a": []}}]}, "/parameters/0/choices",
     "says nothing of a integer"),
    ("bounds that cross", {"parameters": [{**ITEM, "min": 2, "max": 1}]}, "/parameters/0/min", "above max"),
    ("no choices", {"parameters": [{"name": "c", "type": "choice"}]}, "/parameters/0/choices", "needs choices"),
    ("a default of one that is asked for", {"parameters": [{**ITEM, "default": "1"}]}, "/parameters/0/default",
     "only for one that is optional"),
    ("a default that is none", {"parameters": [{**ITEM, "optional": True, "default": "x"}]}, "/parameters/0/default",
     "item must be a whole number"),
    ("no help", {"parameters": [ITEM], "help": ""}, "/help", "say here what to send"),
    ("a help with a value of parameters", {"parameters": [ITEM], "help": "{{ item }}"}, "/help", "is no value"),
    ("an odd number", {"senders": ["ACME"]}, "/senders/0", "which no number has"),
    ("an end before the beginning", {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"},
     "/ends_at", "after starts_at"),
    ("a strange time zone", {"time_zone": "Mars/Olympus"}, "/time_zone", "no time zone"),
    ("hours of no length", {"hours": {"from": "09:00", "to": "09:00"}}, "/hours/to", "same as from"),
    ("a broken template", {"actions": [{"type": "reply", "text": "{{ item"}]}, "/actions/0/text", "expected '}}'"),
    ("a value of none", {"actions": [{"type": "reply", "text": "{{ itm }}"}]}, "/actions/0/text", "is no value"),
    ("half a letter", {"actions": [{"type": "reply", "text": "\ud83d"}]}, "/actions/0/text", "cannot be encoded"),
    ("an odd address", {"actions": [{"type": "webhook", "url": "ftp://x"}]}, "/actions/0/url", "http or https"),
    ("nobody to send it to", {"actions": [{"type": "forward", "to": ["12"]}]}, "/actions/0/to/0", "must be E.164"),
    *[(f"an action to come: {kind}", {"actions": [{"type": kind, "more": 1}]}, "/actions/0/type", "is not built yet")
      for kind in ("list", "workflow")],
    ("no address", {"actions": [{"type": "forward", "to": ["a@b@c"]}]}, "/actions/0/to/0", "like ops@example.com"),
    ("a header in an address", {"actions": [{"type": "forward", "to": ["a@b.example\r\nBcc: c@d.example"]}]},
     "/actions/0/to/0", "like ops@example.com"),
    ("a subject of no value", {"actions": [{"type": "forward", "to": ["a@b.example"], "subject": "{{ itm }}"}]},
     "/actions/0/subject", "is no value"),
    ("a subject of texts", {"actions": [{"type": "forward", "to": ["+15551230101"], "subject": "x"}]},
     "/actions/0/subject", "is for e-mails"),
    ("a field of nothing", {"actions": [{"type": "field", "name": "size"}]}, "/actions/0", "either `parameter` or"),
    ("a field of two things", {"actions": [{"type": "field", "name": "size", "parameter": "x", "text": "x"}]},
     "/actions/0", "either `parameter` or"),
    ("a field of no parameter", {"actions": [{"type": "field", "name": "size", "parameter": "x"}]},
     "/actions/0/parameter", "is no parameter of this code"),
    ("a field of no value", {"actions": [{"type": "field", "name": "size", "text": "{{ size }}"}]},
     "/actions/0/text", "is no value"),
    ("blanks around a name", {"name": " a", "keywords": ["a"]}, "/name", "without blanks"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pointer", "detail"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_refused(fields: dict[str, Any], pointer: str, detail: str) -> None:
    found = faults(rule(**fields), NOW, mails=True)
    assert [one.pointer for one in found] == [pointer]
    assert detail in found[0].detail


def test_what_is_sound_has_no_faults() -> None:
    made = rule(
        parameters=[{**ITEM, "min": 5000}, {"name": "due", "type": "date", "past": False}, REST], fuzzy=True,
        help="{{ detail }}. Send {{ keyword }} and a number.", time_zone="Europe/Berlin",
        actions=[{"type": "reply", "text": "{{ item }} {{ due | date: '%d.%m.' }} {{ from }} {{ said | upcase }}"},
                 {"type": "forward", "to": ["+1 555 123 0101"]}],
    )  # fmt: skip
    assert faults(settled(made, ""), NOW) == []


def test_an_email_address_needs_a_mail_server() -> None:
    made = settled(rule(actions=[{"type": "forward", "to": ["ops@example.com", "+15551230101"], "subject": "x"}]), "DE")
    assert made.actions[0].to == ("ops@example.com", "+15551230101")  # type: ignore[union-attr]
    assert faults(made, NOW, mails=True) == []
    (fault,) = faults(made, NOW)
    assert fault.pointer == "/actions/0/to/0"
    assert fault.detail == "is an e-mail address, and this server sends none: set email.host first"


def test_numbers_are_stored_as_one_writes_them_everywhere() -> None:
    made = settled(
        rule(senders=["+1 (555) 123-0100", "+15551230100"], actions=[{"type": "forward", "to": ["0151 12345678"]}]),
        "DE",
    )
    assert made.senders == ("+15551230100",)
    assert made.actions[0].to == ("+4915112345678",)  # type: ignore[union-attr]


GO: dict[str, Any] = {"keywords": ["go"]}
REPORTS: list[tuple[str, list[dict[str, Any]], list[tuple[str, int, int]]]] = [
    ("strangers", [GO, {"keywords": ["stay"]}], []),
    ("two with one keyword and different parameters", [GO, {**GO, "parameters": [ITEM]}], [("conflict", 2, 1)]),
    ("ordered by priority there is no conflict", [GO, {**GO, "parameters": [ITEM], "priority": 5}], []),
    ("the same twice", [GO, GO], [("unreachable", 2, 1)]),
    ("one keyword of two", [GO, {"keywords": ["go", "walk"]}], [("shadowed", 2, 1)]),
    ("one that takes anything", [{**GO, "parameters": [REST]}, {**GO, "parameters": [ITEM]}], [("unreachable", 2, 1)]),
    ("also of longer keywords, if it goes first",
     [{**GO, "parameters": [REST], "priority": 1}, {"keywords": ["go on"]}], [("unreachable", 2, 1)]),
    ("not if it does not", [{**GO, "parameters": [REST]}, {"keywords": ["go on"]}], []),
    ("another number", [{**GO, "senders": [OURS]}, {**GO, "senders": ["54321"]}], []),
    ("a named number goes first and leaves the others", [{**GO, "senders": [OURS]}, GO], []),
    ("all numbers before a named one", [{**GO, "priority": 1}, {**GO, "senders": [OURS]}], [("unreachable", 2, 1)]),
    ("one after the other",
     [{**GO, "ends_at": "2027-01-01T00:00:00Z"}, {**GO, "starts_at": "2027-01-01T00:00:00Z"}], []),
    ("one within the other's time", [GO, {**GO, "ends_at": "2027-01-01T00:00:00Z"}], [("unreachable", 2, 1)]),
    ("one that outlives the other", [{**GO, "ends_at": "2027-01-01T00:00:00Z"}, GO], [("conflict", 2, 1)]),
    ("hours that do not meet", [{**GO, "hours": {"from": "08:00", "to": "18:00"}},
     {**GO, "parameters": [ITEM], "hours": {"from": "18:00", "to": "08:00"}}], []),
    ("a Sunday night reaches into Monday", [{**GO, "hours": {"days": ["mon"], "from": "07:00", "to": "18:00"}},
     {**GO, "parameters": [ITEM], "hours": {"days": ["sun"], "from": "18:00", "to": "08:00"}}], [("conflict", 2, 1)]),
    ("its time is over", [{**GO, "ends_at": "2026-01-01T00:00:00Z"}], [("unreachable", 1, 0)]),
    ("two defaults", [{"default": True}, {"default": True}], [("unreachable", 2, 1)]),
    ("a default with parameters and one without", [{"default": True, "parameters": [ITEM]}, {"default": True}],
     [("conflict", 2, 1)]),
    ("the same regex", [{"regex": "x+"}, {"regex": "x+"}], [("unreachable", 2, 1)]),
    ("what is switched off says nothing", [GO, {**GO, "enabled": False}], []),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "told"), [row[1:] for row in REPORTS], ids=[row[0] for row in REPORTS])
def test_reports(rules: list[dict[str, Any]], told: list[tuple[str, int, int]]) -> None:
    codes = [code(at, **one) for at, one in enumerate(rules, 1)]
    found = reports(codes, NOW)
    assert [(one.kind, one.code.id, one.other.id if one.other else 0) for one in found] == told
    assert all(one.detail.endswith(".") for one in found)
    assert reports(codes, NOW, only=len(codes)) == [
        one for one in found if len(codes) in (one.code.id, one.other and one.other.id)
    ]
