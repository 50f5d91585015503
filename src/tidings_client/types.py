"""What the API takes and answers, as typed dictionaries. Written by clients/python/write.py."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Account(TypedDict):
    """A tenant: messages, keys and senders that nobody else sees."""

    id: str
    name: str
    senders: list[str]
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    default_region: str | None
    smart_encoding: bool | Literal["transliterate"] | None
    sender_smart_encoding: dict[str, Any]
    created_at: str
    closed_at: str | None


class AccountChange(TypedDict):
    """What shall be different about an account; what is not named stays."""

    name: NotRequired[str]
    senders: NotRequired[list[str]]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]
    default_region: NotRequired[str | None]
    smart_encoding: NotRequired[bool | Literal["transliterate"] | None]
    sender_smart_encoding: NotRequired[dict[str, Any]]


class AccountPage(TypedDict):
    """Accounts, newest first; closed ones too."""

    data: list[Account]
    next_cursor: str | None


class AccountRequest(TypedDict):
    """An account to be opened."""

    name: str
    senders: NotRequired[list[str]]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]
    default_region: NotRequired[str | None]
    smart_encoding: NotRequired[bool | Literal["transliterate"] | None]
    sender_smart_encoding: NotRequired[dict[str, Any]]


class Actor(TypedDict):
    """Who did it."""

    kind: str
    id: str | None
    name: str


class AddToList(TypedDict):
    """Not built yet: refused."""

    type: Literal["list"]


class Advice(TypedDict):
    """How bad it is, what is the matter, what to do."""

    severity: Literal["error", "note", "warning"]
    what: str
    do: str


class Alive(TypedDict):
    """The process lives."""

    status: NotRequired[Literal["ok"]]


class Analysis(TypedDict):
    """What a text costs, and why."""

    text: str
    characters: int
    sendable: bool
    why_not: str | None
    encoding: str | None
    unit: Literal["septet", "utf16"] | None
    segments: int | None
    units: int
    room_left: int
    parts: list[Cut]
    forces_ucs2: Drivers
    takes_two: Drivers
    smart_encoding: Smarter | None
    html: Page | None


class Arrival(TypedDict):
    """What the issuer sent along in the address of the page that the browser returned to."""

    code: str
    state: str


class AttemptStory(TypedDict):
    """One segment handed, or about to be handed, to a carrier."""

    part: int
    carrier: str
    bind: str
    outcome: str | None
    carrier_id: str | None
    carrier_code: str | None
    detail: str | None
    started_at: str
    answered_at: str | None
    took_ms: int | None
    receipt: str | None
    receipt_code: str | None
    pdu: PduSummary | None


class AuditEntry(TypedDict):
    """One line of the log."""

    id: str
    occurred_at: str
    action: str
    actor: Actor
    address: str
    subject: Subject | None
    detail: dict[str, Any] | None


class AuditPage(TypedDict):
    """Lines, newest first."""

    data: list[AuditEntry]
    next_cursor: str | None


class Batch(TypedDict):
    """Many messages in one request."""

    messages: list[MessageRequest]
    atomic: NotRequired[bool]


class BatchAnswer(TypedDict):
    """What became of each item, in order."""

    data: list[BatchOutcome]
    accepted: int
    rejected: int


class BatchOutcome(TypedDict):
    """What became of one item: `id` and `status` when it is on its way, else `error`."""

    index: int
    id: NotRequired[str | None]
    status: NotRequired[str | None]
    error: NotRequired[ProblemDetails | None]


class BindState(TypedDict):
    """One bind as it stands."""

    name: str
    kind: str
    state: Literal["connecting", "down", "flapping", "up"]
    bound: bool
    since: str
    paused: bool
    error: NotRequired[str | None]
    permanent: NotRequired[bool]
    change: NotRequired[str | None]
    system_id: NotRequired[str]
    smsc: NotRequired[str | None]
    interface_version: NotRequired[str]
    smsc_interface_version: NotRequired[str | None]
    window: NotRequired[int]
    in_flight: NotRequired[int]
    free: NotRequired[int]
    pace: NotRequired[float | None]
    congestion: NotRequired[int | None]
    round_trip_ms: NotRequired[float | None]
    traffic: NotRequired[Traffic]


class CallWebhook(TypedDict):
    """Call an address with what was said, and send what it answers."""

    type: Literal["webhook"]
    url: str
    replies: NotRequired[Literal["json", "none", "text", "twiml"]]


class Canned(TypedDict):
    """A reply that is kept ready."""

    id: str
    name: str
    text: str
    created_at: str


class CannedChange(TypedDict):
    """What shall be different about a reply that is kept ready."""

    name: NotRequired[str]
    text: NotRequired[str]


class CannedList(TypedDict):
    """Replies that are kept ready, newest first."""

    data: list[Canned]
    next_cursor: str | None


class CannedRequest(TypedDict):
    """A reply to be kept ready."""

    name: str
    text: str


class CarrierChange(TypedDict):
    """What shall be different about a carrier; what is not named stays."""

    host: NotRequired[str]
    port: NotRequired[int]
    system_id: NotRequired[str]
    password: NotRequired[str]
    system_type: NotRequired[str]
    bind: NotRequired[str]
    binds: NotRequired[int]
    window: NotRequired[int]
    rate: NotRequired[float]
    tls: NotRequired[bool]
    tls_ca: NotRequired[str | None]
    tls_verify: NotRequired[bool]
    response_timeout: NotRequired[float]
    enquire_link: NotRequired[float]
    sender_rules: NotRequired[Literal["off", "refuse", "replace"]]
    profile: NotRequired[dict[str, Any]]


class CarrierGone(TypedDict):
    """It is taken away."""

    pending: NotRequired[str | None]


class CarrierList(TypedDict):
    """All carriers, in the order of the configuration."""

    data: list[CarrierState]


class CarrierRequest(TypedDict):
    """A carrier to be made: the settings of a `[[carriers]]` table."""

    name: str
    type: NotRequired[str]
    host: str
    port: NotRequired[int]
    system_id: NotRequired[str]
    password: NotRequired[str]
    system_type: NotRequired[str]
    bind: NotRequired[str]
    binds: NotRequired[int]
    window: NotRequired[int]
    rate: NotRequired[float]
    tls: NotRequired[bool]
    tls_ca: NotRequired[str | None]
    tls_verify: NotRequired[bool]
    response_timeout: NotRequired[float]
    enquire_link: NotRequired[float]
    sender_rules: NotRequired[Literal["off", "refuse", "replace"]]
    profile: NotRequired[dict[str, Any]]


class CarrierState(TypedDict):
    """One carrier as it stands at this moment."""

    name: str
    type: str
    address: str
    source: NotRequired[Literal["api", "file", "simulator"]]
    state: NotRequired[Literal["connecting", "degraded", "down", "flapping", "paused", "unattended", "up"]]
    paused_at: NotRequired[str | None]
    rate: NotRequired[float]
    waiting: NotRequired[int]
    binds_up: int
    binds_total: int
    down_reason: NotRequired[str | None]
    permanent: NotRequired[bool]
    answers: NotRequired[dict[str, Any]]
    engine: NotRequired[str | None]
    engine_since: NotRequired[str | None]
    pending: NotRequired[str | None]
    binds: NotRequired[list[BindState]]
    settings: NotRequired[dict[str, Any] | None]


class CarrierTest(TypedDict):
    """A test as it stands."""

    carrier: str
    message: str
    status: str
    text: str | None
    done: bool
    notes: list[str]
    smsc_interface_version: str | None
    id_in_response: str | None
    id_in_receipt: str | None
    id_form: str | None
    receipt_form: str | None
    receipt_state: str | None
    receipt_error: str | None
    response_ms: int | None
    receipt_ms: int | None
    profile: str
    learned: dict[str, Any]


class CarrierTestBegun(TypedDict):
    """A test whose text is on its way."""

    carrier: str
    message: str
    text: str | None


class Checked(TypedDict):
    """What a check of a signature found."""

    valid: bool
    problem: str | None
    signed: str
    signed_octets: int
    expected: str
    got: list[str]
    difference: str | None


class Choice(TypedDict):
    """The carrier a message would go to, or none, and why."""

    carrier: str | None
    why: str


class ChosenPersonality(TypedDict):
    """Who is to be shown which personality."""

    personality: str
    system_id: NotRequired[str | None]


class Close(TypedDict):
    """A code that was for the text too, or nearly, and why it was not chosen."""

    code: str
    keyword: str
    why: str


class Code(TypedDict):
    """A code as it is stored."""

    id: str
    name: str
    keywords: list[str]
    translations: dict[str, Any]
    fuzzy: bool
    regex: str | None
    default: bool
    parameters: list[Parameter]
    senders: list[str]
    priority: int
    starts_at: str | None
    ends_at: str | None
    hours: Hours | None
    time_zone: str
    help: str
    actions: list[Reply | TagIt | SetField | OptIn | OptOut | CallWebhook | Forward | Inbox | AddToList | StartWorkflow]
    enabled: bool
    created_at: str
    changed_at: str
    reports: list[Report] | None


class CodeCall(TypedDict):
    """A webhook or an e-mail of a code, and what came of it."""

    id: str
    url: str
    status: str
    attempts: int
    next_at: str | None
    note: str


class CodeChange(TypedDict):
    """What shall be different about a code; what is not named stays."""

    name: NotRequired[str]
    keywords: NotRequired[list[str]]
    translations: NotRequired[dict[str, Any]]
    fuzzy: NotRequired[bool]
    regex: NotRequired[str | None]
    default: NotRequired[bool]
    parameters: NotRequired[list[Parameter]]
    senders: NotRequired[list[str]]
    priority: NotRequired[int]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    hours: NotRequired[Hours | None]
    time_zone: NotRequired[str]
    help: NotRequired[str]
    actions: NotRequired[
        list[Reply | TagIt | SetField | OptIn | OptOut | CallWebhook | Forward | Inbox | AddToList | StartWorkflow]
    ]
    enabled: NotRequired[bool]


class CodeDone(TypedDict):
    """One thing that a code did, or why it did not."""

    action: str
    message: NotRequired[str | None]
    call: NotRequired[str | None]
    note: NotRequired[str]


class CodeGuard(TypedDict):
    """What the guard said of sending anything because of this text."""

    rule: str
    allowed: bool
    detail: str


class CodeImport(TypedDict):
    """Codes of a file: all are stored or none. One that has the name of a stored one takes its place."""

    codes: list[Rule]
    dry_run: NotRequired[bool]


class CodePage(TypedDict):
    """Codes, newest first."""

    data: list[Code]
    next_cursor: str | None


class CodeReports(TypedDict):
    """What all codes of the account do to each other: 200 at the most."""

    data: list[Report]


class CodeStory(TypedDict):
    """The code that a text from a handset was for, and what it did."""

    id: str | None
    name: str
    how: str
    keyword: str
    language: str
    trouble: CodeTrouble | None
    guard: CodeGuard | None
    done: list[CodeDone]
    calls: NotRequired[list[CodeCall]]


CodeTest = TypedDict(
    "CodeTest",
    {
        "text": "str",
        "to": "NotRequired[str]",
        "from": "NotRequired[str]",
        "at": "NotRequired[str | None]",
        "code": "NotRequired[Rule | None]",
    },
)


class CodeTested(TypedDict):
    """What a text would meet with."""

    system: str | None
    code: str | None
    how: str | None
    keyword: str
    language: str
    parameters: dict[str, Any]
    trouble: Trouble | None
    actions: list[WouldDo]
    close: list[Close]


class CodeTrouble(TypedDict):
    """Which parameter of a text was wrong, and how."""

    name: str
    parameter: str | None


class CodesImported(TypedDict):
    """What became of a file of codes."""

    data: list[Code]
    reports: list[Report]


class Contact(TypedDict):
    """A person."""

    id: str
    numbers: list[str]
    name: str
    fields: dict[str, Any]
    tags: list[str]
    notes: str
    created_at: str
    changed_at: str


class ContactChange(TypedDict):
    """What shall be different about a contact; what is not named stays."""

    numbers: NotRequired[list[str]]
    name: NotRequired[str]
    fields: NotRequired[dict[str, Any]]
    tags: NotRequired[list[str]]
    notes: NotRequired[str]


class ContactMerge(TypedDict):
    """The other contact that is the same person."""

    contact: str


class ContactPage(TypedDict):
    """Contacts, newest first."""

    data: list[Contact]
    next_cursor: str | None
    incomplete: NotRequired[bool]


class ContactRequest(TypedDict):
    """A person to be kept."""

    numbers: list[str]
    name: NotRequired[str]
    fields: NotRequired[dict[str, Any]]
    tags: NotRequired[list[str]]
    notes: NotRequired[str]


Conversation = TypedDict(
    "Conversation",
    {
        "id": "str",
        "from": "str",
        "number": "str",
        "contact": "Contact",
        "status": "str",
        "snoozed_until": "str | None",
        "assignee": "str | None",
        "labels": "list[str]",
        "unread": "int",
        "last_message": "Message | None",
        "created_at": "str",
    },
)


class ConversationChange(TypedDict):
    """What shall be different about a conversation; what is not named stays."""

    status: NotRequired[Literal["closed", "open", "snoozed"]]
    snoozed_until: NotRequired[str]
    assignee: NotRequired[str | None]
    labels: NotRequired[list[str]]
    read: NotRequired[bool]


class ConversationList(TypedDict):
    """Conversations, those with the newest message first."""

    data: list[Conversation]
    next_cursor: str | None
    incomplete: NotRequired[bool]


ConversationRequest = TypedDict(
    "ConversationRequest",
    {
        "to": "str",
        "from": "NotRequired[str | None]",
    },
)


class Cut(TypedDict):
    """One segment as it would go out."""

    part: int
    text: str
    units: int
    room: int


class DatabaseState(TypedDict):
    """What the database tells of itself."""

    engine: Literal["postgresql", "sqlite"]
    version: str
    supported: NotRequired[bool]
    supported_until: NotRequired[str | None]
    size_mb: NotRequired[int]
    unused_mb: NotRequired[int]
    wal_mb: NotRequired[int | None]
    tables: NotRequired[list[TableState]]
    oldest_transaction_s: NotRequired[float]
    oldest_transaction_by: NotRequired[str]
    oldest_ids: NotRequired[int]
    connections: NotRequired[int]
    connections_most: NotRequired[int]
    servers: NotRequired[int]
    synchronous_commit: NotRequired[str]
    waits_for: NotRequired[str]
    standbys: NotRequired[list[StandbyState]]
    slots: NotRequired[list[SlotState]]
    days: NotRequired[list[DaysState]]
    settings: NotRequired[dict[str, Any]]
    hidden: NotRequired[bool]


class DaysState(TypedDict):
    """What the database keeps in a partition for each day; dates by the clock of its server."""

    name: str
    first: NotRequired[str | None]
    age: NotRequired[int]
    ahead: NotRequired[int]
    strays: NotRequired[int]


class Delivery(TypedDict):
    """One event on its way to one endpoint."""

    id: str
    webhook: str | None
    url: str | None
    event: str
    type: str
    message_id: str | None
    occurred_at: str
    status: str
    attempts: int
    created_at: str
    next_at: str | None
    finished_at: str | None
    reply_id: str | None


class DeliveryList(TypedDict):
    """Deliveries, newest first."""

    data: list[Delivery]
    next_cursor: str | None
    incomplete: NotRequired[bool]


class DeliveryStory(TypedDict):
    """A delivery with its newest attempts, and its body as it would be sent now."""

    delivery: Delivery
    attempts: list[Try]
    request: Any


class Diagnosis(TypedDict):
    """The doctor's advice, worst first, and the figures it was made from."""

    data: list[Advice]
    snapshot: Snapshot


