"""Sign in by OpenID Connect: ask the issuer who it is, and open a session for them (authorization code with PKCE)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from tidings.core import patience
from tidings.core.account import DEFAULT_ACCOUNT
from tidings.core.audit import Actor, Entry
from tidings.core.message import HOUR, SECOND, Millis
from tidings.core.oidc import Claimed, Issuer, Journey, claimed, journey, leads_to
from tidings.core.people import User
from tidings.core.ports import Posted, stage
from tidings.core.questions import Tx
from tidings.core.request import Refused
from tidings.pipeline.audit import entry
from tidings.pipeline.house import House
from tidings.pipeline.keyring import digest
from tidings.pipeline.people import USERS_MOST, Arrival
from tidings.pipeline.signed_in import Visitor, new_session, opened_line
from tidings.pipeline.signin import DISABLED, Opened, Opening, open_sessions
from tidings.pipeline.tries import forgive, slow_down
from tidings.text.token import text_of

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

KNOWN_FOR: Millis = HOUR
"""How long what an issuer says of itself, and its keys, are taken without asking again."""


AWAY_FOR: Millis = 5 * SECOND
"""How long an issuer that could not be asked is not asked again: all who come meanwhile need not wait for it."""


class Known(msgspec.Struct, frozen=True):
    """What an issuer said of itself, and its keys."""

    issuer: Issuer
    keys: KeySet
    ask_at: Millis
    """When to ask again."""


class Away(msgspec.Struct, frozen=True):
    """It could not be asked, and nothing is known of it."""

    refused: Refused
    ask_at: Millis


@stage(order=5)
async def recognise(
    tx: Tx, arrivals: Sequence[tuple[str, Claimed, Arrival, bool]], now: Millis
) -> list[User | Refused]:
    """Whom an issuer vouches for: who was linked before, else who has the e-mail address, else somebody new."""
    return [await _recognise(tx, *one) for one in arrivals]


async def _recognise(tx: Tx, issuer: str, one: Claimed, arrival: Arrival, new: bool) -> User | Refused:
    user = await tx.people.by_subject(issuer, one.subject)
    if user is not None:
        return user
    user = await tx.people.by_email(one.email)
    if user is not None:
        if user.subject is not None:
            return Refused("forbidden", "Somebody else of the issuer has this e-mail address here; ask an admin.")
        if user.disabled_at is not None:
            return DISABLED
        return await _link(tx, user, issuer, one.subject, arrival.entry)
    if not new:
        return Refused("forbidden", "You are not known here; ask an admin for an invitation.")
    if (await tx.people.counts(DEFAULT_ACCOUNT))[0] >= USERS_MOST:
        return Refused("too_many_users", "")
    await tx.people.insert(arrival.user)
    await tx.audit.insert([arrival.entry])
    return arrival.user


async def _link(tx: Tx, user: User, issuer: str, subject: str, line: Entry) -> User:
    """Known by the issuer's name for them from here on. Whoever was only invited needs the link no more."""
    linked = msgspec.structs.replace(user, issuer=issuer, subject=subject)
    if user.password is None:
        linked = msgspec.structs.replace(linked, link=None, link_until=None)
    await tx.people.change(linked)
    actor = msgspec.structs.replace(line.actor, id=user.id)
    about = {"account_id": user.account_id, "subject_id": user.id, "detail": {"issuer": issuer}}
    await tx.audit.insert([msgspec.structs.replace(line, actor=actor, **about)])
    return linked


async def set_out(house: House, back: str) -> tuple[str, str] | Refused:
    """Where a browser is to go, and the secret that it keeps meanwhile. `back`: where it returns to."""
    with house.asking_issuer.one() as crowded:
        known = crowded or await _known(house)
    if isinstance(known, Refused):
        return known
    secret = text_of(house.clock.token(32))
    return leads_to(known.issuer, house.settings.oidc, journey(secret), back), secret


async def arrive(
    house: House, secret: str | None, state: str, code: str, back: str, visitor: Visitor
) -> Opened | Refused:  # fmt: skip
    """A browser came back from the issuer: a session for whom the issuer vouches for."""
    trip = journey(secret or "")
    if secret is None or not hmac.compare_digest(trip.state.encode(), state.encode("utf-8", "replace")):
        return _failed("This sign-in was begun in another browser, or too long ago; begin again.")
    names = (patience.of_address(visitor.address),)
    slowed = await slow_down(house, names)
    if slowed is not None:
        return slowed
    with house.asking_issuer.one() as crowded:
        claims = crowded or await _claims(house, trip, code, back)
    if isinstance(claims, Refused):
        if claims.code == "issuer_away":  # which is not the fault of who comes back from it
            await house.store.write(forgive, [names])
        return claims
    one = claimed(claims, house.settings.oidc)
    if isinstance(one, str):
        return Refused("forbidden", one)
    await house.store.write(forgive, [names])
    return await _enter(house, one, visitor)


async def _enter(house: House, one: Claimed, visitor: Visitor) -> Opened | Refused:
    issuer = house.settings.oidc.issuer
    new = house.settings.oidc.create and one.role is not None
    user = (await house.store.write(recognise, [(issuer, one, _newcomer(house, one, visitor), new)]))[0]
    if isinstance(user, Refused):
        return user
    account = house.keyring.account(user.account_id)
    if account is not None and account.closed_at is not None:
        return Refused("forbidden", "Your account is closed.")
    secret, session = new_session(house, user, visitor, "oidc")
    line = opened_line(house, "session.opened", user, visitor, session)
    refused = entry(
        house, "session.refused", Actor("nobody", 0, "", visitor.address), user.account_id, subject_kind="user",
        subject_id=user.id, subject_name=user.email,
    )  # fmt: skip
    held = None if visitor.cookie is None else digest(visitor.cookie)
    opening = Opening(session, line, refused, vouched=True, replaces=held)
    opened = (await house.store.write(open_sessions, [opening]))[0]
    return opened if isinstance(opened, Refused) else Opened(opened, session, secret)


