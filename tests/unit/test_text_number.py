"""Numbers as people write them become E.164 or short codes, or are refused with a reason that helps."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from golden import calling_codes
from tidings.data import load
from tidings.text.country import country, refuses_names, registers_names
from tidings.text.number import E164, SHORT_CODE, WRITTEN, Unusable, is_name, is_region, likely, normal, sender_of

PAGE = Path(__file__).parents[2] / "docs/reference/numbers.md"
SHOWN = [
    (written, region, cell)
    for written, *cells in re.findall(r"^\| `([^`]+)` \| (\S+) \| (\S+) \| (\S+) \|$", PAGE.read_text(), flags=re.M)
    for region, cell in zip(("", "US", "GB"), cells, strict=True)
]


@pytest.mark.parametrize(("written", "region", "cell"), SHOWN)
def test_what_the_page_says(written: str, region: str, cell: str) -> None:
    found = normal(written, region)
    assert (found if isinstance(found, str) else "refused") == cell


def test_the_page_shows_something() -> None:
    assert len(SHOWN) >= 39


MORE = [
    ("91234567", "NO", "+4791234567"),
    ("912 34 567", "NO", "+4791234567"),
    ("06 12 34 56 78", "FR", "+33612345678"),
    ("0151 23456789", "DE", "+4915123456789"),
    ("06 1234 5678", "IT", "+390612345678"),
    ("11 15 2345-6789", "AR", "+5491123456789"),
    ("312345", "AD", "+376312345"),
    ("12345", "US", "12345"),
    (" +1\u00a0555\u2011123 0100 ", "", "+15551230100"),
    ("(+44) 20/7946.0123", "", "+442079460123"),
    ("0044 20 7946 0123", "GB", "+442079460123"),
    ("0044 20 7946 0123", "US", "+442079460123"),
]


@pytest.mark.parametrize(("written", "region", "number"), MORE)
def test_forms_people_type(written: str, region: str, number: str) -> None:
    assert normal(written, region) == number


REFUSED = [
    ("", "", "must be E.164"),
    ("12", "", "must be E.164"),
    ("15551230100", "", "no country code"),
    ("+1555CALLNOW", "", "U+0043 at position 5"),
    ("+1555123010\n", "", "U+000A at position 11"),
    ("１５５５", "", "U+FF11 at position 0"),
    ("+0551230100", "", "behind the plus"),
    ("++15551230100", "", "U+002B at position 1"),
    ("+ +15551230100", "", "U+002B at position 2"),
    ("+123456", "", "has 6 digits"),
    ("+1234567890123456", "", "has 16 digits"),
    ("1" * 33, "", "at most 32"),
    ("5550100", "US", "area code"),
    ("415 5501", "US", "area code"),
    ("0123456789012345", "US", "too long"),
    ("12", "US", "too short"),
    ("1", "GB", "wrong length"),
]


@pytest.mark.parametrize(("written", "region", "why"), REFUSED)
def test_refusals_say_what_is_wrong(written: str, region: str, why: str) -> None:
    found = normal(written, region)
    assert isinstance(found, Unusable)
    assert why in found.why


@given(st.from_regex(E164, fullmatch=True))
def test_plain_e164_is_taken_by_its_length_alone(number: str) -> None:
    assert normal(number) == normal(number, "US") == number


SPREAD = st.tuples(st.sampled_from(["+", "00"]), st.integers(1, 9), st.lists(st.sampled_from("0123456789"), min_size=6))


@given(SPREAD, st.lists(st.sampled_from(["", "", " ", "-", ") ", "/", " ("]), min_size=14, max_size=14))
def test_what_the_api_document_calls_a_number_is_one(parts: tuple[str, int, list[str]], gaps: list[str]) -> None:
    plus, first, digits = parts
    written = f"{plus}{first}" + "".join(gap + digit for gap, digit in zip(gaps, digits[:14], strict=False))
    assume(len(written) <= 32 and WRITTEN.match(written))
    found = normal(written)
    assert isinstance(found, str)
    assert E164.match(found)
    assert normal(found) == found


@given(st.text("+0123456789 ()-./\u0660x", max_size=34), st.sampled_from(["", "US", "GB", "NO", "IT", "DE"]))
def test_whatever_is_written_is_a_number_a_short_code_or_refused(written: str, region: str) -> None:
    found = normal(written, region)
    assert isinstance(found, Unusable) or E164.match(found) or SHORT_CODE.match(found)
    assert not isinstance(found, str) or normal(found) == found


def test_senders() -> None:
    assert sender_of("ACME Inc") == "ACME Inc"
    assert sender_of("+1 (555) 123-0100") == "+15551230100"
    assert isinstance(sender_of("Ümlaut"), Unusable)
    assert [is_name(one) for one in ("ACME", "3M", "+15551230100", "741741")] == [True, True, False, False]


def test_ranges_in_use() -> None:
    assert [likely(one) for one in ("+14155550100", "+442079460123", "+15551230100", "+99912345678")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_regions() -> None:
    assert [is_region(one) for one in ("US", "GB", "XK", "us", "ZZ", "001", "")] == [True, True, True, *[False] * 4]


# countries


COUNTRIES = [
    ("+15551230100", "US"), ("+14165550100", "CA"), ("+17875550100", "PR"), ("+18765550100", "JM"),
    ("+8613800138000", "CN"), ("+77012345678", "KZ"), ("+79161234567", "RU"), ("+441534123456", "GB"),
    ("+80012345678", None), ("+99912345678", None), ("741741", None),
]  # fmt: skip


@pytest.mark.parametrize(("number", "region"), COUNTRIES)
def test_a_number_tells_its_country(number: str, region: str | None) -> None:
    assert country(number) == region


@pytest.mark.slow
def test_the_table_is_the_one_its_source_gives() -> None:
    assert calling_codes.FILE.read_text(encoding="utf-8") == calling_codes.fresh(), "run `make golden`"


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_example_of_every_region_is_at_home_there(region: str) -> None:
    example = phonenumbers.example_number(region)
    number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    main = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[example.country_code][0]
    told_apart = region in load("calling_codes")["prefixes"].values()
    assert country(number) == (region if told_apart else main)


def test_countries_that_take_no_names() -> None:
    assert [refuses_names(one) for one in ("US", "CA", "PR", "CN", "JM", None)] == [
        "United States", "Canada", "Puerto Rico", "China", None, None,
    ]  # fmt: skip
    assert [registers_names(one) for one in ("IN", "SG", "GB", "DE", None)] == ["India", "Singapore", None, None, None]


# what is loaded


def modules(code: str) -> set[str]:
    """The modules loaded after this code ran in a process of its own."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_the_library_is_loaded_for_national_numbers_only_and_its_geography_never() -> None:
    plain = modules(
        "import tidings.app, tidings.cli\nfrom tidings.text.number import normal\n"
        "normal('+15551230100'); normal('741741'); normal('+1 (555) 123-0100'); normal('x')"
    )
    assert not any(one.split(".")[0] == "phonenumbers" for one in plain)
    national = modules(
        "from tidings.text.number import normal, likely, is_region\n"
        "normal('(415) 555-0100', 'US'); normal('x', 'US'); likely('+442079460123'); is_region('GB')"
    )
    assert "phonenumbers" in national
    never = ("geocoder", "carrier", "timezone", "geodata", "carrierdata", "tzdata")
    assert not [one for one in national if one.startswith(tuple(f"phonenumbers.{name}" for name in never))]
