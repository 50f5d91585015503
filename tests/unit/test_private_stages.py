"""What a process keeps to itself of its commits must be of no use to any other."""

from __future__ import annotations

import tidings.app
from tidings.core.ports import STAGES
from tidings.pipeline import deliver, notify, settle, subscribe

assert tidings.app, "it is what knows every stage"


def test_private_stages_write_nothing_that_others_follow() -> None:
    private = {one for one in STAGES.values() if one.private and one.run.__module__.startswith("tidings.")}
    assert private == {notify.fan_out, settle.settle, deliver.fill, deliver.settle}
    assert private <= subscribe.NO_EVENTS, "webhooks, streams and receipts to ESMEs follow events"
