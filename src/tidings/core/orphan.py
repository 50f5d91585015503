"""Receipts that match nothing: why that may be."""

from __future__ import annotations

REASONS = {
    "no_id": "It names no message: nothing it could be for can be looked for.",
    "unknown_id": "No segment that this carrier took has its id, in any form of writing it; or the message is kept no "
    "longer. Another system may send with the same account of the carrier.",
    "other_number": "A segment has its id, but went to another number than the receipt names.",
    "unsure": "Segments have its id in more than one form of writing it, or others whose ids are not known yet may be "
    "meant: `receipt_id` and `receipt_id_from` of the carrier's profile say which form it uses.",
    "matches": "Nothing by now: it would match if it were tried again.",
}
"""Why a receipt matches nothing as things are, and what that means."""
