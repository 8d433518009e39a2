"""Pure: rewrites what models write in formulas, and the converter does not know, as LaTeX that it knows.

Chemistry (`\\ce`), units (`\\SI`, `\\qty`, …), numbers beside equations (`\\tag`), and other names of environments.
"""

import re
from collections.abc import Callable

# The environments that the converter knows under another name; without the numbers that some give to each line, which
# would begin at one in each formula.
_ENVIRONMENTS = {
    **dict.fromkeys(("align", "align*", "alignat", "alignat*", "alignedat", "eqnarray", "eqnarray*"), "aligned"),
    **dict.fromkeys(("flalign", "flalign*", "split"), "aligned"),
    **dict.fromkeys(("equation", "equation*", "gather", "gather*", "multline", "multline*"), "gathered"),
    **dict.fromkeys(("smallmatrix", "matrix*"), "matrix"),
    **{f"{kind}matrix*": f"{kind}matrix" for kind in "pbvBV"},
}
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:(?<=at\})\{\d+\}|(?<=at\*\})\{\d+\}|\[[a-z]\])?")
_DROPPED = re.compile(
    r"\\(?:label|require|cssId|class|style)\s*\{[^{}]*\}|\\href\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])"
    r"|\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|allowbreak)(?![A-Za-z])"
)
_RENAMED = {
    **dict.fromkeys(("hbox", "mbox", "textnormal", "textsf"), "text"),
    **{"pmb": "bm", "sout": "cancel", "lt": "<", "gt": ">", "lbrack": "[", "rbrack": "]"},
}
_WORD = re.compile(r"\\(" + "|".join(_RENAMED) + r")(?![A-Za-z])")
_INNER = re.compile(r"\$([^$]+)\$")
_CHEMICAL = re.compile(
    r"\s*(?P<arrow><=>>?|<<=>|<->|->|<-)\s*|(?P<script>[_^])(?P<of>\{[^{}]*\}|\d*[+-]|\S)"
    r"|(?P<letters>[A-Za-z]+)|(?P<number>\d+)|(?P<charge>[+-])|(?P<command>\\[A-Za-z]+)|(?P<sign>\s+|.)",
    re.DOTALL,
)
_ARROWS = {"->": r"\rightarrow", "<-": r"\leftarrow", "<->": r"\leftrightarrow"}
_UNITS = {
    **{"meter": "m", "metre": "m", "gram": "g", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol"},
    **{"candela": "cd", "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C"},
    **{"volt": "V", "farad": "F", "ohm": "Ω", "siemens": "S", "weber": "Wb", "tesla": "T", "henry": "H"},
    **{"lumen": "lm", "lux": "lx", "becquerel": "Bq", "gray": "Gy", "sievert": "Sv", "liter": "L", "litre": "L"},
    **{"minute": "min", "hour": "h", "day": "d", "celsius": "°C", "degreeCelsius": "°C", "degree": "°"},
    **{"percent": "%", "bar": "bar", "electronvolt": "eV", "tonne": "t", "bit": "bit", "byte": "B", "kg": "kg"},
    **{"radian": "rad", "steradian": "sr", "angstrom": "Å", "decibel": "dB"},
}
_PREFIXES = {
    **{"kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "hecto": "h", "deca": "da", "deci": "d"},
    **{"centi": "c", "milli": "m", "micro": "µ", "nano": "n", "pico": "p", "femto": "f"},
}
_POWERS = {"squared": "2", "cubed": "3"}
_UNIT = re.compile(r"\\([A-Za-z]+)|\s+|.", re.DOTALL)
_NUMBER = re.compile(r"\s*([+-]?[\d.,\s]*\d)\s*(?:[eE]\s*([+-]?\d+))?\s*\Z")


def tidied(source: str) -> str:
    """Return the formula in commands that the converter knows."""
    source = _ENVIRONMENT.sub(_environment, _DROPPED.sub(" ", source))
    source = _WORD.sub(lambda found: f"\\{_RENAMED[found[1]]}".replace("\\<", "<").replace("\\>", ">"), source)
    for command, count, write in _COMMANDS:
        if f"\\{command}" in source:
            source = _replaced(source, command, count, write)
    if "\\\\" in source and "\\begin" not in source:
        frame = "aligned" if re.search(r"(?<!\\)&", source) else "gathered"
        return f"\\begin{{{frame}}}{source}\\end{{{frame}}}"
    return source


def _environment(found: "re.Match[str]") -> str:
    known = _ENVIRONMENTS.get(found[2], found[2])
    return f"\\{found[1]}{{{known}}}"


def _replaced(source: str, command: str, count: int, write: Callable[[list[str]], str]) -> str:
    """Return the source with each `command`, followed by `count` groups, written by `write`."""
    parts, end = [], 0
    for found in re.finditer(rf"\\{command}\*?(?![A-Za-z])\s*(?:\[[^\]]{{0,60}}\]\s*)?(?=\{{)", source):
        if found.start() < end:
            continue
        groups, after = _groups(source, found.end(), count)
        if len(groups) < count:
            # Most likely something is not closed: searching its end again and again would take long.
            break
        parts += [source[end : found.start()], write(groups)]
        end = after
    return "".join([*parts, source[end:]])


def _groups(source: str, start: int, count: int) -> tuple[list[str], int]:
    """Return the contents of up to `count` groups in braces that follow one another, and where they end."""
    found: list[str] = []
    while len(found) < count and source.startswith("{", start):
        depth, end = 0, start
        for sign in re.finditer(r"\\.|[{}]", source[start:], re.DOTALL):
            depth += {"{": 1, "}": -1}.get(sign[0], 0)
            if not depth:
                end = start + sign.end()
                break
        if end == start:
            break
        found.append(source[start + 1 : end - 1])
        start = end
    return found, start


def _text(groups: list[str]) -> str:
    """Write words that contain formulas as words and formulas."""
    parts = _INNER.split(groups[0])
    return "".join(part if at % 2 else f"\\text{{{part}}}" for at, part in enumerate(parts) if part)


def _chemistry(groups: list[str]) -> str:
    """Write a chemical formula: numbers after letters stand below, charges above, numbers before them in line."""
    written, before = "", ""
    for found in _CHEMICAL.finditer(groups[0]):
        kind, piece = found.lastgroup or "", found[0]
        if kind == "arrow":
            written += f" {_ARROWS.get(piece.strip(), chr(92) + 'rightleftharpoons')} "
        elif kind == "of":
            written += f"{found['script']}{{\\mathrm{{{found['of'].strip('{}')}}}}}"
        elif kind == "letters":
            written += f"\\mathrm{{{piece}}}"
        elif kind == "number":
            written += f"_{{{piece}}}" if before in ("letters", "closing") else piece
        elif kind == "charge":
            is_charge = before in ("letters", "number", "closing") and not groups[0][found.end() :][:1].strip(" ])")
            written += f"^{{{piece}}}" if is_charge and groups[0][found.end() :][:1] != "(" else piece
        else:
            written += piece if piece.strip() or kind == "command" else " "
        before = "closing" if piece in (")", "]") else "blank" if kind == "arrow" or not piece.strip() else kind
    return f"{{{written}}}"


def _number(groups: list[str]) -> str:
    found = _NUMBER.match(groups[0])
    if not found:
        return groups[0]
    return f"{found[1]} \\times 10^{{{found[2].lstrip('+')}}}" if found[2] else found[1]


def _unit(groups: list[str]) -> str:
    """Write a unit: `\\kilo\\meter\\per\\second\\squared` and `km/h` alike."""
    written, is_apart = "", False
    for found in _UNIT.finditer(groups[0]):
        name, sign = found[1] or "", found[0]
        apart = "\\," if is_apart else ""
        if name in _POWERS:
            written += f"}}^{{{_POWERS[name]}}}\\mathrm{{"
        elif name == "per":
            written += "/"
        elif name in _UNITS or name in _PREFIXES:
            written += apart + (_UNITS.get(name) or _PREFIXES[name])
        else:
            written += f"\\{name}" if name else "\\," if sign in ".~" else sign.strip()
        is_apart = name in _UNITS or name in _POWERS
    return f"\\mathrm{{{written}}}"


_COMMANDS: tuple[tuple[str, int, Callable[[list[str]], str]], ...] = (
    ("ce", 1, _chemistry),
    ("tag", 1, lambda groups: f"\\qquad\\text{{({groups[0]})}}"),
    ("SI", 2, lambda groups: f"{_number(groups)}\\,{_unit(groups[1:])}"),
    ("qty", 2, lambda groups: f"{_number(groups)}\\,{_unit(groups[1:])}"),
    ("si", 1, _unit),
    ("unit", 1, _unit),
    ("num", 1, _number),
    ("ang", 1, lambda groups: f"{groups[0]}^{{\\circ}}"),
    ("substack", 1, lambda groups: f"\\begin{{subarray}}{{c}}{groups[0]}\\end{{subarray}}"),
    ("text", 1, _text),
)