class DoorState(TypedDict):
    """The SMPP door as it stands at this moment."""

    addresses: list[str]
    connections: int
    connections_most: int
    turned_away: int
    binds: int
    esmes: int
    refused: NotRequired[dict[str, Any]]


class Driver(TypedDict):
    """A character that makes a text dear."""

    character: str
    codepoint: str
    count: int
    at: int
    instead: str | None


class Drivers(TypedDict):
    """Characters that make a text dear for one reason."""

    characters: list[Driver]
    distinct: int
    count: int
    extra_segments: int | None


class Erasure(TypedDict):
    """What was erased by this call."""

    digest: str
    messages: int
    receipts: int
    evidence: int
    left: int
    complete: bool


class ErasureRequest(TypedDict):
    """Who is to be erased."""

    number: str


class Esme(TypedDict):
    """A customer's ESME without its password."""

    id: str
    account_id: str
    name: str
    system_id: str
    networks: list[str]
    bind_types: list[str]
    max_binds: int
    window: int
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    tls: bool
    certificate: str | None
    alphabet: str
    category: str
    senders: list[str]
    interface_version: str
    message_id_form: str
    receipt_format: str
    receipt_pdu: str
    receipt_seconds: bool
    receipt_text: bool
    receipt_id_form: str | None
    inbound: list[str]
    concatenation: str
    queue_most: int
    queue_hours: int
    created_at: str
    closed_at: str | None
    rotating_until: str | None
    last_bound_at: str | None
    binds: list[Session]


