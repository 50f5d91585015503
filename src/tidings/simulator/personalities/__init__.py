"""The table of personalities: every way to behave badly, by name. Tests are made from it, row by row."""

from __future__ import annotations

from tidings.simulator.personalities import answers, binds, ids, octets, receipts, requests, texts, windows
from tidings.simulator.personality import Personality

GROUPS: dict[str, tuple[Personality, ...]] = {
    "Connections and octets": octets.ROWS,
    "Binds": binds.ROWS,
    "Responses": answers.ROWS,
    "Windows and pace": windows.ROWS,
    "Message ids": ids.ROWS,
    "Receipts": receipts.ROWS,
    "Texts from handsets": texts.ROWS,
    "Requests and noise": requests.ROWS,
}

PERSONALITIES: dict[str, Personality] = {row.name: row for rows in GROUPS.values() for row in rows}
