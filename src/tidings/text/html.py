"""HTML as readable text for a phone: what is shown stays, in lines; the rest is gone and named.

A library reads the octets as a browser would and gives tokens one by one (WHATWG HTML §13.2.5). What the tokens mean is
decided here, without a tree: a few counters and a list of bounded length, so neither nesting nor unclosed tags cost
more than their length. The library is imported when the first HTML comes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, cast
from urllib.parse import unquote

import msgspec

from tidings.text.styles import Styles

MOST_IMAGES = 50
"""Images that are named one by one."""
MOST_ADDRESS = 2_000
"""Characters of the longest address that is carried."""
_MOST_SOURCE = 200
_MOST_LISTS = 32
"""Lists and quotations inside each other that are told apart."""
_MOST_INDENT = 3

# What cannot be carried, by the tag that brings it. The contents of the first go with them, of the second stay.
_GONE = {
    "script": "script", "style": "style", "template": None, "title": None, "noembed": None, "noframes": None,
    "iframe": "embedded", "object": "embedded", "applet": "embedded", "canvas": "embedded", "svg": "image",
    "audio": "media", "video": "media", "select": "form", "textarea": "form", "datalist": "form",
}  # fmt: skip
_LOST = {
    "input": "form", "button": "form", "embed": "embedded",
    **dict.fromkeys(
        ("b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "font", "mark", "small", "big", "sub", "sup", "tt",
         "code", "kbd", "samp", "var", "cite", "dfn", "center", "blink", "marquee"),
        "formatting",
    ),
}  # fmt: skip
_VOID = frozenset((
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
))  # fmt: skip
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "dl"])
_TABLE = frozenset(["table", "caption", "thead", "tbody", "tfoot", "tr"])
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_BLOCKS = _PARAGRAPHS | _TABLE | _LISTS | frozenset((
    "div", "section", "article", "header", "footer", "nav", "main", "aside", "address", "dt", "dd", "figure",
    "figcaption", "form", "fieldset", "legend", "center", "summary", "details", "dialog", "option", "body", "html",
    "search", "hgroup",
))  # fmt: skip
# Elements whose end tag may be left out, with what begins behind them and what may hold further ones of their kind.
_SECTIONS = frozenset(("thead", "tbody", "tfoot"))
_ENDED_BY: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "p": (_BLOCKS | {"li"}, frozenset()),
    "li": (frozenset(("li",)), _LISTS),
    **dict.fromkeys(("dt", "dd"), (frozenset(("dt", "dd")), frozenset(("dl",)))),
    **dict.fromkeys(("td", "th"), (_SECTIONS | {"td", "th", "tr"}, frozenset(("table",)))),
    "tr": (_SECTIONS | {"tr"}, frozenset(("table",))),
    **dict.fromkeys(_SECTIONS, (_SECTIONS, frozenset(("table",)))),
}
_ENCLOSING = _BLOCKS | {"li", "td", "th"}

_BLANKS = re.compile("[ \t\n\r\f\xa0\u2028\u2029]+")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\xad\u200b\ufeff]")
"""Controls, and hints where a line may be broken."""
_NUMBER = re.compile(r"\s*(-?[0-9]{1,6})\s*\Z")


Kind = Literal["embedded", "form", "formatting", "hidden", "image", "link", "media", "script", "style"]


class LeftOut(msgspec.Struct, frozen=True):
    """A kind of thing that a text cannot carry, and how often it was there."""

    what: Kind
    count: int


class Picture(msgspec.Struct, frozen=True):
    """An image that was there: kept aside, not sent."""

    source: str
    """Its address, cut after 200 characters."""
    alt: str
    """What stood in for it in the text."""


class Readable(msgspec.Struct, frozen=True):
    """HTML as text."""

    text: str
    left_out: tuple[LeftOut, ...]
    images: tuple[Picture, ...]
    """The first `MOST_IMAGES`."""


def readable(html: str) -> Readable:
    """What a reader of `html` would see, as text; never raises, and takes time in proportion to the length.

    Blanks are collapsed, NBSP is a blank like others. Styles are looked at only where they hide, see `styles`.
    """
    from turbohtml import TokenType, tokenize

    page = _Page()
    text, start, end = TokenType.TEXT, TokenType.START_TAG, TokenType.END_TAG
    for token in tokenize(html):
        kind = token.type
        if kind is text:
            if page.skipped is None:
                page.words(token.data or "")
            elif page.skipped == "style":
                page.css.append(token.data or "")
        elif kind is start:
            page.start(token.tag or "", token.attrs, token.self_closing)
        elif kind is end:
            page.end(token.tag or "")
    return page.done()


class _Lines:
    """Words become lines: what separates them waits until there is a next one, so that nothing ends in blanks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.breaks = 0
        """Line ends that wait: 0, 1, or 2 for an empty line."""
        self.blank = False
        self.joint = ""
        """What waits to part two cells."""
        self.mark = ""
        """What waits to begin an item."""
        self.heard: list[str] | None = None
        """Words of the open link."""

    def put(self, words: str) -> None:
        """Words that hold no line end and begin and end with no blank."""
        if self.parts:
            self.parts.append("\n" * self.breaks or self.joint or (" " if self.blank else ""))
        self.parts.append(self.mark + words)
        self.breaks, self.blank, self.joint, self.mark = 0, False, "", ""
        if self.heard is not None:
            self.heard.append(words)

    def flow(self, data: str) -> None:
        """Text as it stands in the source: blanks of any number are one."""
        text = _BLANKS.sub(" ", _UNSEEN.sub("", data))
        if not text:
            return
        words = text.strip(" ")
        self.blank = self.blank or text[0] == " "
        if words:
            self.put(words)
            self.blank = text[-1] == " "

    def set(self, data: str) -> None:
        """Text whose lines and blanks are as they should be."""
        for number, line in enumerate(_UNSEEN.sub("", data).split("\n")):
            if number:
                self.line()
            text = re.sub("[\t\r\f\xa0]", " ", line)
            words = text.rstrip(" ")
            if words:
                self.put(words if self.parts else words.lstrip(" "))
            self.blank = self.blank or len(words) < len(text)

    def line(self) -> None:
        """A line ends here."""
        self.breaks = min(self.breaks + 1, 2)

    def block(self, level: int) -> None:
        """What comes next stands on a line of its own; with level 2 after an empty one."""
        self.breaks = max(self.breaks, level)

    def aside(self, words: str) -> None:
        """Words that belong to those before them, whatever waits."""
        waiting = self.breaks, self.blank, self.joint, self.mark
        self.breaks, self.blank, self.joint, self.mark = 0, True, "", ""
        self.put(words)
        self.breaks, self.blank, self.joint, self.mark = waiting


