"""Formulas look like formulas, and dollars that mean money or variables stay dollars."""

import re
import threading
from html import unescape

import pytest

from chat.markdown.formulas import MAX_FORMULA, formula
from chat.markdown.rendering import render


def shown(source, display="block"):
    """The letters and signs of a formula, without blanks and what is invisible."""
    html = formula(source, display)
    assert "<code>" not in html
    return re.sub(r"[\s\u2060-\u2064]", "", unescape(re.sub(r"<[^>]*>", "", html)))


@pytest.mark.parametrize(
    ("source", "rows", "columns"),
    [
        (r"\begin{aligned} a &= b + c \\ d &= e \end{aligned}", 2, 2),
        (r"\begin{align*} a &= b \\ c &= d \end{align*}", 2, 2),
        (r"\begin{align} a &= b \\ c &= d \tag{7} \end{align}", 2, 2),
        (r"\begin{alignat}{2} a &= b & c &= d \end{alignat}", 1, 4),
        (r"\begin{split} a &= b \\ &= c \end{split}", 2, 2),
        (r"\begin{gathered} a=b \\ c=d \end{gathered}", 2, 1),
        (r"\begin{cases} 1 & x>0 \\ 0 & x \le 0 \end{cases}", 2, 2),
        (r"\begin{pmatrix} 1&0 \\ 0&1 \end{pmatrix}", 2, 2),
        (r"\begin{smallmatrix} 1&0 \\ 0&1 \end{smallmatrix}", 2, 2),
        (r"\begin{array}{c|c} 1&2 \\ \hline 3&4 \end{array}", 2, 2),
        (r"a &= b \\ c &= d", 2, 2),
        (r"a = b \\ c = d", 2, 1),
    ],
)
def test_environments_have_lines_and_columns(source, rows, columns):
    html = formula(source, "block")
    assert html.count("<mtr>") == rows
    assert html.count("<mtd") == rows * columns


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\ce{H2O}", "H2O"),
        (r"\ce{2H2 + O2 -> 2H2O}", "2H2+O2→2H2O"),
        (r"\ce{SO4^2-}", "SO42\N{MINUS SIGN}"),
        (r"\ce{Na+ + Cl- <=> NaCl}", "Na++Cl\N{MINUS SIGN}⇌NaCl"),
        (r"\SI{9.81}{\meter\per\second\squared}", "9.81m/s2"),
        (r"\SI{5}{\kilo\meter\per\hour}", "5km/h"),
        (r"\qty{1e5}{km/h}", "1\N{MULTIPLICATION SIGN}105km/h"),
        (r"\num{6.02e23}", "6.02\N{MULTIPLICATION SIGN}1023"),
        (r"\boxed{42}", "42"),
        (r"\cancel{x}", "x"),
        (r"x = 1 \tag{3}", "x=1(3)"),
        (r"\tag{1}", "(1)"),
        (r"\operatorname{rank}(A)", "rank(A)"),
        (r"\xrightarrow{f}", "→f"),
        (r"\underbrace{a+b}_{n}", "a+b⏟n"),
        (r"\lVert x\rVert", "‖x‖"),
        (r"\text{if $x$ is odd}", "ifxisodd"),
        (r"\dfrac12", "12"),
        (r"10\%", "10%"),
        (r"\$5", "$5"),
        (r"\sum_{\substack{i<n\\j<m}} a", "∑i<nj<ma"),
        (r"\leftarrow\implies\iff", "←⟹⟺"),
        (r"\unknown{x}", r"\unknownx"),
    ],
)
def test_what_models_write_can_be_read(source, expected):
    assert shown(source) == expected


def test_chemistry_has_numbers_below_and_charges_above():
    assert "<msub>" in formula(r"\ce{H2O}", "inline")
    assert "<msup>" in formula(r"\ce{Na+}", "inline")


def test_cells_keep_their_sides_without_styles():
    html = render("$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$")
    assert html.count('<mtd class="right">') == html.count('<mtd class="left">') == 2
    assert " style=" not in html


