"""The verification that the page on webhooks shows works as shown."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from tidings.core import signing

PAGE = Path(__file__).parents[2] / "docs/howto/webhooks.md"


def test_the_example_verifies_what_is_signed_and_nothing_else() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    shown: dict[str, Any] = {}
    exec(code, shown)  # the page's own words are what is tested
    verified = shown["verified"]
    octets, now = bytes(range(32)), int(time.time() * 1000)
    headers, body = signing.headers([b"old" * 9, octets], "evt_1", now, b'{"a":1}'), b'{"a":1}'
    secret = signing.shown_secret(octets)
    assert verified(headers, body, secret)
    assert not verified(headers, body + b" ", secret)
    assert not verified(headers, body, signing.shown_secret(b"another" * 5))
    assert not verified(signing.headers([octets], "evt_1", now - 400_000, body), body, secret)