class EsmeChange(TypedDict):
    """What shall be different about an ESME; what is not named stays."""

    name: NotRequired[str]
    system_id: NotRequired[str]
    networks: NotRequired[list[str]]
    bind_types: NotRequired[list[Literal["receiver", "transceiver", "transmitter"]]]
    max_binds: NotRequired[int]
    window: NotRequired[int]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]
    tls: NotRequired[bool]
    certificate: NotRequired[str | None]
    alphabet: NotRequired[Literal["ascii", "gsm7", "gsm7_packed", "latin1"]]
    category: NotRequired[Literal["conversation", "marketing", "otp", "transactional"]]
    senders: NotRequired[list[str]]
    interface_version: NotRequired[Literal["3.3", "3.4", "5.0", "as_bound"]]
    message_id_form: NotRequired[Literal["decimal", "hexadecimal", "ours"]]
    receipt_format: NotRequired[Literal["text", "text_and_tlvs", "tlvs"]]
    receipt_pdu: NotRequired[Literal["data_sm", "deliver_sm"]]
    receipt_seconds: NotRequired[bool]
    receipt_text: NotRequired[bool]
    receipt_id_form: NotRequired[Literal["decimal", "hexadecimal", "ours"] | None]
    inbound: NotRequired[list[str]]
    concatenation: NotRequired[Literal["payload", "sar", "udh"]]
    queue_most: NotRequired[int]
    queue_hours: NotRequired[int]


