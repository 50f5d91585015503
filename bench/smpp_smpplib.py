"""PyPI `smpplib` as an ESME: `smpp_smpplib.py PORT MESSAGES WINDOW [receipts]`; prints CPU and wall seconds as JSON."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

import smpplib.client
import smpplib.consts


def main(port: int, messages: int, window: int, receipts: bool) -> None:
    """Keep the window full until all is answered, and told of."""
    answered = told = sent = 0

    def heard_answer(pdu: Any) -> None:
        nonlocal answered
        answered += 1

    def heard_receipt(pdu: Any) -> int:
        nonlocal told
        told += 1
        return 0

    logging.disable()
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.set_message_sent_handler(heard_answer)
    client.set_message_received_handler(heard_receipt)
    client.connect()
    client.bind_transceiver(system_id="smpplib", password="secret")
    cpu, wall = time.process_time(), time.perf_counter()
    while answered < messages or (receipts and told < messages):
        while sent < messages and sent - answered < window:
            sent += 1
            client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="Tidings",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=f"49151{sent:08d}",
                short_message=b"x" * 101,
                registered_delivery=True,
            )
        client.read_once()
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]), receipts=sys.argv[4:] == ["receipts"])
