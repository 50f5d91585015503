"""The HTML of requests as text, each page read once however many messages bring it."""

from __future__ import annotations

from collections.abc import Sequence

from tidings.core.request import Invalid, Request
from tidings.pipeline.house import House
from tidings.text.html import Readable, readable

AT_ONCE = 50_000
"""Characters that are read before others get their turn."""

Pages = dict[str, Readable]
"""HTML to what it says. What is too long to be read is missing."""


async def read(house: House, requests: Sequence[Request | Invalid]) -> Pages:
    """The pages of all requests that bring HTML; nothing where none does."""
    pages: Pages = {}
    done = 0
    for request in requests:
        if isinstance(request, Invalid) or request.html is None or request.html in pages:
            continue
        if len(request.html) > house.settings.limits.html_characters:
            continue
        pages[request.html] = readable(request.html)
        done += len(request.html)
        if done >= AT_ONCE:
            done = 0
            await house.breathe()
    return pages


def read_one(house: House, html: str) -> Readable | None:
    """One page; None where it is too long to be read."""
    return readable(html) if len(html) <= house.settings.limits.html_characters else None
