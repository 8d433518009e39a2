"""Parts of markdown beyond CommonMark, as models write them, and the direction in which each part runs."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from chat.markdown.rendering import render


def links(text):
    return re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', render(text))


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("https://example.com/a_b(c)?x=1&y=2, and", "https://example.com/a_b(c)?x=1&amp;y=2", None),
        ("(see https://example.com/x)", "https://example.com/x", None),
        ('"https://example.com/y"', "https://example.com/y", None),
        ("Bare: https://example.com.", "https://example.com", None),
        ("**https://example.com/z**", "https://example.com/z", None),
        ("at http://localhost:3000/x!", "http://localhost:3000/x", None),
        ("HTTPS://Example.com/A", "HTTPS://Example.com/A", None),
        ("www.example.com/?", "http://www.example.com/", "www.example.com/"),
        ("mail@example.org.", "mailto:mail@example.org", "mail@example.org"),
        ("to first_last+x@mail.example.org, now", "mailto:first_last+x@mail.example.org", None),
        ("请看https://example.com/路径。然后", "https://example.com/%E8%B7%AF%E5%BE%84", "https://example.com/路径"),
        ("（https://example.com/a）", "https://example.com/a", None),  # noqa: RUF001 - Chinese brackets
        ("访问https://example.com获取更多", "https://example.com", None),
        ("https://example.com/c[1]", "https://example.com/c", None),
        ("https://a.b/?x=1&lt;", "https://a.b/?x=1", None),
        ("|a|\n|-|\n|https://example.com/t|", "https://example.com/t", None),
    ],
)
def test_bare_addresses_are_links(text, address, shown):
    [(href, words)] = links(text)
    assert href == address
    assert words == (shown or address.removeprefix("mailto:").replace("%E8%B7%AF%E5%BE%84", "路径"))


@pytest.mark.parametrize(
    "text",
    [
        *("`https://example.com`", "xhttps://example.com", "https://", "www.", "www.example", "a@b", "@app.route"),
        *("pkg@1.2.3", "git@github.com:owner/name", "javascript://example.com/%0aalert(1)", "file:///etc/passwd"),
        *("[js](javascript:alert(1))", "[rel](/usage/)", "[data](data:text/html,x)", "[file](file:///etc/passwd)"),
    ],
)
def test_what_only_looks_like_an_address_stays_text(text):
    assert links(text) == []


def test_links_are_as_they_were_written():
    text = "[a](https://example.com/p_(q)_r) [b](<https://example.com/a b>) [https://a.b](https://c.d)"
    assert [href for href, _ in links(text)] == [
        "https://example.com/p_(q)_r",
        "https://example.com/a%20b",
        "https://c.d",
    ]


def test_single_line_breaks_are_kept():
    assert "one<br>\ntwo" in render("one\ntwo")


def test_tasks_have_boxes_that_say_what_they_are_and_cannot_be_ticked():
    html = render("- [ ] todo\n- [x] done\n- [y] no task")
    assert re.findall(r"<input [^>]*>", html) == [
        '<input type="checkbox" disabled="" aria-label="To do">',
        '<input type="checkbox" disabled="" checked="" aria-label="Done">',
    ]
    assert "[y] no task" in html


def test_notes_stand_where_they_were_written_with_their_number():
    html = render("A note[^1], named[^why].\n\n[^1]: First.\n[^why]: Second\n\n    Its end.")
    assert "A note<sup>1</sup>, named<sup>why</sup>." in html
    assert html.count('<div class="footnote">') == 2
    assert re.search(r"<sup>why</sup>\s*<p[^>]*>Second</p>\s*<p[^>]*>Its end.</p>\s*</div>", html)


@pytest.mark.parametrize("text", ["not [^abc] here", "a[^x]+", "`a[^1]`", "[^a b]"])
def test_classes_of_characters_are_no_notes(text):
    assert "<sup>" not in render(text)


@pytest.mark.parametrize("tag", ["<br>", "<br/>", "<BR />"])
def test_breaks_in_cells_are_breaks(tag):
    assert "first<br>\nsecond</td>" in render(f"|a|\n|-|\n|first{tag}second|")


def test_indices_are_drawn_and_no_other_tag():
    assert "H<sub>2</sub>O and x<sup><em>n</em></sup>" in render("H<sub>2</sub>O and x<SUP>*n*</SUP>")
    assert "x<sup>a<sub>i</sub></sup>" in render("x<sup>a<sub>i</sub></sup>")
    for tag in ("<b>x</b>", "<u>x</u>", "<sub onclick=a>x</sub>", "<subx>x</subx>", "<br onload=a>"):
        assert "&lt;" in render(tag)


@pytest.mark.parametrize("text", ["a<sub>b", "a</sub>b", "<sup>a</sub>", "<sub><sub>a</sub>", "*<sub>a*b</sub>"])
def test_tags_that_are_not_closed_do_no_harm(text):
    html = render(text + "\n\nnext")
    assert html.count("<sub>") == html.count("</sub>")
    assert html.endswith('<p dir="auto">next</p>\n')


def test_alerts_and_terms():
    html = render("> [!WARNING]\n> Take care.\n\nTerm\n: Meaning")
    assert '<div class="markdown-alert markdown-alert-warning">' in html
    assert "Warning</p>" in html
    assert re.search(r"<dt[^>]*>Term</dt>\s*<dd[^>]*>Meaning</dd>", html)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**注意：**这是中文。**“粗体”**后面。", "<strong>注意：</strong>这是中文。<strong>“粗体”</strong>后面。"),  # noqa: RUF001
        ("**重要な点：**次の通り", "<strong>重要な点：</strong>次の通り"),  # noqa: RUF001
        ("これは**「強調」**です", "これは<strong>「強調」</strong>です"),
        ("**한국어(Korean)**은", "<strong>한국어(Korean)</strong>은"),
        ("这是*（斜体）*字", "这是<em>（斜体）</em>字"),  # noqa: RUF001
        ("已~~删除。~~的", "已<s>删除。</s>的"),
        ("**bold**text", "<strong>bold</strong>text"),
        ("a*(b)*c", "a*(b)*c"),
        ("snake_case_name", "snake_case_name"),
        ("__init__.py and __call__()", "__init__.py and __call__()"),
        ("__bold__. Then", "<strong>bold</strong>. Then"),
        ("2*3*4", "2*3*4"),
    ],
)
def test_emphasis_is_on_the_right_words(text, expected):
    assert expected in render(text)


def test_every_part_runs_in_the_direction_of_its_own_text():
    html = render("שלום עולם\n\n- פריט\n- item\n- 12\n\n| عمود | x |\n|---|---|\n| ٤ | ٣ |\n\n1. a\n\n   ב\n\n> سلام")
    assert '<p dir="auto">שלום עולם</p>' in html
    assert '<ul dir="rtl">\n<li dir="auto">פריט</li>\n<li dir="auto">item</li>\n<li>12</li>' in html
    assert '<table dir="rtl">' in html
    assert "<td>٤</td>" in html
    assert '<ol>\n<li><p dir="auto">a</p>' in html
    assert '<blockquote dir="rtl">' in html


def test_a_list_in_another_script_inside_a_list_has_its_own_direction():
    html = render("- אחד\n  - one\n- > [!NOTE]\n  > שתיים")
    assert html.startswith('<ul dir="rtl">')
    assert '<ul dir="ltr">' in html
    assert '<div class="markdown-alert markdown-alert-note">' in html


def test_code_stays_as_it_was_written():
    code = "    def area(self):\n\treturn 1   \n"
    assert f"<code>{code}</code>" in render(f"```\n{code}```")
    assert "<code>\nleading\n\n</code>" in render("```\n\nleading\n\n```")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("| Day | *Grain* `kg` |", "Table: Day, Grain kg"),
        ("| | |", "Table"),
        ('| <i> & "q" | |', 'Table: <i> & "q"'),
        (f"| {'long ' * 30}| |", f"Table: {'long ' * 16}".rstrip()),
    ],
)
def test_a_table_scrolls_in_a_frame_that_is_named_by_its_header(header, name):
    frame = LexborHTMLParser(render(f"{header}\n|---|--:|\n| Friday | **Rye** |")).css_first("div.table")
    assert (frame.attributes["role"], frame.attributes["tabindex"]) == ("region", "0")
    assert frame.attributes["aria-label"].strip() == name
    assert [cell.tag for cell in frame.css("table > thead > tr > *")] == ["th", "th"]


@pytest.mark.parametrize(("length", "reached"), [(20, 0), (200, 1)])
def test_code_that_is_too_wide_is_reached_by_keyboard(length, reached):
    assert render(f"```\n{'x' * length}\n```").count('<pre tabindex="0">') == reached