class EsmeDeliveries(TypedDict):
    """Deliveries, newest first."""

    data: list[EsmeDelivery]
    next_cursor: str | None


class EsmeDelivery(TypedDict):
    """A receipt or a text, or one part of it, on its way to an ESME."""

    id: str
    esme: str
    kind: str
    message_id: str
    event: str
    part: int
    parts: int
    status: str
    attempts: int
    created_at: str
    next_at: str | None
    finished_at: str | None
    bind: str | None
    command_status: str | None
    reason: str | None


class EsmeEnrolled(TypedDict):
    """An ESME with its new password, which is shown this once and cannot be had again."""

    id: str
    account_id: str
    name: str
    system_id: str
    networks: list[str]
    bind_types: list[str]
    max_binds: int
    window: int
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    tls: bool
    certificate: str | None
    alphabet: str
    category: str
    senders: list[str]
    interface_version: str
    message_id_form: str
    receipt_format: str
    receipt_pdu: str
    receipt_seconds: bool
    receipt_text: bool
    receipt_id_form: str | None
    inbound: list[str]
    concatenation: str
    queue_most: int
    queue_hours: int
    created_at: str
    closed_at: str | None
    rotating_until: str | None
    last_bound_at: str | None
    binds: list[Session]
    password: str


class EsmePage(TypedDict):
    """ESMEs, newest first; closed ones too."""

    data: list[Esme]
    next_cursor: str | None


class EsmeReplay(TypedDict):
    """Which deliveries go out again: one, or without it all that were given up."""

    delivery: NotRequired[str | None]


class EsmeReplayed(TypedDict):
    """How many deliveries go out again."""

    count: int


class EsmeRequest(TypedDict):
    """An ESME to be enrolled."""

    name: str
    system_id: str
    account_id: NotRequired[str | None]
    password: NotRequired[str | None]
    networks: NotRequired[list[str]]
    bind_types: NotRequired[list[Literal["receiver", "transceiver", "transmitter"]]]
    max_binds: NotRequired[int]
    window: NotRequired[int]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]
    tls: NotRequired[bool]
    certificate: NotRequired[str | None]
    alphabet: NotRequired[Literal["ascii", "gsm7", "gsm7_packed", "latin1"]]
    category: NotRequired[Literal["conversation", "marketing", "otp", "transactional"]]
    senders: NotRequired[list[str]]
    interface_version: NotRequired[Literal["3.3", "3.4", "5.0", "as_bound"]]
    message_id_form: NotRequired[Literal["decimal", "hexadecimal", "ours"]]
    receipt_format: NotRequired[Literal["text", "text_and_tlvs", "tlvs"]]
    receipt_pdu: NotRequired[Literal["data_sm", "deliver_sm"]]
    receipt_seconds: NotRequired[bool]
    receipt_text: NotRequired[bool]
    receipt_id_form: NotRequired[Literal["decimal", "hexadecimal", "ours"] | None]
    inbound: NotRequired[list[str]]
    concatenation: NotRequired[Literal["payload", "sar", "udh"]]
    queue_most: NotRequired[int]
    queue_hours: NotRequired[int]


class EsmeState(TypedDict):
    """What an ESME that is known to the door has not taken, as it stands at this moment."""

    id: str
    system_id: str
    receivers: int
    waiting: int
    most: int
    oldest_s: float
    dead: int
    failures: int


class Event(TypedDict):
    """Something that happened to a message."""

    type: str
    sequence: int
    occurred_at: str
    data: dict[str, Any] | None


class EventList(TypedDict):
    """Events of one message, in order."""

    data: list[Event]
    events_dropped: NotRequired[int]


class Explanation(TypedDict):
    """The whole story of a message."""

    message: Message
    origin: Origin | None
    submission: SmppSubmission | None
    gates: list[Gate]
    smart_encoding: Swaps | None
    code: CodeStory | None
    route: Choice | None
    events: list[Event]
    events_dropped: int
    attempts: list[AttemptStory]
    receipts: list[Receipt]
    parts: list[InboundPart]
    webhooks: list[WebhookStory]
    esme_deliveries: list[EsmeDelivery]
    decided_by: Literal["caller", "carrier", "tidings"] | None
    advice: str


class FactorAdded(TypedDict):
    """The second factor holds."""

    user: User
    recovery_codes: list[str]


class FactorBegun(TypedDict):
    """What an authenticator app needs (RFC 6238: SHA-1, 6 digits, 30 seconds). It holds once a code was shown."""

    secret: str
    uri: str


class FactorProof(TypedDict):
    """That the app has the secret."""

    code: str


class Fault(TypedDict):
    """One field that cannot be used: a JSON pointer and what to do about it."""

    pointer: str
    detail: str


class FaultInForce(TypedDict):
    """The trouble there is, and what it means."""

    mode: Literal["down", "drop", "hang", "none", "nonsense", "refuse_bind", "slow", "throttle"]
    delay_ms: int
    after: int
    meaning: str


class Faults(TypedDict):
    """Which trouble there is, and how much of it."""

    mode: NotRequired[Literal["down", "drop", "hang", "none", "nonsense", "refuse_bind", "slow", "throttle"]]
    delay_ms: NotRequired[int]
    after: NotRequired[int]


class Forcing(TypedDict):
    """A character that GSM-7 (or the carrier's alphabet in its place) lacks, so that the whole text goes as UCS-2."""

    at: int
    character: str
    codepoint: str


class Forward(TypedDict):
    """Send the text on to people, by text or e-mail."""

    type: Literal["forward"]
    to: list[str]
    text: NotRequired[str]
    subject: NotRequired[str]


class Found(TypedDict):
    """A message with the words that were looked for."""

    message: Message
    conversation: str | None


class FoundList(TypedDict):
    """What was found, newest first."""

    data: list[Found]
    next_cursor: str | None


class Gate(TypedDict):
    """What a gate said."""

    at: Literal["accept", "claim"]
    rule: str
    allowed: bool
    detail: str
    occurred_at: str


class Gone(TypedDict):
    """Nothing is left to tell."""


class Handset(TypedDict):
    """What one phone shows, in the order it came."""

    number: str
    messages: list[HandsetText]
    incomplete: int
    submissions: int