@pytest.mark.parametrize(
    "text",
    [
        *('Set $HOME and $PATH, then echo "$USER".', "From $5-$10 per month, or 5$ to 10$.", "$HOME/bin:$PATH"),
        *('"$USER" and "$HOME"', "${HOME}/bin:${PATH}", "US$5 or US$6", "5 $ und 10 $", "|$5|$10|\n|-|-|\n|$1|$2|"),
        *("$100 a 200$", "从$5到10$", "costs $5. Later 10$.", "$1,000 and 2,000$", "$5M to $10M", "($x, $y) => $x"),
        *("A $20 plan (or 25$)", "$A:$B", "awk '{print $1, $2}'", "de $5 à 10$", "$5 до 10$"),
    ],
)
def test_dollars_of_money_and_variables_stay_dollars(text):
    html = render(text)
    assert "<math" not in html
    # A table is named by its header, too.
    assert re.sub(r' aria-label="[^"]*"', "", html).count("$") == text.count("$")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(("$E=mc^2$", 1), ("设$x$为整数，则$x^2\\ge 0$。", 2), ("the $n$th and the $x$s", 2), ("($a$, $b$)", 2)),  # noqa: RUF001
        *(("$10$", 1), ("$2x + 3$", 1), ("$5 - 3$", 1), ("$x \\text{ is odd number}$", 1), ("$\\$5$", 1)),
        *(("It costs $5, and $x$ is", 1), ("\\(a\\) and \\[b\\] on a line", 2), ("$$a$$", 1), ("a $$b$$ c", 1)),
        *(("- $$a$$\n- $$\n  b\n  $$", 2), ("1. In a list:\n   \\[\n   - x\n   = y\n   \\]", 1)),
        *(("Text:\n\\[\n- a\n+ b\n\\]\nmore", 1), ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", 1)),
        ("> \\[\n> x\n> \\]", 1),
    ],
)
def test_formulas_are_found_wherever_they_stand(text, count):
    html = render(text)
    assert html.count("<math") == count
    assert "<ul" not in html or text.startswith("- ")


@pytest.mark.parametrize(
    "text", ["\\[\na\n\nb\n\\]", "\\[ a", "\\begin{align}\na", "`$x$`", "\\[\n" + "a\n" * 60 + "\\]"]
)
def test_what_is_not_closed_in_a_few_lines_is_no_block(text):
    assert 'display="block"' not in render(text) or text.count("\n") > 50


@pytest.mark.parametrize(
    "source",
    [
        *("\\sqrt{" * 280 + "x" + "}" * 280, "{" * 900 + "}" * 900, "\\left(" * 150 + "\\right)" * 150),
        *(
            "\\begin{matrix}" * 70 + "\\end{matrix}" * 70,
            "\\sqrt" * 390 + "x",
            "x^" * 900 + "x",
            "x_{" * 600 + "}" * 600,
        ),
        r"\newcommand{\a}[1]{\sqrt{#1}}" + r"\a{" * 300 + "}" * 300,
    ],
)
def test_deep_nesting_and_definitions_show_their_source(source):
    """The converter calls itself for each level; a small stack must be enough."""
    shown = []
    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: shown.append(formula(source[:MAX_FORMULA], "block")))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert shown[0].startswith("<code>")


def test_the_deepest_formula_that_is_drawn_fits_on_a_small_stack():
    drawn = []
    before = threading.stack_size(256 * 1024)
    try:
        for piece in ("\\sqrt{", "{", "\\left(", "x_{", "\\frac{1}{", "\\boxed{\\text{a}"):
            close = "\\right)" if "left" in piece else "}"
            source = piece * 18 + "x" + close * 18
            thread = threading.Thread(target=lambda source=source: drawn.append(formula(source, "block")))
            thread.start()
            thread.join()
    finally:
        threading.stack_size(before)
    assert all(html.startswith("<math") for html in drawn)


@pytest.mark.parametrize(
    "source",
    [
        r"\ne\label{}wcommand{\a}[1]{" + "{" * 36 + "#1" + "}" * 36 + "}" + r"\a{x}",
        r"\ne\label{}wcommand{\a}{" + "x" * 300 + "}" + r"\a" * 39,
        r"\d\label{}ef\a{x}\a",
        r"\si{\n ewcommand{\a}{x}}\a",
        r"\ne\nonumber wcommand{\a}{x}\a",
    ],
)
def test_pieces_that_rewriting_joins_define_nothing(source):
    html = render(f"${source}$\n")
    assert len(html) < 20 * len(source) + 500
    assert html.count("<mi>x</mi>") <= source.count("x")
