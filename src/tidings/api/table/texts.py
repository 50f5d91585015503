"""Rows of the table: texts, looked at and not sent."""

from __future__ import annotations

from tidings.api import analyze, examples
from tidings.api.call import Endpoint

TEXTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="POST",
        path="/v1/text/analyze",
        handle=analyze.post,
        name="analyzeText",
        summary="What a text costs, and why",
        detail="Encoding, segments with their cuts, the characters that make it dear, and what smart encoding would "
        "change. One of `text` and `html`. A text that cannot be sent is looked at all the same; of one with more than "
        "40,000 characters the first 40,000 are. Nothing is stored or sent, and no limit is drawn on.",
        scope="read",
        also="inbox",
        own=True,
        storeless=True,
        body=analyze.TextQuestion,
        answer=analyze.AnalysisView,
        example=examples.TEXT_QUESTION,
        answer_example=examples.ANALYSIS,
    ),
)
