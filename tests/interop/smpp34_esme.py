"""An ESME made of PyPI `smpp34`, for our door: `smpp34_esme.py PORT`; tells what it hears as lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import smpp34

MESSAGES = [
    ("15550300", b"Plain", 0),
    ("15550301", "Да".encode("utf-16-be"), 8),
    ("15550302", b"\x00\xff\x80", 4),
    ("0", b"nowhere", 0),
]


def say(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


async def listen(smsc: Any) -> None:
    while True:
        event = await smsc.next()
        if isinstance(event, smpp34.DeliverSmEvent):
            ids = [tlv.value for tlv in event.tlvs if tlv.tag == smpp34.TLV_RECEIPTED_MESSAGE_ID]
            receipted = ids[0].rstrip(b"\0").decode() if ids else None
            say(deliver=event.short_message.decode("latin-1"), esm_class=event.esm_class, id=receipted)
        else:
            return


async def main(port: int) -> None:
    client = smpp34.Client("127.0.0.1", port, "smpp34", "secret")
    smsc = await client.connect()
    say(bind=0)
    listening = asyncio.ensure_future(listen(smsc))
    for destination, octets, coding in MESSAGES:
        response = await smsc.submit_sm(
            destination, octets, source_addr="12345", source_addr_ton=3, dest_addr_ton=1, data_coding=coding,
            registered_delivery=1,
        )  # fmt: skip
        say(submit=destination, status=response.command_status, id=response.message_id)
    await asyncio.to_thread(sys.stdin.readline)
    await client.stop()
    say(unbind=True)
    listening.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
