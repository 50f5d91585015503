"""Captured traffic as a pcap file that Wireshark and tshark read: each link becomes a TCP connection of its own.

The packets are made up around the octets: handshake, numbers and ends are as TCP would have them, one PDU a packet.
Format: classic pcap, link type 101 (raw IP); the addresses are those of the link where they are IPv4, else of
192.0.2.0/24 (RFC 5737). The port of the SMSC is always written as 2775, by which tools know SMPP.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from struct import Struct

from tidings.smpp.capture import Head, Record, Side

SMPP_PORT = 2775
_MAGIC = 0xA1B2C3D4
_RAW_IP = 101
_SNAP = 262_144
_MSS = 1400
"""Octets of a PDU in one packet at most: longer ones take several."""
_SYN, _FIN, _PSH, _ACK = 0x02, 0x01, 0x08, 0x10
_FILE = Struct("<IHHiIII")
_PACKET = Struct("<IIII")
_IP = Struct(">BBHHHBBH4s4s")
_TCP = Struct(">HHIIBBHHH")
_WORD = Struct(">H")


class _Flow:
    """One link as TCP: next sequence numbers of the ESME's end (0) and the SMSC's (1)."""

    __slots__ = ("addresses", "numbers", "open", "ports")

    def __init__(self, index: int, detail: str, side: Side) -> None:
        ours, _, theirs = detail.partition(" ")
        ends = (ours, theirs) if side == "esme" else (theirs, ours)
        self.addresses = (_address(ends[0], 1), _address(ends[1], 2))
        self.ports = (_port(ends[0]) or 20_000 + index % 40_000, SMPP_PORT)
        self.numbers = [1_000, 2_000]
        self.open = True


def packets(head: Head, records: Iterable[Record]) -> Iterator[bytes]:
    """The file in pieces: its header, then a packet or more a record. What was withheld is not in it."""
    yield _FILE.pack(_MAGIC, 2, 4, 0, 0, _SNAP, _RAW_IP)
    flows: dict[str, _Flow] = {}
    for index, record in enumerate(records):
        flow = flows.get(record.link)
        if flow is None and record.what in ("open", "pdu"):
            flow = flows[record.link] = _Flow(index, record.detail if record.what == "open" else "", head.side)
            yield from _handshake(flow, record.at_ms)
        if flow is None:
            continue
        if record.what == "closed":
            del flows[record.link]
            yield from _end(flow, record.at_ms)
        elif record.what == "pdu" and record.frame:
            end = 0 if (record.way == "out") == (head.side == "esme") else 1
            frame = record.frame
            for at in range(0, len(frame), _MSS):
                yield _packet(flow, record.at_ms, end, _PSH | _ACK, frame[at : at + _MSS])


def _handshake(flow: _Flow, at_ms: int) -> Iterator[bytes]:
    yield _packet(flow, at_ms, 0, _SYN)
    yield _packet(flow, at_ms, 1, _SYN | _ACK)
    yield _packet(flow, at_ms, 0, _ACK)


def _end(flow: _Flow, at_ms: int) -> Iterator[bytes]:
    for end in (0, 1):
        yield _packet(flow, at_ms, end, _FIN | _ACK)
    yield _packet(flow, at_ms, 0, _ACK)


def _packet(flow: _Flow, at_ms: int, end: int, flags: int, data: bytes = b"") -> bytes:
    source, target = flow.addresses[end], flow.addresses[1 - end]
    number, seen = flow.numbers[end], flow.numbers[1 - end] if flags & _ACK else 0
    flow.numbers[end] = (number + len(data) + bool(flags & (_SYN | _FIN))) & 0xFFFFFFFF
    tcp = _TCP.pack(flow.ports[end], flow.ports[1 - end], number, seen, 5 << 4, flags, 0xFFFF, 0, 0)
    pseudo = source + target + b"\0\x06" + _WORD.pack(len(tcp) + len(data))
    tcp = tcp[:16] + _WORD.pack(_checksum(pseudo + tcp + data)) + tcp[18:]
    ip = _IP.pack(0x45, 0, 20 + len(tcp) + len(data), 0, 0x4000, 64, 6, 0, source, target)
    ip = ip[:10] + _WORD.pack(_checksum(ip)) + ip[12:]
    octets = ip + tcp + data
    seconds, ms = divmod(at_ms, 1000)
    return _PACKET.pack(seconds & 0xFFFFFFFF, ms * 1000, len(octets), len(octets)) + octets


def _checksum(octets: bytes) -> int:
    """RFC 1071: the ones' complement of the sum of 16-bit words, which is the big number modulo 65535."""
    if len(octets) % 2:
        octets += b"\0"
    rest = int.from_bytes(octets, "big") % 0xFFFF
    return 0xFFFF - rest if any(octets) else 0xFFFF


def _address(end: str, last: int) -> bytes:
    host = end.rpartition(":")[0]
    try:
        return ipaddress.IPv4Address(host).packed
    except ValueError:
        return bytes((192, 0, 2, last))


def _port(end: str) -> int:
    port = end.rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() and int(port) < 65_536 else 0
