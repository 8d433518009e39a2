"""An answer looks the same whole and as it grows, and can do no harm."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.markdown.differences import grown
from chat.markdown.rendering import render
from chat.markdown.sanitizing import CHART_TAGS, MATH_ATTRIBUTES, MATH_TAGS, TEXT_TAGS
from chat.markdown.streaming import Stream

CITES = {1: "/replies/x/citations/1/", 2: "/replies/x/citations/2/"}
VOID = {"br", "hr", "input", "mprescripts", "mspace"}

PIECES = st.sampled_from(
    [
        *(
            "word",
            "two words",
            " ",
            "  ",
            "    ",
            "\n",
            "\n",
            "\n\n",
            "\t",
            "\r\n",
            "\0",
            "é",
            "&amp;",
            "&",
            "<",
            "<b>",
            "\\",
        ),
        *(
            "- ",
            "* ",
            "+ ",
            "1. ",
            "2. ",
            "10) ",
            "# ",
            "## ",
            "> ",
            "---",
            "===",
            "```",
            "```py\n",
            "~~~",
            "~~",
            "**",
            "*",
        ),
        *(
            "_",
            "`",
            "``",
            "[1]",
            "[1, 2]",
            "[1][2]",
            "[9]",
            "[",
            "]",
            "](http://x.y)",
            "![a](http://x.y/p.png)",
            "[a]: /b\n",
        ),
        *(
            "| a | b |\n",
            "|---|:-:|\n",
            "| 1 | 2 |",
            "|",
            "$",
            "$$",
            "$$\n",
            "x^2",
            r"\(",
            r"\)",
            r"\[",
            r"\]",
            "<!--",
            "- [ ] ",
            "[x] ",
        ),
        # Addresses, also in parts.
        *("https://a.b/c_d", "http", "://", "www", ".", "www.a.b", "a@b", ".cc", "/p)", "x.y", "字", "。"),
        # Notes, tags, terms, alerts; other scripts.
        *("[^1]", "[^1]: ", "a[^n]", "\n[^n]: b\n", "<br>", "<sub>", "</sub>", "<SUP>", "</sup>", "\n: ", "~ "),
        *("\\[\n", "\n\\]", "\\begin{align}\n", "\n\\end{align}", "$5", "5$", "a$", "$HOME", "th"),
        *("> [!NOTE]\n", "[!TIP]", "שלום", "مرحبا", "。」", "“", "”", "注意", "\n    "),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.lists(st.integers(1, 12), min_size=1))
@example("1. a\n\n2. b\n\n- c\n* d", [1])
@example("text\n$$\na\n+ b\n$$\n\nrest", [1])
@example("a\n\n```py\nx = 1\n\n```\nb", [1])
@example("| a |\n|---|\n| 1 |\nb\n\n    c\n\n    d\n\ne", [1])
@example("a\n\n- \n\n- b", [1])
@example("a\n\n\n1. \n\n1. b\n\nc", [4])
def test_what_was_streamed_is_what_history_shows(text, steps):
    stream, finished, end, at = Stream(CITES), "", 0, 0
    while end < len(text):
        end, at = end + steps[at % len(steps)], at + 1
        drawn = stream.feed(text[:end])
        finished += drawn.finished_html
        # A longer text in pieces of a character or two may use up its credit, and is then shown as it was written.
        assert drawn.is_exact or end > 60
        assert not drawn.is_exact or finished + drawn.open_html == render(text[:end], CITES)


WORDS = st.sampled_from(
    ["a", "b c", " ", "  ", " word", "1", "1.", "-", "=", "'s", "é", "字", "हिन्दी", "\xa0", "\u200b", "🙂"]
)
MIXED = st.lists(st.one_of(WORDS, PIECES, WORDS), max_size=25)


@settings(max_examples=400, deadline=None)
@given(MIXED)
@example(["1. ", "a", " b"])
@example(["- ", "1", ".", " a"])
@example(["| a |\n|---|\n| a ", "b", " c"])
@example(["a **", " b"])
def test_words_that_go_on_with_a_line_are_put_where_the_parser_puts_them(pieces):
    stream, finished, text = Stream(CITES), "", ""
    for piece in pieces:
        text += piece
        drawn = stream.feed(text)
        finished += drawn.finished_html
        assert not drawn.is_exact or finished + drawn.open_html == render(text, CITES)


@pytest.mark.parametrize("start", ["", "- one\n- **two**: ", "> ", "1. a\n\n   ", "## "])
def test_an_ordinary_answer_is_never_shown_as_it_was_written_however_small_its_pieces(start):
    stream, text = Stream(CITES), start
    for number in range(600):
        text += f" word{number},"
        assert stream.feed(text).is_exact
    assert stream.feed(text).open_html == render(text, CITES)


@settings(max_examples=250, deadline=None)
@given(TEXTS, st.lists(PIECES, max_size=4).map("".join))
def test_a_grown_piece_makes_the_old_html_the_new(text, more):
    old, new = render(text, CITES), render(text + more, CITES)
    if piece := grown(old, new):
        assert inserted(old, *piece) == tree(new)


def test_only_what_is_new_travels():
    assert grown("<p>one</p>\n", "<p>one two</p>\n") == (">p:last-child", " two")
    assert grown("<ul>\n<li>a</li>\n</ul>\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n") == (
        ">ul:last-child",
        "<li>b</li>\n",
    )
    assert grown("<p>[1</p>\n", '<p><a href="/">1</a></p>\n') is None
    assert grown("<table><tbody></tbody></table>", "<table><tbody><tr></tr></tbody></table>") == (
        ">table:last-child>tbody:last-child",
        "<tr></tr>",
    )
    assert grown("<table></table>", "<table><tbody></tbody></table>") is None
    assert grown("<math><mi>a</mi></math>", "<math><mi>a</mi><mi>b</mi></math>") is None


def test_finished_blocks_are_given_once():
    stream = Stream()
    assert stream.feed("one").open_html == '<p dir="auto">one</p>\n'
    drawn = stream.feed("one\n\ntwo\n\nthree\n")
    paragraphs = [f'<p dir="auto">{word}</p>\n' for word in ("one", "two", "three")]
    assert (drawn.finished_html, drawn.open_html) == ("".join(paragraphs[:2]), paragraphs[2])
    assert stream.feed("one\n\ntwo\n\nthree\n").finished_html == ""


def test_numbers_with_a_passage_become_links():
    html = render("Yes [1], [1][2] and [2, 1], not [7] or [1, 7].", CITES)
    assert html.count('class="cite"') == 5
    assert "[7]" in html
    assert "[1, 7]" in html


@pytest.mark.parametrize("text", ["`[1]`", "```\n[1]\n```", "    [1]", "[[1]](http://x.y)", "[1]"])
def test_numbers_in_code_in_links_or_unknown_stay_text(text):
    assert "cite" not in render(text, CITES if text != "[1]" else {})


def test_tables_code_and_formulas_are_drawn():
    html = render("|a|b|\n|-|-:|\n|1|2|\n\n```python\ndef f(): pass\n```\n\n$x^2$ and \\(y\\)\n\n$$\na\n+ b\n$$\n")
    assert '<td class="right">2</td>' in html
    assert '<span class="k">def</span>' in html
    assert html.count("<math") == 3
    assert 'display="block"' in html


@pytest.mark.parametrize("end", ["5", "\\"])
def test_the_last_character_of_a_text_is_not_before_the_formula_that_it_begins_with(end):
    assert "<math" in render(f"$x$ is {end}")


def test_prices_are_no_formulas():
    assert "<math" not in render("It costs $5 to $6, or US$7 and $8.")


@pytest.mark.parametrize("formula", [r"\frac{", "{" * 500, "x" * 5000, r"\begin{matrix}", "^"])
def test_a_formula_that_cannot_be_read_shows_its_source(formula):
    assert formula[:3] in render(f"${formula}$")


def test_an_open_code_block_is_text_until_it_closes():
    assert "<span" not in render("```python\ndef f(): pass")
    assert "<span" in render("```python\ndef f(): pass\n```")


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<p style="position:fixed;inset:0">over everything</p>',
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example/)",
    "[x](/accounts/logout/)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x" onerror="alert(1)](https://x.y "t" onload="a")',
    "[![x](https://evil.example/p.png)](https://x.y)",
    '[x](https://x.y "title\\" onmouseover=\\"alert(1)")',
    '```"><script>alert(1)</script>\ncode\n```',
    "```js onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "``` " + "a" * 40 + '"<img src=x onerror=alert(1)>\n```',
    "$\\href{javascript:alert(1)}{x}$",
    '$\\text{</mtext></math><img src=x onerror="alert(1)">}$',
    "$$\n\\style{position:fixed}{x}\\class{a}{b}\n$$",
    "$<script>alert(1)</script>$",
    "\\(<img src=x onerror=alert(1)>\\)",
    "$`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`$",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    '|a|\n|:-" onclick=alert(1) :|\n|<script>alert(1)</script>|',
    "<iframe src=https://evil.example></iframe><form action=//evil><input name=x><base href=//evil>",
    "<div hx-get='/admin/' hx-trigger='load' id='composer'>x</div>",
    '<div class="code toast" data-reply="/x">x</div>',
    "[1](javascript:alert(1)) [1]: javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '```chart\n{"type": "bar", "title": "<script>", "labels": ["<img src=x onerror=alert(1)>"], "values": [1]}\n```',
    '```chart\n{"type": "line", "unit": "\\" onload=\\"alert(1)", "labels": ["a"], "values": [1]}\n```',
    "<!--><script>alert(1)</script>-->",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_an_answer_runs_loads_or_styles(payload):
    for text in (payload, f"- a\n\n  {payload}\n", f"> {payload}", f"|a|\n|-|\n|{payload}|"):
        assert_harmless(render(text, CITES))
        drawn = Stream(CITES).feed(f"{text}\n\nmore [1]")
        assert_harmless(drawn.finished_html + drawn.open_html)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(PIECES, st.sampled_from(PAYLOADS)), max_size=8).map("".join))
def test_no_mixture_of_markdown_does_harm(text):
    assert_harmless(render(text, CITES))


HARMLESS = {
    "href",
    "rel",
    "title",
    "class",
    "data-language",
    "start",
    "dir",
    "type",
    "disabled",
    "checked",
    "aria-label",
    "role",
    "tabindex",
    *("aria-hidden", "d", "height", "preserveaspectratio", "viewbox", "width", "x", "y"),
}


def assert_harmless(html):
    seen = Elements()
    seen.feed(html)
    for tag, attributes in seen.elements:
        assert tag in TEXT_TAGS | MATH_TAGS | CHART_TAGS
        assert attributes.get("role", "region") in ("region", "img")
        assert attributes.get("tabindex", "0") == "0"
        assert tag != "input" or (attributes["type"] == "checkbox" and "disabled" in attributes)
        for name, value in attributes.items():
            assert name in HARMLESS | MATH_ATTRIBUTES
            if name == "href":
                assert value in CITES.values() or value.lower().startswith(("http://", "https://", "mailto:"))


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.elements = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


# A small tree: [name, attributes, children], with neighbouring texts joined.


class Tree(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [["", [], []]]

    def handle_starttag(self, tag, attrs):
        element = [tag, attrs, []]
        self.open[-1][2].append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data):
        children = self.open[-1][2]
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)


def tree(html):
    parser = Tree()
    parser.feed(html)
    parser.close()
    assert len(parser.open) == 1
    return parser.open[0]


def inserted(old, path, piece):
    root = element = tree(old)
    for step in path.split(">")[1:]:
        name = step.removesuffix(":last-child")
        element = [child for child in element[2] if not isinstance(child, str)][-1]
        assert element[0] == name
    children, new = element[2], tree(piece)[2]
    if children and new and isinstance(children[-1], str) and isinstance(new[0], str):
        children[-1] += new.pop(0)
    children += new
    return root
