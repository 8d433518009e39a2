"""Pure: draws formulas as MathML, at a price that is known before."""

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from markdown_it.token import Token

from chat.markdown.allowance import Allowance
from chat.markdown.latex import tidied

if TYPE_CHECKING:
    from math_core import LatexToMathML

MAX_FORMULA = 2_000
# The converter reads what stands in a group by calling itself: a formula nested deeper is not given to it.
DEEPEST_FORMULA = 40
# Characters of MathML for each character of a formula: what has more was not written by a person.
MOST_HTML, HTML_PER_CHAR = 4_000, 400
# The price of a formula, of each of its signs and numbers, of those that only arrange others, and of a command in
# addition, in units of the allowance.
FORMULA, FORMULA_SIGN, FORMULA_ARRANGING, FORMULA_COMMAND = 40.0, 10.0, 5.0, 20.0
# The price of a formula that the text has had already, for each character of its HTML.
FORMULA_AGAIN = 0.08
# Commands that cost no more than a letter; most become one sign. Formulas contain more of these than of all others.
_SYMBOLS = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega partial nabla infty ell
    hbar cdot times div pm mp le leq ge geq ne neq approx sim equiv propto in notin subset subseteq cup cap forall
    exists to rightarrow leftarrow Rightarrow Leftrightarrow mapsto iff dots ldots cdots mid
    vdots ddots top perp parallel circ ast star oplus otimes wedge vee setminus emptyset varnothing Re Im prime dagger
    angle langle rangle lvert rvert lVert rVert lfloor rfloor lceil rceil ll gg cong simeq leftrightarrow Leftarrow
    longrightarrow implies land lor neg colon varrho varsigma supset supseteq sum prod int oint
    log ln exp sin cos tan max min det arg sup inf lim Pr dim ker gcd
    mathbf mathrm mathit mathbb mathcal mathsf mathfrak text operatorname boldsymbol left right begin end
"""
SYMBOLS = frozenset(f"\\{name}" for name in _SYMBOLS.split())
# A backslash takes the next sign with it, so `\\quad` is a new line and four letters.
FORMULA_SIGNS = re.compile(r"\\(?:[A-Za-z]+|\S)|\d+|\S")


# The converter gives cells their looks as styles, which no answer may contain.
_STYLE = re.compile(r' style="([^"]*)"')
_CLASSES = {
    **{"text-align: right": "right", "text-align: left": "left", "padding-left:1em": "apart"},
    **{
        "border-right": "line-right",
        "border-left": "line-left",
        "border-top": "line-top",
        "border-bottom": "line-bottom",
    },
}
# Definitions could make a short formula grow.
_DEFINES = re.compile(r"\\(?:re)?newcommand|\\providecommand|\\[gex]?def(?![A-Za-z])|\\let(?![A-Za-z])")
_DEPTHS = re.compile(r"\\(?:left|begin)(?![A-Za-z])|\\(?:right|end)(?![A-Za-z])|\\(?:[A-Za-z]+|\S)|\S")


@lru_cache(maxsize=1)
def _converter() -> "LatexToMathML":
    from math_core import LatexToMathML

    return LatexToMathML(ignore_unknown_commands=True, fancy_error=False, max_expansions=500)


@lru_cache(maxsize=512)
def formula(source: str, display: str) -> str:
    """Return the MathML of a LaTeX formula; its source if it cannot be read."""
    from math_core import LatexError

    if not _is_harmless(source):
        return _source(source)
    # Rewriting can join pieces into a definition, so its result is checked as well.
    written = tidied(source)
    if not _is_harmless(written):
        return _source(source)
    try:
        made = _converter().convert_with_local_state(written, displaystyle=display == "block")
    except LatexError:
        return _source(source)
    return _STYLE.sub(_classes, made) if len(made) <= MOST_HTML + HTML_PER_CHAR * len(source) else _source(source)


def _is_harmless(source: str) -> bool:
    return not _DEFINES.search(source) and _depth(source) <= DEEPEST_FORMULA


def _classes(style: "re.Match[str]") -> str:
    """Return the class that stands for a style: how a cell is aligned, and which lines it has."""
    names = [name for look, name in _CLASSES.items() if look in style[1]]
    return f' class="{" ".join(names)}"' if names else ""


def _depth(source: str) -> int:
    """Return how deep a formula is nested at most: each group, and each command, may stand in the one before it."""
    around: list[int] = []
    base = now = deepest = 0
    for sign in _DEPTHS.findall(source):
        if sign in ("{", "\\left", "\\begin"):
            around.append(base)
            base = now = now + 1
        elif sign in ("}", "\\right", "\\end"):
            base = now = around.pop() if around else 0
        else:
            now = now + 1 if sign in "^_" or (len(sign) > 1 and sign not in SYMBOLS) else base
        deepest = max(deepest, now)
    return deepest


def drawn_formula(token: Token, display: str, allowance: Allowance) -> str:
    """Return the HTML of a formula, or its source if the allowance does not cover it."""
    source = token.content.strip()
    known = allowance.formulas.get((display, source), "")
    if known and allowance.afford_formula(FORMULA_AGAIN * len(known)):
        return known
    if known or len(source) > MAX_FORMULA or not allowance.afford_formula(formula_price(source), source):
        return _source(source)
    return allowance.formulas.setdefault((display, source), formula(source, display))


def formula_price(source: str) -> float:
    """Return the highest price of converting a formula to MathML, in units of an allowance."""
    signs = FORMULA_SIGNS.findall(source)
    commands = [sign for sign in signs if sign[0] == "\\" and sign not in SYMBOLS]
    arranging = sum(sign in "{}^_" for sign in signs)
    plain_signs = FORMULA_SIGN * (len(signs) - arranging)
    return FORMULA + plain_signs + FORMULA_ARRANGING * arranging + FORMULA_COMMAND * len(commands)


def _source(formula: str) -> str:
    return f"<code>{escape(formula, quote=False)}</code>"
