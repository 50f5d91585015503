"""A test of a carrier against the simulated SMSC in many moods: what one text is enough to learn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_personalities import staged

from tidings.carriers.smpp import SmppCarrier
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.carrier import CarrierState
from tidings.core.probe import Learned, learn
from tidings.core.questions import Tx
from tidings.core.request import Answer, Stored
from tidings.drivers.smpp_profile import read
from tidings.pipeline import carrier_test
from tidings.simulator.personalities import PERSONALITIES

pytestmark = pytest.mark.slow

SAME = {"receipt_id": "same"}
MOODS: list[tuple[str, dict[str, Any], str]] = [
    ("ids_hexadecimal_then_decimal", {"receipt_id": "hex_to_dec"}, "in decimal"),
    ("ids_decimal_then_hexadecimal", {"receipt_id": "dec_to_hex"}, "in hexadecimal"),
    ("ids_decimal_then_upper", {"receipt_id": "dec_to_hex"}, "in hexadecimal"),
    ("ids_padded", SAME, "but for zeros in front"),
    ("ids_lower_then_upper", SAME, "the case of letters"),
    ("receipts_unmarked_as_text", {**SAME, "receipt_sniff": True}, "without any mark"),
    ("receipts_in_data_sm", SAME, "came as data_sm"),
    ("receipts_without_tlvs", SAME, "came as deliver_sm esm_class=0x04 data_coding=0."),
    ("receipts_without_text", SAME, "0x001e"),
    ("receipts_in_ucs2", SAME, "data_coding=8"),
    ("intermediate_only", SAME, "ACCEPTD is not the end"),
    ("unheard_of_state", SAME, "is not known"),
    ("bind_resp_without_version", SAME, "does not say which version"),
    ("answers_slowly", SAME, "a window of 10 carries at most"),
    ("answers_without_id", {}, "gave no id"),
]


@pytest.mark.parametrize(("mood", "keys", "note"), MOODS, ids=[case[0] for case in MOODS])
async def test_what_is_learned(mood: str, keys: dict[str, Any], note: str, tmp_path: Path) -> None:
    row = PERSONALITIES[mood]
    if mood == "receipts_unmarked_as_text":
        row = msgspec.structs.replace(row, carrier={})  # its profile would know them already
    async with staged(row, tmp_path) as stage:
        fleet: Any = _Fleet(stage.carrier)
        answer = await carrier_test.start(
            stage.house, DEFAULT_ACCOUNT, "north", "+15552000100", "TIDINGS", "A test", None
        )  # fmt: skip
        assert isinstance(answer, Answer)
        (stored,) = answer.results
        assert isinstance(stored, Stored)

        async def look(tx: Tx) -> Learned:
            message = await tx.messages.one(DEFAULT_ACCOUNT, stored.message.id)
            assert message is not None
            assert await carrier_test.is_test(tx, message)
            return learn(await carrier_test.heard(tx, message, "north", fleet, {}))

        for _ in range(200):
            learned = await stage.house.store.read(look)
            if note in " ".join(learned.notes) and learned.keys == keys:
                break
            await asyncio.sleep(0.05)
        assert note in " ".join(learned.notes)
        assert learned.keys == keys
        read("north", learned.keys)


class _Fleet:
    """The one carrier of a stage."""

    def __init__(self, carrier: SmppCarrier) -> None:
        self._carrier = carrier

    def states(self) -> tuple[CarrierState, ...]:
        binds = tuple(self._carrier.binds())
        return (CarrierState(name="north", type="smpp", address="", binds_up=1, binds_total=1, binds=binds),)
