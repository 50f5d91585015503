"""Settings: flags, then TIDINGS_* variables, then tidings.toml, folded into one frozen value."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field


class ConfigError(Exception):
    """A setting is unknown or has a value that cannot be used; the text says which and what to do."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field
        """The setting of a carrier at fault, where it is one."""


Port = Annotated[int, Meta(ge=0, le=65_535)]
Positive = Annotated[int, Meta(ge=1, le=1_000_000_000_000)]
NotNegative = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=366 * 86_400)]
"""At most a year: what is added to a moment stays one."""
Days = Annotated[int, Meta(ge=0, le=36_600)]


SmartEncoding = bool | Literal["transliterate"]
"""Whether look-alikes may take the place of what GSM-7 lacks; `transliterate`: other scripts too, in Latin letters."""


class CarrierSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[carriers]]` table: an SMSC this program binds to as ESME."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$(?!\n)")]
    type: str = "smpp"
    host: Annotated[str, Meta(pattern=r"^[!-.0-~\xa1-\U0010ffff]{1,255}$(?!\n)")]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 2775
    system_id: str = ""
    password: str = ""
    password_file: str | None = None
    system_type: str = ""
    bind: str = "transceiver"
    binds: Annotated[int, Meta(ge=1, le=64)] = 1
    window: Annotated[int, Meta(ge=1, le=10_000)] = 50
    rate: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    tls: bool = False
    tls_ca: str | None = None
    tls_verify: bool = True
    response_timeout: Seconds = 10.0
    enquire_link: Seconds = 30.0
    sender_rules: Literal["refuse", "replace", "off"] = "refuse"
    profile: dict[str, Any] = {}


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[limits]`: where acceptance pushes back instead of falling over."""

    body_bytes: Positive = 10 * 1024 * 1024
    connections: Positive = 5_000
    batch_messages: Positive = 10_000
    html_characters: Annotated[int, Meta(ge=1, le=1_000_000)] = 100_000
    queued_per_account: Positive = 1_000_000
    queued_total: Positive = 5_000_000
    otp_reserve: NotNegative = 10_000
    in_memory: Positive = 20_000
    free_disk_mb: NotNegative = 200
    commit_queue: Positive = 50_000
    rate_per_key: Annotated[float, Meta(ge=0)] = 0.0
    rate_per_account: Annotated[float, Meta(ge=0)] = 0.0


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[delivery]`: patience with carriers, in seconds, and attempts."""

    receipt_wait: Seconds = 72 * 3600.0
    attempts: Annotated[int, Meta(ge=1, le=100)] = 8
    backoff_first: Seconds = 2.0
    backoff_most: Seconds = 900.0
    throttle_pause: Seconds = 0.5
    sweep: Seconds = 1.0


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[retention]`: days until the text of an ended message is blanked, per category, until what happened to messages
    is dropped (`events`), ended messages with all that was stored with them (`messages`), and receipts that match
    none (`orphans`), what people did (`audit`), and counts of hours and days (`traffic`); 0 keeps it.
    """

    otp: Days = 0
    transactional: Days = 90
    conversation: Days = 365
    marketing: Days = 90
    events: Days = 400
    messages: Days = 0
    orphans: Days = 90
    audit: Days = 400
    traffic: Days = 400

    def of_events(self) -> int:
        """Days that events are kept: never longer than the messages they are of; 0 = for ever."""
        return min([days for days in (self.events, self.messages) if days], default=0)

    def of_texts(self) -> dict[str, int]:
        """Days by category; our own answers are kept as long as transactional messages."""
        return {
            "otp": self.otp, "transactional": self.transactional, "conversation": self.conversation,
            "marketing": self.marketing, "system": self.transactional,
        }  # fmt: skip


class InboundSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[inbound]`: texts from handsets."""

    reply_window: Annotated[float, Meta(gt=0, le=8_784)] = 168.0


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[webhooks]`: how events go out, and what they may reach."""

    allow_private: bool | None = None
    timeout: Annotated[float, Meta(gt=0, le=120)] = 15.0
    concurrency: Annotated[int, Meta(ge=1, le=100)] = 10
    retention: Annotated[int, Meta(ge=1)] = 30
    per_account: Positive = 1_000
    replay_rate: Annotated[float, Meta(gt=0)] = 50.0


class SignInSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[sign_in]`: sessions of people, in seconds, and which roles must have a second factor."""

    idle: Annotated[float, Meta(ge=300, le=366 * 86_400)] = 43_200.0
    longest: Annotated[float, Meta(ge=300, le=366 * 86_400)] = 604_800.0
    second_factor: str = ""

    @property
    def factor_roles(self) -> frozenset[str]:
        """Roles whose people must have a second factor."""
        return frozenset(one.strip() for one in self.second_factor.split(",") if one.strip())


class OidcSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[oidc]`: sign-in by an issuer of OpenID Connect; without `issuer` there is none."""

    issuer: str = ""
    name: Annotated[str, Meta(max_length=60)] = "single sign-on"
    client_id: str = ""
    client_secret: str = ""
    client_secret_file: str = ""
    role_claim: str = ""
    roles: str = ""
    domains: str = ""
    create: bool = False
    allow_private: bool = False

    @property
    def by_claim(self) -> dict[str, str]:
        """Roles by values of the claim `role_claim`, in the order in which they are looked for."""
        return _pairs(self.roles)

    @property
    def by_domain(self) -> dict[str, str]:
        """Roles by domains of e-mail addresses; "" where a domain is let in and brings none."""
        return {domain.lower(): role for domain, role in _pairs(self.domains).items()}


def _pairs(text: str) -> dict[str, str]:
    """`a=x, b` → `{"a": "x", "b": ""}`."""
    found = (one.strip().rpartition("=") for one in text.split(",") if one.strip())
    return {(name or value).strip(): value.strip() if name else "" for name, _, value in found}


class CodesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[codes]`: how many an account may have, and how often they may answer one number from another."""

    per_account: Positive = 5_000
    replies_per_minute: Positive = 10
    replies_per_day: Positive = 200


class EmailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[email]`: the mail server that takes what codes forward; without `host` there is no e-mail."""

    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    tls_ca: str = ""
    username: str = ""
    password: str = ""
    password_file: str = ""
    sender: str = ""
    timeout: Annotated[float, Meta(gt=0, le=300)] = 30.0
    per_day: Positive = 500


class StreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stream]`: how many may watch events live, and how far back one may go on."""

    clients: NotNegative = 500
    per_account: NotNegative = 100
    heartbeat: Annotated[float, Meta(ge=0.1, le=60)] = 15.0
    history: Annotated[int, Meta(ge=1, le=36_600)] = 30


class MetricsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[metrics]`: who may read the figures of this process."""

    open: bool = False


class OneUrlSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[one_url]`: sending by opening an address."""

    get: bool = False


class SimulatorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[simulator]`: the embedded carrier network."""

    enabled: bool | None = None
    smpp_port: Port = 0
    receipt_delay_ms: NotNegative = 0
    window: Annotated[int, Meta(ge=1, le=10_000)] = 500
    binds: Annotated[int, Meta(ge=1, le=16)] = 1


class SmppSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[smpp]`: the door that customers' ESMEs bind at; shut while it has no port."""

    host: str = "127.0.0.1"
    port: Port | None = None
    tls_port: Port | None = None
    tls_certificate: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    system_id: Annotated[str, Meta(pattern=r"^[!-~]{0,15}$(?!\n)")] = "tidings"
    connections: Positive = 1_000
    connections_per_address: Positive = 100
    window: Annotated[int, Meta(ge=1, le=10_000)] = 50
    login_timeout: Annotated[float, Meta(ge=1, le=3_600)] = 10.0
    response_timeout: Seconds = 30.0
    enquire_link: Seconds = 60.0
    strictness: Literal["strict", "normal", "lenient"] = "normal"
    delivery_retention: Annotated[int, Meta(ge=1, le=36_600)] = 30

    @property
    def is_open(self) -> bool:
        """Whether there is a door at all."""
        return self.port is not None or self.tls_port is not None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an operator may set. Seconds unless a name says otherwise."""

    data: str = "./tidings-data"
    role: str = "all"
    database: str = ""
    synchronous_commit: Literal["on", "remote_apply"] = "on"
    host: str = "127.0.0.1"
    port: Port = 8775
    reuse_port: bool = False
    log_level: str = "info"
    log_format: str = "text"
    default_sender: str = "TIDINGS"
    default_region: str = ""
    smart_encoding: SmartEncoding = False
    trusted_proxies: str = ""
    public_url: str = ""
    shutdown_grace: Annotated[float, Meta(ge=0, le=86_400)] = 10.0
    stop_reply: str = "You are unsubscribed and will get no more messages. Reply START to receive them again."
    start_reply: str = "You will receive messages again. Reply STOP to end, HELP for help."
    help_reply: str = "Reply STOP to get no more messages."
    limits: Limits = field(default_factory=Limits)
    delivery: Delivery = field(default_factory=Delivery)
    retention: Retention = field(default_factory=Retention)
    inbound: InboundSettings = field(default_factory=InboundSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    one_url: OneUrlSettings = field(default_factory=OneUrlSettings)
    simulator: SimulatorSettings = field(default_factory=SimulatorSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    codes: CodesSettings = field(default_factory=CodesSettings)
    email: EmailSettings = field(default_factory=EmailSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    oidc: OidcSettings = field(default_factory=OidcSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)
    smpp: SmppSettings = field(default_factory=SmppSettings)
    carriers: tuple[CarrierSettings, ...] = ()

    def does(self, work: str) -> bool:
        """Whether this process does the work of a role."""
        return self.role in (work, "all")

    def by_day(self) -> dict[str, int]:
        """For how many days what grows for ever is kept, by table; without what is kept for ever."""
        days = {"webhook_delivery": self.webhooks.retention, "webhook_attempt": self.webhooks.retention}
        events = self.retention.of_events()
        return days | ({"message_event": events} if events else {})

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses and ranges whose X-Forwarded-For is believed."""
        return tuple(one.strip() for one in self.trusted_proxies.split(",") if one.strip())

    @property
    def simulated(self) -> bool:
        """Whether the embedded simulator runs: by default, only while no carrier is configured."""
        return not self.carriers if self.simulator.enabled is None else self.simulator.enabled

    @property
    def webhooks_reach_inside(self) -> bool:
        """Whether webhooks may call private addresses: by default, only while the simulator is all there is."""
        if self.webhooks.allow_private is None:
            return self.simulated and not self.carriers
        return self.webhooks.allow_private


