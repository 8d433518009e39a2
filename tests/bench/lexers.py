"""How long code takes to colour that was made to be costly: `python -m tests.bench.lexers [seconds [lexer]]`.

Every lexer is given every piece over and over, in lines of several lengths and after several beginnings, as much of it
as a text of 16,000 characters can pay for; then combinations by chance, for as many seconds. What takes more than 50 ms
of the processor is printed.
"""

import os
import random
import sys
import time
from collections.abc import Iterator

LENGTH, GOAL = 15_900, 50.0
# So much is tried first: what takes no longer than the second figure, in milliseconds, is not tried in full.
FIRST, SUSPECT, SHOWN = 1_500, 8.0, 2
PIECES = (
    *(
        "abc def\n",
        "abcdefg\n",
        "a.b.c ",
        "a ",
        "a\n",
        "\n",
        " \n",
        "\t",
        "  ",
        "a  \n",
        "a",
        "1",
        "_",
        "é",
        "漢 ",
        "0x",
        "1.",
    ),
    *(
        "<",
        "<a ",
        "<a b=",
        "<!--",
        "</a",
        "<a>",
        "&",
        "{{",
        "{%",
        "{",
        "}",
        "(",
        "((",
        "[",
        "[[",
        "[aaaaaa\n",
        "{a\n",
        "(a\n",
    ),
    *(
        '"',
        "'",
        "`",
        '"""',
        "'''",
        "\\",
        '\\"',
        "\\'",
        "\\\n",
        "/*",
        "*/",
        "//",
        "#",
        "#{",
        "${",
        "$(",
        "$",
        "@",
        "@a ",
    ),
    *("a::b", "a b=", "a(", "a = ", "->", "=>", "-", "--", "=", "==", "|", "||", "a|", "%", "%{", "%w(", "<<", "<<A\n"),
    *(
        "<<-A\n",
        "<<~A\n",
        "qq{",
        "q(",
        'r#"',
        'R"(',
        'f"{',
        "a: ",
        "- a\n",
        "---\n",
        ";",
        "; ",
        ",",
        "a,",
        "!",
        "?",
        "~",
    ),
    *(
        "^",
        "*",
        "**a",
        "_a_",
        "__",
        "http://a",
        "a@b",
        "def a",
        "class a\n",
        "function a(",
        "fn a<",
        "let a\n",
        "import a ",
    ),
    *(
        "select a ",
        "if ",
        "then ",
        "end ",
        "begin ",
        "do ",
        "case ",
        "#if a\n",
        "#define a \\\n",
        "proc ",
        "sub a ",
        "struct a ",
    ),
    *(
        "template<a",
        "operator",
        "public static ",
        "int a ",
        "int a(int b, ",
        "a<b<",
        "a<b,",
        "std::a<",
        "new a<",
        "/a",
        "=~ /",
    ),
    *(
        "s/a/",
        "m{",
        "\\begin{",
        "\\a",
        "\\[",
        "$$",
        "[a](",
        "![",
        "> ",
        "# ",
        "A: b\n",
        "+a\n",
        "@@ -1 +1 @@\n",
        "(*",
        "{-",
        "=begin\n",
        "=pod\n",
    ),
    *(
        "#|",
        "--[[",
        "--[=[",
        "[[a",
        "%%",
        "%a",
        "$a$",
        "$tag$",
        "$1",
        "a-b-",
        "a/b/",
        "a\\b",
        "a'b",
        'a"b',
        '"a\\\n',
        "a \\\n",
    ),
    *(
        "abc{\n",
        "abc;\n",
        "abc d(\n",
        "abc d = \n",
        "a[b] c\n",
        "a.b.c.d\n",
        "public a b\n",
        "record ",
        "a<b> c\n",
        "a? b\n",
    ),
)
BEFORE = (
    "",
    "",
    "{",
    "(",
    '"',
    "/* ",
    "<a ",
    "a = ",
    "<<A\n",
    "[",
    "`",
    "class a {\n",
    "#define a ",
    "def a(",
    "<script>",
)
AFTER = ("", "", "}", ")", "]", '"', "'", "`", "*/", "-->", "\nA\n", ";", "(", "/", ">", "</script>", "%}", "\\end{a}")
WIDTHS = (0, 110)


def made(piece: str, length: int, width: int, before: str, after: str) -> str:
    """`piece` over and over, in lines of `width` where it is not 0."""
    line = (piece * (width // len(piece) + 1))[:width] + "\n" if width else piece
    return (before + line * (length // len(line) + 1))[: length - len(after)] + after


def pieces(seconds: float) -> Iterator[tuple[str, int, str, str]]:
    """All pieces, and then combinations by chance."""
    for piece in PIECES:
        for width in WIDTHS:
            yield piece, width, "", ""
    chance, ends = random.Random(1), time.monotonic() + seconds
    while time.monotonic() < ends:
        joined = "".join(chance.choices(PIECES, k=chance.randint(1, 3)))
        yield joined, chance.choice(WIDTHS), chance.choice(BEFORE), chance.choice(AFTER)


def milliseconds(code: str, lexer: str) -> float:
    from chat.markdown.highlighting import highlighted

    highlighted.cache_clear()
    began = time.process_time()
    highlighted(code, lexer)
    return (time.process_time() - began) * 1000


def affordable(crafted: tuple[str, int, str, str], lexer: str, most: int) -> str:
    """As much of it as a text of so many characters can pay for."""
    from chat.markdown.allowance import MOST, PER_CHAR
    from chat.markdown.highlighting import price

    piece, width, before, after = crafted
    length = most
    while length > 100:
        code = made(piece, length, width, before, after)
        if price(code, lexer, frozenset()) <= MOST + PER_CHAR * most:
            return code
        length = length * 4 // 5
    return ""


def tried(lexer: str, seconds: float) -> Iterator[tuple[float, int, str]]:
    """How long each piece takes that may take long, in milliseconds, with the length that can be paid for."""
    for crafted in pieces(seconds):
        if milliseconds(affordable(crafted, lexer, FIRST), lexer) > SUSPECT:
            code = affordable(crafted, lexer, LENGTH)
            took = min(milliseconds(code, lexer) for _ in range(2))
            yield took, len(code), "{!r} in lines of {} after {!r} and before {!r}".format(*crafted)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    import django

    django.setup()
    from chat.markdown.highlighting import LEXERS

    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    worst_of_all = 0.0
    for lexer in sorted(LEXERS if len(sys.argv) < 3 else sys.argv[2:]):
        milliseconds("x\n", lexer)
        slowest = sorted(tried(lexer, seconds), reverse=True)[:SHOWN]
        for took, length, described in slowest:
            print(f"{took:8.1f} ms  {lexer}: {length} characters of {described}", flush=True)
        worst_of_all = max([worst_of_all, *(took for took, _, _ in slowest)])
    print(f"{worst_of_all:8.1f} ms  worst (goal {GOAL:.0f})")
    return 1 if worst_of_all > GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