class HandsetPage(TypedDict):
    """Handsets, the one that was sent something last first."""

    data: list[HandsetRow]
    next_cursor: str | None


class HandsetRow(TypedDict):
    """A number that was sent something."""

    number: str
    submissions: int


HandsetText = TypedDict(
    "HandsetText",
    {
        "from": "str",
        "text": "str",
        "parts": "int",
        "encoding": "str",
        "received_at": "str",
        "message_ids": "list[str]",
    },
)

Hours = TypedDict(
    "Hours",
    {
        "days": 'NotRequired[list[Literal["fri", "mon", "sat", "sun", "thu", "tue", "wed"]]]',
        "from": "str",
        "to": "str",
    },
)


class InboundPart(TypedDict):
    """One part of a text from a handset, as its carrier sent it."""

    part: int
    parts: int
    carrier: str
    bind: str
    data_coding: int
    encoding: str
    udh: str
    octets: str
    received_at: str


class Inbox(TypedDict):
    """Leave the text to people: it is marked for the inbox."""

    type: Literal["inbox"]


class Key(TypedDict):
    """An API key without its secret."""

    id: str
    account_id: str
    name: str
    scope: str
    senders: list[str]
    networks: list[str]
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotating_until: str | None
    last_used_at: str | None


class KeyChange(TypedDict):
    """What shall be different about a key; what is not named stays."""

    name: NotRequired[str]
    senders: NotRequired[list[str]]
    networks: NotRequired[list[str]]
    expires_at: NotRequired[str | None]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]


class KeyIssued(TypedDict):
    """A new API key; `token` is shown this once and cannot be had again."""

    id: str
    account_id: str
    name: str
    scope: str
    senders: list[str]
    networks: list[str]
    rate: float | None
    daily_quota: int | None
    monthly_quota: int | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotating_until: str | None
    last_used_at: str | None
    token: str


class KeyPage(TypedDict):
    """The keys of the account, newest first; revoked ones too."""

    data: list[Key]
    next_cursor: str | None


class KeyRequest(TypedDict):
    """A key to be issued."""

    name: str
    scope: Literal["admin", "read", "send", "send+read"]
    senders: NotRequired[list[str]]
    networks: NotRequired[list[str]]
    expires_at: NotRequired[str | None]
    rate: NotRequired[float | None]
    daily_quota: NotRequired[int | None]
    monthly_quota: NotRequired[int | None]


class LeftOut(TypedDict):
    """A kind of thing that a text cannot carry, and how often it was there."""

    what: Literal["embedded", "form", "formatting", "hidden", "image", "link", "media", "script", "style"]
    count: int


class Link(TypedDict):
    """A link by which somebody chooses a password, once. It is shown this once; hand it over safely."""

    url: str
    token: str
    expires_at: str


Message = TypedDict(
    "Message",
    {
        "id": "str",
        "direction": "str",
        "status": "str",
        "to": "str",
        "from": "str",
        "text": "str | None",
        "encoding": "str",
        "segments": "int",
        "category": "str",
        "carrier": "str | None",
        "error": "MessageError | None",
        "client_ref": "str | None",
        "tags": "list[str]",
        "metadata": "dict[str, Any] | None",
        "created_at": "str",
        "send_at": "str | None",
        "expires_at": "str",
        "sent_at": "str | None",
        "finished_at": "str | None",
        "price": "str | None",
        "in_reply_to": "str | None",
    },
)


class MessageError(TypedDict):
    """Why a message did not arrive, in one shape for every carrier and for our own decisions."""

    code: str
    category: str
    permanent: bool
    detail: str
    carrier_code: NotRequired[str | None]
    decided_by: NotRequired[str]


class MessagePage(TypedDict):
    """Messages, newest first."""

    data: list[Message]
    next_cursor: str | None
    incomplete: NotRequired[bool]


MessageRequest = TypedDict(
    "MessageRequest",
    {
        "to": "str",
        "text": "NotRequired[str | None]",
        "from": "NotRequired[str | None]",
        "category": 'NotRequired[Literal["conversation", "marketing", "otp", "transactional"]]',
        "send_at": "NotRequired[str | None]",
        "expires_at": "NotRequired[str | None]",
        "client_ref": "NotRequired[str | None]",
        "tags": "NotRequired[list[str]]",
        "metadata": "NotRequired[dict[str, Any] | None]",
        "max_segments": "NotRequired[int | None]",
        "encoding": 'NotRequired[Literal["auto", "gsm7", "ucs2"]]',
        "html": "NotRequired[str | None]",
        "callback_url": "NotRequired[str | None]",
        "callback_events": "NotRequired[list[str] | None]",
        "replace_sender": "NotRequired[bool | None]",
        "smart_encoding": 'NotRequired[bool | Literal["transliterate"] | None]',
    },
)


class NetworkStats(TypedDict):
    """Counters since the start, and how things stand."""

    submit_sm: NotRequired[int]
    accepted: NotRequired[int]
    refused: NotRequired[int]
    unanswered: NotRequired[int]
    receipts_sent: NotRequired[int]
    texts_sent: NotRequired[int]
    deliveries_refused: NotRequired[int]
    binds: NotRequired[int]
    binds_refused: NotRequired[int]
    receipts_owed: int
    texts_owed: int
    links: int
    bound: int
    smpp_port: int
    fault: Literal["down", "drop", "hang", "none", "nonsense", "refuse_bind", "slow", "throttle"]


class NewText(TypedDict):
    """What a handset sends."""

    to: str
    text: str


class Note(TypedDict):
    """A note beside a conversation."""

    id: str
    author: str
    text: str
    created_at: str
    changed_at: str | None


class NoteChange(TypedDict):
    """What shall be different about a note; what is not named stays."""

    text: NotRequired[str]
    author: NotRequired[str]


class NoteList(TypedDict):
    """Notes, newest first."""

    data: list[Note]
    next_cursor: str | None


class NoteRequest(TypedDict):
    """Something to be remembered beside a conversation; the handset never sees it."""

    text: str
    author: NotRequired[str]


class Nothing(TypedDict):
    """No body, or an empty object."""


OneUrl = TypedDict(
    "OneUrl",
    {
        "to": "str",
        "text": "str",
        "from": "NotRequired[str | None]",
        "client_ref": "NotRequired[str | None]",
        "idempotency_key": "NotRequired[str | None]",
        "key": "NotRequired[str | None]",
    },
)


