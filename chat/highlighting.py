"""Pure: code in colours, by Pygments, and what that may cost.

A lexer tries its patterns at each place. On code as people write it each pattern ends soon; on code made for it some
read to the end of a line, of a run of signs or of the text, from each place anew. What that could come to is worked out
beforehand, and code that could cost too much stays plain.
"""

import re
from functools import cache, lru_cache
from html import escape

from chat.sanitizing import CODE_CLASSES

# The lexers of languages that people ask for, by their names in Pygments. One takes up to a tenth of a second when it
# is first used, and stays in memory.
LEXERS = frozenset(
    {
        *("Ada", "ApacheConf", "Awk", "Bash", "Bash Session", "Batchfile", "C", "C#", "C++", "Clojure", "CMake"),
        *("COBOL", "CoffeeScript", "Common Lisp", "Crystal", "CSS", "CUDA", "D", "Dart", "Delphi", "Diff"),
        *("Django/Jinja", "Docker", "Elixir", "Elm", "EmacsLisp", "Erlang", "F#", "Fortran", "GAS", "GLSL", "Go"),
        *("GraphQL", "Groovy", "Handlebars", "Haskell", "HTML", "HTTP", "INI", "Java", "JavaScript", "JSON", "JSON5"),
        *("JSX", "Julia", "Kotlin", "LessCss", "Lua", "Makefile", "Markdown", "Matlab", "MySQL", "NASM"),
        *("Nginx configuration file", "Nim", "Nix", "Objective-C", "OCaml", "Perl", "PHP", "PL/pgSQL"),
        *("PostgreSQL SQL dialect", "PowerShell", "Prolog", "Properties", "Protocol Buffer", "Python"),
        *(
            "Python console session",
            "Racket",
            "Ruby",
            "Rust",
            "S",
            "Sass",
            "Scala",
            "Scheme",
            "SCSS",
            "Solidity",
            "SQL",
        ),
        *("Swift", "Tcl", "Terraform", "TeX", "TOML", "Transact-SQL", "TSX", "TypeScript", "VB.net", "verilog", "vhdl"),
        *("VimL", "Vue", "XML", "YAML", "Zig"),
    }
)
MAX_HIGHLIGHT = 20_000
LEXER, BLOCK, PIECE = 1_500.0, 150.0, 4.0
# For each pair of characters that one reading could go past.
READING = 0.02
ORDINARY_RUN, ORDINARY_LINE = 40, 120
# What is read to the end of the text where it is not closed.
PAIRS = (("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("#|", "|#"), ("<<", "\0"))

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
_RUNS = re.compile(rf"\S{{{ORDINARY_RUN},}}|\s{{{ORDINARY_RUN},}}|[^\n]{{{ORDINARY_LINE},}}")


@cache
def _lexers() -> dict[str, str]:
    from pygments.lexers import get_all_lexers

    return {alias: name for name, aliases, *_ in get_all_lexers(plugins=False) if name in LEXERS for alias in aliases}


def lexer_of(language: str) -> str:
    """The name of the lexer for what people call a language; empty where there is none."""
    return _lexers().get(language.lower(), "")


def price(code: str, lexer: str, known: frozenset[str]) -> float:
    """What it may cost to colour `code`, in units of an allowance that has paid for the `known` lexers."""
    begin = BLOCK if lexer in known else BLOCK + LEXER
    runs = sum(len(run) ** 2 for run in _RUNS.findall(code))
    return begin + PIECE * len(_PIECES.findall(code)) + READING * (runs + len(code) * _unclosed(code))


def _unclosed(code: str) -> int:
    """How many things are opened, or escaped, after the last that closes them."""
    found = 0
    for opening, closing in PAIRS:
        found += code.count(opening, code.rfind(closing) + 1)
    for quote in "\"'`":
        plain = code.replace(f"\\{quote}", "\0\0")
        found += code.count(f"\\{quote}", plain.rfind(quote) + 1)
    return found


@lru_cache(maxsize=64)
def highlighted(code: str, lexer: str) -> str:
    """HTML of `code` with a class on what has a meaning to the lexer of that name."""
    from pygments.lexers import find_lexer_class
    from pygments.token import STANDARD_TYPES

    made = find_lexer_class(lexer)(stripnl=False, ensurenl=False)
    return "".join(_word(word, STANDARD_TYPES.get(kind, "")) for kind, word in made.get_tokens(code))


def _word(word: str, name: str) -> str:
    text = escape(word, quote=False)
    return f'<span class="{name}">{text}</span>' if name in CODE_CLASSES else text
