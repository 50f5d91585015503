"""The rules of the SMPP door: which status for which outcome, how long a guesser waits, which version is spoken."""

from __future__ import annotations

import msgspec
import pytest

from tidings.core.esme import Esme
from tidings.core.message import Message
from tidings.core.request import Fault, Invalid, Refused, Result, Stored, Verdict
from tidings.door import statuses
from tidings.door.answers import known
from tidings.door.login import version
from tidings.door.patience import FIRST, FORGIVEN_AFTER, MOST, Patience
from tidings.door.statuses import ADDITIONAL_STATUS_INFO_TEXT, Refusal
from tidings.pipeline import passwords
from tidings.smpp import status as known_statuses

MESSAGE = Message(
    id=1, account_id=1, direction="mt", status="accepted", category="transactional", to="+15551230100", sender="SHOP",
    text="Hello", encoding="gsm7", segments=1, reference=0, created_at=0, expires_at=1,
)  # fmt: skip
REJECTED = msgspec.structs.replace(MESSAGE, status="rejected")


def fault(*pointers: str) -> Invalid:
    return Invalid(tuple(Fault(pointer, "is odd") for pointer in pointers))


OUTCOMES: list[tuple[str, Result, str]] = [
    ("a destination that is no number", fault("/to"), "ESME_RINVDSTADR"),
    ("a sender it may not use", fault("/from"), "ESME_RINVSRCADR"),
    ("no text, or too long a one", fault("/text"), "ESME_RINVMSGLEN"),
    ("due in the past", fault("/send_at"), "ESME_RINVSCHED"),
    ("over before it is due", fault("/expires_at"), "ESME_RINVEXPIRY"),
    ("of several the first decides", fault("/from", "/to"), "ESME_RINVSRCADR"),
    ("anything else", fault("/max_segments"), "ESME_RSUBMITFAIL"),
    ("faster than it may", Refused("rate_limited", ""), "ESME_RTHROTTLED"),
    ("more than its quota", Refused("quota_used_up", ""), "ESME_RTHROTTLED"),
    ("its account has too many waiting", Refused("too_many_queued", ""), "ESME_RMSGQFUL"),
    ("the house has too many waiting", Refused("unavailable", ""), "ESME_RMSGQFUL"),
    ("a refusal that is not in the table", Refused("key_revoked", ""), "ESME_RSUBMITFAIL"),
    ("opted out", Stored(REJECTED, (Verdict("suppression", False, ""),)), "ESME_RSUBMITFAIL"),
    ("a name where names are not taken", Stored(REJECTED, (Verdict("sender", False, ""),)), "ESME_RINVSRCADR"),
]


@pytest.mark.parametrize(("result", "name"), [one[1:] for one in OUTCOMES], ids=[one[0] for one in OUTCOMES])
def test_every_outcome_has_its_status(result: Result, name: str) -> None:
    refusal = statuses.of(result)
    assert refusal is not None
    assert known_statuses.classify(refusal.status).name == name


def test_what_is_stored_is_well() -> None:
    assert statuses.of(Stored(MESSAGE)) is None


def test_the_sentence_names_every_fault() -> None:
    refusal = statuses.of(fault("/from", "/to"))
    assert refusal is not None
    assert refusal.reason == "from is odd; to is odd"


@pytest.mark.parametrize(("spoken", "told"), [(0x33, False), (0x34, True), (0x50, True)])
def test_the_sentence_goes_to_those_who_know_tlvs(spoken: int, told: bool) -> None:
    expected = ((ADDITIONAL_STATUS_INFO_TEXT, b"no\0"),) if told else ()
    assert statuses.told(Refusal(0x45, "no"), spoken) == expected


def test_the_sentence_fits_its_tlv_whatever_it_is() -> None:
    ((_, octets),) = statuses.told(Refusal(0x45, "ü\0" * 400), 0x34)
    assert len(octets) == 255
    assert octets.count(0) == 1
    assert octets.isascii()
    assert statuses.told(Refusal(0x45), 0x34) == ()


@pytest.mark.parametrize(("status", "spoken", "shown"), [(0x104, 0x50, 0x104), (0x104, 0x34, 0x45), (0x58, 0x33, 0x58)])
def test_a_status_of_5_0_is_told_to_5_0_only(status: int, spoken: int, shown: int) -> None:
    assert known(status, spoken) == shown


VERSIONS = [
    ("as_bound", 0x00, 0x33), ("as_bound", 0x33, 0x33), ("as_bound", 0x34, 0x34), ("as_bound", 0x40, 0x34),
    ("as_bound", 0x50, 0x50), ("as_bound", 0xFF, 0x50), ("3.3", 0x34, 0x33), ("3.4", 0x00, 0x34), ("5.0", 0x34, 0x50),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "named", "spoken"), VERSIONS)
def test_the_version_that_is_spoken(setting: str, named: int, spoken: int) -> None:
    esme = Esme(
        id=1, account_id=1, name="n", system_id="s", password=b"", created_at=0, interface_version=setting
    )  # fmt: skip
    assert version(esme, named) == spoken


def test_each_wrong_try_doubles_the_wait_up_to_the_longest() -> None:
    patience = Patience()
    waits = []
    for _ in range(8):
        waits.append(patience.wait("a", 0.0))
        patience.failed("a", 0.0)
    assert waits == [0.0, FIRST, 0.5, 1.0, 2.0, 4.0, MOST, MOST]
    assert patience.wait("b", 0.0) == 0.0


def test_a_right_try_and_time_forgive() -> None:
    patience = Patience()
    patience.failed("a", 0.0)
    patience.failed("b", 0.0)
    patience.succeeded("a")
    assert (patience.wait("a", 0.0), patience.wait("b", FORGIVEN_AFTER - 1)) == (0.0, FIRST)
    assert patience.wait("b", FORGIVEN_AFTER) == 0.0
    patience.failed("b", FORGIVEN_AFTER)
    assert patience.wait("b", FORGIVEN_AFTER) == FIRST


def test_guessing_under_many_names_does_not_fill_memory() -> None:
    patience = Patience()
    for at in range(30_000):
        patience.failed(str(at), 0.0)
    assert patience.wait("0", 0.0) == 0.0
    assert patience.wait("29999", 0.0) == FIRST
    assert len(patience._wrong) == 20_000


def test_a_password_found_right_is_known_again_and_no_other() -> None:
    known_ones = passwords.Known(b"k" * 32)
    sealed, other = passwords.seal("s3cret!!", b"s" * 16), passwords.seal("s3cret!!", b"t" * 16)
    assert known_ones.recall("s3cret!!", (sealed,)) is None
    known_ones.keep("s3cret!!", sealed)
    assert known_ones.recall("s3cret!!", (other, sealed)) == sealed
    assert known_ones.recall("s3cret!?", (sealed,)) is None
    assert known_ones.recall("s3cret!!", (other,)) is None
    assert all(b"s3cret" not in one for one in known_ones._right.values())


@pytest.mark.parametrize("octets", [bytes(8), b"\xff" * 8, bytes(range(8))])
def test_a_made_password_is_all_that_smpp_has_room_for(octets: bytes) -> None:
    made = passwords.make(octets)
    assert len(made) == 8
    assert made.isascii()
    assert made.isprintable()
