"""All codes of an account, made ready: which is for a text, in an order that is total and the same every time."""

from __future__ import annotations

import datetime as dt
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tidings.core import fold
from tidings.core.codes import DAYS, Code, Found, Hours, Rule
from tidings.core.fold import Word
from tidings.core.message import Millis
from tidings.core.parameters import Setting, Trouble, Value, by_default, one, read

KEYWORD, FUZZY, REGEX, DEFAULT = "keyword", "fuzzy", "regex", "default"
LONGEST_TEXT = 40_000
"""Characters of a text that codes look at; no message of 255 segments is longer."""
REGEX_TEXT_MOST = 1_600
"""Characters of a text that regexes look at: ten segments."""
REGEX_SIZE_MOST = 4_000
"""Instructions of one regex. RE2's time may grow with these times the text: what is small stays quick."""
NEAR_LETTERS = 8
"""First letters of a word by which keywords near it are looked up. Whatever is within a distance of a whole word is
within it here too, and a keyword has 37 places in the index at the most, however long it is."""
CLOSE_MOST = 5


class Entry(msgspec.Struct, frozen=True):
    """One keyword of a code, or its regex, or that it is a default."""

    rank: tuple[Any, ...]
    """Where it stands: lowest first."""
    code: Code
    how: str
    words: tuple[str, ...] = ()
    keyword: str = ""
    language: str = ""
    pattern: Any = None


class Candidate(msgspec.Struct, frozen=True):
    """A code that is for a text, or came close, and why it was not chosen."""

    code: Code
    how: str
    keyword: str
    why: str


class Explained(msgspec.Struct, frozen=True):
    """What a text meets with: the code it is for, and others that came close."""

    found: Found | None
    close: tuple[Candidate, ...] = ()


def zone(name: str) -> ZoneInfo | dt.timezone | None:
    """The time zone of this name; None where this machine knows of none."""
    if name == "UTC":
        return dt.UTC
    try:
        return _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def setting(rule: Rule, now: Millis) -> Setting:
    """What the parameters of a code are read against."""
    return Setting(now, zone(rule.time_zone) or dt.UTC)


