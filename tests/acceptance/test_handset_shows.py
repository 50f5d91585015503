"""What was typed is what the handset shows, and what a handset types is what the API tells: any script, any length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Site, Tidings, until

pytestmark = pytest.mark.one_engine("alphabets on a screen: the store keeps a text as it came")

OURS = "+15559990000"
SENTENCES = {
    "English": "The parcel is at the door.",
    "French": "Où êtes-vous passé l'été dernier, cher Noël ?",
    "German": "Größe, Übermut und ärgerlich öde Füße.",
    "Spanish": "¿Cuándo llegará mañana el pingüino? ¡Ya!",
    "Portuguese": "Amanhã não há aviões; só depois do pôr do sol.",
    "Polish": "Zażółć gęślą jaźń.",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Turkish": "Şifreniz değiştirildi, İstanbul'a hoş geldiniz.",
    "Vietnamese": "Tôi có thể ăn thủy tinh mà không hại gì.",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "Russian": "Ваш заказ прибудет завтра утром.",
    "Ukrainian": "Щастя їм, ґречний юначе, і гаразд.",
    "Georgian": "გამარჯობა, როგორ ხართ?",
    "Armenian": "Բարեւ ձեզ, ինչպե՞ս եք։",
    "Hebrew": "החבילה שלך (מס' 42) בדרך.",
    "Arabic": "طلبك رقم ٤٢ في الطريق، شكرًا!",
    "Persian": "می\u200cخواهم فردا بیایم.",
    "Urdu": "آپ کا آرڈر کل پہنچے گا۔",
    "Hindi": "आपका ऑर्डर कल तक पहुँच जाएगा।",
    "Bengali": "আপনার প্যাকেট আগামীকাল পৌঁছাবে।",
    "Tamil": "உங்கள் ஆர்டர் நாளை வரும்.",
    "Malayalam": "നാളെ കാണാം, ക്ഷമിക്കണം.",
    "Thai": "พัสดุของคุณจะมาถึงพรุ่งนี้",
    "Khmer": "កញ្ចប់របស់អ្នកនឹងមកដល់",
    "Burmese": "မနက်ဖြန် ရောက်ပါမယ်။",
    "Chinese": "您的包裹明天到達。",
    "Japanese": "荷物は明日届きます。ガギグ",
    "Korean": "소포가 내일 도착합니다. \u1112\u1161\u11ab",
    "Amharic": "ሰላም፣ እንዴት ነህ?",
    "emoji": "👩‍👩‍👧 👍🏽 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 🇩🇪 ☎️ 1️⃣ ❤️‍🔥",
    "mixed directions": "Order \u2067طلب\u2069 #42 — שלום \u202babc\u202c!",
    "combining marks": "Z\u0351\u036b\u0343a\u0311\u0363l\u0327g\u0306o\u0302 e\u0301",
    "extension": "{[~]} ^ | \\ € @",
    "line ends": "a\nb\r\nc\fd\re",
    "controls and private use": "a\x01\x1b\x7f\u0085\ue000\U000f0000\ufffe\uffffz",
    "old scripts": "𒀀𓀀𝔘𐌰 𠜎",
    "an at sign at the end": "x" * 159 + "@",
}
TYPED = {f"{name}, {kind}": text for name, one in SENTENCES.items() for kind, text in (
    ("short", one), ("long", (one + " ") * (400 // len(one) + 1) + "."),
)}  # fmt: skip
NUMBERS = {name: f"+1555{number:03}0100" for number, name in enumerate(TYPED, 200)}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tidings]:
    """A tidings with its embedded network."""
    folder = tmp_path_factory.mktemp("alone")
    running = Tidings(folder / "data", folder / "tidings.log", "[limits]\nfree_disk_mb = 0\n")
    program = running.start()
    yield running
    program.end()


def test_what_was_typed_is_shown(alone: Tidings) -> None:
    messages = [{"to": NUMBERS[name], "text": text} for name, text in TYPED.items()]
    told = alone.client.post_batch({"messages": messages})["data"]  # type: ignore[typeddict-item]
    ids = {name: one["id"] for name, one in zip(TYPED, told, strict=True)}
    for name, text in TYPED.items():
        message = alone.ended(ids[name])
        assert (message["status"], message["text"]) == ("delivered", text), name
        shown = alone.client.get_handset(NUMBERS[name])
        seen = [(one["text"], one["parts"]) for one in shown["messages"]]
        assert (seen, shown["incomplete"]) == ([(text, message["segments"])], 0), name
        assert message["segments"] > 1 or name.endswith("short"), name


def test_what_a_handset_types_is_told(alone: Tidings) -> None:
    for name, text in TYPED.items():
        alone.client.text_from_handset(NUMBERS[name], {"to": OURS, "text": text})

    def all_there() -> dict[str, str] | None:
        there = {one["from"]: one["text"] for one in alone.messages(direction="mo", to=OURS)}
        return there if len(there) == len(TYPED) else None

    there = until(all_there, "all texts come in")
    assert {name: there[NUMBERS[name]] for name in TYPED} == TYPED


def test_html_is_shown_as_its_text(alone: Tidings) -> None:
    html = "<p>Καλημέρα &amp; 👍<br><a href='https://x.org'>γεια</a></p>" + "<p>שלום</p>" * 30
    message_id = alone.client.post_message({"to": "+15551990100", "html": html})["id"]
    message = alone.ended(message_id)
    shown = alone.client.get_handset("+15551990100")["messages"]
    assert [one["text"] for one in shown] == [message["text"]]
    assert message["text"].startswith("Καλημέρα & 👍\nγεια (https://x.org)\n\nשלום\n\n")
    assert message["segments"] > 1


def test_smart_encoding_shows_what_the_api_told(alone: Tidings) -> None:
    html = "<p>It’s ready&nbsp;– “now”</p>"
    body = {"to": "+15551990101", "html": html, "smart_encoding": True}
    message = alone.ended(alone.client.post_message(body)["id"])  # type: ignore[typeddict-item]
    assert (message["text"], message["encoding"]) == ('It\'s ready - "now"', "gsm7")
    assert [one["text"] for one in alone.client.get_handset("+15551990101")["messages"]] == [message["text"]]


NATIONAL = {
    "+905321230100": ("Turkish", "gsm7+locking-tr"),
    "+919812340100": ("Hindi", "gsm7+locking-hi+single-hi"),
    "+351912340100": ("Portuguese", "gsm7+"),
}


def test_national_tables_are_shown_as_typed(tmp_path: Path) -> None:
    profile = {"profile.national_languages": ["tr", "hi", "pt"]}
    with Site(tmp_path, carrier=profile) as site:
        site.start()
        for number, (name, encoding) in NATIONAL.items():
            text = TYPED[f"{name}, long"]
            message = site.tidings.ended(site.tidings.send(number, text))
            assert message["encoding"].startswith(encoding), message
            assert [(one["text"], one["parts"], one["encoding"]) for one in site.simulator.shows(number)] == [
                (text, message["segments"], message["encoding"])
            ]
