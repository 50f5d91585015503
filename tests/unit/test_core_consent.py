"""The exact words of opting out and in, and the gate."""

from __future__ import annotations

import pytest

from tidings.core.consent import HELP_WORDS, START_WORDS, STOP_WORDS, Keyword, keyword, opted_out, opted_out_error
from tidings.errors import MESSAGE_ERRORS

WORDS = {
    "stop": "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT",
    "start": "START UNSTOP",
    "help": "HELP INFO",
}


def test_the_words_are_these_and_no_more() -> None:
    assert {asks: set(words.split()) for asks, words in WORDS.items()} == {
        "stop": set(STOP_WORDS),
        "start": set(START_WORDS),
        "help": set(HELP_WORDS),
    }


@pytest.mark.parametrize(("asks", "word"), [(asks, word) for asks, words in WORDS.items() for word in words.split()])
def test_a_word_counts_in_any_case_and_with_punctuation(asks: str, word: str) -> None:
    for text in (word, word.lower(), word.title(), f"  {word}\r\n", f"{word}.", f'"{word}!"', f"{word} !!"):
        assert keyword(text) == Keyword(asks, word), text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "please stop", "STOP IT", "stop now.", "don't stop", "STOPP", "S T O P", "ST OP", "NONSTOP",
        "YES", "no", "0", "🛑", "ΣΤΟΠ",
    ],
)  # fmt: skip
def test_other_texts_are_texts(text: str) -> None:
    assert keyword(text) is None


@pytest.mark.parametrize("category", ["otp", "transactional", "conversation", "marketing"])
def test_the_gate_holds_for_every_category(category: str) -> None:
    verdict = opted_out(category, suppressed=True)
    assert verdict is not None
    assert (verdict.rule, verdict.allowed) == ("suppression", False)
    assert opted_out(category, suppressed=False) is None
    error = opted_out_error(verdict)
    assert (error.code, error.category, error.permanent) == ("opted_out", MESSAGE_ERRORS["opted_out"].group, True)
    assert error.detail == verdict.detail


def test_the_answer_to_a_stop_passes_the_gate() -> None:
    assert opted_out("system", suppressed=True) is None
