"""Settings: where they come from, which wins, and what is said of those that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidings.config import CarrierSettings, ConfigError, Retention, Settings, load, names

NORTH = '[[carriers]]\nname = "north"\nhost = "smsc.example.net"\n'


def loaded(
    tmp_path: Path, text: str = "", flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None
) -> Settings:
    """Settings from a file in the data folder, flags and variables."""
    if text:
        (tmp_path / "tidings.toml").write_text(text, encoding="utf-8")
    return load({"data": str(tmp_path), **(flags or {})}, environ or {})


def refusal(tmp_path: Path, text: str = "", flags: dict[str, Any] | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as fault:
        loaded(tmp_path, text, flags, environ)
    return str(fault.value)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert loaded(tmp_path) == Settings(data=str(tmp_path))
    assert load({}, {}).data == "./tidings-data"


WINNERS = [
    ("the file", "port = 1111\n", {}, {}, 1111),
    ("a variable over the file", "port = 1111\n", {"TIDINGS_PORT": "2222"}, {}, 2222),
    ("a flag over both", "port = 1111\n", {"TIDINGS_PORT": "2222"}, {"port": 3333}, 3333),
    ("a flag that was not given", "port = 1111\n", {}, {"port": None}, 1111),
    ("a variable alone", "", {"TIDINGS_PORT": "2222"}, {}, 2222),
]


@pytest.mark.parametrize(
    ("text", "environ", "flags", "port"), [case[1:] for case in WINNERS], ids=[case[0] for case in WINNERS]
)
def test_who_wins(tmp_path: Path, text: str, environ: dict[str, str], flags: dict[str, Any], port: int) -> None:
    assert loaded(tmp_path, text, flags, environ).port == port


def test_settings_of_a_table_are_mixed_one_by_one(tmp_path: Path) -> None:
    text = "[limits]\nin_memory = 5\nqueued_total = 6\n[delivery]\nattempts = 2\n"
    environ = {"TIDINGS_LIMITS_QUEUED_TOTAL": "7", "TIDINGS_DELIVERY_SWEEP": "0.25"}
    settings = loaded(tmp_path, text, {"limits.free_disk_mb": 8}, environ)
    assert (settings.limits.in_memory, settings.limits.queued_total, settings.limits.free_disk_mb) == (5, 7, 8)
    assert (settings.delivery.attempts, settings.delivery.sweep) == (2, 0.25)
    assert settings.limits.batch_messages == Settings().limits.batch_messages


MAIL: dict[str, Any] = {"email.host": "mail.example.com", "email.sender": "sms@example.com"}
UNFIT_MAIL = [
    ({"email.sender": ""}, "needs email.sender"),
    ({"email.sender": "SMS <sms@example.com>"}, "needs email.sender"),
    ({"email.sender": "sms@example.com\r\nBcc: x@y"}, "needs email.sender"),
    ({"email.host": "mail example"}, "email.host must be"),
    ({"email.username": "me"}, "go together"),
    ({"email.password": "secret"}, "go together"),
    ({"email.username": "me", "email.password": "s", "email.security": "none"}, "not sent in clear"),
    ({"email.username": "me", "email.password_file": "nowhere"}, "email.password_file cannot be read"),
    ({"email.tls_ca": "nowhere.pem"}, "there is no file"),
    ({"email.security": "ssl"}, "email.security"),
]


@pytest.mark.parametrize(("given", "why"), UNFIT_MAIL)
def test_settings_of_email_that_do_not_fit_are_told(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    assert why in refusal(tmp_path, "[email]\nport = 25\n", MAIL | given)


def test_the_password_for_email_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    text = '[email]\nhost = "h"\nsender = "a@b"\nusername = "me"\npassword_file = "secret"\n'
    assert loaded(tmp_path, text).email.password == "s3cret"


@pytest.mark.parametrize(("word", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_switches_in_variables(tmp_path: Path, word: str, value: bool) -> None:
    assert loaded(tmp_path, environ={"TIDINGS_SIMULATOR_ENABLED": word}).simulator.enabled is value


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("carriers.")])
def test_every_setting_is_known_as_a_variable(tmp_path: Path, name: str) -> None:
    """The value of the default, written as a variable, comes back."""
    default: Any = Settings(data=str(tmp_path))
    for part in name.split("."):
        default = getattr(default, part)
    # What has no default is a switch that nobody turned, or a port that nobody opened.
    expected = default if default is not None else 2775 if name.endswith("port") else True
    written = str(expected).lower() if isinstance(expected, bool) else str(expected)
    environ = {"TIDINGS_DATA": str(tmp_path), "TIDINGS_SMPP_TLS_CERTIFICATE": "a", "TIDINGS_SMPP_TLS_KEY": "b"}
    settings: Any = load({}, {**environ, "TIDINGS_" + name.upper().replace(".", "_"): written})
    for part in name.split("."):
        settings = getattr(settings, part)
    assert settings == expected


def test_the_file_lies_in_the_data_folder_or_where_it_is_said(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("port = 4444\n", encoding="utf-8")
    assert load({}, {"TIDINGS_DATA": str(tmp_path)}, other).port == 4444
    (tmp_path / "tidings.toml").write_text("port = 5555\n", encoding="utf-8")
    assert load({}, {"TIDINGS_DATA": str(tmp_path)}).port == 5555


def test_variables_of_others_and_of_the_command_line_are_let_be(tmp_path: Path) -> None:
    environ = {"HOME": "/", "TIDINGS_KEY": "k", "TIDINGS_URL": "u", "TIDINGS_CONFIG": "c"}
    assert loaded(tmp_path, environ=environ) == Settings(data=str(tmp_path))


# what cannot be used

UNKNOWN: list[tuple[str, str, dict[str, Any], dict[str, str], list[str]]] = [
    ("in the file", "prot = 1\n", {}, {}, ["`prot`", "`port`"]),
    ("in a table", "[limits]\nin_memry = 1\n", {}, {}, ["`limits.in_memry`", "`in_memory`"]),
    ("a table", "[limit]\nin_memory = 1\n", {}, {}, ["`limit`", "`limits`"]),
    ("of a carrier", NORTH + "windw = 5\n", {}, {}, ["`carriers[0].windw`", "`window`"]),
    ("a variable", "", {}, {"TIDINGS_PROT": "1"}, ["TIDINGS_PROT", "TIDINGS_PORT"]),
    ("a variable of a table", "", {}, {"TIDINGS_LIMITS_IN_MEMRY": "1"}, ["TIDINGS_LIMITS_IN_MEMORY"]),
    ("a flag", "", {"hsot": "x"}, {}, ["`hsot`", "`host`"]),
    ("nothing like it", "zzzzzz = 1\n", {}, {}, ["`zzzzzz`", "known:", "port"]),
]


@pytest.mark.parametrize(
    ("text", "flags", "environ", "told"), [case[1:] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN]
)
def test_an_unknown_name_is_told_with_the_nearest(
    tmp_path: Path, text: str, flags: dict[str, Any], environ: dict[str, str], told: list[str]
) -> None:
    said = refusal(tmp_path, text, flags, **environ)
    assert "unknown" in said
    assert [word for word in told if word not in said] == []


BAD: list[tuple[str, str, str]] = [
    ("a port beyond the last", "port = 70000\n", "`port`"),
    ("a word for a number", 'port = "much"\n', "`port`"),
    ("less than nothing", "[limits]\nfree_disk_mb = -1\n", "`limits.free_disk_mb`"),
    ("no memory at all", "[limits]\nin_memory = 0\n", "`limits.in_memory`"),
    ("no time at all", "[delivery]\nsweep = 0\n", "`delivery.sweep`"),
    ("events gone before the stream", "[retention]\nevents = 29\n", "stream.history (30)"),
    ("before webhooks", "[retention]\nevents = 50\n\n[webhooks]\nretention = 60\n", "webhooks.retention (60)"),
    ("messages gone before webhooks", "[retention]\nmessages = 29\n", "retention.messages is 29 days"),
    ("events gone with them", "[retention]\nmessages = 29\nevents = 0\n", "0 to keep messages for ever"),
    ("no attempts", "[delivery]\nattempts = 0\n", "`delivery.attempts`"),
    ("a value where a table belongs", "limits = 5\n", "`limits`"),
    ("a level nobody knows", 'log_level = "loud"\n', "log_level"),
    ("a carrier without a host", '[[carriers]]\nname = "north"\n', "`carriers[0]`"),
    ("a carrier's port", NORTH + "port = 0\n", "`carriers[0].port`"),
    ("a carrier's name", '[[carriers]]\nname = "North!"\nhost = "h"\n', "`carriers[0].name`"),
    ("a carrier's type", NORTH + 'type = "pigeon"\n', "`north`"),
    ("a carrier's bind", NORTH + 'bind = "receiver"\n', "transceiver"),
    ("two carriers of one name", NORTH + NORTH, "twice"),
    ("carriers that are no list", "carriers = 5\n", "`carriers`"),
    ("the simulator's name", NORTH.replace("north", "simulator") + "[simulator]\nenabled = true\n", "simulator"),
    ("no TOML", "port = \n", "tidings.toml"),
]


@pytest.mark.parametrize(("text", "told"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_value_names_its_setting(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, text)


def test_a_variable_below_a_value_is_told(tmp_path: Path) -> None:
    assert "`limits`" in refusal(tmp_path, "limits = 5\n", TIDINGS_LIMITS_IN_MEMORY="5")


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load({}, {}, tmp_path / "nowhere.toml")


def test_a_file_in_another_alphabet_is_told(tmp_path: Path) -> None:
    (tmp_path / "tidings.toml").write_bytes(b'host = "\xff"\n')
    assert "tidings.toml" in refusal(tmp_path)


# carriers

PASSWORDS = [
    ("written out", 'password = "a"\n', None, None, "a"),
    ("from a file beside the configuration", 'password_file = "secret"\n', " b \n", None, "b"),
    ("the file over the one written out", 'password = "a"\npassword_file = "secret"\n', "b", None, "b"),
    ("the variable over all", 'password = "a"\npassword_file = "secret"\n', "b", "c", "c"),
    ("the variable alone", "", None, "c", "c"),
    ("none", "", None, None, ""),
]


@pytest.mark.parametrize(
    ("lines", "file", "variable", "password"), [case[1:] for case in PASSWORDS], ids=[case[0] for case in PASSWORDS]
)
def test_a_password_comes_from(
    tmp_path: Path, lines: str, file: str | None, variable: str | None, password: str
) -> None:
    if file:
        (tmp_path / "secret").write_text(file, encoding="utf-8")
    environ = {"TIDINGS_CARRIER_NORTH_1_PASSWORD": variable} if variable else {}
    settings = loaded(tmp_path, NORTH.replace("north", "north-1") + lines, environ=environ)
    assert settings.carriers[0].password == password


def test_a_password_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = refusal(tmp_path, NORTH + 'password_file = "nowhere"\n')
    assert "`north`" in said
    assert "nowhere" in said


def test_a_password_file_that_is_no_text_is_told_without_its_octets(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"hush\xe9hush")
    said = refusal(tmp_path, NORTH + 'password_file = "secret"\n')
    assert "UTF-8" in said
    assert "hush" not in said
    assert "0xe9" not in said


@pytest.mark.parametrize(("written", "read"), [("ca.pem", "{folder}/ca.pem"), ("/etc/ca.pem", "/etc/ca.pem")])
def test_the_ca_file_lies_beside_the_configuration(tmp_path: Path, written: str, read: str) -> None:
    settings = loaded(tmp_path, NORTH + f'tls_ca = "{written}"\n')
    assert settings.carriers[0].tls_ca == read.format(folder=tmp_path)


def test_a_carrier_has_the_defaults_that_are_promised(tmp_path: Path) -> None:
    assert loaded(tmp_path, NORTH).carriers == (CarrierSettings(name="north", host="smsc.example.net"),)


SIMULATED = [
    ("nothing configured", "", True),
    ("a carrier configured", NORTH, False),
    ("a carrier and the simulator", NORTH + "[simulator]\nenabled = true\n", True),
    ("neither", "[simulator]\nenabled = false\n", False),
]


@pytest.mark.parametrize(("text", "runs"), [case[1:] for case in SIMULATED], ids=[case[0] for case in SIMULATED])
def test_when_the_simulator_runs(tmp_path: Path, text: str, runs: bool) -> None:
    assert loaded(tmp_path, text).simulated is runs


KEPT: list[tuple[int, int, int]] = [(400, 0, 400), (400, 90, 90), (60, 90, 60), (0, 90, 90), (0, 0, 0)]
"""Days of events, of messages, and what comes of the two."""


@pytest.mark.parametrize(("events", "messages", "days"), KEPT)
def test_events_are_kept_no_longer_than_their_messages(events: int, messages: int, days: int) -> None:
    settings = Settings(retention=Retention(events=events, messages=messages))
    assert settings.retention.of_events() == days
    assert settings.by_day().get("message_event", 0) == days
