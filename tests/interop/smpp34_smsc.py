"""An SMSC made of PyPI `smpp34`, for our ESME: tells what it hears as lines of JSON.

Every message is answered; then comes a receipt, and a reply where the text asks for one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import smpp34


def say(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


async def answer(esme: Any, event: Any, message_id: str) -> None:
    event.accept(message_id)
    line = f"id:{message_id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:UNDELIV err:00B text:"
    tlvs = [
        smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
        smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\5"),
        smpp34.Tlv(smpp34.TLV_NETWORK_ERROR_CODE, b"\3\0\x0b"),
    ]
    response = await esme.deliver_sm(
        event.source_addr, line.encode(), source_addr=event.destination_addr, source_addr_ton=1, esm_class=4, tlvs=tlvs
    )
    say(receipt_resp=response.command_status)
    if b"?" in event.short_message:
        response = await esme.deliver_sm(
            event.source_addr, "Да".encode("utf-16-be"), source_addr=event.destination_addr, data_coding=8
        )
        say(reply_resp=response.command_status)


async def serve(port: int) -> None:
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    say(port=port)
    esme: Any = None
    taken = 0
    async with asyncio.TaskGroup() as tasks:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                esme = event
                say(bind=event.system_id, can_receive=event.can_receive)
            elif isinstance(event, smpp34.Unbound):
                say(unbind=True)
            else:
                taken += 1
                say(
                    submit={
                        "source": [event.source_addr_ton, event.source_addr_npi, event.source_addr],
                        "destination": [event.dest_addr_ton, event.dest_addr_npi, event.destination_addr],
                        "esm_class": event.esm_class,
                        "data_coding": event.data_coding,
                        "registered_delivery": event.registered_delivery,
                        "octets": event.short_message.hex(),
                        "tlvs": [[tlv.tag, tlv.value.hex()] for tlv in event.tlvs],
                    }
                )
                tasks.create_task(answer(esme, event, f"m{taken}"))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
