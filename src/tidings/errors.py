"""The one list of errors: whose fault, whether to try again, the HTTP status, and a plain sentence."""

from __future__ import annotations

import msgspec

from tidings import data


class Problem(msgspec.Struct, frozen=True):
    """An error of the API, told as RFC 9457 problem details."""

    code: str
    status: int
    whose: str
    """`caller` or `us`."""
    retry: str
    """`never`, `after_fix` or `later`."""
    title: str
    sentence: str


PROBLEMS: dict[str, Problem] = {
    p.code: p
    for p in (
        Problem("malformed_json", 400, "caller", "after_fix", "Malformed JSON", "The body is not valid JSON."),
        Problem("bad_request", 400, "caller", "after_fix", "Bad request", "The request cannot be read."),
        Problem(
            "unauthorized",
            401,
            "caller",
            "after_fix",
            "API key missing or wrong",
            "Send `Authorization: Bearer KEY` with a key that is neither unknown, expired nor revoked.",
        ),
        Problem("forbidden", 403, "caller", "after_fix", "Not allowed", "This key lacks the scope for this call."),
        Problem("not_found", 404, "caller", "never", "Not found", "There is nothing at this address."),
        Problem(
            "method_not_allowed",
            405,
            "caller",
            "after_fix",
            "Method not allowed",
            "This address takes other methods; see the Allow header.",
        ),
        Problem("request_timeout", 408, "caller", "later", "Too slow", "The rest of the request did not come in time."),
        Problem(
            "not_cancelable",
            409,
            "caller",
            "never",
            "Too late to cancel",
            "The message was already handed to a carrier, or has ended.",
        ),
        Problem("code_exists", 409, "caller", "after_fix", "Name in use", "The account has a code of this name."),
        Problem(
            "too_many_codes", 422, "caller", "after_fix", "Too many codes", "The account has as many codes as it may."
        ),
        Problem("esme_closed", 409, "caller", "never", "ESME closed", "The ESME is closed; enrol a new one."),
        Problem("key_revoked", 409, "caller", "never", "Key revoked", "The key is revoked; make a new one."),
        Problem(
            "idempotency_in_flight",
            409,
            "caller",
            "later",
            "First request still in flight",
            "A request with this Idempotency-Key is being worked on; ask again.",
        ),
        Problem(
            "idempotency_mismatch",
            422,
            "caller",
            "after_fix",
            "Idempotency-Key used for another body",
            "This Idempotency-Key belongs to a request with another body; use a new key.",
        ),
        Problem(
            "message_dropped",
            410,
            "caller",
            "after_fix",
            "Message kept no longer",
            "The message that was stored under this Idempotency-Key is kept no longer; use a new key to send anew.",
        ),
        Problem("body_too_large", 413, "caller", "after_fix", "Body too large", "The body is larger than the limit."),
        Problem(
            "unsupported_media_type", 415, "caller", "after_fix", "Unsupported media type", "Send application/json."
        ),
        Problem(
            "validation_failed",
            422,
            "caller",
            "after_fix",
            "Validation failed",
            "One or more fields are not valid; see `errors`.",
        ),
        Problem(
            "rejected",
            422,
            "caller",
            "never",
            "Refused before sending",
            "The message was stored as rejected; see `verdicts`.",
        ),
        Problem(
            "too_many_queued",
            429,
            "caller",
            "later",
            "Too many messages queued",
            "This account has as many messages waiting as it may; send again later.",
        ),
        Problem(
            "rate_limited",
            429,
            "caller",
            "later",
            "Too many messages a second",
            "This key or its account sends faster than it may; send again after Retry-After.",
        ),
        Problem(
            "quota_used_up",
            429,
            "caller",
            "later",
            "Quota used up",
            "The quota of this key or its account leaves no room for these messages until the next day or month.",
        ),
        Problem(
            "too_many_webhooks",
            409,
            "caller",
            "after_fix",
            "Too many webhooks",
            "This account has as many webhooks as it may; delete one first.",
        ),
        Problem(
            "sender_taken",
            409,
            "caller",
            "after_fix",
            "Address taken",
            "The address belongs to an account already; change it instead.",
        ),
        Problem(
            "contact_full",
            409,
            "caller",
            "after_fix",
            "Too much for a contact",
            "The contact would hold more than it may.",
        ),
        Problem(
            "number_taken",
            409,
            "caller",
            "after_fix",
            "Number of another contact",
            "A number belongs to another contact of the account; merge the two instead.",
        ),
        Problem(
            "name_taken",
            409,
            "caller",
            "after_fix",
            "Name taken",
            "The account has one of this name already; take another, or change that one.",
        ),
        Problem(
            "too_many_canned",
            409,
            "caller",
            "after_fix",
            "Too many canned replies",
            "The account has as many canned replies as it may; delete one first.",
        ),
        Problem(
            "sign_in_failed",
            401,
            "caller",
            "after_fix",
            "Sign-in failed",
            "The e-mail address, the password or the code is not right.",
        ),
        Problem(
            "second_factor_needed",
            401,
            "caller",
            "after_fix",
            "Second factor needed",
            "The password is right; send it again with the `code` of the authenticator app, or a recovery code.",
        ),
        Problem(
            "issuer_away",
            503,
            "us",
            "later",
            "Issuer away",
            "The issuer of OpenID Connect cannot be asked now, or does not answer as it should.",
        ),
        Problem(
            "too_many_tries",
            429,
            "caller",
            "later",
            "Too many tries",
            "Too many tries failed for this user or from this address; try again after Retry-After.",
        ),
        Problem(
            "cross_site",
            403,
            "caller",
            "never",
            "Asked for by another site",
            "A call with the cookie of a session must come from a page of this server.",
        ),
        Problem(
            "setup_done",
            409,
            "caller",
            "never",
            "Set up already",
            "There is an owner already; sign in, or ask an owner for an invitation.",
        ),
        Problem(
            "link_over",
            409,
            "caller",
            "after_fix",
            "Link is over",
            "The link was used already, has been replaced, or is too old; ask whoever gave it to you for another.",
        ),
        Problem(
            "email_taken",
            409,
            "caller",
            "after_fix",
            "E-mail address taken",
            "Somebody has this e-mail address already; an address stands for one person of one account.",
        ),
        Problem(
            "too_many_users",
            409,
            "caller",
            "after_fix",
            "Too many users",
            "The account has as many users as it may; delete one first.",
        ),
        Problem(
            "last_owner",
            409,
            "caller",
            "after_fix",
            "The last owner",
            "An account that has an owner keeps one who can sign in; make another user an owner first.",
        ),
        Problem(
            "carrier_exists",
            409,
            "caller",
            "after_fix",
            "Name taken",
            "There is a carrier of this name already.",
        ),
        Problem(
            "carrier_in_file",
            409,
            "caller",
            "after_fix",
            "Carrier of the file",
            "This carrier stands in the configuration file and is changed there.",
        ),
        Problem(
            "carrier_in_use",
            409,
            "caller",
            "later",
            "Messages wait for it",
            "Messages wait, and there is no other carrier for them; add one first, or cancel them.",
        ),
        Problem(
            "cannot_resume",
            400,
            "caller",
            "after_fix",
            "Cannot go on from there",
            "The stream cannot go on from this Last-Event-ID; open it without one, and read what happened meanwhile "
            "from `GET /v1/messages`.",
        ),
        Problem(
            "too_many_streams",
            429,
            "caller",
            "later",
            "Too many streams",
            "This account has as many streams open as it may; close one, or let one stream serve several readers.",
        ),
        Problem(
            "streams_full",
            503,
            "us",
            "later",
            "No room for a stream",
            "As many streams are open as this server serves; come again later, or ask `GET /v1/messages` meanwhile.",
        ),
        Problem(
            "too_many_captures",
            429,
            "caller",
            "later",
            "Too many captures",
            "As many captures run as may at a time; end one, or wait for its end.",
        ),
        Problem("internal", 500, "us", "later", "Internal error", "Something broke on our side; it was logged."),
        Problem(
            "unavailable",
            503,
            "us",
            "later",
            "Not able to accept now",
            "Nothing of this request was stored; send it again.",
        ),
    )
}


class Cause(msgspec.Struct, frozen=True):
    """Why a message failed: code of the error taxonomy with its group, its retry class, and what to do."""

    code: str
    group: str
    """recipient, content, sender, route, lifecycle or unknown."""
    retry: str
    """`never`, `after_fix`, `backoff` or `later`."""
    sentence: str
    advice: str

    @property
    def permanent(self) -> bool:
        """Whether sending it again as it is will not help."""
        return self.retry in ("never", "after_fix")


MESSAGE_ERRORS: dict[str, Cause] = {row["code"]: Cause(**row) for row in data.load("error_taxonomy")["causes"]}
"""The codes of messages; the table is data, for the reference page is written from it too."""
