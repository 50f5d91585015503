"""The loops behind webhooks. What is decided, `core` and `pipeline` decide; here is what waits, sends and repeats.

`notifier` follows the tail of events and hears what the API changes; `lanes` holds what is on its way, an endpoint a
lane; `courier` carries one request, and `drivers.ledger` records what it came to.
"""

from tidings.notifier.notifier import Notifier

__all__ = ["Notifier"]