class OptIn(TypedDict):
    """The person may be texted again: an earlier opt-out ends."""

    type: Literal["opt_in"]


class OptOut(TypedDict):
    """The person is not texted any more."""

    type: Literal["opt_out"]


class Origin(TypedDict):
    """Who brought a message."""

    door: str
    key: str | None
    esme: NotRequired[str | None]
    user: NotRequired[str | None]


Orphan = TypedDict(
    "Orphan",
    {
        "carrier": "str",
        "bind": "str",
        "carrier_id": "str",
        "state": "str",
        "status": "str",
        "error_code": "str",
        "raw": "str",
        "received_at": "str",
        "id": "str",
        "from": "str",
        "other_id": "str",
        "error": "str | None",
        "parked": "bool",
        "tries": "int",
        "next_at": "str | None",
        "reason": "str",
        "detail": "str",
    },
)

OrphanChoice = TypedDict(
    "OrphanChoice",
    {
        "orphan": "NotRequired[str | None]",
        "carrier": "NotRequired[str | None]",
        "from": "NotRequired[str | None]",
        "parked": "NotRequired[bool | None]",
        "since": "NotRequired[str | None]",
        "until": "NotRequired[str | None]",
        "cursor": "NotRequired[str | None]",
    },
)


class Orphans(TypedDict):
    """Receipts that match nothing, newest first."""

    data: list[Orphan]
    next_cursor: str | None
    incomplete: NotRequired[bool]


class OrphansDropped(TypedDict):
    """How many are gone."""

    dropped: int
    next_cursor: str | None


class OrphansMatched(TypedDict):
    """What came of matching again."""

    matched: int
    unmatched: int
    next_cursor: str | None


class OwnChange(TypedDict):
    """What shall be different about oneself; what is not named stays."""

    name: NotRequired[str]


class Page(TypedDict):
    """What a text could not take over of HTML."""

    left_out: list[LeftOut]
    images: list[Picture]


class Parameter(TypedDict):
    """One thing that the text is to say, and what is taken for it."""

    name: str
    type: Literal["choice", "date", "decimal", "email", "integer", "money", "phone", "rest", "time", "word"]
    optional: NotRequired[bool]
    default: NotRequired[str | None]
    min: NotRequired[float | None]
    max: NotRequired[float | None]
    choices: NotRequired[dict[str, Any]]
    currencies: NotRequired[list[str]]
    decimal: NotRequired[Literal[",", "."]]
    order: NotRequired[Literal["dmy", "mdy"]]
    past: NotRequired[bool]
    region: NotRequired[str]


class PasswordByLink(TypedDict):
    """A password, by the link that an invitation or a reset is."""

    token: str
    password: str


class PasswordChange(TypedDict):
    """Another password."""

    current: str
    password: str


class PasswordRotation(TypedDict):
    """A new password, and how long the old one goes on."""

    overlap_s: NotRequired[int]
    password: NotRequired[str | None]


class PduSummary(TypedDict):
    """A submit_sm without addresses and text: the fields that carriers ask about (SMPP 3.4 section 4.4.1)."""

    source_addr_ton: int
    source_addr_npi: int
    dest_addr_ton: int
    dest_addr_npi: int
    esm_class: int
    protocol_id: int
    data_coding: int
    registered_delivery: int
    validity_period: str
    sm_length: int | None
    tlvs: list[str]


class Personalities(TypedDict):
    """What is in force, the choice for all first, and all that there is."""

    in_force: list[PersonalityInForce]
    data: list[PersonalityRow]


class PersonalityInForce(TypedDict):
    """Who is shown which personality, and how often it has shown."""

    personality: str
    system_id: str | None
    meaning: str
    acts: int
    most_in_flight: int


class PersonalityRow(TypedDict):
    """One way to behave badly."""

    name: str
    meaning: str
    esme: str
    ends: str
    repeats: str
    passes: bool


class Picture(TypedDict):
    """An image that was there: kept aside, not sent."""

    source: str
    alt: str


Preview = TypedDict(
    "Preview",
    {
        "status": 'Literal["accepted", "rejected", "scheduled"]',
        "to": "str",
        "from": "str",
        "category": "str",
        "text": "str",
        "encoding": "str",
        "unit": 'Literal["septet", "utf16"]',
        "segments": "int",
        "parts": "list[Cut]",
        "html": "Page | None",
        "forces_ucs2": "list[Forcing]",
        "forces_ucs2_count": "int",
        "smart_encoding": "Smart | None",
        "route": "Choice",
        "verdicts": "list[Verdict]",
        "goes_at": "str | None",
        "expires_at": "str",
        "eta": "str | None",
    },
)


