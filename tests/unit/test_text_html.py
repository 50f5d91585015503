"""HTML becomes what a reader would see; what is hidden or hostile is gone, and nothing takes long."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.text.html import MOST_IMAGES, Picture, readable

PAGE = (Path(__file__).parents[2] / "docs/reference/html.md").read_text(encoding="utf-8")

SHOWN: list[tuple[str, str, str]] = [
    ("nothing", "", ""),
    ("plain text", "Hello", "Hello"),
    ("entities", "&lt;b&gt; &amp; &eacute;&#233;&#xE9; &euro; &#128; &hellip;", "<b> & ééé € € …"),
    ("an entity without its end", "AT&ampT &copy 2026 &nosuch;", "AT&T © 2026 &nosuch;"),
    ("entities of entities", "&amp;lt;", "&lt;"),
    ("blanks", "  a \t\r\n  b&nbsp; &nbsp;c  ", "a b c"),
    ("inline", "a<b>b</b> <i>c</i>d", "ab cd"),
    ("blanks at tags", "a <b> b </b> c", "a b c"),
    ("line breaks", "a<br>b<br/>c</br>d", "a\nb\nc\nd"),
    ("many line breaks", "a<br><br><br><br>b", "a\n\nb"),
    ("blocks", "<div>a</div><div>b<div>c</div></div>d", "a\nb\nc\nd"),
    ("a break between blocks", "<div>a</div><br><div>b</div>", "a\n\nb"),
    ("a break that ends a block", "a<br><div>b</div>", "a\nb"),
    ("paragraphs", "<p>a<p>b</p><p></p><p>&nbsp;</p>c", "a\n\nb\n\nc"),
    ("headings", "<h1>a</h1>b<h2>c</h2>", "a\n\nb\n\nc"),
    ("a rule", "a<hr>b", "a\n\nb"),
    ("a list", "<ul><li>a<li>b</ul>c", "- a\n- b\nc"),
    ("a numbered list", "<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
    ("numbers of its own", "<ol start=3><li>a<li value=7>b<li>c</ol>", "3. a\n7. b\n8. c"),
    ("numbers that are none", "<ol start=x><li value=9999999999>a</ol>", "1. a"),
    ("lists in lists", "<ul><li>a<ol><li>b<li>c</ol><li>d</ul>", "- a\n  1. b\n  2. c\n- d"),
    ("an item of paragraphs", "<ul><li><p>a</p><li><p>b</p></ul>", "- a\n- b"),
    ("an empty item", "<ul><li><li>b</ul>", "- b"),
    ("an item without a list", "<li>a", "- a"),
    ("definitions", "<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\nb\nc\nd"),
    ("a table", "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a / b\nc / d"),
    ("heads of rows", "<table><tr><th>a<td>b</tr></table>c", "a: b\nc"),
    ("heads of columns", "<table><thead><tr><th>a<th>b</thead><tbody><tr><td>c<td>d</table>", "a / b\nc / d"),
    ("empty cells", "<table><tr><td>a<td> <td>c</table>", "a / c"),
    ("a table for looks", "<table><tr><td><div>a</div><td><table><tr><td>b</table></table>", "a\nb"),
    ("a caption", "<table><caption>a</caption><tr><td>b</table>", "a\nb"),
    ("preformatted at the beginning", "<pre>  a\n  b", "a\n  b"),
    ("preformatted", "<pre>\na  b\n\n c\td </pre>e", "a  b\n\n c d\n\ne"),
    ("a quotation", "a <q>b <q>c</q></q> d", 'a "b "c"" d'),
    ("an empty quotation", "a <q></q> d</q>", "a d"),
    ("a link", '<a href="https://x.org/a?b=1&amp;c=2">here</a>.', "here (https://x.org/a?b=1&c=2)."),
    (
        "a link that is its words",
        "<a href='https://x.org/'>https://x.org</a> <a href=http://x.org>X.org</a>",
        "https://x.org X.org",
    ),
    ("a link without words", '<a href="https://x.org"><img src=a></a>', "https://x.org"),
    ("a link around blocks", "<a href=//x.org/y><div>a</div><p>b</p></a>c", "a\n\nb (https://x.org/y)\n\nc"),
    (
        "a link that is not closed",
        "<a href=https://x.org>a <a href=https://y.org>b",
        "a (https://x.org) b (https://y.org)",
    ),
    (
        "another address in the words",
        "<a href=https://evil.example>https://bank.example</a>",
        "https://bank.example (https://evil.example)",
    ),
    ("mail", "<a href='mailto:a%40b.c?subject=x'>a@b.c</a> <a href='MAILTO:a@b.c'>us</a>", "a@b.c us (a@b.c)"),
    ("a number", "<a href='tel:+15551230100'>call</a> <a href=tel:123>123</a>", "call (+15551230100) 123"),
    ("line ends in an address", "<a href=' https://x.org/\n a '>x</a>", "x (https://x.org/%20a)"),
    (
        "an address that leads nowhere",
        "<a href=/x>a</a><a href='#b'>b</a><a href=javascript:alert(1)>c</a><a>d</a>",
        "abcd",
    ),
    (
        "scripts in disguise",
        "<a href='java\tscript:x'>a</a><a href='&#1;javascript:x'>b</a><a href=data:x,y>c</a>",
        "abc",
    ),
    ("an image", "a <img src=x alt='B &amp; C'> d", "a B & C d"),
    ("comments", "a<!-- b --><!--[if mso]>c<![endif]--><![if !mso]>d<![endif]><!x>e<?f g?>h", "adeh"),
    ("scripts and styles", "a<script>if(1<2)'<p>'</script><style>p{}</style><SCRIPT src=x></SCRIPT>b", "ab"),
    ("a title", "<html><head><title>t</title><meta charset=x></head><body>a", "a"),
    ("what scripts would replace", "<noscript>a</noscript>", "a"),
    (
        "frames and objects",
        "a<iframe>x</iframe><object>x</object><svg><title>x</title><text>x</text></svg><svg/>b",
        "ab",
    ),
    ("sound", "a<video src=x>x</video><audio>x</audio>b", "ab"),
    ("templates", "a<template><p>x<template>y</template>z</template>b", "ab"),
    (
        "a form",
        "<form><label>a <input value=x></label><select></select><textarea><b>x</textarea><button>b</button></form>",
        "a b",
    ),
    ("hidden", "a<p hidden>x</p>b<span style='DISPLAY : none'>x</span>c", "a\nbc"),
    (
        "hidden by style",
        "a<i style='color:red;visibility:hidden'>x</i><i style='mso-hide:all'>x</i><i style='opacity:0'>x</i>b",
        "ab",
    ),
    (
        "not hidden by style",
        "<i style='opacity:0.5'>a</i><i style='max-height:0.5em'>b</i><i style='x-display:none'>c</i>",
        "abc",
    ),
    ("hidden by style, with a comment", "<i style='display:/* x */none'>x</i>a", "a"),
    ("hidden in hidden", "<div hidden>x<div>y</div>z</div>a", "a"),
    ("hidden, and not closed", "<div><span hidden>x</div>a", "a"),
    ("hidden, and closed by another", "<p hidden>x<p>a<ul><li hidden>x<ul><li>y</ul><li>b</ul>", "a\n- b"),
    ("hidden cells", "<table><tr><td hidden>x<td>a<tr hidden><td>x<table><tr><td>y</table><tr><td>b</table>", "a\nb"),
    ("a closed dialog", "<dialog>x</dialog><dialog open>a</dialog>", "a"),
    ("an end without a beginning", "</p></b></ul></q></a></script></span>a", "a"),
    ("controls", "a\0b\x01c\x7fd\x85e&#0;f", "abcde\ufffdf"),
    ("hints for lines", "a&shy;b\u200bc<wbr>d\ufeff", "abcd"),
    ("joiners", "नमस्ते 👩\u200d👧 می\u200cخواهم", "नमस्ते 👩\u200d👧 می\u200cخواهم"),
    ("a tag that never ends", "a<b", "a"),
    ("a comment that never ends", "a<!-- b", "a"),
    ("no tags at all", "1 < 2 > 1 <3", "1 < 2 > 1 <3"),
    ("capital letters", "<P>a</P><BR><UL><LI>b</UL>", "a\n\n- b"),
]


@pytest.mark.parametrize(("html", "text"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_it_says_what_a_reader_would_see(html: str, text: str) -> None:
    assert readable(html).text == text


RULES: list[tuple[str, str, str, str]] = [
    ("a class", ".pre{display:none !important}", "<div class='a pre'>x</div>b", "b"),
    ("a tag with a class, an id", "p.b, #z {visibility:hidden}", "<p class=b>x</p>a<p class=c>b <i id=z>x</i>c",
     "a\n\nb c"),
    ("a tag", "small{mso-hide:all}", "a<small>x</small>", "a"),
    ("of several, the last", ".m{display:none}.m{display:block}", "<i class=m>a</i>", "a"),
    ("the one that says more", "div{display:block}.m{display:none}div{display:block}", "<div class=m>x</div>a", "a"),
    ("what is important", ".m{display:none!important}div.m{display:block}", "<div class=m>x</div>a", "a"),
    ("the element's own word", ".m{display:none}", "<i class=m style='color:red;display: inline'>a</i>", "a"),
    ("… unless the rule is important", ".m{display:none!important}", "<i class=m style='display:inline'>x</i>a", "a"),
    ("… which says nothing of it", ".m{display:none}", "<i class=m style='color:red'>x</i>a", "a"),
    ("a phone's own rule may show it", ".m{display:none}@media (max-width:9px){.m{display:block}}", "<i class=m>a</i>",
     "a"),
    ("hidden only somewhere", "@media (min-width:9px){.m{display:none}}", "<i class=m>a</i>", "a"),
    ("on all screens", "@media screen{.m{display:none}}", "<i class=m>x</i>a", "a"),
    ("on paper", "@media print{.m{display:none}}.n{display:none}@media print{.n{display:block}}",
     "<i class=m>a</i><i class=n>x</i>", "a"),
    ("behind other rules", "@import url(x);@font-face{src:url(y)}a{color:red}.m{color:red;display:none}",
     "<i class=m>x</i>a", "a"),
    ("in the comments of old browsers", "<!-- .m{display:none} -->", "<i class=m>x</i>a", "a"),
    ("in a comment", "/* .m{display:none} */", "<i class=m>a</i>", "a"),
    ("selectors that are not read", ".m:hover{display:none}a .m{display:none}.m>.n{display:none}*{display:none}",
     "<i class='m n'>a</i>", "a"),
    ("the whole page, for a script to show", "body{visibility:hidden}html{display:none}", "<html><body>a", "a"),
    ("what fades in", ".m{opacity:0}.n{max-height:0}", "<i class=m>a</i><i class=n>b</i>", "ab"),
    ("broken rules", "}}.m{display:none;}}{{;", "<i class=m>x</i>a", "a"),
    ("letter case", ".M{DISPLAY:None}I.n{display:none}", "<i class=m>a</i><i class=M>x</i><I CLASS=n>x</I>", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("css", "html", "text"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_what_a_style_sheet_hides_is_gone(css: str, html: str, text: str) -> None:
    page = readable(f"<style>{css}</style>{html}")
    assert page.text == text
    assert ("hidden" in {one.what for one in page.left_out}) == ("x<" in html)
    assert "x" not in page.text


def test_a_style_sheet_for_paper_hides_nothing() -> None:
    assert readable("<style media=print>.m{display:none}</style><i class=m>a</i>").text == "a"
    assert readable("<style media='(min-width:9px)'>.m{display:none}</style><i class=m>a</i>").text == "a"
    assert readable("<style media=screen>.m{display:none}</style><i class=m>x</i>a").text == "a"


def test_style_sheets_come_one_after_another() -> None:
    html = (
        "<style>.a{display:none}</style><i class=a>x</i><style>.b{display:none}</style><i class=a>x</i><i class=b>x</i>"
    )
    assert readable(html + "c").text == "c"
    assert readable("<svg><style>.a{display:none}</style></svg><i class=a>c</i>").text == "c"


LEFT_OUT: list[tuple[str, dict[str, int]]] = [
    ("<p>a", {}),
    ("<img><svg></svg><img width=1 height=1>", {"image": 2, "hidden": 1}),
    ("<a href=x>y</a>", {"link": 1}),
    ("<a href='https://x.org/" + "y" * 2_000 + "'>y</a>", {"link": 1}),
    ("<b>a</b><font><i>x", {"formatting": 3}),
    ("<style></style><p style=color:red>", {"style": 2}),
    ("<p hidden><b>x</b><img>", {"hidden": 1}),
    ("<input><input type=hidden><button>", {"form": 2}),
    ("<iframe></iframe><embed>", {"embedded": 2}),
    ("<audio></audio><video></video>", {"media": 2}),
    ("<script></script>", {"script": 1}),
]


@pytest.mark.parametrize(("html", "lost"), LEFT_OUT, ids=[html[:20] for html, _ in LEFT_OUT])
def test_what_cannot_be_carried_is_named(html: str, lost: dict[str, int]) -> None:
    assert {one.what: one.count for one in readable(html).left_out} == lost


def test_every_kind_of_what_is_left_out_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("## What is left out")[2], flags=re.M)
    assert set(rows) == {kind for _, lost in LEFT_OUT for kind in lost}


def test_images_are_kept_aside() -> None:
    page = readable("<img src=' https://x.org/a.png ' alt=' A  B '><img src='data:" + "x" * 999 + "'>" + "<img>" * 99)
    assert page.images[0] == Picture("https://x.org/a.png", "A B")
    assert len(page.images[1].source) == 200
    assert len(page.images) == MOST_IMAGES
    assert {one.what: one.count for one in page.left_out} == {"image": 101}


def test_the_page_of_the_reference_is_true() -> None:
    found = re.search(r"```html\n(.*?)```.*?```text\n(.*?)\n```", PAGE, flags=re.S)
    assert found is not None
    assert readable(found[1]).text == found[2]


BOMBS: dict[str, str] = {
    one: one * (300_000 // len(one))
    for one in (
        "<div>", "<b>", "<p>", "<ul><li>x", "<ol><li>", "<table><tr><td>x", "<table>x", "<q>", "<q>x</q>", "</div>",
        "<a href=https://x.org>y", "<p hidden>x", "<div hidden><b>", "<svg>", "<template>", "<select>", "<pre>\n",
        "<b></p>",
        "<!--", "<!", "<?", "</", "<", "<a ", "<a href='", "&lt;", "&amp;lt;", "&#x", "&a", "<script>", "\0", "\r\n\r",
        "<textarea>", "<math>", "<![CDATA[", "<img alt=x>", "<br>", "\ud800<b \udfff>", "<ruby><rt>", "<font size=",
    )
} | {
    "100,000 levels": "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "distinct attributes": "<a " + " ".join(f"a{n}=1" for n in range(40_000)) + ">x",
    "one attribute": '<a href="' + "%20" * 100_000 + '">x</a>',
    "a style": '<p style="' + " ;display " * 30_000 + '">x',
    "a number": "&#" + "9" * 300_000 + ";",
    "formatting in blocks": "".join(f"<font size={n}>" for n in range(9_000)) + "<p>x" * 30_000,
    "rules": "<style>" + ".a{display:none}" * 20_000 + "</style>" + "<p class='" + "a " * 5_000 + "'>x",
    "selectors": "<style>" + ",".join(f".a{n}" for n in range(40_000)) + "{display:none}</style><p class=a1>x",
    "blocks": "<style>" + "{" * 300_000 + "</style>x",
    "comments": "<style>" + "/*" * 150_000 + "</style>x",
    "one declaration": "<style>.a{display" + " " * 300_000 + "</style>x",
    "style sheets": "<style>.a{display:none}</style><i class=a>" * 8_000,
    "an unclosed start in a list": "<ul>" * 40_000 + "<b>" * 40_000 + "<li>x",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_do_nothing(bomb: str) -> None:
    """Each has 300,000 characters or more: what were quadratic would run into the time limit of a test."""
    assert len(readable(BOMBS[bomb]).text) <= 4 * len(BOMBS[bomb])


TAGS = (
    "a", "b", "p", "br", "ul", "ol", "li", "table", "tr", "td", "th", "pre", "q", "div", "span", "script", "style",
    "template", "svg", "select", "img", "hr", "dl", "dd", "h1", "x",
)  # fmt: skip
PIECES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["<", ">", "&", "&amp;", "<!--", "-->", " hidden", "'", '"', "=", "</", "\n", "\ud800", "\0", " "]),
    st.sampled_from(
        [f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ["<p hidden>", "<a href=https://x.y>"]
    ),
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_anything_is_read(html: str) -> None:
    page = readable(html)
    assert page.text == page.text.strip(" \n")
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\xa0\xad\u200b\ufeff]|\n\n\n", page.text) is None
    assert readable(html) == page


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_what_was_escaped_comes_back(text: str) -> None:
    from html import escape

    shown = re.sub("[ \xa0\u2028\u2029]+", " ", re.sub("[\xad\u200b\ufeff]", "", text)).strip(" ")
    assert readable(f"<p>{escape(text)}</p>").text == shown


def test_who_sends_no_html_does_not_pay_for_it() -> None:
    code = "import sys, tidings.app, tidings.api.app; sys.exit('turbohtml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
