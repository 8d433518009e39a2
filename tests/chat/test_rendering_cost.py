"""The cost of drawing a text grows with its length, however it was made: whole, and as it is written.

Work is counted in function calls, so that nothing here depends on how busy the machine is.
"""

import re
import sys
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.markdown import parsing
from chat.markdown.formulas import MAX_FORMULA, SYMBOLS, formula, formula_price
from chat.markdown.quotations import in_blocks
from chat.markdown.rendering import MARKDOWN, parsed, render
from chat.markdown.streaming import Stream
from chat.turns.citations import MOST_UNVERIFIED, unverified, without_unknown
from tests.chat.crafted import CRAFTED

CITES = {1: "/replies/x/citations/1/"}
SHORT, LONG = 1_500, 6_000
STEP = 11
# The most calls per character, for any text. Ordinary prose takes about ten when whole, and thirty as it grows.
CALLS_WHOLE, CALLS_GROWING = 60, 250
# Calls per unit of an allowance: in a formula, and where the parser skips what it has read before.
CALLS_A_UNIT, CALLS_A_STEP = 10, 4

kinds = pytest.mark.parametrize("kind", CRAFTED)


def calls_of(work, *args):
    """Count the functions that `work` calls, including those in C, if no formula has been drawn before."""
    count = 0
    formula.cache_clear()

    def tally(_frame, event, _arg):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tally)
    try:
        work(*args)
    finally:
        sys.setprofile(None)
    return count


def grow(text):
    stream = Stream(CITES)
    for end in range(STEP, len(text) + STEP, STEP):
        stream.feed(text[:end])


def quoted(text):
    """Return everything that the text quotes: more of it may be marked than receipts store."""
    return [quotation.text for _block, quotations in in_blocks(parsed(text)) for quotation in quotations]


@kinds
def test_cost_grows_with_the_length_of_a_text_and_no_character_costs_more_than_its_share(kind):
    short, long = (CRAFTED[kind](length) for length in (SHORT, LONG))
    render(short, CITES)
    whole = [calls_of(render, text, CITES, quoted(text)) for text in (short, long)]
    growing = [calls_of(grow, text) for text in (short, long)]
    for (few, many), most in ((whole, CALLS_WHOLE), (growing, CALLS_GROWING)):
        # Four times, and half as much again for what a text begins with.
        assert many <= 6 * few + 2_000
        assert many <= most * len(long)


@kinds
def test_looking_for_citations_and_quotations_costs_no_more(kind):
    text = CRAFTED[kind](LONG) + ' "and a quotation that stands nowhere"'
    assert calls_of(without_unknown, text, {1}) <= CALLS_WHOLE * len(text)
    assert calls_of(unverified, text, ["Some source."]) <= 2 * CALLS_WHOLE * len(text)


def test_a_receipt_keeps_no_more_invented_quotations_than_are_marked():
    text = CRAFTED["invented quotations"](LONG)
    told = unverified(text, ["Some source."])
    assert told == quoted(text)[:MOST_UNVERIFIED]
    assert render(text, CITES, told).count("not found in the sources") == MOST_UNVERIFIED


def test_quotations_that_were_paid_for_are_marked_and_the_others_stay_as_they_are():
    text = CRAFTED["invented quotations"](10 * LONG)
    html = render(text, CITES, quoted(text))
    assert 100 < html.count("not found in the sources") < len(quoted(text))
    assert letters_of(html.replace("not found in the sources", "")) == letters_of(render(text, CITES))


@pytest.mark.parametrize("kind", ["brackets", "pictures that do not end", "pictures in pictures"])
def test_going_past_the_same_step_again_is_paid_for(kind):
    """From each bracket the parser searches for the one that closes it."""
    env = parsing.environment()

    def read(text):
        for block in parsing.blocks(text, MARKDOWN, env):
            parsing.read_inline(block, MARKDOWN, env)

    assert calls_of(read, CRAFTED[kind](LONG)) <= CALLS_A_STEP * env["allowance"].used


FORMULAS = (
    *("x_a^b", "\\frac{a}{b}", "\\LaTeX", "\\\\qquad", "\\\\operatorname\\mod", "\\Huge a \\\\", "\\cases[a]{b}"),
    *(
        "\\left(a\\right)",
        "\\left.\\right.",
        "\\left(",
        "\\begin{matrix}a&b\\end{matrix}",
        "\\begin{matrix}",
        "\\text{a }",
    ),
    *(
        "\\mathbf{a}",
        "\\mathbf a",
        "\\boldsymbol{ab}",
        "\\operatorname{a}",
        "\\sum_a^b",
        "\\lim_{a}",
        "\\log a",
        "\\text a",
    ),
)


