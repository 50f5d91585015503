"""Questions about people, their sessions, what slows guessing, and the audit log, with what they mean."""

from __future__ import annotations

from typing import Any

from contract_kit import ONE, TWO, Desk
from tidings.core.audit import Actor, AuditFilter, Entry
from tidings.core.patience import Wait
from tidings.core.people import User, UserSession

BIG = 1 << 61
"""Beyond 32 bits, as ids are."""


def user(number: int, **changes: Any) -> User:
    fields: dict[str, Any] = {
        "id": BIG + number, "account_id": ONE, "email": f"u{number}@example.com", "name": "Ada Ö", "role": "agent",
        "created_at": number,
    }  # fmt: skip
    return User(**{**fields, **changes})


def session(number: int, of: int, **changes: Any) -> UserSession:
    fields: dict[str, Any] = {
        "id": BIG + number, "account_id": ONE, "user_id": BIG + of, "digest": bytes([number]) * 32, "created_at": 1,
        "seen_at": 1, "ends_at": 1_000, "address": "::1", "agent": "é", "method": "password",
    }  # fmt: skip
    return UserSession(**{**fields, **changes})


WHOLE = user(
    5, role="owner", password="$argon2id$x", disabled_at=7, seen_at=8, link=b"\x00l", link_until=9, factor=b"f\x00",
    factor_wanted=b"w", factor_step=BIG, factor_required=True, issuer="https://id.example.com", subject="sub",
)  # fmt: skip


async def test_a_user_is_kept_changed_and_dropped(desk: Desk) -> None:
    for one in (WHOLE, user(6), user(7, account_id=TWO)):
        await desk.do(lambda tx, one=one: tx.people.insert(one))
    assert await desk.see(lambda tx: tx.people.user(ONE, WHOLE.id)) == WHOLE
    assert await desk.see(lambda tx: tx.people.user(TWO, WHOLE.id)) is None
    assert await desk.see(lambda tx: tx.people.account_of(BIG + 7)) == TWO
    assert await desk.see(lambda tx: tx.people.account_of(BIG + 8)) is None
    assert await desk.see(lambda tx: tx.people.by_email("u7@example.com")) == user(7, account_id=TWO)
    assert await desk.see(lambda tx: tx.people.by_link(b"\x00l")) == WHOLE
    assert await desk.see(lambda tx: tx.people.by_link(b"")) is None
    assert await desk.see(lambda tx: tx.people.by_subject("https://id.example.com", "sub")) == WHOLE
    assert await desk.see(lambda tx: tx.people.by_subject("https://id.example.com", "other")) is None
    changed = user(5, role="admin", name="B", password="p")
    await desk.do(lambda tx: tx.people.change(changed))
    assert await desk.see(lambda tx: tx.people.page(ONE, None, 10)) == [user(6), changed]
    assert await desk.see(lambda tx: tx.people.page(ONE, BIG + 6, 10)) == [changed]
    assert await desk.see(lambda tx: tx.people.page(ONE, None, 1)) == [user(6)]
    await desk.do(lambda tx: tx.people.delete(WHOLE.id))
    assert await desk.see(lambda tx: tx.people.user(ONE, WHOLE.id)) is None
    assert await desk.see(lambda tx: tx.accounts.last_id()) == BIG + 7


async def test_owners_who_can_sign_in_are_counted(desk: Desk) -> None:
    assert await desk.see(lambda tx: tx.people.counts(ONE)) == (0, 0)
    people = [
        user(1, role="owner"), user(2, role="owner", password="p"), user(3, role="owner", subject="s", issuer="i"),
        user(4, role="owner", password="p", disabled_at=1), user(5, password="p"),
    ]  # fmt: skip
    for one in people:
        await desk.do(lambda tx, one=one: tx.people.insert(one))
    assert await desk.see(lambda tx: tx.people.counts(ONE)) == (5, 2)
    assert await desk.see(lambda tx: tx.people.counts(TWO)) == (0, 0)


async def test_sessions_are_opened_used_ended_and_forgotten(desk: Desk) -> None:
    await desk.do(lambda tx: tx.people.insert(user(1)))
    for one in (session(1, 1), session(2, 1, ends_at=50), session(3, 2), session(4, 1)):
        await desk.do(lambda tx, one=one: tx.people.open_session(one))
    assert await desk.see(lambda tx: tx.people.session(bytes([1]) * 32)) == (session(1, 1), user(1))
    assert await desk.see(lambda tx: tx.people.session(bytes([3]) * 32)) is None, "its user is gone"
    assert await desk.see(lambda tx: tx.people.session(b"")) is None
    assert [one.id - BIG for one in await desk.see(lambda tx: tx.people.sessions_of(BIG + 1))] == [4, 2, 1]
    await desk.do(lambda tx: tx.people.touch_sessions([(BIG + 1, 60), (BIG + 4, 10)]))
    await desk.do(lambda tx: tx.people.end_sessions([BIG + 3]))
    assert await desk.see(lambda tx: tx.people.sessions_of(BIG + 2)) == []
    assert await desk.do(lambda tx: tx.people.forget_sessions(50)) == 1
    kept = [session(4, 1, seen_at=10), session(1, 1, seen_at=60)]
    assert await desk.see(lambda tx: tx.people.sessions_of(BIG + 1)) == kept


