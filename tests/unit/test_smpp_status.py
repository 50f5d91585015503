"""What a command_status means: kinds, codes, and what a carrier's profile may change."""

from __future__ import annotations

import pytest

from tidings import data
from tidings.errors import MESSAGE_ERRORS
from tidings.smpp.status import KINDS, classify, number_of, resolve

CASES = [
    (0x00, None, "ok", "none"),
    (0x14, None, "throttled", "throttled"),
    (0x58, None, "throttled", "throttled"),
    (0x08, None, "temporary", "carrier_error"),
    (0x45, None, "temporary", "carrier_error"),
    (0x64, None, "temporary", "carrier_error"),
    (0x0B, None, "permanent", "invalid_destination"),
    (0x0A, None, "permanent", "invalid_sender"),
    (0x0D, None, "bind", "provider_auth"),
    (0x01, None, "config", "internal_error"),
    (0x107, None, "config", "internal_error"),
    (0x400, None, "temporary", "carrier_error"),
    (0x4FF, None, "temporary", "carrier_error"),
    (0xDEADBEEF, None, "temporary", "carrier_error"),
    (0x45, {"0x45": "permanent"}, "permanent", "rejected"),
    (0x45, {"69": "permanent"}, "permanent", "rejected"),
    (0x45, {"ESME_RSUBMITFAIL": "permanent blocked"}, "permanent", "blocked"),
    (0x45, {"ESME_RSUBMITFAIL": "blocked permanent"}, "permanent", "blocked"),
    (0x410, {"0x410": "throttled"}, "throttled", "throttled"),
    (0x0B, {"0x0B": "permanent"}, "permanent", "invalid_destination"),
    (0x0B, {"0x0B": "temporary"}, "temporary", "carrier_error"),
    (0x0B, {"0x0B": "temporary invalid_destination"}, "temporary", "invalid_destination"),
    (0x400, {"0x400": "unreachable"}, "temporary", "unreachable"),
    (0x400, {"0x400": "account"}, "permanent", "account"),
    (0x400, {"0x400": "provider_auth"}, "bind", "provider_auth"),
    (0x400, {"0x400": "internal_error"}, "config", "internal_error"),
    (0xC1, {"ESME_RTLVNOTALLWD": "temporary"}, "temporary", "carrier_error"),
    (0x58, {"0x45": "permanent"}, "throttled", "throttled"),
    (0x58, {"0x58": "temporary"}, "temporary", "carrier_error"),
]


@pytest.mark.parametrize(("value", "overrides", "kind", "code"), CASES)
def test_classify(value: int, overrides: dict[str, str] | None, kind: str, code: str) -> None:
    status = classify(value, None if overrides is None else resolve(overrides))
    assert (status.value, status.kind, status.code) == (value, kind, code)


def test_every_status_of_the_table_has_a_kind_and_a_code_that_exist() -> None:
    for row in data.load("smpp_command_status")["statuses"]:
        status = classify(row["code"])
        assert status.name == row["name"]
        assert status.kind in {"ok", *KINDS}
        assert status.code in MESSAGE_ERRORS or status.kind == "ok"


def test_hex_is_written_as_in_carriers_documents() -> None:
    assert classify(0x58).hex == "0x00000058"


SLOW = [
    ("by the book", ("ESME_RMSGQFUL", "ESME_RTHROTTLED"), {0x14: "throttled", 0x58: "throttled", 0x45: "temporary"}),
    ("one more", ("0x14", "0x58", "0x45"), {0x14: "throttled", 0x58: "throttled", 0x45: "throttled"}),
    ("a vendor's alone", ("0x401",), {0x14: "temporary", 0x58: "temporary", 0x401: "throttled"}),
    ("none", (), {0x14: "temporary", 0x58: "temporary"}),
]


@pytest.mark.parametrize(("names", "kinds"), [case[1:] for case in SLOW], ids=[case[0] for case in SLOW])
def test_which_statuses_ask_to_slow_down(names: tuple[str, ...], kinds: dict[int, str]) -> None:
    statuses = resolve({}, names)
    assert {value: classify(value, statuses).kind for value in kinds} == kinds


def test_every_status_is_found_by_both_its_names() -> None:
    for row in data.load("smpp_command_status")["statuses"]:
        assert {number_of(row["name"]), number_of(row["name_5_0"])} == {row["code"]}