@pytest.mark.parametrize("piece", FORMULAS)
def test_a_formula_costs_no_more_than_its_price(piece):
    source = piece * (MAX_FORMULA // len(piece))
    formula("x", "block")
    formula.cache_clear()
    assert calls_of(formula, source, "block") <= CALLS_A_UNIT * formula_price(source)


@pytest.mark.parametrize("after", [" ", "a", "_a^b", "{a}"])
def test_a_symbol_costs_no_more_than_its_price(after):
    formula("x", "block")
    for symbol in sorted(SYMBOLS):
        source = f"{symbol} {after}" * 20
        formula.cache_clear()
        assert calls_of(formula, source, "block") <= CALLS_A_UNIT * formula_price(source), symbol


def test_a_long_paragraph_full_of_formulas_costs_in_proportion_to_its_length():
    def paragraph(count):
        sentence = "The ratio $\\frac{a_{%d}}{b}$ grows with each of its steps, and $x_{%d}$ does not. "
        return "".join(sentence % (at, at) for at in range(count))

    short, long = (calls_of(render, paragraph(count)) for count in (75, 300))
    assert long <= 4.5 * short


def test_an_answer_full_of_symbols_has_all_its_formulas():
    line = "Let $\\sigma_{%d} \\sim \\mu + \\alpha$, so $\\phi \\to \\infty$ as $\\nu \\approx \\beta \\le \\pi$.\n\n"
    html = render("".join(line % number for number in range(45)))
    assert html.count("<math") == 3 * 45


INLINE = ("x_{%d}", "f_{%d}(x)", "\\mathbf{x}_{%d}", "\\lambda_{\\max}^{%d}", "O(n^{%d} \\log n)", "\\frac{1}{n_{%d}}")
DISPLAYED = (
    "\\hat{\\theta}_{%d} = \\arg\\max_{\\theta \\in \\Theta} \\sum_{i=1}^{n} \\log p(x_i \\mid \\theta)",
    "\\frac{\\partial u_{%d}}{\\partial t} = \\alpha \\left( \\frac{\\partial^2 u}{\\partial x^2} + c^2 \\right)",
    "A_{%d} = \\begin{pmatrix} a_{11} & a_{12} \\\\ a_{21} & a_{22} \\\\ a_{31} & a_{32} \\end{pmatrix}",
    "f_{%d}(x) = \\begin{cases} x^2 & \\text{if } x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}",
    "\\begin{aligned} \\nabla \\cdot \\mathbf{E}_{%d} &= 4 \\pi \\rho \\\\ \\mathbf{B} &= 0 \\end{aligned}",
)


def dense(parts, inline=4):
    """An answer about science: no two of its formulas are the same."""
    words = "Let {} be the estimate, and note that"
    return "\n\n".join(
        " ".join(words.format(f"${INLINE[(at + nth) % 6] % (at * inline + nth)}$") for nth in range(inline))
        + f"\n\n$$\n{DISPLAYED[at % 5] % at}\n$$"
        for at in range(parts)
    )


@pytest.mark.parametrize(("parts", "inline"), [(15, 4), (20, 8), (30, 4)])
@pytest.mark.parametrize("before", ["", "Some words about it. " * 100 + "\n\n"])
def test_a_dense_answer_about_science_has_all_its_formulas(parts, inline, before):
    text = before + dense(parts, inline) + "\n\nThis is what was to be shown.\n"
    whole = render(text)
    assert whole.count("<math") == parts * (inline + 1)
    stream, finished = Stream(), ""
    for end in range(STEP, len(text) + STEP, STEP):
        drawn = stream.feed(text[:end])
        finished += drawn.finished_html
        assert whole.startswith(finished)
    assert not drawn.is_exact or finished + drawn.open_html == whole


def test_a_formula_that_comes_again_costs_little_until_the_text_has_nothing_left():
    again = "where $\\hat{\\theta}_{ij}^{(k)} = \\arg\\max_\\theta L_{ij}(\\theta)$ is the estimate.\n\n"
    assert render(again * 200).count("<math") == 200
    made = render("$x$ " * 10_000)
    assert 500 < made.count("<math") < 10_000


def test_only_so_many_different_formulas_are_drawn_of_a_text_made_of_nothing_else():
    html = render("".join(f"$x_{{{at}}}^a$ " for at in range(2_000)))
    assert 200 < html.count("<math") < 1_000


SIGNS = st.text(st.sampled_from('*_[]()!`$|\\<>&~#-+=:1a \n\t"'), min_size=200, max_size=1_000)


@settings(max_examples=25, deadline=None)
@given(SIGNS)
def test_no_text_of_signs_costs_more_than_its_share(text):
    assert calls_of(render, text, CITES) <= CALLS_WHOLE * len(text) + 20_000
    assert calls_of(grow, text) <= CALLS_GROWING * len(text) + 50_000


def letters_of(html):
    """Return what is shown, without blanks: text that is shown as written may begin inside a word."""
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]*>", "", html)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CRAFTED)), st.integers(500, 3_000))
def test_what_is_shown_as_it_was_written_is_not_left_out(kind, length):
    """Words after a text that uses up the allowance are there, in the page and while it is written."""
    text = CRAFTED[kind](length) + "\n\n" + " ".join(f"w{at}" for at in range(30))
    expected = "".join(f"w{at}" for at in range(30))
    assert letters_of(render(text, CITES)).endswith(expected)
    stream, finished = Stream(CITES), ""
    for end in range(STEP, len(text) + STEP, STEP):
        drawn = stream.feed(text[:end])
        finished += drawn.finished_html
    assert letters_of(finished + drawn.open_html).endswith(expected)


@kinds
def test_what_was_finished_while_it_was_written_is_what_history_shows(kind):
    text = CRAFTED[kind](2_500) + "\n\nAnd an end.\n"
    stream, finished, whole = Stream(CITES), "", render(text, CITES)
    for end in range(STEP, len(text) + STEP, STEP):
        drawn = stream.feed(text[:end])
        finished += drawn.finished_html
        assert whole.startswith(finished[: -1 if finished else None])
    assert not drawn.is_exact or finished + drawn.open_html == whole
