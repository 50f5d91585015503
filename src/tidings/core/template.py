"""Texts to be filled in, in Liquid: read once, filled many times, bounded in size and time, with nothing to reach."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from typing import Any

import msgspec

OUTPUT_MOST = 1_600
"""Characters of a filled template, more or less: ten segments."""
_LOOPS_MOST = 100
"""Turns of all loops of a template, those within others multiplied."""
_WORK_MOST = 100_000
"""Characters that all filters of a template may handle, each time they run."""
_STEP = 10
"""What a filter counts for besides."""
_NUMBER_MOST = 10**30
_NESTED_MOST = 20

TAGS = frozenset(("assign", "break", "capture", "case", "comment", "continue", "echo", "for", "if", "unless", "#"))
_INNER_TAGS = frozenset(("content", "illegal", "output"))
FILTERS = frozenset(
    (
        "abs", "append", "at_least", "at_most", "capitalize", "ceil", "date", "default", "divided_by", "downcase",
        "first", "floor", "join", "last", "lstrip", "minus", "modulo", "plus", "prepend", "remove", "remove_first",
        "replace", "replace_first", "round", "rstrip", "size", "slice", "split", "strip", "times", "truncate",
        "truncatewords", "upcase", "url_encode",
    )
)  # fmt: skip
_DATE_FORMAT = re.compile(r"(?:[^%]|%-?[A-Za-z%]){0,60}\Z")


class Broken(msgspec.Struct, frozen=True):
    """Why a text cannot be filled in: a sentence."""

    detail: str


class Filled(msgspec.Struct, frozen=True):
    """A template filled in."""

    text: str


class Template:
    """A template that was read."""

    __slots__ = ("_parsed", "_plain", "names")

    def __init__(self, plain: str, parsed: Any, names: frozenset[str]) -> None:
        self._plain = plain
        self._parsed = parsed
        self.names = names
        """The values that it asks for."""

    def fill(self, values: Mapping[str, Any]) -> Filled | Broken:
        """The text with its values; Broken where that cannot be done with these. Never raises."""
        if self._parsed is None:
            return Filled(self._plain)
        import liquid

        _work.set([0])
        try:
            return Filled(self._parsed.render(**values).strip())
        except liquid.exceptions.LiquidError as fault:
            return Broken(_sentence(fault))
        except (ArithmeticError, AttributeError, TypeError, ValueError, LookupError, RecursionError) as fault:
            return Broken(f"it cannot be filled in: {type(fault).__name__}")


@lru_cache(maxsize=20_000)
def parse(source: str) -> Template | Broken:
    """Read a template, or say what is wrong with it and where."""
    if "{{" not in source and "{%" not in source:
        return Template(source, None, frozenset())
    if source.count("{%") > 200 or _depth(source) > _NESTED_MOST:
        return Broken(f"it has more than {_NESTED_MOST} tags within each other, or more than 200 in all")
    import liquid

    try:
        parsed = _environment().from_string(source)
        used = parsed.analyze(include_partials=False)
    except liquid.exceptions.LiquidError as fault:
        return Broken(_sentence(fault))
    except (RecursionError, ValueError, TypeError, OverflowError) as fault:
        return Broken(f"it cannot be read: {type(fault).__name__}")
    if any(type(one).__name__ == "RangeLiteral" for one in _expressions(parsed)):
        return Broken("ranges like (1..5) are not taken: they may be of any length")
    for name in used.filters:
        if name not in FILTERS:
            return Broken(f"unknown filter '{name}'; there are: {', '.join(sorted(FILTERS))}")
    return Template("", parsed, frozenset(used.globals))


def faults(source: str, known: Collection[str], example: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a template whose values have these names, in sentences.

    `example`: values to try it with.
    """
    parsed = parse(source)
    if isinstance(parsed, Broken):
        return [parsed.detail]
    strange = sorted(parsed.names - set(known))
    if strange:
        names = ", ".join(sorted(known))
        return [f"{{{{ {one} }}}} is no value of this code; there are: {names}" for one in strange]
    filled = parsed.fill(example)
    return [f"tried with example values, {filled.detail}"] if isinstance(filled, Broken) else []


def _expressions(parsed: Any) -> Iterator[Any]:
    """Every expression of a template, those within others too."""
    import liquid

    context = liquid.RenderContext(parsed)
    nodes = list(parsed.nodes)
    while nodes:
        node = nodes.pop()
        nodes += node.children(context)
        found = list(node.expressions())
        while found:
            one = found.pop()
            yield one
            found += one.children()


def _depth(source: str) -> int:
    deepest = depth = 0
    for tag in re.findall(r"\{%-?\s*(end)?(?:if|for|case|unless|capture|comment)\b", source):
        depth += -1 if tag else 1
        deepest = max(deepest, depth)
    return deepest


def _sentence(fault: Any) -> str:
    """What Liquid says, on one line, with the place."""
    said = str(fault.args[0] if fault.args else fault).splitlines()[0]
    where = ""
    token = getattr(fault, "token", None)
    if token is not None and token.source:
        before = token.source[: max(0, token.start_index)]
        where = f" (line {before.count(chr(10)) + 1}, character {len(before) - before.rfind(chr(10))})"
    return f"{said}{where}"


@cache
def _environment() -> Any:
    import liquid

    class Bounded(liquid.Environment):
        output_stream_limit = OUTPUT_MOST
        loop_iteration_limit = _LOOPS_MOST
        local_namespace_limit = _WORK_MOST
        context_depth_limit = _NESTED_MOST + 10

    made = Bounded(undefined=liquid.StrictDefaultUndefined, tolerance=liquid.Mode.STRICT)
    for name in [name for name in made.tags if name not in TAGS | _INNER_TAGS]:
        del made.tags[name]
    made.filters = {name: _bounded(name, made.filters[name]) for name in FILTERS}
    return made


def _bounded(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing to make what is out of all proportion before it makes it."""
    from liquid.exceptions import FilterArgumentError

    @wraps(run)
    def filter_(left: Any, *args: Any, **more: Any) -> Any:
        given = max([_size(one) for one in args], default=0)
        work = _work.get()
        work[0] += _STEP + ((_size(left) + 1) * (given + 1) if name in _MANIFOLD else _size(left) + given)
        if work[0] > _WORK_MOST:
            raise FilterArgumentError(f"{name}: too much to work on", token=None)
        if name == "date" and args and not _DATE_FORMAT.match(str(args[0])):
            raise FilterArgumentError("date: no such format", token=None)
        if name == "date" and len(str(left)) > 40:
            raise FilterArgumentError("date: no date", token=None)
        made = run(left, *args, **more)
        if isinstance(made, int | float) and abs(made) > _NUMBER_MOST:
            raise FilterArgumentError(f"{name}: too large a number", token=None)
        return made

    return filter_


_MANIFOLD = frozenset(("replace", "replace_first", "join"))
"""Filters that may put what they are given in at every place."""
_work: ContextVar[list[int]] = ContextVar("work")
"""What the filters of the template that is being filled in did so far."""


def _size(value: Any) -> int:
    """Characters of a text; of a list those of all in it."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(_size(one) + 1 for one in value)
    return 20 * len(value) if isinstance(value, range) else 1
