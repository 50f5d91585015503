"""Random octets as text that people and addresses can carry."""

from __future__ import annotations

import base64

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Those that nobody takes for another; 31, so an octet is folded with little loss of chance."""


def text_of(octets: bytes) -> str:
    """A secret for addresses and cookies: Base64url (RFC 4648 §5) without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def typed(octets: bytes, group: int = 4) -> str:
    """A secret to be read and typed, a letter an octet: `K7QF-M2XA-9TRV`."""
    letters = "".join(_LETTERS[octet % len(_LETTERS)] for octet in octets)
    return "-".join(letters[at : at + group] for at in range(0, len(letters), group))


def as_typed(text: str) -> str:
    """The same, however it was typed: letter case, blanks and dashes do not matter."""
    letters = "".join(letter for letter in text.upper() if letter in _LETTERS)
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