def _newcomer(house: House, one: Claimed, visitor: Visitor) -> Arrival:
    user = User(
        id=house.new_id(), account_id=DEFAULT_ACCOUNT, email=one.email, name=one.name, role=one.role or "",
        created_at=house.clock.now(), issuer=house.settings.oidc.issuer, subject=one.subject,
    )  # fmt: skip
    actor = Actor("user", user.id, user.email, visitor.address)
    note = entry(
        house, "user.linked", actor, DEFAULT_ACCOUNT, subject_kind="user", subject_id=user.id, subject_name=user.email,
        detail={"role": user.role},
    )  # fmt: skip
    return Arrival(user, note)


# the issuer


async def _claims(house: House, trip: Journey, code: str, back: str) -> dict[str, Any] | Refused:
    """What the issuer tells for a code, signed for us, for this trip and for now."""
    from tidings.pipeline import id_token

    known = await _known(house)
    if isinstance(known, Refused):
        return known
    token = await _token(house, known.issuer, trip, code, back)
    if isinstance(token, Refused):
        return token
    for again in (False, True):
        if again:  # it may have new keys by now
            fresh = await _ask(house)
            if isinstance(fresh, Refused):
                return fresh
            known = house.issuer = fresh
        claims = id_token.signed(token, known.keys)
        if claims is None:
            continue
        return _judged(house, claims, trip)
    return _failed("The answer of the issuer is not signed by it.")


def _judged(house: House, claims: dict[str, Any], trip: Journey) -> dict[str, Any] | Refused:
    from tidings.pipeline import id_token

    settings, now_s = house.settings.oidc, house.clock.now() // 1000
    why = id_token.fault(claims, settings.issuer, settings.client_id, trip.nonce, now_s)
    return claims if why is None else _failed(why)


async def _token(house: House, issuer: Issuer, trip: Journey, code: str, back: str) -> str | Refused:
    """The ID token for a code (§3.1.3)."""
    settings = house.settings.oidc
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": trip.verifier}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if "client_secret_basic" in issuer.token_endpoint_auth_methods_supported:
        pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
    answer = await house.abroad.post(issuer.token_endpoint, headers, urlencode(form).encode()) if house.abroad else None
    if not isinstance(answer, Posted) or answer.truncated:
        return _away(getattr(answer, "detail", "nothing is asked outside"))
    if answer.status != 200:
        return _failed(f"The issuer does not take the code (HTTP {answer.status}); begin again.")
    try:
        return msgspec.json.decode(answer.body, type=_Tokens).id_token
    except msgspec.DecodeError:
        return _away("its answer holds no ID token")


class _Tokens(msgspec.Struct):
    id_token: str


async def _known(house: House) -> Known | Refused:
    """What the issuer said within the hour; while it cannot be asked, what it said before, and not each time anew."""
    held, now = house.issuer, house.clock.now()
    if isinstance(held, Known | Away) and now < held.ask_at:
        return held if isinstance(held, Known) else held.refused
    asked = await _ask(house)
    if isinstance(asked, Refused) and isinstance(held, Known):
        asked = msgspec.structs.replace(held, ask_at=now + AWAY_FOR)
    house.issuer = asked if isinstance(asked, Known) else Away(asked, now + AWAY_FOR)
    return asked


async def _ask(house: House) -> Known | Refused:
    """What the issuer says of itself now, and its keys."""
    from tidings.pipeline import id_token

    settings = house.settings.oidc
    if not settings.issuer:
        return Refused("not_found", "Nobody signs in by OpenID Connect here; see the settings `oidc`.")
    told = await _get(house, settings.issuer.rstrip("/") + "/.well-known/openid-configuration", Issuer)
    if isinstance(told, Refused):
        return told
    if told.issuer != settings.issuer:
        return _away(f"it calls itself {told.issuer[:200]}")
    if not sound(told):
        return _away("it names addresses that are not as safe as its own")
    raw = await _get(house, told.jwks_uri, dict[str, Any])
    if isinstance(raw, Refused):
        return raw
    keys = id_token.keys_of(raw)
    if keys is None:
        return _away("its keys cannot be read")
    return Known(told, keys, house.clock.now() + KNOWN_FOR)


async def _get(house: House, url: str, kind: Any) -> Any:
    answer = await house.abroad.get(url, {"accept": "application/json"}) if house.abroad else None
    if not isinstance(answer, Posted):
        return _away(getattr(answer, "detail", "nothing is asked outside"))
    if answer.status != 200 or answer.truncated:
        return _away(f"HTTP {answer.status} from {url[:200]}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError:
        return _away(f"no JSON that fits from {url[:200]}")


def sound(told: Issuer) -> bool:
    """Whether what it names is reached as it is itself: a client secret does not go out in clear, and a browser is sent
    to no script.
    """
    schemes = ("https://",) if told.issuer.startswith("https://") else ("https://", "http://")
    return all(url.startswith(schemes) for url in (told.authorization_endpoint, told.token_endpoint, told.jwks_uri))


def _failed(detail: str) -> Refused:
    return Refused("sign_in_failed", detail)


def _away(why: str) -> Refused:
    return Refused("issuer_away", f"The issuer cannot be asked: {why}.")
