"""All nouns' questions over one engine: the `Tx` of both engines."""

from __future__ import annotations

from tidings.metrics import Tally
from tidings.store.accounts import Accounts
from tidings.store.attempts import Attempts
from tidings.store.audit import Audit
from tidings.store.captures import CaptureQuestions
from tidings.store.carriers import Carriers
from tidings.store.codes import Codes
from tidings.store.contacts import Contacts
from tidings.store.conversations import Conversations
from tidings.store.engine import Engine
from tidings.store.erasures import Erasures
from tidings.store.esmes import Esmes
from tidings.store.events import Events
from tidings.store.idempotencies import Idempotencies
from tidings.store.inbounds import Inbounds
from tidings.store.leases import Leases
from tidings.store.messages import Messages
from tidings.store.outbox import Outbox
from tidings.store.people import People
from tidings.store.queue import Queue
from tidings.store.receipts import Receipts
from tidings.store.reports import Reports
from tidings.store.retention import Retention
from tidings.store.senders import Senders
from tidings.store.suppressions import Suppressions
from tidings.store.traffic import Traffic
from tidings.store.webhooks import Webhooks
from tidings.store.words import Words


class Transaction:
    """See `core.questions.Tx`."""

    __slots__ = (
        "accounts", "attempts", "audit", "captures", "carriers", "codes", "contacts", "conversations", "engine",
        "erasures", "esmes", "events", "idempotencies", "inbounds", "leases", "messages", "outbox", "people", "queue",
        "receipts", "reports", "retention", "senders", "suppressions", "tally", "traffic", "webhooks", "words",
    )  # fmt: skip

    def __init__(self, engine: Engine, tally: Tally | None = None) -> None:
        self.engine = engine
        self.tally = tally or Tally()
        self.messages = Messages(engine)
        self.queue = Queue(engine)
        self.events = Events(engine)
        self.attempts = Attempts(engine)
        self.receipts = Receipts(engine)
        self.senders = Senders(engine)
        self.contacts = Contacts(engine)
        self.conversations = Conversations(engine)
        self.words = Words(engine)
        self.reports = Reports(engine)
        self.traffic = Traffic(engine)
        self.suppressions = Suppressions(engine)
        self.erasures = Erasures(engine)
        self.inbounds = Inbounds(engine)
        self.idempotencies = Idempotencies(engine)
        self.accounts = Accounts(engine)
        self.leases = Leases(engine)
        self.esmes = Esmes(engine)
        self.captures = CaptureQuestions(engine)
        self.carriers = Carriers(engine)
        self.outbox = Outbox(engine)
        self.webhooks = Webhooks(engine)
        self.codes = Codes(engine)
        self.retention = Retention(engine)
        self.people = People(engine)
        self.audit = Audit(engine)
