"""Counting and its text form."""

from __future__ import annotations

from tidings.metrics import BUCKETS, Histogram, Metrics, Tally, counter, histogram, process


def test_a_tally_counts_what_was_committed() -> None:
    tally = Tally()
    tally.moved("sent", "otp", 1, "north")
    assert tally.totals == {}
    tally.publish()
    tally.moved("sent", "otp", 1, "north")
    tally.pending.clear()
    tally.publish()
    assert tally.totals == {("sent", "otp"): 1}


def test_what_two_writers_committed_is_counted_together() -> None:
    tally = Tally()
    other = tally.beside()
    for one, status in ((tally, "sent"), (other, "sent"), (other, "accepted")):
        one.moved(status, "otp", 1, "north")
        one.publish()
    other.moved("sent", "otp", 1, "north")
    assert tally.totals == {("sent", "otp"): 2, ("accepted", "otp"): 1}


def test_buckets_are_cumulative_and_bounds_belong_to_them() -> None:
    values = Histogram()
    for seconds in (0.0, 0.001, 0.002, 99.0):
        values.observe(seconds)
    assert values.cumulative() == [2, 3, *([3] * (len(BUCKETS) - 2)), 4]
    lines = list(histogram("x", "X.", values))
    assert lines[2] == 'x_bucket{le="0.001"} 2'
    assert lines[-3:] == ['x_bucket{le="+Inf"} 4', "x_sum 99.003", "x_count 4"]


def test_labels_are_escaped() -> None:
    assert list(counter("x", "X.", ("a",), {('"\\\n',): 1}))[2] == 'x{a="\\"\\\\\\n"} 1'


def test_receipts_and_requests() -> None:
    counted = Metrics()
    counted.receipts_came([True, False, True])
    counted.requested("GET", "/x", 200)
    assert (counted.receipts, counted.requests) == ({("matched",): 2, ("parked",): 1}, {("GET", "/x", 200): 1})


def test_the_process_uses_something() -> None:
    values = [float(line.split()[1]) for line in process() if not line.startswith("#")]
    assert len(values) == 2
    assert all(value > 0 for value in values)
