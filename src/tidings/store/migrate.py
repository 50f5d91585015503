"""Versioned schema changes, each applied once, in order of their names."""

from __future__ import annotations

from importlib import resources


def available() -> list[tuple[str, str]]:
    """Every migration as (name, statements), oldest first."""
    folder = resources.files("tidings.store").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]
