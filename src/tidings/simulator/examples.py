"""Examples of the simulator's HTTP side."""

from __future__ import annotations

from typing import Any

HANDSETS: dict[str, Any] = {"data": [{"number": "+15551230100", "submissions": 1}], "next_cursor": None}
HANDSET: dict[str, Any] = {
    "number": "+15551230100",
    "messages": [
        {
            "from": "TIDINGS",
            "text": "Your table is ready.",
            "parts": 1,
            "encoding": "gsm7",
            "received_at": "2026-11-23T09:30:00.000Z",
            "message_ids": ["65f2a81c0d4e8"],
        }
    ],
    "incomplete": 0,
    "submissions": 1,
}
NEW_TEXT: dict[str, Any] = {"to": "TIDINGS", "text": "Can you make it half past eight?"}
TEXT_TAKEN: dict[str, Any] = {"from": "+15551230100", **NEW_TEXT, "parts": 1}
SUBMISSIONS: dict[str, Any] = {
    "data": [
        {
            "message_id": "65f2a81c0d4e8",
            "status": "0x00000000",
            "to": "+15551230100",
            "from": "TIDINGS",
            "text": "Your table is ready.",
            "part": 1,
            "parts": 1,
            "received_at": "2026-11-23T09:30:00.000Z",
        }
    ],
    "next_cursor": None,
}
STATS: dict[str, Any] = {
    "submit_sm": 1,
    "accepted": 1,
    "refused": 0,
    "unanswered": 0,
    "receipts_sent": 1,
    "texts_sent": 0,
    "deliveries_refused": 0,
    "binds": 1,
    "binds_refused": 0,
    "receipts_owed": 0,
    "texts_owed": 0,
    "links": 1,
    "bound": 1,
    "smpp_port": 2776,
    "fault": "none",
}
CHOICE: dict[str, Any] = {"personality": "half_pdu", "system_id": "tidings"}
CHOICE_IN_FORCE: dict[str, Any] = {
    **CHOICE,
    "meaning": "After the fourth text, once: writes half a PDU, and never the rest.",
    "acts": 0,
    "most_in_flight": 0,
}
PERSONALITIES: dict[str, Any] = {
    "in_force": [
        {"personality": "none", "system_id": None, "meaning": "All is well.", "acts": 0, "most_in_flight": 0},
        CHOICE_IN_FORCE,
    ],
    "data": [
        {
            "name": "outbind",
            "meaning": "Sends outbind on every connection that it takes.",
            "esme": "Pass it over and bind.",
            "ends": "delivered, every one",
            "repeats": "none",
            "passes": True,
        }
    ],
}
NO_FAULT: dict[str, Any] = {"mode": "none", "delay_ms": 1000, "after": 1, "meaning": "All is well."}
FAULTS: dict[str, Any] = {"mode": "slow", "delay_ms": 500}
FAULT_IN_FORCE: dict[str, Any] = {
    **FAULTS,
    "after": 1,
    "meaning": "Every response to a submit_sm waits `delay_ms`.",
}
