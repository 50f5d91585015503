"""Which elements styles hide: a `style` attribute, and the simple rules of a `<style>`.

Of the cascade (CSS Cascade 4) just enough for what is hidden in practice, such as the preview line of a mail: selectors
of one tag, one class, one id, or a tag with one of these. Where there is doubt, it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_CHARACTERS = 100_000
"""Characters of all `<style>` of a page that are read."""
MOST_RULES = 2_000
"""Selectors that are remembered."""
_MOST_CLASSES = 20

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|(?:max-height|opacity)\s*:\s*0(?:\.0*)?(?:px)?\s*(?:!|;|$))"
)
_RULE_HIDING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)\s*(!)?")
"""Not what fades in or unfolds: that is there to be seen."""
_SHOWING = re.compile(r"(?:^|;)\s*(?:display\s*:\s*(?!none)[a-z]|visibility\s*:\s*visible)[a-z\s-]*(!)?")
_SELECTOR = re.compile(r"([a-z][a-z0-9-]*)?([.#][\w-]+)?\Z", re.IGNORECASE)
_IMPORTANT, _BY_ATTRIBUTE, _BY_ID, _BY_CLASS, _BY_TAG = 1_000, 500, 100, 10, 1
_IN_DOUBT = 10_000
_NEVER_HIDDEN = frozenset(("html", "body"))
"""Hidden until a script has run, which no handset does."""


class Styles:
    """What the `<style>` elements of a page have said so far."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[int, bool]] = {}
        """Of each selector its weight, and whether it hides."""
        self._left = MOST_CHARACTERS

    def read(self, css: str, media: str = "") -> None:
        """One `<style>`; `media` as its attribute has it. Takes time in proportion to the length."""
        css, self._left = css[: self._left], max(0, self._left - len(css))
        open_blocks: list[str] = [f"@media {media}"] if media.strip() else []
        outer = len(open_blocks)
        start = 0
        css = _COMMENT.sub(" ", css)
        for brace in re.finditer("[{}]", css):
            between, start = css[start : brace.start()], brace.end()
            if brace[0] == "{":
                open_blocks.append(between.rpartition(";")[2].strip())
            elif len(open_blocks) > outer:
                selectors = open_blocks.pop()
                if not selectors.startswith("@"):
                    self._rule(selectors, between, open_blocks)

    def hides(self, tag: str, given: Mapping[str, str | None]) -> bool:
        """Whether an element with these attributes is not to be seen."""
        if not self._rules and "style" not in given:
            return False
        verdict = max((self._rules[key] for key in _keys(tag, given) if key in self._rules), default=(0, False))
        style = given.get("style")
        if style is None:
            return verdict[1]
        style = _COMMENT.sub(" ", style.lower())
        if _HIDING.search(style):
            return True
        shown = _SHOWING.search(style)
        return verdict[1] and (shown is None or verdict[0] > _weight(_BY_ATTRIBUTE, shown))

    def _rule(self, selectors: str, declarations: str, around: list[str]) -> None:
        declarations = declarations.lower()
        hiding, showing = _RULE_HIDING.search(declarations), _SHOWING.search(declarations)
        found = hiding or showing
        conditions = [one.lower() for one in around]
        if found is None or any(re.match(r"@media\s+(?:only\s+)?print\b", one) for one in conditions):
            return
        certain = all(re.match(r"@media\s+(?:only\s+)?(?:all|screen)\s*\Z", one) for one in conditions)
        if hiding and not certain:
            return
        for selector in selectors.split(","):
            part = _SELECTOR.match(selector.strip())
            if part is None or not part[0] or len(self._rules) >= MOST_RULES:
                continue
            tag, name = (part[1] or "").lower(), part[2] or ""
            if tag in _NEVER_HIDDEN and not name:
                continue
            weight = _IN_DOUBT if not certain else _weight(_specificity(tag, name), found)
            if weight >= self._rules.get(tag + name, (0, False))[0]:
                self._rules[tag + name] = weight, hiding is not None


def _specificity(tag: str, name: str) -> int:
    return (_BY_TAG if tag else 0) + ({"#": _BY_ID, ".": _BY_CLASS}[name[0]] if name else 0)


def _weight(specificity: int, found: re.Match[str]) -> int:
    return specificity + (_IMPORTANT if found[1] else 0)


def _keys(tag: str, given: Mapping[str, str | None]) -> list[str]:
    """The selectors that an element answers to."""
    names = [f".{one}" for one in (given.get("class") or "").split()[:_MOST_CLASSES]]
    if identity := given.get("id"):
        names.append(f"#{identity}")
    return [tag, *names, *(tag + name for name in names)]
