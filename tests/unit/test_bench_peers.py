"""The bench against peers counts right: CPU of process trees, waits, crashes, callbacks, goals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialects import DIALECTS, Where, digits
from procs import Stat, pss_kb, stat, stats, trees
from receiver import Received, numbers, whole
from report import Figures, Goal, Latency, Results, goals, latencies, shares, speed
from tally import Crash, Waits, between, crash, firsts, median, percentile

LINE = "{pid} ({name}) S {parent} {pid} {session} 0 -1 4194304 9 9 9 9 {user} {system} {ended} 3 20 0 1 0 100 1 1\n"


def line(
    pid: int, parent: int, session: int, user: int = 0, system: int = 0, ended: int = 0, name: str = "beam"
) -> str:
    return LINE.format(pid=pid, parent=parent, session=session, user=user, system=system, ended=ended, name=name)


@pytest.mark.parametrize("name", ["smsbox", "a b", "x) S 1 1 1 (y", "(", "1:epmd"])
def test_the_cpu_of_a_process_is_read_whatever_its_name(name: str) -> None:
    # Its own time, and that of children it waited for: 3 comes from the pattern.
    assert stat(line(7, 1, 7, 50, 20, 9, name)) == Stat(7, 1, 7, 50 + 20 + 9 + 3)


def test_processes_are_found_in_proc_and_those_that_vanish_are_passed_over(tmp_path: Path) -> None:
    for pid in (7, 8):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(line(pid, 1, pid, pid))
    (tmp_path / "9").mkdir()  # ended between the look at the folder and the look at the file
    (tmp_path / "meminfo").write_text("")
    assert sorted(one.pid for one in stats(tmp_path)) == [7, 8]


TREES = {
    "a process by itself": ([10], {10}),
    "with children and theirs": ([20], {20, 21, 22}),
    "what went over to init but kept the session": ([30], {30, 31}),
    "and what that started": ([40], {40, 41, 42}),
    "several": ([10, 20], {10, 20, 21, 22}),
    "one that is gone leaves its session": ([50], {51}),
    "none": ([99], set()),
}
RUNNING = [
    (1, 0, 1), (10, 1, 10), (20, 1, 20), (21, 20, 20), (22, 21, 22), (30, 1, 30), (31, 1, 30), (40, 1, 40), (41, 1, 40),
    (42, 41, 42), (51, 1, 50), (60, 1, 60),
]  # fmt: skip


@pytest.mark.parametrize("case", TREES)
def test_a_tree_holds_descendants_and_sessions(case: str) -> None:
    roots, wanted = TREES[case]
    found = trees(roots, [Stat(pid, parent, session, 1) for pid, parent, session in RUNNING])
    assert {one.pid for one in found} == wanted


def test_memory_is_the_proportional_share() -> None:
    assert pss_kb("00400000-7fff ---p [rollup]\nRss:  900 kB\nPss:  420 kB\nPss_Anon: 100 kB\n") == 420
    assert pss_kb("") == 0  # a kernel thread, or one that just ended


PERCENTILES = [
    ([5.0], 0.5, 5.0), ([5.0], 0.99, 5.0), ([1.0, 2.0], 0.5, 1.0), ([3.0, 1.0, 2.0], 0.5, 2.0),
    ([float(n) for n in range(1, 101)], 0.5, 50.0), ([float(n) for n in range(1, 101)], 0.99, 99.0),
    ([float(n) for n in range(500, 0, -1)], 0.99, 495.0), ([1.0] * 98 + [9.0, 10.0], 0.99, 9.0),
]  # fmt: skip


@pytest.mark.parametrize(("values", "share", "wanted"), PERCENTILES)
def test_percentiles_are_values_that_were_measured(values: list[float], share: float, wanted: float) -> None:
    assert percentile(values, share) == wanted


def test_without_values_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_the_median_of_rounds_is_a_round_that_took_place() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([1.0, 4.0]) == 1.0


def test_waits_run_from_one_sight_to_the_first_of_another() -> None:
    told = firsts([(12.0, "a"), (11.5, "a"), (13.0, "b")])
    assert told == {"a": 11.5, "b": 13.0}
    assert between({"a": 10.0, "b": 11.0, "c": 1.0}, told, less=1.0) == [0.5, 1.0]
    assert between({"a": 11.4}, told, less=1.0) == [0.0]  # clocks of a millisecond may say less than nothing
    assert str(Waits.of([0.001, 0.002, 0.0305])) == "2.0 / 30.5"


CRASHES = {
    "all is well": (["a", "b"], ["a", "b"], ["b", "a"], Crash(9, 2, 0, 0, 0, 0)),
    "one never reached the carrier": (["a", "b"], ["a"], ["a"], Crash(9, 2, 1, 0, 0, 0)),
    "one was never told of": (["a", "b"], ["a", "b"], ["a"], Crash(9, 2, 0, 1, 0, 0)),
    "what was not accepted may be sent or not": (["a"], ["a", "b"], ["a", "b"], Crash(9, 1, 0, 0, 0, 0)),
    "sent thrice, told twice": (["a"], ["a", "a", "a"], ["a", "a"], Crash(9, 1, 0, 0, 2, 1)),
    "lost and told is still lost": (["a"], [], ["a"], Crash(9, 1, 1, 0, 0, 0)),
    "nothing at all": ([], [], [], Crash(9, 0, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("case", CRASHES)
def test_a_crash_is_counted(case: str) -> None:
    accepted, sent, told, wanted = CRASHES[case]
    assert crash(9, accepted, sent, told) == wanted


CALLBACKS = {
    "Kannel": (b"GET /cb/12 HTTP/1.1\r\nHost: x\r\n\r\n", [12]),
    "Jasmin": (b"GET /cb/7?id=1f&message_status=DELIVRD HTTP/1.1\r\n\r\n", [7]),
    "tidings": (b'POST /hook HTTP/1.1\r\n\r\n{"type":"message.delivered","data":{"client_ref":"order-3"}}', [3]),
    "tidings, a batch": (b'POST /hook HTTP/1.1\r\n\r\n[{"client_ref": "order-3"},{"client_ref": "order-40"}]', [3, 40]),
}


@pytest.mark.parametrize("case", CALLBACKS)
def test_a_callback_names_its_messages(case: str) -> None:
    request, wanted = CALLBACKS[case]
    assert numbers(request) == wanted


def test_callbacks_are_all_kept_and_messages_counted_once() -> None:
    received = Received()
    for at, request in ((1.0, "GET /cb/5 "), (2.0, "GET /cb/6 "), (3.0, "GET /cb/5 ")):
        received.take(at, request.encode())
    assert received.count() == 2
    assert received.calls() == [(1.0, 5), (2.0, 6), (3.0, 5)]
    received.reset()
    assert received.count() == 0


def test_requests_that_come_in_pieces_or_together_are_cut_apart() -> None:
    post = b"POST /hook HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
    assert [whole(post[:at]) for at in (0, 10, len(post) - 1)] == [0, 0, 0]
    assert whole(post + b"GET /") == len(post)
    assert whole(b"GET /cb/1 HTTP/1.1\r\n\r\nGET") == 22


def test_every_message_has_a_phone_of_its_own_where_the_network_delivers() -> None:
    phones = {digits(number) for number in range(60_000)}
    assert len(phones) == 60_000
    assert all(re.fullmatch(r"1555\d{7}", phone) and phone[-4:] >= "1000" for phone in phones)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_all_are_asked_for_the_same(dialect: str) -> None:
    head, _, body = DIALECTS[dialect](Where("h", "k", "http://127.0.0.1:1/cb"), 41, 1).decode().partition("\r\n\r\n")
    request = head + body
    assert digits(41) in request
    assert "TIDINGS" in request
    assert re.search(r"order[ %20]+41", request)
    assert body == "" or f"Content-Length: {len(body)}" in head


def figures(rate: float, cpu: float, short: int = 0) -> Figures:
    return Figures(rate, cpu, 0.1, 30.0, short)


def test_goals_are_judged_by_shares_within_each_round() -> None:
    ours = [figures(100, 1.0), figures(300, 2.0), figures(500, 3.0)]
    theirs = [figures(100, 4.0), figures(100, 4.0), figures(250, 4.0)]
    assert shares(ours, theirs, lambda run: run.rate) == 2.0
    assert shares(ours, theirs, lambda run: run.cpu) == 0.5
    results = Results({("tidings", "w"): ours, ("kannel", "w"): theirs}, {}, {})
    cpu = Goal("cpu", "w", "w", lambda run: run.cpu, most=0.4)
    rate = Goal("rate", "w", "w", lambda run: run.rate, least=2.0)
    unmeasured = Goal("other", "v", "w", lambda run: run.rate, least=2.0)
    rows = goals(results, [cpu, rate, unmeasured], "tidings", ["kannel"]).splitlines()[2:]
    assert rows == ["| cpu | 0.50 | **no** |", "| rate | 2.00 | yes |"]


def test_goals_stand_against_each_of_the_others_by_itself() -> None:
    share = Goal("cpu", "w", "w", lambda run: run.cpu, most=0.4)
    runs = {("tidings", "w"): [figures(1, 0.3)], ("kannel", "w"): [figures(1, 1.0)], ("tuned", "w"): [figures(1, 0.5)]}
    calm, slow = Latency(*[Waits(1.0, 9.0)] * 4), Latency(*[Waits(2.0, 8.0)] * 4)
    results = Results(runs, {"tidings": [calm], "tuned": [slow]}, {})
    assert goals(results, [share], "tidings", ["kannel", "tuned"]).splitlines() == [
        "| goal | tidings against kannel | holds | tidings against tuned | holds |",
        "| --- | --- | --- | --- | --- |",
        "| cpu | 0.30 | yes | 0.60 | **no** |",
        "| p50 / p99 request to carrier, no worse |  |  | 1.0 / 9.0 to 2.0 / 8.0 ms | **no** |",
        "| p50 / p99 receipt to callback, no worse |  |  | 1.0 / 9.0 to 2.0 / 8.0 ms | **no** |",
    ]


def test_a_table_says_what_never_ended() -> None:
    table = speed(Results({("kannel", "w"): [figures(1234.4, 0.5), figures(1300, 0.7, short=2)]}, {}, {}))
    assert "| w | kannel | 1,234 (2 never ended) | 0.50 | 30 MB | 0.10 |" in table
    assert len(latencies(Results({}, {}, {})).splitlines()) == 2