def names(kind: type[Struct] = Settings, prefix: str = "") -> Iterator[str]:
    """Every setting by its dotted name, `[[carriers]]` as `carriers.NAME`."""
    for item in msgspec.structs.fields(kind):
        if item.name == "carriers":
            yield from names(CarrierSettings, "carriers.")
        elif isinstance(item.type, type) and issubclass(item.type, Struct):
            yield from names(item.type, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}"


def load(flags: Mapping[str, Any], environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """Fold flags over variables over the file; raises ConfigError for anything it cannot use.

    `flags` holds dotted names; None means not given. Without `config` the file is `tidings.toml` in the data folder.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    variables = _variables(environ)
    file = (
        config or Path(given.get("data") or variables.get("data") or Settings.__struct_defaults__[0]) / "tidings.toml"
    )
    tree = _file(file, required=config is not None)
    for name, value in {**variables, **given}.items():
        _put(tree, name, value)
    _refuse_unknown(tree, Settings, "")
    if isinstance(tree.get("smpp"), dict):
        tree["smpp"] = _beside(tree["smpp"], file.parent)
    if isinstance(tree.get("oidc"), dict):
        tree["oidc"] = _with_secret("oidc", "client_secret", tree["oidc"], file.parent)
    if isinstance(tree.get("email"), dict):
        tree["email"] = _with_ca(_with_secret("email", "password", tree["email"], file.parent), file.parent)
    tree["carriers"] = _carriers(tree.get("carriers", []), environ, file.parent)
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as fault:
        raise ConfigError(f"{_pointer(str(fault))} (file {file}, TIDINGS_* variables or flags)") from None
    _check(settings)
    return settings


def _file(file: Path, required: bool) -> dict[str, Any]:
    if not file.exists() and not required:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"cannot read {file}: {fault}") from None


_NOT_SETTINGS = {"TIDINGS_KEY", "TIDINGS_URL", "TIDINGS_CONFIG"}


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """TIDINGS_LIMITS_BODY_BYTES → limits.body_bytes; passwords of carriers are taken elsewhere."""
    known = {"TIDINGS_" + name.upper().replace(".", "_"): name for name in names() if not name.startswith("carriers.")}
    found = {}
    for variable, value in environ.items():
        if not variable.startswith("TIDINGS_") or variable in _NOT_SETTINGS:
            continue
        if variable.startswith("TIDINGS_CARRIER_") and variable.endswith("_PASSWORD"):
            continue
        if variable not in known:
            raise ConfigError(f"unknown variable {variable}{_nearest(variable, known)}")
        found[known[variable]] = value
    return found


def _put(tree: dict[str, Any], name: str, value: Any) -> None:
    *rooms, last = name.split(".")
    for room in rooms:
        tree = tree.setdefault(room, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"`{room}` must be a table")
    tree[last] = value


def _refuse_unknown(tree: Mapping[str, Any], kind: type[Struct], prefix: str) -> None:
    types = {item.name: item.type for item in msgspec.structs.fields(kind)}
    for name, value in tree.items():
        if name not in types:
            raise ConfigError(f"unknown setting `{prefix}{name}`{_nearest(name, types)}")
        inner = types[name]
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, Struct):
            _refuse_unknown(value, inner, f"{prefix}{name}.")
        if name == "carriers" and isinstance(value, list):
            for at, carrier in enumerate(value):
                if isinstance(carrier, dict):
                    _refuse_unknown(carrier, CarrierSettings, f"carriers[{at}].")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(sorted(known))}"


def _carriers(tables: Any, environ: Mapping[str, str], folder: Path) -> Any:
    """Passwords by file or variable take the place of the one written out; files are looked for beside this one."""
    if not isinstance(tables, list):
        return tables
    return [
        _with_ca(_with_password(dict(table), environ, folder), folder) if isinstance(table, dict) else table
        for table in tables
    ]


def _beside(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Files of the door's TLS are looked for beside the configuration file."""
    named = ("tls_certificate", "tls_key", "tls_client_ca")
    return {
        name: str(folder / value) if name in named and value and isinstance(value, str) else value
        for name, value in table.items()
    }  # fmt: skip


def _with_secret(room: str, secret: str, table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same with a secret that stands in a file of its own, where it is not written out."""
    name = table.get(f"{secret}_file")
    if not name or table.get(secret):
        return table
    try:
        return {**table, secret: (folder / str(name)).read_text(encoding="utf-8").strip()}
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is not a file of UTF-8 text"
        raise ConfigError(f"{room}.{secret}_file cannot be read: {why}") from None


def _with_ca(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    if isinstance(table.get("tls_ca"), str) and table["tls_ca"]:
        table["tls_ca"] = str(folder / table["tls_ca"])
    return table


def _with_password(table: dict[str, Any], environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    variable = "TIDINGS_CARRIER_" + str(table.get("name", "")).upper().replace("-", "_") + "_PASSWORD"
    if variable in environ:
        table["password"] = environ[variable]
    elif table.get("password_file"):
        try:
            table["password"] = (folder / str(table["password_file"])).read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise ConfigError(f"carrier `{table.get('name')}`: cannot read password_file: {fault}") from None
        except ValueError:  # its text would quote octets of the secret
            raise ConfigError(f"carrier `{table.get('name')}`: password_file is not a file of UTF-8 text") from None
    return table


def check_carrier(carrier: CarrierSettings) -> None:
    """Raises ConfigError where settings of the right types make no carrier."""
    if carrier.type != "smpp":
        raise ConfigError(f"carrier `{carrier.name}`: type `{carrier.type}` is not known; known: smpp", "type")
    if carrier.bind not in _BINDS:
        raise ConfigError(f"carrier `{carrier.name}`: bind must be one of {', '.join(_BINDS)}", "bind")


_BINDS = ("transceiver", "transmitter+receiver")
_LEVELS = ("debug", "info", "warning", "error")


ROLES = ("all", "api", "engine", "worker")
"""What a process does: serve the API and the SMPP door; hold carriers; call webhooks and sweep; or all of it."""


def _check(settings: Settings) -> None:
    seen: set[str] = {"simulator"} if settings.simulated else set()
    for carrier in settings.carriers:
        if carrier.name in seen:
            raise ConfigError(
                f"carrier `{carrier.name}` is named twice (`simulator` is taken while the simulator runs)"
            )
        seen.add(carrier.name)
        check_carrier(carrier)
    if settings.database and not settings.database.startswith(("postgresql://", "postgres://")):
        raise ConfigError("database must begin with postgresql://, or be left out for SQLite in the data folder")
    if settings.role not in ROLES:
        raise ConfigError(f"role must be one of {', '.join(ROLES)}")
    if settings.role != "all" and not settings.database:
        raise ConfigError(
            f"role {settings.role} shares the work with other processes, which needs a PostgreSQL database: set "
            "`database`, or leave `role` out and one process does everything on SQLite"
        )
    for one in settings.proxies:
        try:
            ip_network(one)
        except ValueError:
            raise ConfigError(f"trusted_proxies: `{one}` is no address and no range like 10.0.0.0/8") from None
    door = settings.smpp
    if door.tls_port is not None and not (door.tls_certificate and door.tls_key):
        raise ConfigError("smpp.tls_port needs smpp.tls_certificate and smpp.tls_key, two files in PEM")
    _check_events(settings)
    _check_sign_in(settings)
    _check_email(settings.email)
    if settings.log_format not in ("text", "json"):
        raise ConfigError("log_format must be text or json")
    if settings.log_level not in _LEVELS:
        raise ConfigError(f"log_level must be one of {', '.join(_LEVELS)}")


PERSONAL_ROLES = ("owner", "admin", "agent", "analyst", "developer")
"""Roles of people."""
_ADDRESS = re.compile(r"https?://[^/\s?#@]+\Z")


def _check_sign_in(settings: Settings) -> None:
    if settings.public_url and not _ADDRESS.match(settings.public_url):
        raise ConfigError("public_url must be the address people open, like https://sms.example.com, without a path")
    for role in settings.sign_in.factor_roles:
        if role not in PERSONAL_ROLES:
            raise ConfigError(f"sign_in.second_factor: `{role}` is no role; there are {', '.join(PERSONAL_ROLES)}")
    oidc = settings.oidc
    if oidc.issuer and not oidc.issuer.startswith(("https://", "http://")):
        raise ConfigError("oidc.issuer must be the address of the issuer, like https://id.example.com/realms/acme")
    if oidc.issuer and not (oidc.client_id and oidc.client_secret):
        raise ConfigError("oidc.issuer needs oidc.client_id, and oidc.client_secret or oidc.client_secret_file")
    if oidc.roles and not oidc.role_claim:
        raise ConfigError("oidc.roles needs oidc.role_claim, the claim whose values it names")
    for name, role in (*oidc.by_claim.items(), *((name, role) for name, role in oidc.by_domain.items() if role)):
        if role not in PERSONAL_ROLES:
            raise ConfigError(f"oidc: `{name}` leads to `{role}`, which is no role; see `sign_in.second_factor`")


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MAIL_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@)(?=.{{1,254}}\Z){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\Z")
"""An address for e-mail: a dot-atom at a name (RFC 5322, section 3.4.1), of at most 254 octets (RFC 5321)."""


def _check_email(email: EmailSettings) -> None:
    if not email.host:
        return
    if not re.fullmatch(r"[!-.0-~\xa1-\U0010ffff]{1,255}", email.host):
        raise ConfigError("email.host must be the name or address of a mail server, like smtp.example.com")
    if not MAIL_ADDRESS.match(email.sender):
        raise ConfigError("email.host needs email.sender, the address that e-mails come from, like sms@example.com")
    if bool(email.username) != bool(email.password):
        raise ConfigError("email.username and email.password (or email.password_file) go together")
    if email.username and email.security == "none":
        raise ConfigError("email.username needs email.security starttls or tls: a password is not sent in clear")
    if email.tls_ca and not Path(email.tls_ca).is_file():
        raise ConfigError(f"email.tls_ca: there is no file {email.tls_ca}")


def _check_events(settings: Settings) -> None:
    """Events have to be there as long as anything may still tell of them."""
    of, kept = settings.retention, settings.retention.of_events()
    bound = "retention.events" if kept == of.events else "retention.messages"
    needed = {
        "stream.history": settings.stream.history, "webhooks.retention": settings.webhooks.retention,
        "smpp.delivery_retention": settings.smpp.delivery_retention,
    }  # fmt: skip
    for name, days in needed.items():
        if 0 < kept < days:
            raise ConfigError(
                f"{bound} is {kept} days, less than {name} ({days}), which tells of events; "
                f"raise it, lower the other, or set 0 to keep {bound.partition('.')[2]} for ever"
            )


def _pointer(fault: str) -> str:
    """`Expected `int` - at `$.limits.x`` → `setting `limits.x`: expected `int``."""
    what, _, where = fault.partition(" - at ")
    place = where.strip("`").removeprefix("$").removeprefix(".")
    return f"setting `{place}`: {what[:1].lower()}{what[1:]}" if place else what