class ProblemDetails(TypedDict):
    """An error as RFC 9457 problem details; `code` is stable and meant for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[list[Fault] | None]
    message_id: NotRequired[str | None]
    verdicts: NotRequired[list[Verdict] | None]


class Proof(TypedDict):
    """That it is still the same person who sits there."""

    password: NotRequired[str | None]


class Ready(TypedDict):
    """Messages are taken."""

    status: Literal["ready"]
    degraded: list[str]


class Receipt(TypedDict):
    """A delivery receipt as the carrier sent it."""

    carrier: str
    bind: str
    carrier_id: str
    state: str
    status: str
    error_code: str
    raw: str
    received_at: str


class RecoveryCodes(TypedDict):
    """New ones, shown this once; those before hold no longer."""

    recovery_codes: list[str]


Replaced = TypedDict(
    "Replaced",
    {
        "at": "int",
        "from": "str",
        "to": "str",
    },
)


class ReplayRequest(TypedDict):
    """Which deliveries to send again: one by `delivery`, or all that the other fields leave."""

    delivery: NotRequired[str | None]
    webhook: NotRequired[str | None]
    type: NotRequired[str | None]
    status: NotRequired[Literal["dead", "delivered"] | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]


class Replayed(TypedDict):
    """How many deliveries go out again, and by when the last one is due."""

    count: int
    paced_over_s: float


class Reply(TypedDict):
    """Send a text back."""

    type: Literal["reply"]
    text: str


class ReplyRequest(TypedDict):
    """What is said to the person: a text, or one that is kept ready."""

    text: NotRequired[str | None]
    canned: NotRequired[str | None]
    client_ref: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any] | None]
    callback_url: NotRequired[str | None]


class Report(TypedDict):
    """What a code does to another, or never does."""

    kind: Literal["conflict", "shadowed", "unreachable"]
    code: str
    other: str | None
    detail: str


class Response(TypedDict):
    """How many messages were answered."""

    by: str
    since: str
    until: str
    data: list[ResponseRow]
    total: ResponseRow
    incomplete: bool


class ResponseRow(TypedDict):
    """One group of messages and its answers."""

    key: str
    sent: int
    answered: int
    replies: int
    rate: float


class Rotation(TypedDict):
    """How long the old secret goes on."""

    overlap_s: NotRequired[int]


class Rule(TypedDict):
    """A code as users write it, in the API and in files. It has keywords, or a regex, or is a default."""

    name: str
    keywords: NotRequired[list[str]]
    translations: NotRequired[dict[str, Any]]
    fuzzy: NotRequired[bool]
    regex: NotRequired[str | None]
    default: NotRequired[bool]
    parameters: NotRequired[list[Parameter]]
    senders: NotRequired[list[str]]
    priority: NotRequired[int]
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    hours: NotRequired[Hours | None]
    time_zone: NotRequired[str]
    help: NotRequired[str]
    actions: list[Reply | TagIt | SetField | OptIn | OptOut | CallWebhook | Forward | Inbox | AddToList | StartWorkflow]
    enabled: NotRequired[bool]


class Secret(TypedDict):
    """A new secret, and until when the one before signs beside it."""

    secret: str
    previous_until: str | None


class SecretRotation(TypedDict):
    """How to rotate a secret."""

    overlap_s: NotRequired[int]


class Sender(TypedDict):
    """An address of an account."""

    address: str
    account_id: str
    label: str
    inbox_url: str | None
    inbox_replies: str
    unknown_reply: str | None


class SenderChange(TypedDict):
    """What shall be different about an address; what is not named stays."""

    account: NotRequired[str]
    label: NotRequired[str]
    inbox_url: NotRequired[str | None]
    inbox_replies: NotRequired[Literal["json", "none", "text", "twiml"]]
    unknown_reply: NotRequired[str | None]


class SenderPage(TypedDict):
    """Addresses in their order."""

    data: list[Sender]
    next_cursor: str | None


class SenderRequest(TypedDict):
    """An address that shall belong to an account; without `account` to the caller's."""

    address: str
    account: NotRequired[str | None]
    label: NotRequired[str]
    inbox_url: NotRequired[str | None]
    inbox_replies: NotRequired[Literal["json", "none", "text", "twiml"]]
    unknown_reply: NotRequired[str | None]


class Session(TypedDict):
    """A bind that stands."""

    bind_type: str
    address: str
    interface_version: str
    secure: bool
    bound_at: str
    waiting: int | None
    process: str


class SessionsEnded(TypedDict):
    """How many sessions ended."""

    ended: int


class SetField(TypedDict):
    """Set a field of the contact that the text comes from: to a parameter as it is, or to a text."""

    type: Literal["field"]
    name: str
    parameter: NotRequired[str | None]
    text: NotRequired[str | None]


class Setup(TypedDict):
    """How far the installation is, and how one signs in."""

    owner: bool
    oidc: str | None


class SetupRequest(TypedDict):
    """The first owner."""

    code: str
    email: str
    name: str
    password: str


class SignInRequest(TypedDict):
    """What somebody shows to be let in."""

    email: str
    password: str
    code: NotRequired[str | None]


class SlotState(TypedDict):
    """A replication slot: what it has not been read of is kept."""

    name: str
    active: bool
    held_mb: int


class Smart(TypedDict):
    """What smart encoding replaces in a text."""

    count: int
    transliterated: bool
    replaced: list[Replaced]


class Smarter(TypedDict):
    """A text as smart encoding would send it."""

    text: str
    encoding: str
    segments: int
    saves: int | None
    replaced: list[Replaced]
    replaced_count: int
    transliterated: bool


class SmppSubmission(TypedDict):
    """What a message that came by SMPP was submitted with; addresses as the ESME wrote them."""

    response_id: str
    service_type: str
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    registered_delivery: int
    data_coding: int
    user_message_reference: int | None


class Snapshot(TypedDict):
    """The figures of one moment."""

    carriers: NotRequired[list[CarrierState]]
    queued: NotRequired[int]
    oldest_s: NotRequired[float]
    in_flight: NotRequired[int]
    orphans: NotRequired[int]
    store: NotRequired[str]
    disk_free_mb: NotRequired[int | None]
    disk_needed_mb: NotRequired[int]
    commit_lag_ms: NotRequired[float]
    kept_days: NotRequired[dict[str, Any]]
    messages_kept_days: NotRequired[int]
    retention_behind_s: NotRequired[float]
    database: NotRequired[DatabaseState | None]
    store_fault: NotRequired[str | None]
    door: NotRequired[DoorState | None]
    esmes: NotRequired[list[EsmeState]]


class StandbyState(TypedDict):
    """A standby that gets what the database writes, as its primary sees it."""

    name: str
    mode: str
    lag_s: float
    behind_mb: int


class StartWorkflow(TypedDict):
    """Not built yet: refused."""

    type: Literal["workflow"]


class Subject(TypedDict):
    """What it was done to."""

    kind: str
    id: str
    name: str


Submission = TypedDict(
    "Submission",
    {
        "message_id": "str | None",
        "status": "str | None",
        "to": "str",
        "from": "str",
        "text": "str",
        "part": "int",
        "parts": "int",
        "received_at": "str",
    },
)


class SubmissionPage(TypedDict):
    """submit_sm as they came, the latest first."""

    data: list[Submission]
    next_cursor: str | None


Swapped = TypedDict(
    "Swapped",
    {
        "from": "str",
        "to": "str",
        "count": "int",
    },
)


class Swaps(TypedDict):
    """What smart encoding replaced in a message."""

    count: int
    transliterated: bool
    replaced: list[Swapped]


class TableState(TypedDict):
    """A table of the database whose rows come and go."""

    name: str
    rows: int
    dead: int
    mb: int
    vacuumed_at: NotRequired[str | None]


