"""The second half of docs/reference/errors.md from the tables in use: `make golden` writes it, a test compares it."""

from __future__ import annotations

from pathlib import Path

from tidings.data import load
from tidings.errors import MESSAGE_ERRORS
from tidings.smpp import status
from tidings.smpp.receipt import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
MARK = "## Of messages\n"
AGAIN = {
    "never": "no", "after_fix": "once corrected", "backoff": "yes, soon", "later": "later",
}  # fmt: skip
TITLES = {
    "gsm_map": "errors of MAP (3GPP TS 29.002)",
    "sm_delivery_failure": "causes of MAP's sm-DeliveryFailure (3GPP TS 29.002, SM-EnumeratedDeliveryFailureCause)",
    "tp_fcs": "TP-Failure-Cause (3GPP TS 23.040)",
    "tp_st": "TP-Status (3GPP TS 23.040)",
    "rp_cause": "RP-Cause (3GPP TS 24.011)",
}


def page() -> str:
    """The whole page: the half that is written by hand as it stands, and the half of the tables."""
    by_hand, found, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert found, f"{PAGE.name} has no heading {MARK!r}"
    return by_hand + MARK + "\n" + "\n".join([*_causes(), *_statuses(), *_states(), *_numbers()]) + "\n"


def _causes() -> list[str]:
    lines = [
        CAUSES.strip(),
        "",
        "| code | category | means | try again? | what to do |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{c.code}` | {c.group} | {c.sentence} | {AGAIN[c.retry]} | {c.advice} |" for c in MESSAGE_ERRORS.values()
    ]
    return [*lines, ""]


def _statuses() -> list[str]:
    lines = ["## command_status", "", STATUSES.strip(), "", "| value | name | class | category | means | since |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for row in load("smpp_command_status")["statuses"]:
        known = status.classify(row["code"])
        name = row["name"] if row["name"] == row["name_5_0"] else f"{row['name']}, in 5.0 {row['name_5_0']}"
        meaning = known.meaning.replace("  ", " ").rstrip(".")
        lines.append(f"| {known.hex} | {name} | {known.kind} | {_code(known.code)} | {meaning} | {row['since']} |")
    lines.append("| 0x00000400 to 0x000004FF | – | temporary | `carrier_error` | Vendor specific error | 3.4 |")
    lines.append("| any other | – | temporary | `carrier_error` | Error not in the specification | – |")
    return [*lines, ""]


def _states() -> list[str]:
    table = load("error_taxonomy")
    lines = [
        "## States of receipts",
        "",
        STATES.strip(),
        "",
        "| `stat:` | message_state | also written | status | category | since |",
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for row in table["states"]:
        others = ", ".join(alias for alias, word in table["aliases"].items() if word == row["word"]) or "–"
        lines.append(
            f"| {row['word']} | {row['message_state']} | {others} | {row['status']} | {_code(row['category'])} |"
            f" {row['since']} |"
        )
    lines.append("| any other | any other | – | unknown | `unknown` | – |")
    return [*lines, ""]


def _numbers() -> list[str]:
    lines = [
        "## network_error_code",
        "",
        NETWORK.strip(),
        "",
        "| type | means | read as | since |",
        "| --- | --- | --- | --- |",
    ]
    for row in load("error_taxonomy")["network_error_types"]:
        lines.append(f"| {row['type']} | {row['meaning']} | {row['table'] or '–'} | {row['since']} |")
    lines += ["", "## Numbers in err", "", NUMBERS.strip(), ""]
    for name, rows in TABLES.items():
        lines += [f"### {name}", "", f"The {TITLES[name]}.", "", "| number | means | category |", "| --- | --- | --- |"]
        lines += [f"| {code} | {meaning} | {_code(category)} |" for code, (meaning, category) in rows.items()]
        lines.append("")
    return lines[:-1]


def _code(code: str) -> str:
    return "–" if code == "none" else f"`{code}`"


CAUSES = """
In the `error` of a message: `code` and `category` from this list, `permanent` (sending it again as it is will not
help), a `detail`, the carrier's own `carrier_code` where it gave one, and `decided_by`, which is `carrier` or
`tidings`. What to do stands in `advice` of [`GET /v1/messages/{id}/explain`](api.md#endpoints) too. This list and those
below are written by `make golden` from the tables in use.

The carrier's code becomes one of these by the first of these that says something:

1. the carrier's own [profile](settings.md#carrier-profile): `status_errors`, `receipt_errors`, `receipt_states`;
2. the error number of a receipt, where it is known whose it is: a network_error_code of GSM or of SMPP, or the
   profile's `receipt_error_table`;
3. the tables of command_status and of states.
"""
STATUSES = """
What a carrier answers to a request (SMPP 3.4 section 5.1.3, SMPP 5.0 section 4.7.6). The class says what is done:

| class | what is done |
| --- | --- |
| throttled | the bind pauses and the text goes again, at the head of its line; counts no attempt |
| temporary | it goes again after a pause that grows, `delivery.attempts` times |
| permanent | it fails at once |
| config | it fails at once: a field of ours is not to the carrier's liking, so look at the profile |
| bind | it goes again, by another bind or later |

A profile's `status_errors` gives a status another class, another category, or both; a category alone brings its class
along. `throttle_statuses` names those that ask to slow down.
"""
STATES = """
What a receipt says became of a text: the word after `stat:`, or message_state, which goes before the word. `in_transit`
is not the end; a later receipt tells it. A profile's `receipt_states` gives a word another meaning.
"""
NETWORK = """
The type of a network_error_code (SMPP 3.4 section 5.3.2.31) says whose the number behind it is. Numbers of other types
are kept and shown, and say nothing by themselves; a profile's `receipt_errors` can give them a category.
"""
NUMBERS = """
`err:` of a receipt is defined by the SMSC's vendor and not by SMPP: 1 is an absent subscriber at one and an unknown
subscriber at another. It is kept and shown as it came, and read only where the carrier's profile says how:
`receipt_errors` number by number, `receipt_error_table` by one of these.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
