"""What keeps two machines from answering each other for ever: who is no person, and how often codes may answer."""

from __future__ import annotations

import hashlib
import re

import msgspec

from tidings.core.codes import Pace
from tidings.core.fold import folded
from tidings.core.message import DAY, MINUTE, Millis
from tidings.core.request import Verdict
from tidings.text.number import is_name

_AUTOMATIC = re.compile(
    r"\b(?:"
    r"auto(?:matic|matische|mated)?[- ]?(?:reply|response|responder|answer|antwort)"
    r"|out of (?:the )?office|away from (?:my|the) (?:desk|office|phone)"
    r"|(?:i'm|i am|im) (?:currently )?(?:driving|away|on (?:vacation|holiday|leave)|out of)"
    r"|do not (?:reply|respond) to this|(?:this|the) (?:number|mailbox|inbox|account) (?:is not|isn't) monitored"
    r"|abwesenheits(?:notiz|meldung)|nicht im (?:buro|buero|office)"
    r"|reponse automatique|je suis (?:actuellement )?absente?|respuesta automatica|fuera de la oficina"
    r"|risposta automatica|resposta automatica|automatisch antwoord|automatyczna odpowiedz"
    r")\b"
)
"""Phrases, folded, by which phones and mail systems say that nobody is there."""
LOOKED_AT = 400
"""Characters at a text's beginning in which such a phrase is looked for."""


def auto_reply(text: str) -> str | None:
    """The phrase by which a text says that a machine wrote it (RFC 3834 has no word for texts); None of people's."""
    found = _AUTOMATIC.search(folded(text[:LOOKED_AT]).replace("’", "'"))
    return found[0] if found else None


def digest(text: str) -> str:
    """A text by which an echo of it is known: to the letter, because people answer "Confirm?" by "confirm"."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def judge(pace: Pace | None, text: str, number: str, sender: str, now: Millis, a_minute: int, a_day: int) -> Verdict:
    """Whether codes may send a text because of this one from `number` to our `sender`."""
    if is_name(number):
        return Verdict("no_number", False, f"{number} is a name: nothing can be sent to it.")
    if number == sender:
        return Verdict("own_number", False, "The text comes from the number that would answer it.")
    phrase = auto_reply(text)
    if phrase is not None:
        return Verdict("auto_reply", False, f"A machine wrote it: it says “{phrase}”.")
    if pace is not None and pace.said and pace.said == digest(text):
        return Verdict("echo", False, "It repeats the last answer word for word: a machine sent it back.")
    return paced(pace, now, a_minute, a_day)


def paced(pace: Pace | None, now: Millis, a_minute: int, a_day: int) -> Verdict:
    """Whether one text more may be sent between two numbers now."""
    if pace is None:
        return Verdict("reply_pace", True, f"1 of {a_minute} answers a minute and {a_day} a day.")
    pace = current(pace, now)
    if pace.minute >= a_minute:
        return Verdict("reply_pace", False, f"{pace.minute} answers in this minute; there may be {a_minute}.")
    if pace.day >= a_day:
        return Verdict("reply_pace", False, f"{pace.day} answers in this day; there may be {a_day}.")
    detail = f"{pace.minute + 1} of {a_minute} answers a minute, {pace.day + 1} of {a_day} a day."
    return Verdict("reply_pace", True, detail)


def room(pace: Pace | None, now: Millis, a_minute: int, a_day: int) -> int:
    """How many texts more there may be now, where there may be any."""
    if pace is None:
        return min(a_minute, a_day)
    pace = current(pace, now)
    return max(0, min(a_minute - pace.minute, a_day - pace.day))


def current(pace: Pace, now: Millis) -> Pace:
    """The same, with the counts of spans that are over begun anew."""
    if now - pace.day_at >= DAY:
        pace = msgspec.structs.replace(pace, day_at=now, day=0)
    if now - pace.minute_at >= MINUTE:
        pace = msgspec.structs.replace(pace, minute_at=now, minute=0)
    return pace


def counted(pace: Pace | None, account_id: int, number: str, sender: str, sent: int, said: str, now: Millis) -> Pace:
    """The same after texts were sent, the last of which says `said`."""
    if pace is None:
        pace = Pace(account_id=account_id, number=number, sender=sender, minute_at=now, minute=0, day_at=now, day=0)
    pace = current(pace, now)
    return msgspec.structs.replace(
        pace, minute=pace.minute + sent, day=pace.day + sent, said=digest(said) if said else pace.said
    )