class TagIt(TypedDict):
    """Put tags on the incoming message, or on the contact that it comes from."""

    type: Literal["tag"]
    tags: list[str]
    on: NotRequired[Literal["contact", "message"]]


class Test(TypedDict):
    """What the endpoint said to a test."""

    delivered: bool
    status_code: int | None
    took_ms: int
    problem: str | None
    answer: str


TestOrder = TypedDict(
    "TestOrder",
    {
        "to": "str",
        "from": "NotRequired[str | None]",
        "text": "NotRequired[str]",
    },
)


class TextQuestion(TypedDict):
    """A text, or HTML, to be looked at."""

    text: NotRequired[str | None]
    html: NotRequired[str | None]
    encoding: NotRequired[Literal["auto", "gsm7", "ucs2"]]
    to: NotRequired[str | None]
    transliterate: NotRequired[bool]


TextTaken = TypedDict(
    "TextTaken",
    {
        "from": "str",
        "to": "str",
        "text": "str",
        "parts": "int",
    },
)


class Traffic(TypedDict):
    """What went over a bind since the process began, over all of its connections."""

    sent: NotRequired[int]
    answered: NotRequired[int]
    throttled: NotRequired[int]
    late: NotRequired[int]
    receipts: NotRequired[int]
    inbound: NotRequired[int]
    strays: NotRequired[int]
    malformed: NotRequired[int]
    drops: NotRequired[int]


class TrafficCounts(TypedDict):
    """How many messages took which status."""

    accepted: int
    sent: int
    delivered: int
    undelivered: int
    failed: int
    expired: int
    rejected: int
    canceled: int
    unknown: int
    received: int


class TrafficPoint(TypedDict):
    """What happened in one step of time."""

    accepted: int
    sent: int
    delivered: int
    undelivered: int
    failed: int
    expired: int
    rejected: int
    canceled: int
    unknown: int
    received: int
    at: str


class TrafficReport(TypedDict):
    """What happened, step by step, the oldest first; a step in which nothing did holds zeros."""

    step: str
    since: str
    until: str
    account: str
    carrier: str | None
    data: list[TrafficPoint]
    total: TrafficCounts
    incomplete: bool


class Trip(TypedDict):
    """Where the browser is to go."""

    url: str


class Trouble(TypedDict):
    """What is wrong with a text."""

    name: str
    parameter: str | None
    detail: str


class Try(TypedDict):
    """One attempt."""

    number: int
    at: str
    took_ms: int
    outcome: str
    status_code: int | None
    request_sha256: str
    request_octets: int
    answer: str
    detail: str


class User(TypedDict):
    """Somebody who may sign in."""

    id: str
    account_id: str
    email: str
    name: str
    role: str
    status: str
    second_factor: bool
    second_factor_required: bool
    created_at: str
    seen_at: str | None


class UserChange(TypedDict):
    """What shall be different about somebody; what is not named stays."""

    name: NotRequired[str]
    role: NotRequired[Literal["admin", "agent", "analyst", "developer", "owner"]]
    disabled: NotRequired[bool]
    second_factor_required: NotRequired[bool]


class UserInvited(TypedDict):
    """Somebody new, with their link."""

    id: str
    account_id: str
    email: str
    name: str
    role: str
    status: str
    second_factor: bool
    second_factor_required: bool
    created_at: str
    seen_at: str | None
    link: Link


class UserPage(TypedDict):
    """People of an account, newest first."""

    data: list[User]
    next_cursor: str | None


class UserRequest(TypedDict):
    """Somebody to be invited."""

    email: str
    name: str
    role: Literal["admin", "agent", "analyst", "developer", "owner"]
    account_id: NotRequired[str | None]
    second_factor_required: NotRequired[bool]


class UserSession(TypedDict):
    """One browser in which somebody is signed in."""

    id: str
    created_at: str
    seen_at: str
    ends_at: str
    address: str
    agent: str
    method: str
    current: bool


class UserSessionList(TypedDict):
    """Where somebody is signed in, newest first."""

    data: list[UserSession]


class Verdict(TypedDict):
    """What one rule said of a message, with its reason."""

    rule: str
    allowed: bool
    detail: str


class VerifyRequest(TypedDict):
    """A request as it arrived, to be checked with a secret or with those of a subscription."""

    headers: dict[str, Any]
    body: str
    secret: NotRequired[str | None]
    webhook: NotRequired[str | None]


class Webhook(TypedDict):
    """A subscription. Its secret is in the answers that make and rotate it, and nowhere else."""

    id: str
    url: str
    events: list[str]
    ordered: bool
    batch: int
    enabled: bool
    disabled_reason: str | None
    description: str
    replies: str
    created_at: str
    failures_in_a_row: int | None
    rests_until: str | None
    secret: NotRequired[str | None]


class WebhookChange(TypedDict):
    """What shall be different about a subscription; what is not named stays."""

    url: NotRequired[str]
    events: NotRequired[list[str]]
    ordered: NotRequired[bool]
    batch: NotRequired[int]
    enabled: NotRequired[bool]
    description: NotRequired[str]
    replies: NotRequired[Literal["json", "none", "text", "twiml"]]


class WebhookPage(TypedDict):
    """Subscriptions, newest first."""

    data: list[Webhook]
    next_cursor: str | None


class WebhookRequest(TypedDict):
    """A subscription to be made."""

    url: str
    events: NotRequired[list[str]]
    ordered: NotRequired[bool]
    batch: NotRequired[int]
    enabled: NotRequired[bool]
    description: NotRequired[str]
    replies: NotRequired[Literal["json", "none", "text", "twiml"]]


class WebhookStory(TypedDict):
    """One event of the message on its way to one endpoint, and what came of the latest attempt."""

    id: str
    webhook: str | None
    url: str | None
    event: str
    type: str
    status: str
    attempts: int
    next_at: str | None
    last: Try | None


class WhichBind(TypedDict):
    """One bind of the carrier; without it, the whole carrier."""

    bind: NotRequired[str | None]


class Who(TypedDict):
    """Who is signed in, and what they may do."""

    user: User
    account: str
    scopes: list[str]
    all_accounts: bool
    needs: str | None
    session: UserSession


class WouldDo(TypedDict):
    """An action, and what would come of it: the text, the address, the tags."""

    action: str
    result: str
