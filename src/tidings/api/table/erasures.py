"""Rows of the table: erasures."""

from __future__ import annotations

from tidings.api import erasures, examples
from tidings.api.call import Endpoint

ERASURES: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/erasures",
        handle=erasures.post,
        name="createErasure",
        summary="Erase a person",
        detail="Number, texts and octets go from all that is stored, and what waits for them is canceled; counts, and "
        "digests for consent and suppression, stay. For keys of the default account in all accounts, else in the key's "
        "own. It cannot be undone. While `complete` is false, call again; so too later, while `left` is not 0.",
        scope="admin",
        body=erasures.ErasureRequest,
        answer=erasures.ErasureView,
        example=examples.ERASURE_REQUEST,
        answer_example=examples.ERASURE,
    ),
)
