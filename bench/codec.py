"""What the SMPP codec costs by itself: CPU microseconds of one call, median of five runs; prints one table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from tidings.smpp import pdus, receipt
from tidings.smpp.codec import decode, encode

RUNS = 5
TEXT = b"x" * 101


def codec() -> list[tuple[str, float]]:
    """Microseconds an encode and a decode take."""
    submit = pdus.SubmitSm(
        source_addr_ton=5,
        source_addr="Tidings",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="4915112345678",
        registered_delivery=1,
        short_message=TEXT,
    )
    timed = pdus.SubmitSm(destination_addr="4915112345678", validity_period="000001000000000R", short_message=TEXT)
    tagged = pdus.SubmitSm(destination_addr="4915112345678", short_message=TEXT, tlvs=((0x204, b"\0\1"),) * 3)
    told = pdus.DeliverSm(
        source_addr="4915112345678",
        esm_class=4,
        short_message=receipt.write("12345678", "DELIVRD", submitted_ms=0, done_ms=0),
        tlvs=receipt.tlvs_of("12345678", "DELIVRD"),
    )
    rows: list[tuple[str, float]] = []
    for name, pdu in (
        ("submit_sm", submit),
        ("submit_sm with validity", timed),
        ("submit_sm with 3 TLVs", tagged),
        ("deliver_sm, a receipt", told),
        ("submit_sm_resp", pdus.SubmitSmResp("12345678")),
    ):
        octets = encode(pdu)
        rows.append((f"encode {name}", median(encode, pdu)))
        rows.append((f"decode {name}", median(decode, octets)))
    rows.append(("parse the receipt", median(receipt.parse, told.short_message, told.tlvs)))
    return rows


def median(work: Callable[..., Any], *arguments: Any, times: int = 20_000) -> float:
    """CPU microseconds of one call."""
    results = []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(times):
            work(*arguments)
        results.append((time.process_time() - began) / times * 1e6)
    return statistics.median(results)


def main() -> None:
    """Measure and print."""
    print("| codec | CPU µs |\n| --- | --- |")
    for name, spent in codec():
        print(f"| {name} | {spent:.2f} |")


if __name__ == "__main__":
    main()
