"""What is wrong with a code before it is stored, field by field; and what codes do to each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tidings.core import mail, template
from tidings.core.codebook import DEFAULT, KEYWORD, REGEX_SIZE_MOST, Entry, compiled, entries, setting, zone
from tidings.core.codes import DAYS, NOT_BUILT, SUBJECT, CallWebhook, Code, Forward, Hours, Reply, Rule, SetField
from tidings.core.consent import HELP_WORDS, START_WORDS, STOP_WORDS
from tidings.core.fold import keywords, slips
from tidings.core.message import Millis
from tidings.core.moments import usable
from tidings.core.parameters import EXAMPLES, ONLY_FOR, Parameter, Trouble, one
from tidings.core.request import Fault
from tidings.core.webhook import url_fault
from tidings.text.number import Unusable, normal
from tidings.text.segments import DoesNotFitError, TooManyPartsError, count

WORDS_MOST = 4
"""Words of a keyword."""
REPORTS_MOST = 200
PLAIN_VALUES: Mapping[str, str] = {
    "from": "+15551230100", "to": "+15551230199", "text": "what was sent", "keyword": "WORD", "language": "en",
    "code": "name", "received_at": "2026-01-01T12:00:00.000Z",
}  # fmt: skip
"""What every template may use besides the parameters, with an example."""
TROUBLE_VALUES: Mapping[str, str] = {
    "trouble": "missing", "parameter": "item", "detail": "item is missing",
}  # fmt: skip
"""What a help text may use besides."""
_TAKEN = {
    *PLAIN_VALUES, *TROUBLE_VALUES, "true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains",
    "in", "if", "else", "forloop",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_SYSTEM = {one.casefold() for one in STOP_WORDS | START_WORDS | HELP_WORDS}


class Report(msgspec.Struct, frozen=True):
    """What a code does to another, or never does."""

    kind: str
    """`conflict`, `shadowed` or `unreachable`."""
    code: Code
    other: Code | None
    detail: str


def settled(rule: Rule, region: str) -> Rule:
    """The same with its numbers as they are stored, as far as they are numbers; `region` is where national ones are."""
    actions = [
        msgspec.structs.replace(one, to=tuple([_number(number, region) for number in one.to]))
        if isinstance(one, Forward)
        else one
        for one in rule.actions
    ]
    senders = tuple(dict.fromkeys([_number(number, region) for number in rule.senders]))
    return msgspec.structs.replace(rule, senders=senders, actions=tuple(actions))


def _number(written: str, region: str) -> str:
    if mail.is_address(written):
        return written
    found = normal(written, region)
    return written if isinstance(found, Unusable) else found


def faults(rule: Rule, now: Millis, mails: bool = False) -> list[Fault]:
    """Everything that is wrong with a rule, each with its field. It is `settled`. `mails`: whether e-mail is sent."""
    return [Fault(pointer, detail) for pointer, detail in _faults(rule, now, mails)]


_Found = Iterator[tuple[str, str]]


def _faults(rule: Rule, now: Millis, mails: bool) -> _Found:
    if rule.name != rule.name.strip() or not rule.name.isprintable():
        yield "/name", "must be printable, without blanks around it"
    yield from _of_pattern(rule)
    sound = True
    for pointer, detail in _of_parameters(rule, now):
        sound = False
        yield pointer, detail
    yield from _of_scope(rule)
    if rule.parameters and not rule.help:
        yield "/help", "say here what to send: it is the answer to a text whose parameters are wrong"
    for detail in template.faults(rule.help, [*PLAIN_VALUES, *TROUBLE_VALUES], {**PLAIN_VALUES, **TROUBLE_VALUES}):
        yield "/help", detail
    if sound:
        yield from _of_actions(rule, now, mails)


def _of_pattern(rule: Rule) -> _Found:
    named = [("/keywords", rule.keywords), *((f"/translations/{one}", all_) for one, all_ in rule.translations.items())]
    some = any(phrases for _, phrases in named)
    if some + (rule.regex is not None) + rule.default != 1:
        yield "/keywords", "a code has either keywords, or a regex, or is the default; give one of the three"
    seen: dict[tuple[str, ...], str] = {}
    for pointer, phrases in named:
        for at, phrase in enumerate(phrases):
            words = keywords(phrase)
            if not words or len(words) > WORDS_MOST:
                yield f"{pointer}/{at}", f"must have 1 to {WORDS_MOST} words of letters, digits or other signs"
            elif words in seen:
                yield f"{pointer}/{at}", f"is the same as {seen[words]}: case, accents and signs around do not count"
            elif len(words) == 1 and words[0] in _SYSTEM:
                yield f"{pointer}/{at}", "is answered before all codes, as the law and carriers want it"
            seen[words] = phrase
    if rule.fuzzy and not any(slips(words[0]) for words in seen if words):
        yield "/fuzzy", "no keyword has the 4 letters that one needs to be known with a slip"
    if rule.regex is not None:
        yield from _of_regex(rule.regex)


def _of_regex(regex: str) -> _Found:
    import re2

    try:
        pattern = compiled(regex)
    except re2.error as fault:
        said = fault.args[0] if fault.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        yield "/regex", f"cannot be used: {said}; it is RE2, without look-around and back references"
        return
    if pattern.programsize > REGEX_SIZE_MOST:
        yield "/regex", "is too large to be quick: repeat less in it; * is smaller than {1,300}, and [0-9] than \\pL"
    for name in pattern.groupindex:
        if not _NAME.match(name) or name in _TAKEN:
            yield "/regex", f"the group {name} must have another name: lower case, and none that templates have already"


def _of_parameters(rule: Rule, now: Millis) -> _Found:
    groups = _groups(rule)
    names: set[str] = set()
    for at, spec in enumerate(rule.parameters):
        pointer = f"/parameters/{at}"
        if spec.name in _TAKEN:
            yield f"{pointer}/name", "is a name that templates have already"
        if spec.name in names:
            yield f"{pointer}/name", "is the name of an earlier parameter"
        names.add(spec.name)
        if groups is not None and spec.name not in groups:
            yield f"{pointer}/name", "is no named group of the regex, like (?P<name>…)"
        if spec.type == "rest" and groups is None and at < len(rule.parameters) - 1:
            yield f"{pointer}/type", "takes all that is left, so it must be the last"
        yield from _of_parameter(spec, pointer, rule, now)


def _groups(rule: Rule) -> set[str] | None:
    """The named groups of the regex; None without one."""
    if rule.regex is None:
        return None
    import re2

    try:
        return set(compiled(rule.regex).groupindex)
    except re2.error:
        return set()


_BLANK = Parameter(name="x", type="word")


def _of_parameter(spec: Parameter, pointer: str, rule: Rule, now: Millis) -> _Found:
    for name, kinds in ONLY_FOR.items():
        if getattr(spec, name) != getattr(_BLANK, name) and spec.type not in kinds:
            yield f"{pointer}/{name}", f"says nothing of a {spec.type}; it is for {', '.join(kinds)}"
    if spec.min is not None and spec.max is not None and spec.min > spec.max:
        yield f"{pointer}/min", "must not be above max"
    if spec.type == "choice" and not spec.choices:
        yield f"{pointer}/choices", "a choice needs choices"
    if spec.default is not None and not spec.optional:
        yield f"{pointer}/default", "is only for one that is optional"
    elif spec.default is not None:
        got = one(spec.default, spec, setting(rule, now))
        if isinstance(got, Trouble):
            yield f"{pointer}/default", got.detail


def _of_scope(rule: Rule) -> _Found:
    for at, number in enumerate(rule.senders):
        found = normal(number)
        if isinstance(found, Unusable):
            yield f"/senders/{at}", found.why
    for name, moment in (("starts_at", rule.starts_at), ("ends_at", rule.ends_at)):
        if moment is not None and not usable(round(moment.timestamp() * 1000)):
            yield f"/{name}", "must lie between 1970 and 9998"
    if rule.starts_at is not None and rule.ends_at is not None and rule.starts_at >= rule.ends_at:
        yield "/ends_at", "must be after starts_at"
    if zone(rule.time_zone) is None:
        yield "/time_zone", "is no time zone that this machine knows; write one like Europe/Berlin"
    if rule.hours is not None and rule.hours.since == rule.hours.to:
        yield "/hours/to", "must not be the same as from"


def _of_actions(rule: Rule, now: Millis, mails: bool) -> _Found:
    example = {**PLAIN_VALUES, **_examples(rule, now)}
    for at, action in enumerate(rule.actions):
        pointer = f"/actions/{at}"
        if isinstance(action, NOT_BUILT):
            yield (
                f"{pointer}/type",
                "is not built yet: there are reply, tag, field, opt_in, opt_out, webhook, forward and inbox",
            )
        if isinstance(action, CallWebhook) and (why := url_fault(action.url)):
            yield f"{pointer}/url", why
        if isinstance(action, Forward):
            yield from _of_forward(action, pointer, example, mails)
        if isinstance(action, SetField):
            yield from _of_field(action, pointer, rule, example)
        if isinstance(action, Reply | Forward):
            for detail in template.faults(action.text, list(example), example):
                yield f"{pointer}/text", detail
            texts = isinstance(action, Reply) or not all(map(mail.is_address, action.to))
            if texts and (why := _too_long(action.text)):
                yield f"{pointer}/text", why


def _of_forward(action: Forward, pointer: str, example: Mapping[str, Any], mails: bool) -> _Found:
    for place, person in enumerate(action.to):
        if not mail.is_address(person):
            found = normal(person)
            if isinstance(found, Unusable):
                yield f"{pointer}/to/{place}", found.why
        elif why := mail.address_fault(person):
            yield f"{pointer}/to/{place}", why
        elif not mails:
            yield f"{pointer}/to/{place}", "is an e-mail address, and this server sends none: set email.host first"
    for detail in template.faults(action.subject, list(example), example):
        yield f"{pointer}/subject", detail
    if action.subject != SUBJECT and not any(map(mail.is_address, action.to)):
        yield f"{pointer}/subject", "is for e-mails, and `to` has no e-mail address"


def _of_field(action: SetField, pointer: str, rule: Rule, example: Mapping[str, Any]) -> _Found:
    if (action.parameter is None) == (action.text is None):
        yield pointer, "give either `parameter` or `text`: what shall the field become?"
    elif action.text is not None:
        for detail in template.faults(action.text, list(example), example):
            yield f"{pointer}/text", detail
    elif action.parameter not in {*(_groups(rule) or ()), *(spec.name for spec in rule.parameters)}:
        yield f"{pointer}/parameter", "is no parameter of this code"


def _too_long(source: str) -> str | None:
    if "{{" in source or "{%" in source:
        return None  # known only once it is filled in
    try:
        count(source)
    except (DoesNotFitError, TooManyPartsError) as fault:
        return str(fault)
    return None


def _examples(rule: Rule, now: Millis) -> dict[str, Any]:
    """A value for each parameter, for trying templates."""
    found: dict[str, Any] = dict.fromkeys(_groups(rule) or (), "something")
    for spec in rule.parameters:
        said = next(iter(spec.choices), "") if spec.type == "choice" else EXAMPLES[spec.type]
        free = msgspec.structs.replace(spec, min=None, max=None, past=True, currencies=spec.currencies or ("USD",))
        found[spec.name] = one(said, free, setting(rule, now))
    return found


# what codes do to each other


def reports(codes: Sequence[Code], now: Millis, only: int | None = None) -> list[Report]:
    """Conflicts, shadowed and unreachable codes among all of an account; `only` those that one code is part of."""
    by_words: dict[tuple[str, tuple[str, ...]], list[Entry]] = {}
    mine: dict[int, list[Entry]] = {}
    for code in codes:
        if code.rule.enabled:
            mine[code.id] = list(entries(code))
            for entry in mine[code.id]:
                by_words.setdefault(_place(entry), []).append(entry)
    for rivals in by_words.values():
        rivals.sort(key=lambda entry: entry.rank)
    found: list[Report] = []
    for code in codes:
        if code.rule.enabled and len(found) < REPORTS_MOST:
            found += [
                one
                for one in _of_code(code, mine[code.id], by_words, now)
                if only is None or only in (one.code.id, one.other.id if one.other else 0)
            ]
    return found[:REPORTS_MOST]


def _place(entry: Entry) -> tuple[str, tuple[str, ...]]:
    return entry.how + (entry.code.rule.regex or ""), entry.words


def _of_code(
    code: Code, own: Sequence[Entry], by_words: Mapping[tuple[str, tuple[str, ...]], Sequence[Entry]], now: Millis
) -> Iterator[Report]:
    rule = code.rule
    if rule.ends_at is not None and rule.ends_at.timestamp() * 1000 <= now:
        yield Report("unreachable", code, None, "Its time is over.")
        return
    shadows = [(entry, _shadow(entry, by_words)) for entry in own]
    if shadows and all(other is not None for _, other in shadows):
        other = shadows[0][1]
        before = f"{other.code.rule.name} goes before it and takes all that it would take." if other else ""
        yield Report("unreachable", code, other.code if other else None, before)
        return
    for entry, other in shadows:
        if other is not None:
            detail = f"{entry.keyword} never reaches it: {other.code.rule.name} goes before it and takes all of that."
            yield Report("shadowed", code, other.code, detail)
            continue
        for rival in by_words[_place(entry)]:
            if rival.rank >= entry.rank:
                break
            if rival.rank[:-1] == entry.rank[:-1] and rival.code.id != code.id and _meet(rival.code, code):
                what = entry.keyword if entry.how == KEYWORD else f"the same {entry.how}"
                why = f"Both are for {what}, with the same priority; {rival.code.rule.name} goes first as the older."
                yield Report("conflict", code, rival.code, why)
                break


def _shadow(entry: Entry, by_words: Mapping[tuple[str, tuple[str, ...]], Sequence[Entry]]) -> Entry | None:
    """What goes before this and takes all that it would take."""
    for length in range(len(entry.words), 0 if entry.how == KEYWORD else -1, -1):
        for rival in by_words.get((_place(entry)[0], entry.words[:length]), ()):
            if rival.rank >= entry.rank:
                break
            same = length == len(entry.words)
            if rival.code.id != entry.code.id and _covers(rival.code.rule, entry.code.rule, same):
                return rival
        if entry.how == DEFAULT:
            break
    return None


def _covers(one: Rule, other: Rule, same_words: bool) -> bool:
    """Whether one takes every text that the other takes, wherever and whenever."""
    if one.senders and not (other.senders and set(other.senders) <= set(one.senders)):
        return False
    if one.starts_at is not None and (other.starts_at is None or other.starts_at < one.starts_at):
        return False
    if one.ends_at is not None and (other.ends_at is None or other.ends_at > one.ends_at):
        return False
    if one.hours is not None and (one.hours, one.time_zone) != (other.hours, other.time_zone):
        return False
    if _takes_anything(one):
        return True
    alike = [_shape(spec) for spec in one.parameters] == [_shape(spec) for spec in other.parameters]
    bare = not other.parameters and not other.default and all(spec.optional for spec in one.parameters)
    return same_words and (alike or bare)


def _takes_anything(rule: Rule) -> bool:
    if not rule.parameters:
        return rule.default or rule.regex is not None
    last = rule.parameters[-1]
    return len(rule.parameters) == 1 and last.type == "rest" and last.optional and last.min is None and last.max is None


def _shape(spec: Parameter) -> Parameter:
    return msgspec.structs.replace(spec, name="x", default=None)


def _meet(one: Code, other: Code) -> bool:
    """Whether both may be asked about the same text. Hours by clocks of different places are taken to meet."""
    a, b = one.rule, other.rule
    if a.senders and b.senders and not set(a.senders) & set(b.senders):
        return False
    if a.hours is not None and b.hours is not None and a.time_zone == b.time_zone:
        spans = list(_spans(b.hours))
        if not any(since < until_ and since_ < until for since, until in _spans(a.hours) for since_, until_ in spans):
            return False
    return not (
        (a.ends_at is not None and b.starts_at is not None and a.ends_at <= b.starts_at)
        or (b.ends_at is not None and a.starts_at is not None and b.ends_at <= a.starts_at)
    )


_WEEK = 7 * 24 * 60


def _spans(hours: Hours) -> Iterator[tuple[int, int]]:
    """When a code holds, in minutes of the week."""
    since, to = (60 * int(clock[:2]) + int(clock[3:]) for clock in (hours.since, hours.to))
    for day in hours.days:
        begin = DAYS.index(day) * 24 * 60
        end = begin + to + (0 if since < to else 24 * 60)
        yield begin + since, min(end, _WEEK)
        if end > _WEEK:
            yield 0, end - _WEEK