def compiled(regex: str) -> Any:
    """A regex by RE2, whose time grows with the text alone. Raises `re2.error`."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    return re2.compile(regex, options)


def holds(rule: Rule, sender: str, now: Millis) -> str:
    """Why a code is not for texts to this number at this moment; "" where it is."""
    if not rule.enabled:
        return "it is switched off"
    if rule.senders and sender not in rule.senders:
        return "it does not hold on this number"
    if rule.starts_at is not None and now < rule.starts_at.timestamp() * 1000:
        return "it has not begun yet"
    if rule.ends_at is not None and now >= rule.ends_at.timestamp() * 1000:
        return "it has ended"
    if rule.hours is not None and not _open(rule.hours, setting(rule, now)):
        return "it is outside its hours"
    return ""


def _open(hours: Hours, there: Setting) -> bool:
    moment = dt.datetime.fromtimestamp(there.now / 1000, there.zone)
    clock, today = f"{moment.hour:02}:{moment.minute:02}", DAYS[moment.weekday()]
    if hours.since < hours.to:
        return today in hours.days and hours.since <= clock < hours.to
    # A night belongs to the day it begins on.
    return (today in hours.days and clock >= hours.since) or (
        DAYS[moment.weekday() - 1] in hours.days and clock < hours.to
    )


def rank(code: Code, how: str, words: Sequence[str]) -> tuple[int, int, int, int, int]:
    """The order among codes for a text: priority; keyword before regex; those of named numbers before those of all;
    the longer keyword; the older code. No two are the same.
    """
    rule = code.rule
    return rule.priority, int(how == REGEX), int(not rule.senders), -len(words), code.id


class Book:
    """The codes of an account as of one version. Never changes; asks nothing of the outside."""

    __slots__ = ("_defaults", "_exact", "_fuzzy", "_regexes", "codes", "version")

    def __init__(self, codes: Sequence[Code] = (), version: int = 0) -> None:
        self.codes = tuple(codes)
        self.version = version
        self._exact: dict[str, list[Entry]] = {}
        self._fuzzy: dict[str, list[Entry]] = {}
        self._regexes: list[Entry] = []
        self._defaults: list[Entry] = []
        for code in codes:
            if code.rule.enabled:
                self._enter(code)

    def _enter(self, code: Code) -> None:
        rule = code.rule
        for entry in entries(code):
            if entry.how == KEYWORD:
                insort(self._exact.setdefault(entry.words[0], []), entry, key=_by_rank)
                if rule.fuzzy:
                    for short in fold.lacking(entry.words[0][:NEAR_LETTERS], fold.slips(entry.words[0])):
                        self._fuzzy.setdefault(short, []).append(entry)
            else:
                insort(self._regexes if entry.how == REGEX else self._defaults, entry, key=_by_rank)

    def match(self, text: str, sender: str, now: Millis) -> Found | None:
        """The code that a text to `sender` is for; None where there is none. Never raises.

        Exact keywords and regexes come before slips of the finger, and those before defaults. Of the codes that are for
        it the first that understands the text has it; where none does, the first of them says what is wrong.
        """
        if not self.codes:
            return None
        text = text[:LONGEST_TEXT]
        words = fold.words(text)
        for entries in (self._named(text, words), self._slipped(words), self._defaults):
            first: Found | None = None
            for entry in entries:
                if holds(entry.code.rule, sender, now):
                    continue
                found = _try(entry, text, words, now)
                if found is not None and found.trouble is None:
                    return found
                first = first or found
            if first is not None:
                return first
        return None

    def _named(self, text: str, words: Sequence[Word]) -> Iterable[Entry]:
        found = list(self._called(words))
        if self._regexes:
            looked_at = _for_regex(text)
            found += [entry for entry in self._regexes if entry.pattern.search(looked_at) is not None]
            found.sort(key=_by_rank)
        return found

    def _called(self, words: Sequence[Word]) -> list[Entry]:
        if not words:
            return []
        first = fold.keyword(words[0].text)
        known = self._exact.get(first)
        if known is None:
            glued = _glued(first)
            return [entry for entry in self._exact.get(glued, ()) if len(entry.words) == 1] if glued else []
        return [entry for entry in known if _rest_agrees(entry, words)]

    def _slipped(self, words: Sequence[Word]) -> Iterator[Entry]:
        """Those whose keyword is nearly what was written, the nearest first."""
        first = fold.keyword(words[0].text) if words and self._fuzzy else ""
        if not first:
            return
        seen: dict[int, tuple[int, Entry]] = {}
        for short in fold.lacking(first[:NEAR_LETTERS], 2):
            for entry in self._fuzzy.get(short, ()):
                if id(entry) not in seen:
                    most = fold.slips(entry.words[0])
                    away = fold.distance(first, entry.words[0], most)
                    if away <= most and _rest_agrees(entry, words):
                        seen[id(entry)] = away, entry
        for _, entry in sorted(seen.values(), key=lambda one: (one[0], one[1].rank)):
            yield msgspec.structs.replace(entry, how=FUZZY)

    # telling why

    def explain(self, text: str, sender: str, now: Millis) -> Explained:
        """What `match` says, and which others were for it or came close, and why each was not chosen."""
        text = text[:LONGEST_TEXT]
        found = self.match(text, sender, now)
        chosen = found.code.id if found else 0
        words = fold.words(text)
        seen = {chosen}
        close: list[Candidate] = []
        for entry, near in self._near(text, words):
            if entry.code.id in seen:
                continue
            seen.add(entry.code.id)
            why = holds(entry.code.rule, sender, now)
            if not why and near:
                why = f"its keyword is {entry.keyword}" + ("" if entry.code.rule.fuzzy else ", and it is not fuzzy")
            if not why:
                tried = _try(entry, text, words, now)
                why = tried.trouble.detail if tried and tried.trouble else "another goes before it"
            close.append(Candidate(entry.code, entry.how, entry.keyword, why))
            if len(close) == CLOSE_MOST:
                break
        return Explained(found, tuple(close))

    def _near(self, text: str, words: Sequence[Word]) -> Iterator[tuple[Entry, bool]]:
        """Every code that is for the text, on whatever number and at whatever time, then those with a keyword near it,
        then defaults; with whether it is but near."""
        every = [entry for code in self.codes for entry in entries(code)]
        every.sort(key=_by_rank)
        first, looked_at = fold.keyword(words[0].text) if words else "", _for_regex(text)
        for entry in every:
            exact = entry.how == KEYWORD and entry.words[0] in (first, _glued(first)) and _rest_agrees(entry, words)
            if exact or (entry.how == REGEX and entry.pattern.search(looked_at) is not None):
                yield entry, False
        slips = [(fold.distance(first, entry.words[0], 2), entry) for entry in every if entry.how == KEYWORD]
        for away, entry in sorted(slips, key=lambda one: (one[0], one[1].rank)):
            if away <= min(2, len(entry.words[0]) // 2):
                yield entry, True
        yield from ((entry, False) for entry in every if entry.how == DEFAULT)


def phrases(rule: Rule) -> list[str]:
    """All keywords of a code, those of other languages too."""
    return [*rule.keywords, *(one for translated in rule.translations.values() for one in translated)]


def entries(code: Code) -> Iterator[Entry]:
    """Every way in which a code may be for a text."""
    rule = code.rule
    if rule.regex is not None:
        yield Entry(rank(code, REGEX, ()), code, REGEX, pattern=compiled(rule.regex))
    elif rule.default:
        yield Entry(rank(code, DEFAULT, ()), code, DEFAULT)
    for language, phrases in (("", rule.keywords), *rule.translations.items()):
        for phrase in phrases:
            words = fold.keywords(phrase)
            if words:
                yield Entry(rank(code, KEYWORD, words), code, KEYWORD, words, phrase, language)


def _for_regex(text: str) -> str:
    """What of a text a regex looks at: of a long one the beginning, and no `$` holds where it is cut. RE2 reads UTF-8,
    which has no half of a surrogate pair."""
    text = text if len(text) <= REGEX_TEXT_MOST else f"{text[:REGEX_TEXT_MOST]}…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _by_rank(entry: Entry) -> tuple[Any, ...]:
    return entry.rank


def _rest_agrees(entry: Entry, words: Sequence[Word]) -> bool:
    count = len(entry.words)
    if count == 1:
        return True
    said = tuple([fold.keyword(one.text) for one in words[1:count]])
    return said == entry.words[1:]


_JOINTS = "0123456789:=*#-/."
"""What may stand right behind a keyword, as in `VOTE1` or `VOTE:A`."""


def _glued(word: str) -> str:
    """The letters before what is written right behind them; "" where there is nothing of that kind."""
    length = _letters(word)
    return word[:length] if 0 < length < len(word) and word[length] in _JOINTS else ""


def _letters(word: str) -> int:
    return next((at for at, one in enumerate(word) if one in _JOINTS), len(word))


def _try(entry: Entry, text: str, words: Sequence[Word], now: Millis) -> Found | None:
    """What the text says to a code that it may be for."""
    code, there = entry.code, setting(entry.code.rule, now)
    got: dict[str, Value] | Trouble
    if entry.how == REGEX:
        got = _caught(entry, text, there)
    elif not code.rule.parameters and entry.how == DEFAULT:
        got = {}
    else:
        got = read(text, _behind(entry, text, words), code.rule.parameters, there)
    values, trouble = ({}, got) if isinstance(got, Trouble) else (got, None)
    return Found(
        code=code, how=entry.how, keyword=entry.keyword, language=entry.language, values=values, trouble=trouble
    )


def _behind(entry: Entry, text: str, words: Sequence[Word]) -> Sequence[Word]:
    """The words that a keyword leaves, also where a number is written right behind it."""
    count = len(entry.words)
    if count == 1 and entry.how == KEYWORD and fold.keyword(words[0].text) != entry.words[0]:
        first = fold.plain_digits(words[0].text)
        more = first[_letters(first) :].lstrip(":=*#-/.")
        return [Word(more, words[0].at + len(words[0].text) - len(more)), *words[1:]] if more else words[1:]
    return words[count:]


def _caught(entry: Entry, text: str, there: Setting) -> dict[str, Value] | Trouble:
    """What the groups of a regex caught, each as the parameter of its name has it."""
    found = entry.pattern.search(_for_regex(text))
    values: dict[str, Value] = dict(found.groupdict()) if found is not None else {}
    for spec in entry.code.rule.parameters:
        said = values.get(spec.name)
        got = one(str(said or ""), spec, there) if said or not spec.optional else None
        if isinstance(got, Trouble):
            return got
        values[spec.name] = got if said else by_default(spec, there)
    return values
