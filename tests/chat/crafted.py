"""Markdown that is costly to draw: each kind is a function of its length in characters."""

from collections.abc import Callable


def _repeated(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda length: before + (piece * (length // len(piece) + 1))[:length] + after


def _growing(piece: Callable[[int], str]) -> Callable[[int], str]:
    """Return a function that joins ever longer pieces, up to a given total length."""

    def text(length: int) -> str:
        pieces, size, at = [], 0, 1
        while size < length:
            pieces.append(piece(at))
            size, at = size + len(pieces[-1]), at + 1
        return "".join(pieces)[:length]

    return text


WIDE = "|" + "a|" * 60 + "\n|" + "-|" * 60 + "\n"
CRAFTED: dict[str, Callable[[int], str]] = {
    "rows of a wide table": _repeated("|x\n", WIDE),
    "pictures that do not end": _repeated("!["),
    "pictures in pictures": _repeated("![!["),
    "emphasis in emphasis": _repeated("*a **b "),
    "emphasis of both kinds": _repeated("*_"),
    "bold that does not end": _repeated("**a"),
    "strikethrough": _repeated("~~a "),
    "brackets": _repeated("["),
    "links that do not end": _repeated("[a]("),
    "links that begin in a long word": _repeated("![a](" + "bcd" * 10),
    "brackets in the address of a link": _repeated("[a](()()()()()()()()"),
    "links": _repeated("[a](b) "),
    "emphasis around links": _repeated("*[a](*"),
    "pictures in links": _repeated("[![a](b)](c) "),
    "formulas": _repeated("$x^2$ "),
    "formulas that differ": _growing(lambda at: f"$x_{{{at}}}^2$ "),
    "formulas of many signs that differ": _growing(lambda at: f"$a{at}bcdefghijkl$ "),
    "a formula in words, again and again": _repeated("$x$ ab\n\n"),
    "displayed formulas": _repeated("$$\\frac{a}{b}$$ "),
    "dollars": _repeated("$a"),
    "bracketed formulas that do not end": _repeated("\\( "),
    "a formula in itself": _repeated("\\sqrt{", "$$\n", "\n$$"),
    "formulas of chemistry": _repeated("$\\ce{H2O + a}$ "),
    "chemistry that does not end": _repeated("\\ce{", "$", "$"),
    "options that do not end": _repeated("\\text[", "$", "$"),
    "texts in texts": _repeated("\\text{", "$", "$"),
    "brackets of formulas on lines": _repeated("\\[\n"),
    "environments that do not end": _repeated("\\begin{align}\n"),
    "formulas of lines": _repeated("\\[\na\n\\]\n"),
    "words between dollars": _repeated("a", "$", "$"),
    "blanks between dollars": _repeated("aa  ", "$", "a$"),
    "amounts": _repeated("$5 or 6$ "),
    "short lines": _repeated("ab\n"),
    "lines with hard breaks": _repeated("a  \n"),
    "quotations in quotations": _repeated(">"),
    "lists in a line": _repeated("- "),
    "lists in lists": _growing(lambda at: "  " * (at % 60) + "- a\n"),
    "runs of backticks": _growing(lambda at: "`" * at + "a"),
    "angle brackets": _repeated("<"),
    "addresses that do not end": _repeated("<http://a "),
    "entities": _repeated("&amp;"),
    "code": _repeated("x = [1,2,(\n", "```python\n"),
    "code of tags": _repeated("<a ", "```html\n"),
    "citations": _repeated("[1]"),
    "invented quotations": _growing(lambda at: f'"aa *b* cc dd{at}" '),
    "an invented quotation of many words": _repeated("*a* b ", '"aa bb cc dd ', ' ee"'),
    "headings": _repeated("a\n=\n"),
    "fences": _repeated("```\n"),
    "cells": _repeated("|||||||||||\n", "a|b\n-|-\n"),
    "blank lines": _repeated("\n"),
    "blanks": _repeated(" "),
    "backslashes": _repeated("\\"),
    "bare addresses": _repeated("https://a.b/c_d "),
    "an address that does not end": _repeated("a", "https://"),
    "an address in an address": _repeated("https://"),
    "closing brackets after an address": _repeated(")", "https://a.b/("),
    "punctuation after an address": _repeated("&a;", "https://a.b/"),
    "hosts": _repeated("www.a.", "x "),
    "mail addresses": _repeated("a@b.cc "),
    "signs of mail": _repeated("a@"),
    "a long word before a sign of mail": _repeated("a.", after=" @"),
    "words before a sign of mail": _repeated("ab ", after=" @"),
    "indices": _repeated("<sub>a</sub>"),
    "indices that do not end": _repeated("<sub>a", after="</sub>"),
    "indices in indices": _repeated("<sub><sup>a", after="</sup></sub>"),
    "an index of many lines": _repeated("a\n", "<sub>", "</sub>"),
    "breaks": _repeated("<br>"),
    "numbers of notes": _repeated("a[^1]"),
    "notes": _repeated("[^1]: a\n"),
    "notes in notes": _repeated("[^1]: "),
    "notes of paragraphs": _repeated("[^1]: a\n\n    b\n\n"),
    "terms": _repeated("a\n: b\n"),
    "terms in terms": _repeated("a\n: : "),
    "meanings in meanings": _repeated(": ", "a\n"),
    "alerts": _repeated("> [!NOTE]\n> a\n\n"),
    "alerts in alerts": _repeated(">>>>>>>> [!TIP]\n"),
    "tasks": _repeated("- [x] a\n"),
    "emphasis beside Chinese": _repeated("**「強調」**で"),
    "names in underscores": _repeated("__a"),
    "right to left and back": _repeated("- שלום\n- a\n"),
}
