"""Write which country a number belongs to, by its first digits, to `calling_codes.json` of the program's data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

FILE = Path(__file__).parents[2] / "src" / "tidings" / "data" / "calling_codes.json"
NOTE = (
    "First digits of an E.164 number, without the plus, to its region by ISO 3166 (001: no country); the longest that "
    "matches counts. Under +1 the area code tells; a territory whose numbers cannot be told by a few first digits "
    "counts with the country whose code it shares, such as Jersey with GB."
)
SOURCES = (
    "Public numbering metadata of libphonenumber (Apache-2.0), by way of phonenumbers; `make golden` writes it anew."
)
NANP = 1


def prefixes() -> dict[str, str]:
    """First digits to region."""
    found: dict[str, str] = {}
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        found[str(code)] = regions[0]
        for region in regions[1:]:
            for digits in _leading(region):
                found[f"{code}{digits}"] = region
    for area in range(200, 1000):
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{area}2345678"))
        if region == "CA":
            found[f"{NANP}{area}"] = region
    return dict(sorted(found.items()))


def _leading(region: str) -> list[str]:
    """The shortest first digits of the national numbers of a region; none where its metadata names none."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or not metadata.leading_digits:
        return []
    pattern = re.compile(metadata.leading_digits)
    return [
        digits for length in range(1, 6) for n in range(10**length) if pattern.fullmatch(digits := f"{n:0{length}}")
    ]


def fresh() -> str:
    """The file as it should be."""
    rows = ",\n".join(f"  {json.dumps(digits)}: {json.dumps(region)}" for digits, region in prefixes().items())
    return f'{{\n "note": {json.dumps(NOTE)},\n "sources": {json.dumps(SOURCES)},\n "prefixes": {{\n{rows}\n }}\n}}\n'


if __name__ == "__main__":
    FILE.write_text(fresh(), encoding="utf-8")
