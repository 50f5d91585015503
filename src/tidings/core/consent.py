"""Exact keywords of opting out and in, and the gate that asks before every text."""

from __future__ import annotations

import msgspec

from tidings.core.message import Category, MessageError
from tidings.core.request import Verdict

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
"""47 CFR 64.1200(a)(10) names stop, quit, end, revoke, opt out, cancel and unsubscribe as opt-outs by reply;
the CTIA Messaging Principles add HELP. A text counts when the word is all of it, in any case."""


class Keyword(msgspec.Struct, frozen=True):
    """What an incoming text asks for: `stop`, `start` or `help`, and the word it used."""

    asks: str
    word: str


def keyword(text: str) -> Keyword | None:
    """The keyword a text consists of, or None. Surrounding blanks and final punctuation do not count."""
    word = text.strip().strip(".!?,;:\"'").strip().upper()
    for asks, words in (("stop", STOP_WORDS), ("start", START_WORDS), ("help", HELP_WORDS)):
        if word in words:
            return Keyword(asks, word)
    return None


def opted_out(category: str, suppressed: bool) -> Verdict | None:
    """The gate's verdict against a message, or None. Our own STOP and HELP answers pass: they were asked for."""
    if not suppressed or category == Category.SYSTEM:
        return None
    return Verdict("suppression", False, "The person opted out of texts from this account; only their START lifts it.")


def opted_out_error(verdict: Verdict) -> MessageError:
    """The verdict as the error a message keeps."""
    return MessageError("opted_out", "recipient", True, verdict.detail)
