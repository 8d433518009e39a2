"""The text of web pages without menus, notices and footers. Losing text is worse than keeping a menu."""

import pytest

from documents.extraction import html, reading
from tests.documents.files import LIMITS, written
from tests.documents.test_text_formats import words

NAV = "<nav><ul><li><a href=/>JUNK Home</a><li><a href=/n>JUNK News</a></ul></nav>"
SOUP = "<div class=x1>" + "".join(f"<div><a href={n}>JUNK {n}</a></div>" for n in range(5)) + "</div>"
COOKIE = "<div id=cookie-consent>JUNK This site uses cookies. <button>Accept</button></div>"
FOOT = "<footer>JUNK Example Ltd <a href=/p>JUNK Privacy</a></footer>"
TEXT = "TEXT The committee met on Monday and agreed on the plan for the next quarter of the year. "
POSTS = "".join(f"<div class=post><div>TEXT user{n}</div><div>TEXT I tried {n}.</div></div>" for n in range(5))
PAGER = "<div class=pagination><a href=1>JUNK 1</a> <a href=2>JUNK 2</a></div>"
LINKS = "".join(f"<li><a href={n}>TEXT tool {n}</a>" for n in range(9))

PAGES = {
    "an article": f"{COOKIE}<header>{NAV}</header><main><article><h1>TEXT</h1><p>{TEXT}<blockquote>TEXT</blockquote>"
    f"</article><aside class=related><a href=1>JUNK 1</a><a href=2>JUNK 2</a></aside></main>{FOOT}",
    "documentation": f"<div class=sidebar><ul>{SOUP}</ul></div><div class=content><h1>TEXT</h1><pre>TEXT pip</pre>"
    f"<dl><dt>TEXT timeout<dd>TEXT seconds</dl><p>{TEXT}<a href=x>TEXT guide</a></div>{FOOT}",
    "a forum": f"{SOUP}<h1>TEXT Printer</h1>{POSTS}<p>{TEXT}</p>{PAGER}{FOOT}",
    "a short page": f"{COOKIE}{NAV}<main><h1>TEXT Opening hours of our office</h1><p>TEXT 9-17, code 5591</main>{FOOT}",
    "divisions alone": f"{SOUP}<div><h2>TEXT Urlaub</h2><div>{TEXT}</div></div><div id=footer>"
    "<a href=1>JUNK Impressum</a><a href=2>JUNK Datenschutz</a></div>",
    "Chinese": f"<div class=nav><a href=1>JUNK 首页</a><a href=2>JUNK 新闻</a></div><h1>TEXT 差旅政策</h1>"
    f"<p>TEXT {'员工每天的餐费标准为一百元。' * 5}</p>{FOOT}",
    "a header in an article": "<article><header><h1>TEXT Lamp</h1><p>TEXT By Ann</header><p>TEXT 900 lm and 12 watts, "
    f"made of steel<footer>TEXT Part no. AX-4471</footer></article>{FOOT}",
    "a header of text": f"<header><p>{TEXT * 15}</header><p>{TEXT * 20}",
    "a title in the header": f"<header><h1>TEXT Questions</h1>{NAV}</header><details><summary>TEXT How?</summary>{TEXT}"
    f"</details>{FOOT}",
    "a page about cookies": f"<div class=cookie-policy><h1>TEXT Cookies</h1><p>{TEXT}</div>",
    "an infobox and a note": f"<h1>TEXT Lake</h1><table class=infobox><tr><th>TEXT Area<td>48</table><p>{TEXT}"
    f"<aside>TEXT It freezes.</aside><ol><li>TEXT Survey of 1990.</ol>{FOOT}",
}  # fmt: skip


def read(folder, markup: str) -> tuple[str, list[str]]:
    with reading.begin() as notes:
        extracted = html.extract(written(folder, "a.html", f'<meta charset="utf-8"><body>{markup}'), LIMITS)
    return words(extracted), [str(note.value) for note in notes.notes()]


@pytest.mark.parametrize("page", PAGES)
def test_the_text_of_a_page_is_read_without_what_is_around_it(tmp_path, page):
    text, notes = read(tmp_path, PAGES[page])
    assert "JUNK" not in text
    assert text.count("TEXT") == PAGES[page].count("TEXT")
    assert bool(notes) == ("JUNK" in PAGES[page])


@pytest.mark.parametrize(
    "markup",
    [
        f"<h1>TEXT Useful links</h1><ul>{LINKS}</ul>",
        f"<ul>{LINKS}</ul>",
        f"{NAV}<p>TEXT 5591{FOOT}",
        f"<nav><p>{TEXT}</p></nav>",
        "<div class=cookie-banner>TEXT</div>",
    ],
)
def test_a_page_of_little_else_is_read_whole(tmp_path, markup):
    text, notes = read(tmp_path, markup)
    assert text.count("TEXT") == markup.count("TEXT")
    assert notes == []


def test_what_is_left_out_is_noted_with_its_first_words(tmp_path):
    _, notes = read(tmp_path, f"{NAV}<main><h1>TEXT</h1><p>{TEXT}</main>{FOOT}")
    assert notes == [
        "menus, notices and footers of the page, such as “JUNK Home JUNK News”, “JUNK Example Ltd JUNK Privacy”"
    ]


def test_what_pictures_show_is_read_where_the_page_says_it(tmp_path):
    markup = "<p>See<img src=x alt='Map of the yard'>here<img src=y alt=''><img src=z></p>"
    table = "<table><tr><td>a<td><img alt='yes'><tr><td>b<td><img alt='Crossed out'></table>"
    assert read(tmp_path, markup + table)[0] == "See Picture: Map of the yard here\n\na | yes\nb | Picture: Crossed out"