async def test_a_recovery_code_is_used_once(desk: Desk) -> None:
    await desk.do(lambda tx: tx.people.insert(user(1)))
    await desk.do(lambda tx: tx.people.keep_codes(user(1), [b"a", b"b\x00"]))
    await desk.do(lambda tx: tx.people.keep_codes(user(2), [b"a"]))
    assert await desk.see(lambda tx: tx.people.codes_left(BIG + 1)) == 2
    assert [await desk.do(lambda tx: tx.people.use_code(BIG + 1, b"b\x00")) for _ in range(2)] == [True, False]
    await desk.do(lambda tx: tx.people.keep_codes(user(1), [b"c"]))
    assert not await desk.do(lambda tx: tx.people.use_code(BIG + 1, b"a"))
    await desk.do(lambda tx: tx.people.delete(BIG + 1))
    assert await desk.see(lambda tx: tx.people.codes_left(BIG + 1)) == 0
    assert await desk.see(lambda tx: tx.people.codes_left(BIG + 2)) == 1


async def test_setup_codes_hold_until_they_go(desk: Desk) -> None:
    for at in range(70):
        await desk.do(lambda tx, at=at: tx.people.add_setup(b"%d" % at, at))
    await desk.do(lambda tx: tx.people.add_setup(b"69", 99))
    held = [await desk.see(lambda tx, at=at: tx.people.is_setup(b"%d" % at)) for at in range(70)]
    assert held == [False] * 6 + [True] * 64
    await desk.do(lambda tx: tx.people.drop_setups())
    assert not await desk.see(lambda tx: tx.people.is_setup(b"69"))


async def test_waits_are_kept_and_forgotten(desk: Desk) -> None:
    one, two = Wait(1, 10, BIG), Wait(2, 20, 0)
    await desk.do(lambda tx: tx.people.put_wait("user a", Wait(9, 9, 9)))
    await desk.do(lambda tx: tx.people.put_wait("user a", one))
    await desk.do(lambda tx: tx.people.put_wait("address ::", two))
    names = ("user a", "address ::", "setup")
    assert await desk.see(lambda tx: tx.people.waits(names)) == {"user a": one, "address ::": two}
    await desk.do(lambda tx: tx.people.drop_wait("address ::"))
    assert await desk.see(lambda tx: tx.people.waits(names)) == {"user a": one}


async def test_waits_are_forgotten_when_they_hold_nobody_up_and_count_no_more(desk: Desk) -> None:
    waits = {
        "user old": Wait(1, 10, 0), "user new": Wait(1, 20, 0), "user held": Wait(9, 10, 101),
        "factor 1": Wait(1, 10, 0), "factor 2": Wait(1, 4, 100),
    }  # fmt: skip
    for name, wait in waits.items():
        await desk.do(lambda tx, name=name, wait=wait: tx.people.put_wait(name, wait))
    assert await desk.do(lambda tx: tx.people.forget_waits(100, 20, 5)) == 2
    assert set(await desk.see(lambda tx: tx.people.waits(tuple(waits)))) == {"user new", "user held", "factor 1"}


async def test_the_log_is_sought_through_and_forgotten(desk: Desk) -> None:
    def entry(number: int, **changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "id": BIG + number, "account_id": ONE, "occurred_at": number, "action": "user.changed",
            "actor": Actor("user", BIG + 90, "ada", "::1"), "subject_kind": "user", "subject_id": BIG + 91,
            "subject_name": "ben", "detail": {"role": ["a", "ö"]},
        }  # fmt: skip
        return Entry(**{**fields, **changes})

    rows = [
        entry(1), entry(2, action="session.opened", detail=None),
        entry(3, actor=Actor("key", BIG + 92, "", "10.0.0.1")),
        entry(4, subject_id=BIG + 93), entry(5, account_id=TWO), entry(6, subject_kind="", subject_id=0),
    ]  # fmt: skip
    await desk.do(lambda tx: tx.audit.insert(rows))

    async def page(before: int | None = None, limit: int = 10, **wanted: Any) -> list[int]:
        found = await desk.see(lambda tx: tx.audit.page(ONE, AuditFilter(**wanted), before, limit))
        return [one.occurred_at for one in found]

    assert await desk.see(lambda tx: tx.audit.page(TWO, AuditFilter(), None, 1)) == [rows[4]]
    assert await desk.see(lambda tx: tx.audit.page(ONE, AuditFilter(), BIG + 3, 9)) == [rows[1], rows[0]]
    assert await page() == [6, 4, 3, 2, 1]
    assert await page(limit=2) == [6, 4]
    assert await page(action="session.opened") == [2]
    assert await page(actor_id=BIG + 92) == [3]
    assert await page(subject_id=BIG + 93) == [4]
    assert await page(subject_id=-1) == []
    assert await page(address="10.0.0.1") == [3]
    assert await page(since=2, until=4) == [3, 2]
    assert await desk.do(lambda tx: tx.audit.forget(BIG + 4, 2)) == 2
    assert await desk.do(lambda tx: tx.audit.forget(BIG + 4, 9)) == 1
    assert await page() == [6, 4]
