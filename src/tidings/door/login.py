"""Who may bind: system_id, password, address, TLS, bind type and number of binds, each with its status."""

from __future__ import annotations

import asyncio

import msgspec

from tidings.core.esme import Esme
from tidings.core.network import within
from tidings.door.guests import Admitted, Caller
from tidings.door.patience import Patience
from tidings.door.register import Register
from tidings.door.statuses import RBINDFAIL, RINVPASWD, RINVSYSID, Refusal
from tidings.pipeline import passwords
from tidings.pipeline.house import House
from tidings.smpp.pdus import Bind

HASHES_AT_A_TIME = 2
"""Slow hashes worked out at once: each takes 16 MB and a processor."""
BIND_TYPES = {0x01: "receiver", 0x02: "transmitter", 0x09: "transceiver"}
"""Bind types by the command_id of their bind."""
_VERSIONS = {"3.3": 0x33, "3.4": 0x34, "5.0": 0x50}
SPOKEN = (0x33, 0x34, 0x50)


class Login:
    """Looks at binds. Wrong passwords are slowed, by address and by system_id; right ones are remembered."""

    def __init__(self, house: House, register: Register) -> None:
        self._house = house
        self._register = register
        self._known = passwords.Known(house.clock.token(32))
        self._patience = Patience()
        self._hashing = asyncio.Semaphore(HASHES_AT_A_TIME)

    async def look(self, bind: Bind, caller: Caller) -> Admitted | Refusal:
        """Whether this bind is let in; it then stands in the register. Takes its time where guessing is likely."""
        esme = self._house.roster.by_system_id(bind.system_id)
        sealed = await self._sealed(esme, bind, caller.address)
        judged = self._judged(bind, caller, sealed)
        if isinstance(judged, Refusal):
            return judged
        session = await self._register.enter(judged, caller)
        if isinstance(session, Refusal):
            return session
        judged = self._judged(bind, caller, sealed)  # as it is by now
        if isinstance(judged, Refusal):
            self._register.strike(session.id)
            return judged
        return msgspec.structs.replace(judged, session=session.id)

    def _judged(self, bind: Bind, caller: Caller, sealed: bytes | None) -> Admitted | Refusal:
        """As the ESME is now, but for the number of its binds."""
        esme = self._house.roster.by_system_id(bind.system_id)
        if esme is None:
            return Refusal(RINVSYSID, "there is no ESME with this system_id")
        if sealed is None or sealed not in passwords.valid(esme, self._house.clock.now()):
            return Refusal(RINVPASWD, "the password is wrong")
        bind_type = BIND_TYPES[bind.command_id]
        refusal = self.stands_against(esme, bind_type, caller)
        return refusal or Admitted(esme, sealed, bind_type, version(esme, bind.interface_version))

    def stands_against(self, esme: Esme, bind_type: str, caller: Caller) -> Refusal | None:
        """Why an ESME with the right password may not be bound like this; asked again when it changes."""
        account = self._house.keyring.account(esme.account_id)
        if account is not None and account.closed_at is not None:
            return Refusal(RBINDFAIL, "its account is closed")
        if esme.networks and not within(caller.address, esme.networks):
            return Refusal(RBINDFAIL, f"it may not bind from {caller.address} (networks)")
        if esme.tls and not caller.secure:
            return Refusal(RBINDFAIL, "it may bind over TLS only (tls)")
        if esme.certificate is not None and esme.certificate != caller.certificate:
            return Refusal(RBINDFAIL, "it did not show the certificate it has to (certificate)")
        if bind_type not in esme.bind_types:
            return Refusal(RBINDFAIL, f"it may not bind as {bind_type} (bind_types)")
        return None

    async def _sealed(self, esme: Esme | None, bind: Bind, address: str) -> bytes | None:
        """The stored password that the given one is. One found right before is not slowed by what others try."""
        valid = () if esme is None else passwords.valid(esme, self._house.clock.now())
        found = self._known.recall(bind.password, valid)
        if found is not None:
            return found
        clock, keys = self._house.clock, (f"address {address}", f"system_id {bind.system_id}")
        wait = max(self._patience.wait(key, clock.monotonic()) for key in keys)
        if wait:
            await asyncio.sleep(wait)
        async with self._hashing:
            password, candidates = bind.password, valid or (passwords.STRANGER,)
            found = await self._house.aside(lambda: _fitting(password, candidates))
        if found is None or not valid:
            for key in keys:
                self._patience.failed(key, clock.monotonic())
            return None
        for key in keys:
            self._patience.succeeded(key)
        self._known.keep(password, found)
        return found


def _fitting(password: str, sealed: tuple[bytes, ...]) -> bytes | None:
    return next((one for one in sealed if passwords.fits(password, one)), None)


def version(esme: Esme, named: int) -> int:
    """The version that a bind is spoken to in: the highest known one that is no higher than the one it named."""
    fixed = _VERSIONS.get(esme.interface_version)
    if fixed is not None:
        return fixed
    return max((one for one in SPOKEN if one <= named), default=SPOKEN[0])
