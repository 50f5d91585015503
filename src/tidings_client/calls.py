"""A method for every call of the API. Written by clients/python/write.py."""

from __future__ import annotations

from typing import Any, Literal

from tidings_client import types
from tidings_client.lines import AsyncLines, Lines
from tidings_client.stream import AsyncStream, Stream
from tidings_client.wire import Call, step


class Calls:
    """The calls of the API; `call` makes them."""

    def call(self, call: Call, *, keyed: bool = False) -> Any:
        """Make one call."""
        raise NotImplementedError

    def stream(self, call: Call) -> Stream:
        """Take events as they come."""
        raise NotImplementedError

    def lines(self, call: Call) -> Lines:
        """Take lines of JSON as they come."""
        raise NotImplementedError

    def post_message(self, body: types.MessageRequest, *, idempotency_key: str | None = None) -> types.Message:
        """Send a message."""
        answer: types.Message = self.call(
            Call("POST", "/v1/messages", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    def list_messages(
        self,
        *,
        status: Literal[
            "accepted",
            "canceled",
            "delivered",
            "expired",
            "failed",
            "queued",
            "received",
            "rejected",
            "scheduled",
            "sent",
            "undelivered",
            "unknown",
        ]
        | None = None,
        to: str | None = None,
        from_: str | None = None,
        direction: Literal["mo", "mt"] | None = None,
        tag: str | None = None,
        client_ref: str | None = None,
        in_reply_to: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> types.MessagePage:
        """List messages, newest first."""
        answer: types.MessagePage = self.call(
            Call(
                "GET",
                "/v1/messages",
                query={
                    "status": status,
                    "to": to,
                    "from": from_,
                    "direction": direction,
                    "tag": tag,
                    "client_ref": client_ref,
                    "in_reply_to": in_reply_to,
                    "since": since,
                    "until": until,
                    "limit": limit,
                    "cursor": cursor,
                },
            )
        )
        return answer

    def post_batch(self, body: types.Batch, *, idempotency_key: str | None = None) -> types.BatchAnswer:
        """Send many messages in one request."""
        answer: types.BatchAnswer = self.call(
            Call("POST", "/v1/messages/batch", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    def preview_message(self, body: types.MessageRequest) -> types.Preview:
        """What sending a message would lead to."""
        answer: types.Preview = self.call(Call("POST", "/v1/messages/preview", body=body, harmless=True))
        return answer

    def send_by_form(self, body: types.OneUrl | None = None) -> types.Message:
        """Send a message by a form."""
        answer: types.Message = self.call(Call("POST", "/send", form=body, harmless=False))
        return answer

    def send_by_url(
        self,
        *,
        to: str,
        text: str,
        from_: str | None = None,
        client_ref: str | None = None,
        idempotency_key: str | None = None,
        key: str | None = None,
    ) -> types.Message:
        """Send a message by opening an address."""
        answer: types.Message = self.call(
            Call(
                "GET",
                "/send",
                harmless=False,
                query={
                    "to": to,
                    "text": text,
                    "from": from_,
                    "client_ref": client_ref,
                    "idempotency_key": idempotency_key,
                    "key": key,
                },
            )
        )
        return answer

    def get_message(self, id: str) -> types.Message:
        """Read a message."""
        answer: types.Message = self.call(Call("GET", f"/v1/messages/{step(id)}"))
        return answer

    def list_message_events(self, id: str) -> types.EventList:
        """What happened to a message, in order."""
        answer: types.EventList = self.call(Call("GET", f"/v1/messages/{step(id)}/events"))
        return answer

    def explain_message(self, id: str) -> types.Explanation:
        """The whole story of a message."""
        answer: types.Explanation = self.call(Call("GET", f"/v1/messages/{step(id)}/explain"))
        return answer

    def cancel_message(self, id: str, body: types.Nothing | None = None) -> types.Message:
        """Cancel a message that is not yet sent."""
        answer: types.Message = self.call(Call("POST", f"/v1/messages/{step(id)}/cancel", body=body, harmless=True))
        return answer

    def analyze_text(self, body: types.TextQuestion) -> types.Analysis:
        """What a text costs, and why."""
        answer: types.Analysis = self.call(Call("POST", "/v1/text/analyze", body=body, harmless=True))
        return answer

    def stream_events(
        self,
        *,
        types: str | None = None,
        message_id: str | None = None,
        direction: Literal["mo", "mt"] | None = None,
        to: str | None = None,
        from_: str | None = None,
        tag: str | None = None,
        client_ref: str | None = None,
        last_event_id: str | None = None,
    ) -> Stream:
        """What happens, live, as server-sent events."""
        return self.stream(
            Call(
                "GET",
                "/v1/stream",
                query={
                    "types": types,
                    "message_id": message_id,
                    "direction": direction,
                    "to": to,
                    "from": from_,
                    "tag": tag,
                    "client_ref": client_ref,
                    "last_event_id": last_event_id,
                },
            )
        )

    def create_key(self, body: types.KeyRequest) -> types.KeyIssued:
        """Issue an API key."""
        answer: types.KeyIssued = self.call(Call("POST", "/v1/keys", body=body))
        return answer

    def list_keys(self, *, limit: int | None = None, cursor: str | None = None) -> types.KeyPage:
        """List API keys, without their secrets."""
        answer: types.KeyPage = self.call(Call("GET", "/v1/keys", query={"limit": limit, "cursor": cursor}))
        return answer

    def get_key(self, id: str) -> types.Key:
        """Read a key, without its secret."""
        answer: types.Key = self.call(Call("GET", f"/v1/keys/{step(id)}"))
        return answer

    def change_key(self, id: str, body: types.KeyChange) -> types.Key:
        """Change the name or the bounds of a key."""
        answer: types.Key = self.call(Call("PATCH", f"/v1/keys/{step(id)}", body=body))
        return answer

    def revoke_key(self, id: str) -> types.Key:
        """Revoke a key."""
        answer: types.Key = self.call(Call("DELETE", f"/v1/keys/{step(id)}"))
        return answer

    def rotate_key(self, id: str, body: types.Rotation | None = None) -> types.KeyIssued:
        """Give a key a new secret."""
        answer: types.KeyIssued = self.call(Call("POST", f"/v1/keys/{step(id)}/rotate", body=body))
        return answer

    def create_account(self, body: types.AccountRequest, *, idempotency_key: str | None = None) -> types.Account:
        """Open an account."""
        answer: types.Account = self.call(
            Call("POST", "/v1/accounts", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    def list_accounts(self, *, limit: int | None = None, cursor: str | None = None) -> types.AccountPage:
        """List accounts."""
        answer: types.AccountPage = self.call(Call("GET", "/v1/accounts", query={"limit": limit, "cursor": cursor}))
        return answer

    def get_account(self, id: str) -> types.Account:
        """Read an account."""
        answer: types.Account = self.call(Call("GET", f"/v1/accounts/{step(id)}"))
        return answer

    def change_account(self, id: str, body: types.AccountChange) -> types.Account:
        """Change the name, senders or limits of an account."""
        answer: types.Account = self.call(Call("PATCH", f"/v1/accounts/{step(id)}", body=body))
        return answer

    def close_account(self, id: str) -> types.Account:
        """Close an account."""
        answer: types.Account = self.call(Call("DELETE", f"/v1/accounts/{step(id)}"))
        return answer

    def list_account_keys(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> types.KeyPage:
        """List the keys of an account, without their secrets."""
        answer: types.KeyPage = self.call(
            Call("GET", f"/v1/accounts/{step(id)}/keys", query={"limit": limit, "cursor": cursor})
        )
        return answer

    def create_account_key(self, id: str, body: types.KeyRequest) -> types.KeyIssued:
        """Issue a key for an account."""
        answer: types.KeyIssued = self.call(Call("POST", f"/v1/accounts/{step(id)}/keys", body=body))
        return answer

    def get_setup(self) -> types.Setup:
        """Is there an owner, and how does one sign in?"""
        answer: types.Setup = self.call(Call("GET", "/v1/setup"))
        return answer

    def set_password_by_link(self, body: types.PasswordByLink) -> types.User:
        """Choose a password by a link."""
        answer: types.User = self.call(Call("POST", "/v1/password/link", body=body))
        return answer

    def invite_user(self, body: types.UserRequest) -> types.UserInvited:
        """Invite somebody."""
        answer: types.UserInvited = self.call(Call("POST", "/v1/users", body=body))
        return answer

    def list_users(
        self, *, limit: int | None = None, cursor: str | None = None, account: str | None = None
    ) -> types.UserPage:
        """List the people of the account."""
        answer: types.UserPage = self.call(
            Call("GET", "/v1/users", query={"limit": limit, "cursor": cursor, "account": account})
        )
        return answer

    def get_user(self, id: str) -> types.User:
        """Read a user."""
        answer: types.User = self.call(Call("GET", f"/v1/users/{step(id)}"))
        return answer

    def change_user(self, id: str, body: types.UserChange) -> types.User:
        """Change the name or role of a user, or disable them."""
        answer: types.User = self.call(Call("PATCH", f"/v1/users/{step(id)}", body=body))
        return answer

    def delete_user(self, id: str) -> types.Gone:
        """Delete a user."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/users/{step(id)}"))
        return answer

    def link_user(self, id: str) -> types.Link:
        """Make a link by which a user chooses a password."""
        answer: types.Link = self.call(Call("POST", f"/v1/users/{step(id)}/link"))
        return answer

    def reset_second_factor(self, id: str) -> types.User:
        """Take away the second factor of a user who lost it."""
        answer: types.User = self.call(Call("DELETE", f"/v1/users/{step(id)}/second-factor"))
        return answer

    def end_user_sessions(self, id: str) -> types.User:
        """Sign a user out everywhere."""
        answer: types.User = self.call(Call("DELETE", f"/v1/users/{step(id)}/sessions"))
        return answer

    def list_audit(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        account: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        subject: str | None = None,
        address: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.AuditPage:
        """Who did what to people and keys, and who signed in."""
        answer: types.AuditPage = self.call(
            Call(
                "GET",
                "/v1/audit",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "account": account,
                    "action": action,
                    "actor": actor,
                    "subject": subject,
                    "address": address,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    def create_sender(self, body: types.SenderRequest) -> types.Sender:
        """Give an address to an account."""
        answer: types.Sender = self.call(Call("POST", "/v1/senders", body=body))
        return answer

    def list_senders(
        self, *, account: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> types.SenderPage:
        """List addresses with their owners, in their order."""
        answer: types.SenderPage = self.call(
            Call("GET", "/v1/senders", query={"account": account, "limit": limit, "cursor": cursor})
        )
        return answer

    def get_sender(self, address: str) -> types.Sender:
        """Read an address."""
        answer: types.Sender = self.call(Call("GET", f"/v1/senders/{step(address)}"))
        return answer

    def change_sender(self, address: str, body: types.SenderChange) -> types.Sender:
        """Change what is done with texts to an address, or whose it is."""
        answer: types.Sender = self.call(Call("PATCH", f"/v1/senders/{step(address)}", body=body))
        return answer

    def delete_sender(self, address: str) -> types.Gone:
        """Make an address nobody's."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/senders/{step(address)}"))
        return answer

    def create_contact(self, body: types.ContactRequest) -> types.Contact:
        """Keep a contact."""
        answer: types.Contact = self.call(Call("POST", "/v1/contacts", body=body))
        return answer

    def list_contacts(
        self,
        *,
        number: str | None = None,
        tag: str | None = None,
        name: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> types.ContactPage:
        """List contacts, newest first."""
        answer: types.ContactPage = self.call(
            Call(
                "GET",
                "/v1/contacts",
                query={"number": number, "tag": tag, "name": name, "limit": limit, "cursor": cursor},
            )
        )
        return answer

    def get_contact(self, id: str) -> types.Contact:
        """Read a contact."""
        answer: types.Contact = self.call(Call("GET", f"/v1/contacts/{step(id)}"))
        return answer

    def change_contact(self, id: str, body: types.ContactChange) -> types.Contact:
        """Change a contact."""
        answer: types.Contact = self.call(Call("PATCH", f"/v1/contacts/{step(id)}", body=body))
        return answer

    def delete_contact(self, id: str) -> types.Gone:
        """Drop a contact."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/contacts/{step(id)}"))
        return answer

    def merge_contact(self, id: str, body: types.ContactMerge) -> types.Contact:
        """Make one person of two contacts."""
        answer: types.Contact = self.call(Call("POST", f"/v1/contacts/{step(id)}/merge", body=body))
        return answer

    def open_conversation(self, body: types.ConversationRequest) -> types.Conversation:
        """Open the conversation with a number."""
        answer: types.Conversation = self.call(Call("POST", "/v1/conversations", body=body))
        return answer

    def list_conversations(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["closed", "open", "snoozed"] | None = None,
        assignee: str | None = None,
        label: str | None = None,
        from_: str | None = None,
        contact: str | None = None,
        unread: Literal["false", "true"] | None = None,
        assigned: Literal["false", "true"] | None = None,
    ) -> types.ConversationList:
        """The inbox: conversations, those with the newest message first."""
        answer: types.ConversationList = self.call(
            Call(
                "GET",
                "/v1/conversations",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "status": status,
                    "assignee": assignee,
                    "label": label,
                    "from": from_,
                    "contact": contact,
                    "unread": unread,
                    "assigned": assigned,
                },
            )
        )
        return answer

    def search_conversations(self, *, limit: int | None = None, cursor: str | None = None, q: str) -> types.FoundList:
        """Find what was said."""
        answer: types.FoundList = self.call(
            Call("GET", "/v1/conversations/search", query={"limit": limit, "cursor": cursor, "q": q})
        )
        return answer

    def get_conversation(self, id: str) -> types.Conversation:
        """Read a conversation."""
        answer: types.Conversation = self.call(Call("GET", f"/v1/conversations/{step(id)}"))
        return answer

    def change_conversation(self, id: str, body: types.ConversationChange) -> types.Conversation:
        """Open, snooze or close a conversation, assign it, label it, mark it read."""
        answer: types.Conversation = self.call(Call("PATCH", f"/v1/conversations/{step(id)}", body=body))
        return answer

    def list_conversation_messages(
        self, id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> types.MessagePage:
        """What was said in a conversation, newest first."""
        answer: types.MessagePage = self.call(
            Call("GET", f"/v1/conversations/{step(id)}/messages", query={"limit": limit, "cursor": cursor})
        )
        return answer

    def reply_in_conversation(
        self, id: str, body: types.ReplyRequest, *, idempotency_key: str | None = None
    ) -> types.Message:
        """Say something in a conversation."""
        answer: types.Message = self.call(
            Call("POST", f"/v1/conversations/{step(id)}/messages", body=body, idempotency_key=idempotency_key),
            keyed=True,
        )
        return answer

    def add_conversation_note(self, id: str, body: types.NoteRequest) -> types.Note:
        """Write a note beside a conversation."""
        answer: types.Note = self.call(Call("POST", f"/v1/conversations/{step(id)}/notes", body=body))
        return answer

    def list_conversation_notes(
        self, id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> types.NoteList:
        """Notes beside a conversation, newest first."""
        answer: types.NoteList = self.call(
            Call("GET", f"/v1/conversations/{step(id)}/notes", query={"limit": limit, "cursor": cursor})
        )
        return answer

    def change_note(self, id: str, body: types.NoteChange) -> types.Note:
        """Change a note beside a conversation."""
        answer: types.Note = self.call(Call("PATCH", f"/v1/notes/{step(id)}", body=body))
        return answer

    def delete_note(self, id: str) -> types.Gone:
        """Drop a note beside a conversation."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/notes/{step(id)}"))
        return answer

    def create_canned_reply(self, body: types.CannedRequest) -> types.Canned:
        """Keep a reply ready."""
        answer: types.Canned = self.call(Call("POST", "/v1/canned-replies", body=body))
        return answer

    def list_canned_replies(self, *, limit: int | None = None, cursor: str | None = None) -> types.CannedList:
        """Replies that are kept ready, newest first."""
        answer: types.CannedList = self.call(
            Call("GET", "/v1/canned-replies", query={"limit": limit, "cursor": cursor})
        )
        return answer

    def change_canned_reply(self, id: str, body: types.CannedChange) -> types.Canned:
        """Change a reply that is kept ready."""
        answer: types.Canned = self.call(Call("PATCH", f"/v1/canned-replies/{step(id)}", body=body))
        return answer

    def delete_canned_reply(self, id: str) -> types.Gone:
        """Drop a reply that was kept ready."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/canned-replies/{step(id)}"))
        return answer

    def report_responses(
        self,
        *,
        by: Literal["message", "sender", "tag"] | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> types.Response:
        """How many messages were answered, by message, tag or sender."""
        answer: types.Response = self.call(
            Call("GET", "/v1/reports/responses", query={"by": by, "since": since, "until": until, "limit": limit})
        )
        return answer

    def report_traffic(
        self,
        *,
        step: Literal["day", "hour", "minute"] | None = None,
        since: str | None = None,
        until: str | None = None,
        carrier: str | None = None,
        account: str | None = None,
    ) -> types.TrafficReport:
        """How many messages were accepted, sent, delivered and so on, by the minute, hour or day."""
        answer: types.TrafficReport = self.call(
            Call(
                "GET",
                "/v1/reports/traffic",
                query={"step": step, "since": since, "until": until, "carrier": carrier, "account": account},
            )
        )
        return answer

    def create_erasure(self, body: types.ErasureRequest) -> types.Erasure:
        """Erase a person."""
        answer: types.Erasure = self.call(Call("POST", "/v1/erasures", body=body, harmless=True))
        return answer

    def create_code(self, body: types.Rule) -> types.Code:
        """Say what incoming texts of a form mean."""
        answer: types.Code = self.call(Call("POST", "/v1/codes", body=body))
        return answer

    def list_codes(self, *, limit: int | None = None, cursor: str | None = None) -> types.CodePage:
        """List codes, newest first."""
        answer: types.CodePage = self.call(Call("GET", "/v1/codes", query={"limit": limit, "cursor": cursor}))
        return answer

    def test_code(self, body: types.CodeTest) -> types.CodeTested:
        """Try a text on the codes."""
        answer: types.CodeTested = self.call(Call("POST", "/v1/codes/test", body=body, harmless=True))
        return answer

    def import_codes(self, body: types.CodeImport) -> types.CodesImported:
        """Take the codes of a file, all or none."""
        answer: types.CodesImported = self.call(Call("POST", "/v1/codes/import", body=body))
        return answer

    def report_codes(self) -> types.CodeReports:
        """What the codes of the account do to each other."""
        answer: types.CodeReports = self.call(Call("GET", "/v1/codes/reports"))
        return answer

    def get_code(self, id: str) -> types.Code:
        """Read a code."""
        answer: types.Code = self.call(Call("GET", f"/v1/codes/{step(id)}"))
        return answer

    def change_code(self, id: str, body: types.CodeChange) -> types.Code:
        """Change a code."""
        answer: types.Code = self.call(Call("PATCH", f"/v1/codes/{step(id)}", body=body))
        return answer

    def delete_code(self, id: str) -> types.Gone:
        """End a code."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/codes/{step(id)}"))
        return answer

    def enrol_esme(self, body: types.EsmeRequest) -> types.EsmeEnrolled:
        """Enrol a customer's ESME."""
        answer: types.EsmeEnrolled = self.call(Call("POST", "/v1/esmes", body=body))
        return answer

    def list_esmes(
        self, *, account: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> types.EsmePage:
        """List ESMEs, without their passwords, with their binds."""
        answer: types.EsmePage = self.call(
            Call("GET", "/v1/esmes", query={"account": account, "limit": limit, "cursor": cursor})
        )
        return answer

    def get_esme(self, id: str) -> types.Esme:
        """Read an ESME, with its binds."""
        answer: types.Esme = self.call(Call("GET", f"/v1/esmes/{step(id)}"))
        return answer

    def change_esme(self, id: str, body: types.EsmeChange) -> types.Esme:
        """Change an ESME."""
        answer: types.Esme = self.call(Call("PATCH", f"/v1/esmes/{step(id)}", body=body))
        return answer

    def close_esme(self, id: str) -> types.Esme:
        """Close an ESME."""
        answer: types.Esme = self.call(Call("DELETE", f"/v1/esmes/{step(id)}"))
        return answer

    def capture_esme(
        self, id: str, *, seconds: int | None = None, whole: Literal["false", "true"] | None = None
    ) -> Lines:
        """What goes over the binds of an ESME, PDU by PDU, as it goes."""
        return self.lines(Call("GET", f"/v1/esmes/{step(id)}/capture", query={"seconds": seconds, "whole": whole}))

    def rotate_esme(self, id: str, body: types.PasswordRotation | None = None) -> types.EsmeEnrolled:
        """Give an ESME a new password."""
        answer: types.EsmeEnrolled = self.call(Call("POST", f"/v1/esmes/{step(id)}/rotate", body=body))
        return answer

    def list_esme_deliveries(
        self,
        id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["dead", "waiting"] | None = None,
    ) -> types.EsmeDeliveries:
        """Receipts and texts that wait for an ESME, or were given up, newest first."""
        answer: types.EsmeDeliveries = self.call(
            Call("GET", f"/v1/esmes/{step(id)}/deliveries", query={"limit": limit, "cursor": cursor, "status": status})
        )
        return answer

    def replay_esme_deliveries(self, id: str, body: types.EsmeReplay | None = None) -> types.EsmeReplayed:
        """Let receipts and texts that were given up go out to an ESME again."""
        answer: types.EsmeReplayed = self.call(Call("POST", f"/v1/esmes/{step(id)}/replay", body=body))
        return answer

    def create_webhook(self, body: types.WebhookRequest) -> types.Webhook:
        """Be told of events at a URL."""
        answer: types.Webhook = self.call(Call("POST", "/v1/webhooks", body=body))
        return answer

    def list_webhooks(self, *, limit: int | None = None, cursor: str | None = None) -> types.WebhookPage:
        """List webhooks, newest first."""
        answer: types.WebhookPage = self.call(Call("GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor}))
        return answer

    def rotate_default_secret(self, body: types.SecretRotation | None = None) -> types.Secret:
        """Make or rotate the secret that signs calls of `callback_url`."""
        answer: types.Secret = self.call(Call("POST", "/v1/webhooks/secret", body=body))
        return answer

    def list_deliveries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        webhook: str | None = None,
        message: str | None = None,
        status: Literal["canceled", "dead", "delivered", "waiting"] | None = None,
        type: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.DeliveryList:
        """The log of webhook deliveries, newest first."""
        answer: types.DeliveryList = self.call(
            Call(
                "GET",
                "/v1/webhooks/deliveries",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "webhook": webhook,
                    "message": message,
                    "status": status,
                    "type": type,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    def get_delivery(self, id: str) -> types.DeliveryStory:
        """One delivery with its attempts and its body."""
        answer: types.DeliveryStory = self.call(Call("GET", f"/v1/webhooks/deliveries/{step(id)}"))
        return answer

    def replay_deliveries(self, body: types.ReplayRequest) -> types.Replayed:
        """Send deliveries that have ended again."""
        answer: types.Replayed = self.call(Call("POST", "/v1/webhooks/replay", body=body))
        return answer

    def verify_signature(self, body: types.VerifyRequest) -> types.Checked:
        """Check a signature and see what is wrong with it."""
        answer: types.Checked = self.call(Call("POST", "/v1/webhooks/verify", body=body, harmless=True))
        return answer

    def get_webhook(self, id: str) -> types.Webhook:
        """Read a webhook."""
        answer: types.Webhook = self.call(Call("GET", f"/v1/webhooks/{step(id)}"))
        return answer

    def change_webhook(self, id: str, body: types.WebhookChange) -> types.Webhook:
        """Change a webhook."""
        answer: types.Webhook = self.call(Call("PATCH", f"/v1/webhooks/{step(id)}", body=body))
        return answer

    def delete_webhook(self, id: str) -> types.Gone:
        """Delete a webhook."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/webhooks/{step(id)}"))
        return answer

    def rotate_webhook(self, id: str, body: types.SecretRotation | None = None) -> types.Secret:
        """Rotate the secret of a webhook."""
        answer: types.Secret = self.call(Call("POST", f"/v1/webhooks/{step(id)}/rotate", body=body))
        return answer

    def test_webhook(self, id: str) -> types.Test:
        """Call the endpoint once and see what it says."""
        answer: types.Test = self.call(Call("POST", f"/v1/webhooks/{step(id)}/test"))
        return answer

    def list_carriers(self) -> types.CarrierList:
        """How the carriers and their binds stand."""
        answer: types.CarrierList = self.call(Call("GET", "/v1/carriers"))
        return answer

    def create_carrier(self, body: types.CarrierRequest) -> types.CarrierState:
        """Make a carrier."""
        answer: types.CarrierState = self.call(Call("POST", "/v1/carriers", body=body))
        return answer

    def get_carrier(self, name: str) -> types.CarrierState:
        """How a carrier and its binds stand."""
        answer: types.CarrierState = self.call(Call("GET", f"/v1/carriers/{step(name)}"))
        return answer

    def change_carrier(self, name: str, body: types.CarrierChange) -> types.CarrierState:
        """Change a carrier that was made by the API."""
        answer: types.CarrierState = self.call(Call("PATCH", f"/v1/carriers/{step(name)}", body=body))
        return answer

    def delete_carrier(self, name: str) -> types.CarrierGone:
        """Take away a carrier that was made by the API."""
        answer: types.CarrierGone = self.call(Call("DELETE", f"/v1/carriers/{step(name)}"))
        return answer

    def pause_carrier(self, name: str, body: types.WhichBind | None = None) -> types.CarrierState:
        """Hand nothing new to a carrier, or to one of its binds."""
        answer: types.CarrierState = self.call(Call("POST", f"/v1/carriers/{step(name)}/pause", body=body))
        return answer

    def resume_carrier(self, name: str, body: types.WhichBind | None = None) -> types.CarrierState:
        """Go on with a carrier and all of its binds, or with one bind."""
        answer: types.CarrierState = self.call(Call("POST", f"/v1/carriers/{step(name)}/resume", body=body))
        return answer

    def test_carrier(self, name: str, body: types.TestOrder) -> types.CarrierTestBegun:
        """Send one text through a carrier, to learn its ways."""
        answer: types.CarrierTestBegun = self.call(Call("POST", f"/v1/carriers/{step(name)}/test", body=body))
        return answer

    def get_carrier_test(self, name: str, id: str) -> types.CarrierTest:
        """What a test told about a carrier, and the profile that follows from it."""
        answer: types.CarrierTest = self.call(Call("GET", f"/v1/carriers/{step(name)}/test/{step(id)}"))
        return answer

    def capture_carrier(
        self, name: str, *, seconds: int | None = None, whole: Literal["false", "true"] | None = None
    ) -> Lines:
        """What goes over the links of a carrier, PDU by PDU, as it goes."""
        return self.lines(Call("GET", f"/v1/carriers/{step(name)}/capture", query={"seconds": seconds, "whole": whole}))

    def list_orphans(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        carrier: str | None = None,
        from_: str | None = None,
        parked: Literal["false", "true"] | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.Orphans:
        """Receipts that match no message, and why."""
        answer: types.Orphans = self.call(
            Call(
                "GET",
                "/v1/orphans",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "carrier": carrier,
                    "from": from_,
                    "parked": parked,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    def get_orphan(self, id: str) -> types.Orphan:
        """A receipt that matches no message, and why."""
        answer: types.Orphan = self.call(Call("GET", f"/v1/orphans/{step(id)}"))
        return answer

    def delete_orphan(self, id: str) -> types.Gone:
        """Drop a receipt that matches no message."""
        answer: types.Gone = self.call(Call("DELETE", f"/v1/orphans/{step(id)}"))
        return answer

    def match_orphans(self, body: types.OrphanChoice | None = None) -> types.OrphansMatched:
        """Match receipts again that matched no message."""
        answer: types.OrphansMatched = self.call(Call("POST", "/v1/orphans/match", body=body))
        return answer

    def drop_orphans(self, body: types.OrphanChoice) -> types.OrphansDropped:
        """Drop receipts that match no message."""
        answer: types.OrphansDropped = self.call(Call("POST", "/v1/orphans/drop", body=body))
        return answer

    def diagnose(self) -> types.Diagnosis:
        """What is wrong and what to do about it."""
        answer: types.Diagnosis = self.call(Call("GET", "/v1/doctor"))
        return answer

    def metrics(self) -> str:
        """Figures of this process for Prometheus."""
        answer: str = self.call(Call("GET", "/metrics"))
        return answer

    def alive(self) -> types.Alive:
        """Is the process alive?"""
        answer: types.Alive = self.call(Call("GET", "/healthz"))
        return answer

    def ready(self) -> types.Ready:
        """Are messages taken?"""
        answer: types.Ready = self.call(Call("GET", "/readyz"))
        return answer

    def list_handsets(self, *, limit: int | None = None, cursor: str | None = None) -> types.HandsetPage:
        """The simulated phones that were sent something, the latest first."""
        answer: types.HandsetPage = self.call(
            Call("GET", "/v1/simulator/handsets", query={"limit": limit, "cursor": cursor})
        )
        return answer

    def get_handset(self, number: str) -> types.Handset:
        """What one simulated phone shows."""
        answer: types.Handset = self.call(Call("GET", f"/v1/simulator/handsets/{step(number)}"))
        return answer

    def text_from_handset(self, number: str, body: types.NewText) -> types.TextTaken:
        """A simulated phone texts us."""
        answer: types.TextTaken = self.call(Call("POST", f"/v1/simulator/handsets/{step(number)}/messages", body=body))
        return answer

    def list_submissions(
        self, *, limit: int | None = None, cursor: str | None = None, to: str | None = None
    ) -> types.SubmissionPage:
        """Every submit_sm the network was sent, the latest first."""
        answer: types.SubmissionPage = self.call(
            Call("GET", "/v1/simulator/submissions", query={"limit": limit, "cursor": cursor, "to": to})
        )
        return answer

    def get_network_stats(self) -> types.NetworkStats:
        """Counters of the simulated network since its start, and how it stands."""
        answer: types.NetworkStats = self.call(Call("GET", "/v1/simulator/stats"))
        return answer

    def get_faults(self) -> types.FaultInForce:
        """The trouble of the simulated network."""
        answer: types.FaultInForce = self.call(Call("GET", "/v1/simulator/faults"))
        return answer

    def set_faults(self, body: types.Faults) -> types.FaultInForce:
        """Begin or end a trouble of the simulated network."""
        answer: types.FaultInForce = self.call(Call("PUT", "/v1/simulator/faults", body=body))
        return answer

    def list_personalities(self) -> types.Personalities:
        """Ways in which the simulated network can behave badly, and those in force."""
        answer: types.Personalities = self.call(Call("GET", "/v1/simulator/personalities"))
        return answer

    def choose_personality(self, body: types.ChosenPersonality) -> types.PersonalityInForce:
        """Let the simulated network behave badly to an ESME, or to all, or well again."""
        answer: types.PersonalityInForce = self.call(Call("PUT", "/v1/simulator/personalities", body=body))
        return answer


class AsyncCalls:
    """The calls of the API; `call` makes them."""

    async def call(self, call: Call, *, keyed: bool = False) -> Any:
        """Make one call."""
        raise NotImplementedError

    def stream(self, call: Call) -> AsyncStream:
        """Take events as they come."""
        raise NotImplementedError

    def lines(self, call: Call) -> AsyncLines:
        """Take lines of JSON as they come."""
        raise NotImplementedError

    async def post_message(self, body: types.MessageRequest, *, idempotency_key: str | None = None) -> types.Message:
        """Send a message."""
        answer: types.Message = await self.call(
            Call("POST", "/v1/messages", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    async def list_messages(
        self,
        *,
        status: Literal[
            "accepted",
            "canceled",
            "delivered",
            "expired",
            "failed",
            "queued",
            "received",
            "rejected",
            "scheduled",
            "sent",
            "undelivered",
            "unknown",
        ]
        | None = None,
        to: str | None = None,
        from_: str | None = None,
        direction: Literal["mo", "mt"] | None = None,
        tag: str | None = None,
        client_ref: str | None = None,
        in_reply_to: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> types.MessagePage:
        """List messages, newest first."""
        answer: types.MessagePage = await self.call(
            Call(
                "GET",
                "/v1/messages",
                query={
                    "status": status,
                    "to": to,
                    "from": from_,
                    "direction": direction,
                    "tag": tag,
                    "client_ref": client_ref,
                    "in_reply_to": in_reply_to,
                    "since": since,
                    "until": until,
                    "limit": limit,
                    "cursor": cursor,
                },
            )
        )
        return answer

    async def post_batch(self, body: types.Batch, *, idempotency_key: str | None = None) -> types.BatchAnswer:
        """Send many messages in one request."""
        answer: types.BatchAnswer = await self.call(
            Call("POST", "/v1/messages/batch", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    async def preview_message(self, body: types.MessageRequest) -> types.Preview:
        """What sending a message would lead to."""
        answer: types.Preview = await self.call(Call("POST", "/v1/messages/preview", body=body, harmless=True))
        return answer

    async def send_by_form(self, body: types.OneUrl | None = None) -> types.Message:
        """Send a message by a form."""
        answer: types.Message = await self.call(Call("POST", "/send", form=body, harmless=False))
        return answer

    async def send_by_url(
        self,
        *,
        to: str,
        text: str,
        from_: str | None = None,
        client_ref: str | None = None,
        idempotency_key: str | None = None,
        key: str | None = None,
    ) -> types.Message:
        """Send a message by opening an address."""
        answer: types.Message = await self.call(
            Call(
                "GET",
                "/send",
                harmless=False,
                query={
                    "to": to,
                    "text": text,
                    "from": from_,
                    "client_ref": client_ref,
                    "idempotency_key": idempotency_key,
                    "key": key,
                },
            )
        )
        return answer

    async def get_message(self, id: str) -> types.Message:
        """Read a message."""
        answer: types.Message = await self.call(Call("GET", f"/v1/messages/{step(id)}"))
        return answer

    async def list_message_events(self, id: str) -> types.EventList:
        """What happened to a message, in order."""
        answer: types.EventList = await self.call(Call("GET", f"/v1/messages/{step(id)}/events"))
        return answer

    async def explain_message(self, id: str) -> types.Explanation:
        """The whole story of a message."""
        answer: types.Explanation = await self.call(Call("GET", f"/v1/messages/{step(id)}/explain"))
        return answer

    async def cancel_message(self, id: str, body: types.Nothing | None = None) -> types.Message:
        """Cancel a message that is not yet sent."""
        answer: types.Message = await self.call(
            Call("POST", f"/v1/messages/{step(id)}/cancel", body=body, harmless=True)
        )
        return answer

    async def analyze_text(self, body: types.TextQuestion) -> types.Analysis:
        """What a text costs, and why."""
        answer: types.Analysis = await self.call(Call("POST", "/v1/text/analyze", body=body, harmless=True))
        return answer

    def stream_events(
        self,
        *,
        types: str | None = None,
        message_id: str | None = None,
        direction: Literal["mo", "mt"] | None = None,
        to: str | None = None,
        from_: str | None = None,
        tag: str | None = None,
        client_ref: str | None = None,
        last_event_id: str | None = None,
    ) -> AsyncStream:
        """What happens, live, as server-sent events."""
        return self.stream(
            Call(
                "GET",
                "/v1/stream",
                query={
                    "types": types,
                    "message_id": message_id,
                    "direction": direction,
                    "to": to,
                    "from": from_,
                    "tag": tag,
                    "client_ref": client_ref,
                    "last_event_id": last_event_id,
                },
            )
        )

    async def create_key(self, body: types.KeyRequest) -> types.KeyIssued:
        """Issue an API key."""
        answer: types.KeyIssued = await self.call(Call("POST", "/v1/keys", body=body))
        return answer

    async def list_keys(self, *, limit: int | None = None, cursor: str | None = None) -> types.KeyPage:
        """List API keys, without their secrets."""
        answer: types.KeyPage = await self.call(Call("GET", "/v1/keys", query={"limit": limit, "cursor": cursor}))
        return answer

    async def get_key(self, id: str) -> types.Key:
        """Read a key, without its secret."""
        answer: types.Key = await self.call(Call("GET", f"/v1/keys/{step(id)}"))
        return answer

    async def change_key(self, id: str, body: types.KeyChange) -> types.Key:
        """Change the name or the bounds of a key."""
        answer: types.Key = await self.call(Call("PATCH", f"/v1/keys/{step(id)}", body=body))
        return answer

    async def revoke_key(self, id: str) -> types.Key:
        """Revoke a key."""
        answer: types.Key = await self.call(Call("DELETE", f"/v1/keys/{step(id)}"))
        return answer

    async def rotate_key(self, id: str, body: types.Rotation | None = None) -> types.KeyIssued:
        """Give a key a new secret."""
        answer: types.KeyIssued = await self.call(Call("POST", f"/v1/keys/{step(id)}/rotate", body=body))
        return answer

    async def create_account(self, body: types.AccountRequest, *, idempotency_key: str | None = None) -> types.Account:
        """Open an account."""
        answer: types.Account = await self.call(
            Call("POST", "/v1/accounts", body=body, idempotency_key=idempotency_key), keyed=True
        )
        return answer

    async def list_accounts(self, *, limit: int | None = None, cursor: str | None = None) -> types.AccountPage:
        """List accounts."""
        answer: types.AccountPage = await self.call(
            Call("GET", "/v1/accounts", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def get_account(self, id: str) -> types.Account:
        """Read an account."""
        answer: types.Account = await self.call(Call("GET", f"/v1/accounts/{step(id)}"))
        return answer

    async def change_account(self, id: str, body: types.AccountChange) -> types.Account:
        """Change the name, senders or limits of an account."""
        answer: types.Account = await self.call(Call("PATCH", f"/v1/accounts/{step(id)}", body=body))
        return answer

    async def close_account(self, id: str) -> types.Account:
        """Close an account."""
        answer: types.Account = await self.call(Call("DELETE", f"/v1/accounts/{step(id)}"))
        return answer

    async def list_account_keys(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> types.KeyPage:
        """List the keys of an account, without their secrets."""
        answer: types.KeyPage = await self.call(
            Call("GET", f"/v1/accounts/{step(id)}/keys", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def create_account_key(self, id: str, body: types.KeyRequest) -> types.KeyIssued:
        """Issue a key for an account."""
        answer: types.KeyIssued = await self.call(Call("POST", f"/v1/accounts/{step(id)}/keys", body=body))
        return answer

    async def get_setup(self) -> types.Setup:
        """Is there an owner, and how does one sign in?"""
        answer: types.Setup = await self.call(Call("GET", "/v1/setup"))
        return answer

    async def set_password_by_link(self, body: types.PasswordByLink) -> types.User:
        """Choose a password by a link."""
        answer: types.User = await self.call(Call("POST", "/v1/password/link", body=body))
        return answer

    async def invite_user(self, body: types.UserRequest) -> types.UserInvited:
        """Invite somebody."""
        answer: types.UserInvited = await self.call(Call("POST", "/v1/users", body=body))
        return answer

    async def list_users(
        self, *, limit: int | None = None, cursor: str | None = None, account: str | None = None
    ) -> types.UserPage:
        """List the people of the account."""
        answer: types.UserPage = await self.call(
            Call("GET", "/v1/users", query={"limit": limit, "cursor": cursor, "account": account})
        )
        return answer

    async def get_user(self, id: str) -> types.User:
        """Read a user."""
        answer: types.User = await self.call(Call("GET", f"/v1/users/{step(id)}"))
        return answer

    async def change_user(self, id: str, body: types.UserChange) -> types.User:
        """Change the name or role of a user, or disable them."""
        answer: types.User = await self.call(Call("PATCH", f"/v1/users/{step(id)}", body=body))
        return answer

    async def delete_user(self, id: str) -> types.Gone:
        """Delete a user."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/users/{step(id)}"))
        return answer

    async def link_user(self, id: str) -> types.Link:
        """Make a link by which a user chooses a password."""
        answer: types.Link = await self.call(Call("POST", f"/v1/users/{step(id)}/link"))
        return answer

    async def reset_second_factor(self, id: str) -> types.User:
        """Take away the second factor of a user who lost it."""
        answer: types.User = await self.call(Call("DELETE", f"/v1/users/{step(id)}/second-factor"))
        return answer

    async def end_user_sessions(self, id: str) -> types.User:
        """Sign a user out everywhere."""
        answer: types.User = await self.call(Call("DELETE", f"/v1/users/{step(id)}/sessions"))
        return answer

    async def list_audit(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        account: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        subject: str | None = None,
        address: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.AuditPage:
        """Who did what to people and keys, and who signed in."""
        answer: types.AuditPage = await self.call(
            Call(
                "GET",
                "/v1/audit",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "account": account,
                    "action": action,
                    "actor": actor,
                    "subject": subject,
                    "address": address,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    async def create_sender(self, body: types.SenderRequest) -> types.Sender:
        """Give an address to an account."""
        answer: types.Sender = await self.call(Call("POST", "/v1/senders", body=body))
        return answer

    async def list_senders(
        self, *, account: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> types.SenderPage:
        """List addresses with their owners, in their order."""
        answer: types.SenderPage = await self.call(
            Call("GET", "/v1/senders", query={"account": account, "limit": limit, "cursor": cursor})
        )
        return answer

    async def get_sender(self, address: str) -> types.Sender:
        """Read an address."""
        answer: types.Sender = await self.call(Call("GET", f"/v1/senders/{step(address)}"))
        return answer

    async def change_sender(self, address: str, body: types.SenderChange) -> types.Sender:
        """Change what is done with texts to an address, or whose it is."""
        answer: types.Sender = await self.call(Call("PATCH", f"/v1/senders/{step(address)}", body=body))
        return answer

    async def delete_sender(self, address: str) -> types.Gone:
        """Make an address nobody's."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/senders/{step(address)}"))
        return answer

    async def create_contact(self, body: types.ContactRequest) -> types.Contact:
        """Keep a contact."""
        answer: types.Contact = await self.call(Call("POST", "/v1/contacts", body=body))
        return answer

    async def list_contacts(
        self,
        *,
        number: str | None = None,
        tag: str | None = None,
        name: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> types.ContactPage:
        """List contacts, newest first."""
        answer: types.ContactPage = await self.call(
            Call(
                "GET",
                "/v1/contacts",
                query={"number": number, "tag": tag, "name": name, "limit": limit, "cursor": cursor},
            )
        )
        return answer

    async def get_contact(self, id: str) -> types.Contact:
        """Read a contact."""
        answer: types.Contact = await self.call(Call("GET", f"/v1/contacts/{step(id)}"))
        return answer

    async def change_contact(self, id: str, body: types.ContactChange) -> types.Contact:
        """Change a contact."""
        answer: types.Contact = await self.call(Call("PATCH", f"/v1/contacts/{step(id)}", body=body))
        return answer

    async def delete_contact(self, id: str) -> types.Gone:
        """Drop a contact."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/contacts/{step(id)}"))
        return answer

    async def merge_contact(self, id: str, body: types.ContactMerge) -> types.Contact:
        """Make one person of two contacts."""
        answer: types.Contact = await self.call(Call("POST", f"/v1/contacts/{step(id)}/merge", body=body))
        return answer

    async def open_conversation(self, body: types.ConversationRequest) -> types.Conversation:
        """Open the conversation with a number."""
        answer: types.Conversation = await self.call(Call("POST", "/v1/conversations", body=body))
        return answer

    async def list_conversations(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["closed", "open", "snoozed"] | None = None,
        assignee: str | None = None,
        label: str | None = None,
        from_: str | None = None,
        contact: str | None = None,
        unread: Literal["false", "true"] | None = None,
        assigned: Literal["false", "true"] | None = None,
    ) -> types.ConversationList:
        """The inbox: conversations, those with the newest message first."""
        answer: types.ConversationList = await self.call(
            Call(
                "GET",
                "/v1/conversations",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "status": status,
                    "assignee": assignee,
                    "label": label,
                    "from": from_,
                    "contact": contact,
                    "unread": unread,
                    "assigned": assigned,
                },
            )
        )
        return answer

    async def search_conversations(
        self, *, limit: int | None = None, cursor: str | None = None, q: str
    ) -> types.FoundList:
        """Find what was said."""
        answer: types.FoundList = await self.call(
            Call("GET", "/v1/conversations/search", query={"limit": limit, "cursor": cursor, "q": q})
        )
        return answer

    async def get_conversation(self, id: str) -> types.Conversation:
        """Read a conversation."""
        answer: types.Conversation = await self.call(Call("GET", f"/v1/conversations/{step(id)}"))
        return answer

    async def change_conversation(self, id: str, body: types.ConversationChange) -> types.Conversation:
        """Open, snooze or close a conversation, assign it, label it, mark it read."""
        answer: types.Conversation = await self.call(Call("PATCH", f"/v1/conversations/{step(id)}", body=body))
        return answer

    async def list_conversation_messages(
        self, id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> types.MessagePage:
        """What was said in a conversation, newest first."""
        answer: types.MessagePage = await self.call(
            Call("GET", f"/v1/conversations/{step(id)}/messages", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def reply_in_conversation(
        self, id: str, body: types.ReplyRequest, *, idempotency_key: str | None = None
    ) -> types.Message:
        """Say something in a conversation."""
        answer: types.Message = await self.call(
            Call("POST", f"/v1/conversations/{step(id)}/messages", body=body, idempotency_key=idempotency_key),
            keyed=True,
        )
        return answer

    async def add_conversation_note(self, id: str, body: types.NoteRequest) -> types.Note:
        """Write a note beside a conversation."""
        answer: types.Note = await self.call(Call("POST", f"/v1/conversations/{step(id)}/notes", body=body))
        return answer

    async def list_conversation_notes(
        self, id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> types.NoteList:
        """Notes beside a conversation, newest first."""
        answer: types.NoteList = await self.call(
            Call("GET", f"/v1/conversations/{step(id)}/notes", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def change_note(self, id: str, body: types.NoteChange) -> types.Note:
        """Change a note beside a conversation."""
        answer: types.Note = await self.call(Call("PATCH", f"/v1/notes/{step(id)}", body=body))
        return answer

    async def delete_note(self, id: str) -> types.Gone:
        """Drop a note beside a conversation."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/notes/{step(id)}"))
        return answer

    async def create_canned_reply(self, body: types.CannedRequest) -> types.Canned:
        """Keep a reply ready."""
        answer: types.Canned = await self.call(Call("POST", "/v1/canned-replies", body=body))
        return answer

    async def list_canned_replies(self, *, limit: int | None = None, cursor: str | None = None) -> types.CannedList:
        """Replies that are kept ready, newest first."""
        answer: types.CannedList = await self.call(
            Call("GET", "/v1/canned-replies", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def change_canned_reply(self, id: str, body: types.CannedChange) -> types.Canned:
        """Change a reply that is kept ready."""
        answer: types.Canned = await self.call(Call("PATCH", f"/v1/canned-replies/{step(id)}", body=body))
        return answer

    async def delete_canned_reply(self, id: str) -> types.Gone:
        """Drop a reply that was kept ready."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/canned-replies/{step(id)}"))
        return answer

    async def report_responses(
        self,
        *,
        by: Literal["message", "sender", "tag"] | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> types.Response:
        """How many messages were answered, by message, tag or sender."""
        answer: types.Response = await self.call(
            Call("GET", "/v1/reports/responses", query={"by": by, "since": since, "until": until, "limit": limit})
        )
        return answer

    async def report_traffic(
        self,
        *,
        step: Literal["day", "hour", "minute"] | None = None,
        since: str | None = None,
        until: str | None = None,
        carrier: str | None = None,
        account: str | None = None,
    ) -> types.TrafficReport:
        """How many messages were accepted, sent, delivered and so on, by the minute, hour or day."""
        answer: types.TrafficReport = await self.call(
            Call(
                "GET",
                "/v1/reports/traffic",
                query={"step": step, "since": since, "until": until, "carrier": carrier, "account": account},
            )
        )
        return answer

    async def create_erasure(self, body: types.ErasureRequest) -> types.Erasure:
        """Erase a person."""
        answer: types.Erasure = await self.call(Call("POST", "/v1/erasures", body=body, harmless=True))
        return answer

    async def create_code(self, body: types.Rule) -> types.Code:
        """Say what incoming texts of a form mean."""
        answer: types.Code = await self.call(Call("POST", "/v1/codes", body=body))
        return answer

    async def list_codes(self, *, limit: int | None = None, cursor: str | None = None) -> types.CodePage:
        """List codes, newest first."""
        answer: types.CodePage = await self.call(Call("GET", "/v1/codes", query={"limit": limit, "cursor": cursor}))
        return answer

    async def test_code(self, body: types.CodeTest) -> types.CodeTested:
        """Try a text on the codes."""
        answer: types.CodeTested = await self.call(Call("POST", "/v1/codes/test", body=body, harmless=True))
        return answer

    async def import_codes(self, body: types.CodeImport) -> types.CodesImported:
        """Take the codes of a file, all or none."""
        answer: types.CodesImported = await self.call(Call("POST", "/v1/codes/import", body=body))
        return answer

    async def report_codes(self) -> types.CodeReports:
        """What the codes of the account do to each other."""
        answer: types.CodeReports = await self.call(Call("GET", "/v1/codes/reports"))
        return answer

    async def get_code(self, id: str) -> types.Code:
        """Read a code."""
        answer: types.Code = await self.call(Call("GET", f"/v1/codes/{step(id)}"))
        return answer

    async def change_code(self, id: str, body: types.CodeChange) -> types.Code:
        """Change a code."""
        answer: types.Code = await self.call(Call("PATCH", f"/v1/codes/{step(id)}", body=body))
        return answer

    async def delete_code(self, id: str) -> types.Gone:
        """End a code."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/codes/{step(id)}"))
        return answer

    async def enrol_esme(self, body: types.EsmeRequest) -> types.EsmeEnrolled:
        """Enrol a customer's ESME."""
        answer: types.EsmeEnrolled = await self.call(Call("POST", "/v1/esmes", body=body))
        return answer

    async def list_esmes(
        self, *, account: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> types.EsmePage:
        """List ESMEs, without their passwords, with their binds."""
        answer: types.EsmePage = await self.call(
            Call("GET", "/v1/esmes", query={"account": account, "limit": limit, "cursor": cursor})
        )
        return answer

    async def get_esme(self, id: str) -> types.Esme:
        """Read an ESME, with its binds."""
        answer: types.Esme = await self.call(Call("GET", f"/v1/esmes/{step(id)}"))
        return answer

    async def change_esme(self, id: str, body: types.EsmeChange) -> types.Esme:
        """Change an ESME."""
        answer: types.Esme = await self.call(Call("PATCH", f"/v1/esmes/{step(id)}", body=body))
        return answer

    async def close_esme(self, id: str) -> types.Esme:
        """Close an ESME."""
        answer: types.Esme = await self.call(Call("DELETE", f"/v1/esmes/{step(id)}"))
        return answer

    def capture_esme(
        self, id: str, *, seconds: int | None = None, whole: Literal["false", "true"] | None = None
    ) -> AsyncLines:
        """What goes over the binds of an ESME, PDU by PDU, as it goes."""
        return self.lines(Call("GET", f"/v1/esmes/{step(id)}/capture", query={"seconds": seconds, "whole": whole}))

    async def rotate_esme(self, id: str, body: types.PasswordRotation | None = None) -> types.EsmeEnrolled:
        """Give an ESME a new password."""
        answer: types.EsmeEnrolled = await self.call(Call("POST", f"/v1/esmes/{step(id)}/rotate", body=body))
        return answer

    async def list_esme_deliveries(
        self,
        id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: Literal["dead", "waiting"] | None = None,
    ) -> types.EsmeDeliveries:
        """Receipts and texts that wait for an ESME, or were given up, newest first."""
        answer: types.EsmeDeliveries = await self.call(
            Call("GET", f"/v1/esmes/{step(id)}/deliveries", query={"limit": limit, "cursor": cursor, "status": status})
        )
        return answer

    async def replay_esme_deliveries(self, id: str, body: types.EsmeReplay | None = None) -> types.EsmeReplayed:
        """Let receipts and texts that were given up go out to an ESME again."""
        answer: types.EsmeReplayed = await self.call(Call("POST", f"/v1/esmes/{step(id)}/replay", body=body))
        return answer

    async def create_webhook(self, body: types.WebhookRequest) -> types.Webhook:
        """Be told of events at a URL."""
        answer: types.Webhook = await self.call(Call("POST", "/v1/webhooks", body=body))
        return answer

    async def list_webhooks(self, *, limit: int | None = None, cursor: str | None = None) -> types.WebhookPage:
        """List webhooks, newest first."""
        answer: types.WebhookPage = await self.call(
            Call("GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def rotate_default_secret(self, body: types.SecretRotation | None = None) -> types.Secret:
        """Make or rotate the secret that signs calls of `callback_url`."""
        answer: types.Secret = await self.call(Call("POST", "/v1/webhooks/secret", body=body))
        return answer

    async def list_deliveries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        webhook: str | None = None,
        message: str | None = None,
        status: Literal["canceled", "dead", "delivered", "waiting"] | None = None,
        type: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.DeliveryList:
        """The log of webhook deliveries, newest first."""
        answer: types.DeliveryList = await self.call(
            Call(
                "GET",
                "/v1/webhooks/deliveries",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "webhook": webhook,
                    "message": message,
                    "status": status,
                    "type": type,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    async def get_delivery(self, id: str) -> types.DeliveryStory:
        """One delivery with its attempts and its body."""
        answer: types.DeliveryStory = await self.call(Call("GET", f"/v1/webhooks/deliveries/{step(id)}"))
        return answer

    async def replay_deliveries(self, body: types.ReplayRequest) -> types.Replayed:
        """Send deliveries that have ended again."""
        answer: types.Replayed = await self.call(Call("POST", "/v1/webhooks/replay", body=body))
        return answer

    async def verify_signature(self, body: types.VerifyRequest) -> types.Checked:
        """Check a signature and see what is wrong with it."""
        answer: types.Checked = await self.call(Call("POST", "/v1/webhooks/verify", body=body, harmless=True))
        return answer

    async def get_webhook(self, id: str) -> types.Webhook:
        """Read a webhook."""
        answer: types.Webhook = await self.call(Call("GET", f"/v1/webhooks/{step(id)}"))
        return answer

    async def change_webhook(self, id: str, body: types.WebhookChange) -> types.Webhook:
        """Change a webhook."""
        answer: types.Webhook = await self.call(Call("PATCH", f"/v1/webhooks/{step(id)}", body=body))
        return answer

    async def delete_webhook(self, id: str) -> types.Gone:
        """Delete a webhook."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/webhooks/{step(id)}"))
        return answer

    async def rotate_webhook(self, id: str, body: types.SecretRotation | None = None) -> types.Secret:
        """Rotate the secret of a webhook."""
        answer: types.Secret = await self.call(Call("POST", f"/v1/webhooks/{step(id)}/rotate", body=body))
        return answer

    async def test_webhook(self, id: str) -> types.Test:
        """Call the endpoint once and see what it says."""
        answer: types.Test = await self.call(Call("POST", f"/v1/webhooks/{step(id)}/test"))
        return answer

    async def list_carriers(self) -> types.CarrierList:
        """How the carriers and their binds stand."""
        answer: types.CarrierList = await self.call(Call("GET", "/v1/carriers"))
        return answer

    async def create_carrier(self, body: types.CarrierRequest) -> types.CarrierState:
        """Make a carrier."""
        answer: types.CarrierState = await self.call(Call("POST", "/v1/carriers", body=body))
        return answer

    async def get_carrier(self, name: str) -> types.CarrierState:
        """How a carrier and its binds stand."""
        answer: types.CarrierState = await self.call(Call("GET", f"/v1/carriers/{step(name)}"))
        return answer

    async def change_carrier(self, name: str, body: types.CarrierChange) -> types.CarrierState:
        """Change a carrier that was made by the API."""
        answer: types.CarrierState = await self.call(Call("PATCH", f"/v1/carriers/{step(name)}", body=body))
        return answer

    async def delete_carrier(self, name: str) -> types.CarrierGone:
        """Take away a carrier that was made by the API."""
        answer: types.CarrierGone = await self.call(Call("DELETE", f"/v1/carriers/{step(name)}"))
        return answer

    async def pause_carrier(self, name: str, body: types.WhichBind | None = None) -> types.CarrierState:
        """Hand nothing new to a carrier, or to one of its binds."""
        answer: types.CarrierState = await self.call(Call("POST", f"/v1/carriers/{step(name)}/pause", body=body))
        return answer

    async def resume_carrier(self, name: str, body: types.WhichBind | None = None) -> types.CarrierState:
        """Go on with a carrier and all of its binds, or with one bind."""
        answer: types.CarrierState = await self.call(Call("POST", f"/v1/carriers/{step(name)}/resume", body=body))
        return answer

    async def test_carrier(self, name: str, body: types.TestOrder) -> types.CarrierTestBegun:
        """Send one text through a carrier, to learn its ways."""
        answer: types.CarrierTestBegun = await self.call(Call("POST", f"/v1/carriers/{step(name)}/test", body=body))
        return answer

    async def get_carrier_test(self, name: str, id: str) -> types.CarrierTest:
        """What a test told about a carrier, and the profile that follows from it."""
        answer: types.CarrierTest = await self.call(Call("GET", f"/v1/carriers/{step(name)}/test/{step(id)}"))
        return answer

    def capture_carrier(
        self, name: str, *, seconds: int | None = None, whole: Literal["false", "true"] | None = None
    ) -> AsyncLines:
        """What goes over the links of a carrier, PDU by PDU, as it goes."""
        return self.lines(Call("GET", f"/v1/carriers/{step(name)}/capture", query={"seconds": seconds, "whole": whole}))

    async def list_orphans(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        carrier: str | None = None,
        from_: str | None = None,
        parked: Literal["false", "true"] | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> types.Orphans:
        """Receipts that match no message, and why."""
        answer: types.Orphans = await self.call(
            Call(
                "GET",
                "/v1/orphans",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "carrier": carrier,
                    "from": from_,
                    "parked": parked,
                    "since": since,
                    "until": until,
                },
            )
        )
        return answer

    async def get_orphan(self, id: str) -> types.Orphan:
        """A receipt that matches no message, and why."""
        answer: types.Orphan = await self.call(Call("GET", f"/v1/orphans/{step(id)}"))
        return answer

    async def delete_orphan(self, id: str) -> types.Gone:
        """Drop a receipt that matches no message."""
        answer: types.Gone = await self.call(Call("DELETE", f"/v1/orphans/{step(id)}"))
        return answer

    async def match_orphans(self, body: types.OrphanChoice | None = None) -> types.OrphansMatched:
        """Match receipts again that matched no message."""
        answer: types.OrphansMatched = await self.call(Call("POST", "/v1/orphans/match", body=body))
        return answer

    async def drop_orphans(self, body: types.OrphanChoice) -> types.OrphansDropped:
        """Drop receipts that match no message."""
        answer: types.OrphansDropped = await self.call(Call("POST", "/v1/orphans/drop", body=body))
        return answer

    async def diagnose(self) -> types.Diagnosis:
        """What is wrong and what to do about it."""
        answer: types.Diagnosis = await self.call(Call("GET", "/v1/doctor"))
        return answer

    async def metrics(self) -> str:
        """Figures of this process for Prometheus."""
        answer: str = await self.call(Call("GET", "/metrics"))
        return answer

    async def alive(self) -> types.Alive:
        """Is the process alive?"""
        answer: types.Alive = await self.call(Call("GET", "/healthz"))
        return answer

    async def ready(self) -> types.Ready:
        """Are messages taken?"""
        answer: types.Ready = await self.call(Call("GET", "/readyz"))
        return answer

    async def list_handsets(self, *, limit: int | None = None, cursor: str | None = None) -> types.HandsetPage:
        """The simulated phones that were sent something, the latest first."""
        answer: types.HandsetPage = await self.call(
            Call("GET", "/v1/simulator/handsets", query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def get_handset(self, number: str) -> types.Handset:
        """What one simulated phone shows."""
        answer: types.Handset = await self.call(Call("GET", f"/v1/simulator/handsets/{step(number)}"))
        return answer

    async def text_from_handset(self, number: str, body: types.NewText) -> types.TextTaken:
        """A simulated phone texts us."""
        answer: types.TextTaken = await self.call(
            Call("POST", f"/v1/simulator/handsets/{step(number)}/messages", body=body)
        )
        return answer

    async def list_submissions(
        self, *, limit: int | None = None, cursor: str | None = None, to: str | None = None
    ) -> types.SubmissionPage:
        """Every submit_sm the network was sent, the latest first."""
        answer: types.SubmissionPage = await self.call(
            Call("GET", "/v1/simulator/submissions", query={"limit": limit, "cursor": cursor, "to": to})
        )
        return answer

    async def get_network_stats(self) -> types.NetworkStats:
        """Counters of the simulated network since its start, and how it stands."""
        answer: types.NetworkStats = await self.call(Call("GET", "/v1/simulator/stats"))
        return answer

    async def get_faults(self) -> types.FaultInForce:
        """The trouble of the simulated network."""
        answer: types.FaultInForce = await self.call(Call("GET", "/v1/simulator/faults"))
        return answer

    async def set_faults(self, body: types.Faults) -> types.FaultInForce:
        """Begin or end a trouble of the simulated network."""
        answer: types.FaultInForce = await self.call(Call("PUT", "/v1/simulator/faults", body=body))
        return answer

    async def list_personalities(self) -> types.Personalities:
        """Ways in which the simulated network can behave badly, and those in force."""
        answer: types.Personalities = await self.call(Call("GET", "/v1/simulator/personalities"))
        return answer

    async def choose_personality(self, body: types.ChosenPersonality) -> types.PersonalityInForce:
        """Let the simulated network behave badly to an ESME, or to all, or well again."""
        answer: types.PersonalityInForce = await self.call(Call("PUT", "/v1/simulator/personalities", body=body))
        return answer
