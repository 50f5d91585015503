"""An ESME made of PyPI `smpplib`, for our SMSC: `smpplib_esme.py PORT`; tells what it hears as lines of JSON."""

from __future__ import annotations

import json
import select
import sys
from typing import Any

import smpplib.client
import smpplib.consts
import smpplib.gsm

MESSAGES = [("15550200", "Plain @ € text"), ("15550201", "Текст"), ("15550202", "x" * 200), ("15550003", "refused")]


def say(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


def heard(pdu: Any) -> int:
    say(
        deliver=pdu.short_message.decode("latin-1"),
        esm_class=pdu.esm_class,
        id=pdu.receipted_message_id.decode() if pdu.receipted_message_id else None,
        state=pdu.message_state,
    )
    return 0


def answered(pdu: Any) -> None:
    say(number=pdu.sequence, status=pdu.status, id=pdu.message_id.decode() if pdu.message_id else None)


def main(port: int) -> None:
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.set_message_sent_handler(answered)
    client.set_message_received_handler(heard)
    client.set_error_pdu_handler(lambda pdu: None)  # a refusal comes to `answered` too
    client.connect()
    response = client.bind_transceiver(system_id="smpplib", password="secret")
    say(bind=response.status, system_id=response.system_id.decode() if response.system_id else None)
    for destination, text in MESSAGES:
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            pdu = client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="Peer",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=destination,
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
            say(submit=destination, number=pdu.sequence)
    while sys.stdin not in select.select([client._socket, sys.stdin], [], [])[0]:
        client.poll()
    say(unbind=client.unbind().command)
    client.disconnect()


if __name__ == "__main__":
    main(int(sys.argv[1]))
