"""When a class of traffic is read from the store, and when it is handed over in memory again."""

from __future__ import annotations

from tidings.core.feed import OVERLAP, Feed


def test_a_feed_begins_in_the_store_and_leaves_it_after_a_pass_that_found_nothing() -> None:
    feed = Feed()
    assert feed.spilled
    feed.rewind()
    assert feed.spilled, "the pass may have begun before the last message came"
    feed.rewind()
    assert not feed.spilled


def test_what_was_dropped_during_a_pass_asks_for_one_more() -> None:
    feed = Feed()
    feed.rewind()
    feed.dropped += 1
    feed.rewind()
    assert feed.spilled
    feed.rewind()
    assert not feed.spilled


def test_a_pass_that_found_something_does_not_leave_the_store() -> None:
    feed = Feed()
    feed.rewind()
    feed.clean = None
    feed.rewind()
    assert feed.spilled


def test_a_spill_reads_from_a_minute_before_what_was_handed_over() -> None:
    feed = Feed()
    feed.rewind()
    feed.rewind()
    feed.highest = 3 * OVERLAP
    feed.spill()
    assert (feed.spilled, feed.cursor, feed.clean) == (True, 2 * OVERLAP, None)
    feed.cursor = 5 * OVERLAP
    feed.rewind()
    assert (feed.spilled, feed.cursor) == (True, 4 * OVERLAP)


def test_no_cursor_is_negative() -> None:
    feed = Feed()
    feed.highest = OVERLAP // 2
    feed.spill()
    feed.rewind()
    assert feed.cursor == 0