class _Page(_Lines):
    """What the tokens so far mean."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: Counter[str] = Counter()
        self.images: list[Picture] = []
        self.skipped: str | None = None
        """The tag whose contents are passed over."""
        self.css: list[str] = []
        """What the open `<style>` holds."""
        self._styles = Styles()
        self._media = ""
        self._strict = False
        self._inside: Counter[str] = Counter()
        self._lists: list[int | None] = []
        """Of each open list the next number; None where it has none."""
        self._deeper = 0
        self._link: str | None = None
        self._pre = self._quotes = 0
        self._fresh = False
        self._row = 0
        self._cell = ""

    def words(self, data: str) -> None:
        """A run of text."""
        if not self._pre:
            self.flow(data)
            return
        self.set(data[1:] if self._fresh and data[:1] == "\n" else data)
        self._fresh = False

    def start(self, tag: str, attrs: Sequence[tuple[str, str | None]] | None, closed: bool) -> None:
        """An element begins."""
        if self.skipped is not None and self._still_skipped(tag, closed):
            return
        given = dict(attrs) if attrs else _NONE
        if "style" in given:
            self.lost["style"] += 1
        if tag in _GONE:
            self._lose(_GONE[tag])
            if not (closed and tag == "svg"):
                self._skip(tag, strict=True)
            if tag == "style":
                self.css, self._media = [], given.get("media") or ""
        elif self._hidden(tag, given):
            self.lost["hidden"] += 1
            if tag in _BLOCKS:
                self.block(1)
            if tag not in _VOID:
                self._skip(tag, strict=False)
        else:
            self._show(tag, given)

    def end(self, tag: str) -> None:
        """An element ends, or would have if it had begun."""
        if self.skipped is not None:
            if self._inside[tag] > 0:
                self._inside[tag] -= 1
                return
            own = tag == self.skipped
            if own and tag == "style":
                self._styles.read("".join(self.css), self._media)
            if own or not (self._strict or tag not in _ENCLOSING):
                self.skipped = None
            if own or self.skipped is not None:
                return
        if tag == "a":
            self._end_link()
        elif tag == "pre":
            self._pre = max(self._pre - 1, 0)
        elif tag == "q":
            self._end_quote()
        elif tag in _LISTS:
            self._end_list()
        if tag == "br":
            self.line()
        elif tag in _BLOCKS or tag == "li":
            self._block(tag)

    def done(self) -> Readable:
        """All of it."""
        self._end_link()
        lost = tuple(LeftOut(cast(Kind, what), count) for what, count in sorted(self.lost.items()))
        return Readable("".join(self.parts), lost, tuple(self.images))

    def _still_skipped(self, tag: str, closed: bool) -> bool:
        """Whether the element that begins belongs to what is passed over."""
        ended_by, held_by = _ENDED_BY.get(self.skipped or "", _NEVER)
        if not self._strict and tag in ended_by and not any(self._inside[one] for one in held_by):
            self.skipped = None
            return False
        if tag not in _VOID and not closed:
            self._inside[tag] += 1
        return True

    def _hidden(self, tag: str, given: Mapping[str, str | None]) -> bool:
        if "hidden" in given or (tag == "dialog" and "open" not in given):
            return True
        return self._styles.hides(tag, given)

    def _skip(self, tag: str, strict: bool) -> None:
        self.skipped, self._strict = tag, strict
        self._inside.clear()

    def _lose(self, what: str | None) -> None:
        if what is not None:
            self.lost[what] += 1

    def _block(self, tag: str) -> None:
        self.block(2 if tag in _PARAGRAPHS and not self._lists else 1)

    def _show(self, tag: str, given: Mapping[str, str | None]) -> None:
        if tag in _LOST and not (tag == "input" and (given.get("type") or "").lower() == "hidden"):
            self.lost[_LOST[tag]] += 1
        if tag == "br":
            self.line()
        elif tag == "li":
            self._item(given)
        elif tag == "td" or tag == "th":
            self._begin_cell(tag)
        elif tag == "a":
            self._begin_link(given)
        elif tag == "img" or tag == "image":
            self._image(given)
        elif tag == "q":
            if self._quotes < _MOST_LISTS:
                self._quotes += 1
                self.mark += '"'
        elif tag in _BLOCKS:
            self._begin_block(tag, given)

    def _begin_block(self, tag: str, given: Mapping[str, str | None]) -> None:
        self._block(tag)
        if tag in _LISTS:
            if len(self._lists) < _MOST_LISTS:
                self._lists.append(_number(given.get("start"), 1) if tag == "ol" else None)
            else:
                self._deeper += 1
        elif tag == "pre":
            self._pre += 1
            self._fresh = True
        elif tag == "tr":
            self._row, self._cell = len(self.parts), ""

    def _item(self, given: Mapping[str, str | None]) -> None:
        self.block(1)
        number = self._lists[-1] if self._lists else None
        mark = "- "
        if number is not None:
            number = _number(given.get("value"), number)
            self._lists[-1] = number + 1
            mark = f"{number}. "
        self.mark = "  " * min(len(self._lists) - 1, _MOST_INDENT) + mark

    def _end_list(self) -> None:
        self.mark = ""
        if self._deeper:
            self._deeper -= 1
        elif self._lists:
            self._lists.pop()

    def _end_quote(self) -> None:
        if self._quotes:
            self._quotes -= 1
            if self.mark.endswith('"'):
                self.mark = self.mark[:-1]
            else:
                self.parts.append('"')

    def _begin_cell(self, tag: str) -> None:
        """Cells of a row stand side by side, unless they hold lines of their own."""
        if len(self.parts) > self._row and not self.breaks:
            self.joint = ": " if self._cell == "th" and tag == "td" else " / "
        self._cell = tag

    def _begin_link(self, given: Mapping[str, str | None]) -> None:
        self._end_link()
        href = given.get("href")
        if not href:
            return
        self._link = _address(href)
        if self._link is None:
            self.lost["link"] += 1
        else:
            self.heard = []

    def _end_link(self) -> None:
        """The address behind the words of a link, unless they are it."""
        address, heard = self._link, self.heard
        self._link = self.heard = None
        if address is None or heard is None:
            return
        if not heard:
            self.put(address)
        elif _bare(" ".join(heard)) != _bare(address):
            self.aside(f"({address})")

    def _image(self, given: Mapping[str, str | None]) -> None:
        if any(_number(given.get(side), 2) < 2 for side in ("width", "height")):
            self.lost["hidden"] += 1
            return
        self.lost["image"] += 1
        alt = _BLANKS.sub(" ", _UNSEEN.sub("", given.get("alt") or "")).strip(" ")
        if len(self.images) < MOST_IMAGES:
            self.images.append(Picture((given.get("src") or "").strip()[:_MOST_SOURCE], alt))
        if alt:
            self.put(alt)


_NONE: Mapping[str, str | None] = {}
_NEVER: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def _number(text: str | None, otherwise: int) -> int:
    found = _NUMBER.match(text) if text else None
    return int(found[1]) if found else otherwise


def _address(href: str) -> str | None:
    """What a reader can use of a link: an address of the web, of mail or a number; None where there is none."""
    if len(href) > MOST_ADDRESS:
        return None
    href = _UNSEEN.sub("", re.sub("[\t\n\r\f]", "", href)).strip()
    scheme, _, rest = href.partition(":")
    scheme = scheme.lower()
    if scheme in ("http", "https") and rest.startswith("//") and rest.strip("/"):
        return _BLANKS.sub("%20", href)
    if href.startswith("//") and href.strip("/"):
        return _BLANKS.sub("%20", "https:" + href)
    if scheme in ("mailto", "tel", "sms"):
        to = unquote(rest.partition("?")[0], errors="replace")
        return _BLANKS.sub(" ", _UNSEEN.sub("", to)).strip() or None
    return None


def _bare(address: str) -> str:
    """An address without what makes no difference to a reader."""
    return re.sub(r"^(?:https?://|mailto:|tel:|sms:)", "", address.strip().lower()).removesuffix("/").replace(" ", "")
