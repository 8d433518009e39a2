"""Pure: highlights code with Pygments, and limits the cost.

A lexer tries its patterns at each position. On ordinary code each pattern stops soon; on crafted code some read to the
end of a line, of a run of characters or of the text, from every position. The worst cost is computed beforehand, and
code that could cost too much stays plain.
"""

import re
from functools import cache, lru_cache
from html import escape

from chat.markdown.sanitizing import CODE_CLASSES

# The lexers of common languages, by their names in Pygments. The first use of a lexer takes up to a tenth of a second,
# and it stays in memory.
LEXERS = frozenset(
    {
        *("Ada", "ApacheConf", "Awk", "Bash", "Bash Session", "Batchfile", "C", "C#", "C++", "Clojure", "CMake"),
        *("COBOL", "CoffeeScript", "Common Lisp", "Crystal", "CSS", "CUDA", "D", "Dart", "Delphi", "Diff"),
        *("Django/Jinja", "Docker", "Elixir", "Elm", "EmacsLisp", "Erlang", "F#", "Fortran", "GAS", "GLSL", "Go"),
        *("GraphQL", "Groovy", "Handlebars", "Haskell", "HTML", "HTTP", "INI", "Java", "JavaScript", "JSON", "JSON5"),
        *("JSX", "Julia", "Kotlin", "LessCss", "Lua", "Makefile", "Markdown", "Matlab", "MySQL", "NASM"),
        *("Nginx configuration file", "Nimrod", "Nix", "Objective-C", "OCaml", "Perl", "PHP", "PL/pgSQL"),
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
# Lexers that take longer per piece, or read words character by character, and their factor as measured by
# `python -m tests.bench.lexers`.
SLOW = {
    **{"Crystal": 3.0, "Terraform": 2.5, "Elixir": 2.0, "Makefile": 2.0, "Perl": 2.0, "Docker": 1.75},
    **{"Ada": 1.5, "Markdown": 1.5, "Python": 1.5, "Python console session": 1.5, "Ruby": 1.75},
    **{"COBOL": 1.25, "CUDA": 1.25, "Dart": 1.25, "Kotlin": 1.25, "Objective-C": 1.25, "Sass": 1.25, "Scala": 1.25},
}
# The price for each pair of characters that one reading could pass: in a run of characters, in a line, around an
# unclosed bracket, after a heredoc (`<<END`), and after a quotation mark that closes nothing.
RUN, LINE, OPEN, HEREDOC, ESCAPED = 0.06, 0.02, 0.02, 0.12, 0.1
# The price for each pair of words, for lexers whose method patterns read all words before a bracket, from each of them.
WORDS = 1.0
READS_WORDS = frozenset({"C#", "Groovy", "Java"})
ORDINARY_RUN, ORDINARY_LINE, ORDINARY_WORDS = 40, 120, 80
PAIRS = (
    *(("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("#|", "|#"), ("(", ")"), ("[", "]"), ("{", "}")),
    # Comments of Ruby, and of Perl, where any word may follow the sign.
    *(("=begin", "=end"), ("\n=", "\n=cut")),
)

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
_RUNS = re.compile(rf"\S{{{ORDINARY_RUN},}}|\s{{{ORDINARY_RUN},}}")
_LINES = re.compile(rf"[^\n]{{{ORDINARY_LINE},}}")
_WORDS = re.compile(rf"[\w\s.$<>?@\[\]]{{{ORDINARY_WORDS},}}")
_WORD = re.compile(r"\w+")
_HEREDOC = re.compile(r"<<[-~]?[\"'\w]")


@cache
def _lexers() -> dict[str, str]:
    from pygments.lexers import get_all_lexers

    return {alias: name for name, aliases, *_ in get_all_lexers(plugins=False) if name in LEXERS for alias in aliases}


def lexer_of(language: str) -> str:
    """Return the name of the lexer for a language as people call it; empty if there is none."""
    return _lexers().get(language.lower(), "")


def price(code: str, lexer: str, known: frozenset[str]) -> float:
    """Return the most that highlighting `code` may cost, for an allowance that has paid for the `known` lexers."""
    begin = BLOCK if lexer in known else BLOCK + LEXER
    return begin + PIECE * SLOW.get(lexer, 1.0) * len(_PIECES.findall(code)) + _reading(code, lexer)


def _reading(code: str, lexer: str) -> float:
    """Return the cost of patterns that scan ahead and fail to match at the end."""
    runs = RUN * sum(len(run) ** 2 for run in _RUNS.findall(code))
    lines = LINE * sum(len(line) ** 2 for line in _LINES.findall(code))
    texts = HEREDOC * len(code) * len(_HEREDOC.findall(code))
    words = sum(len(_WORD.findall(run)) ** 2 for run in _WORDS.findall(code)) if lexer in READS_WORDS else 0
    return runs + lines + texts + WORDS * words + OPEN * _open(code) + ESCAPED * _escaped(code)


def _open(code: str) -> int:
    """Return, summed over all opening marks, how many characters are around each before something closes it."""
    return sum(len(part) * part.count(opening) for opening, closing in PAIRS for part in code.split(closing))


def _escaped(code: str) -> int:
    """Return the length of the code for each escaped quotation mark after the last unescaped one, summed."""
    found = 0
    for quote in "\"'`":
        plain = code.replace(f"\\{quote}", "\0\0")
        found += len(code) * code.count(f"\\{quote}", plain.rfind(quote) + 1)
    return found


@lru_cache(maxsize=64)
def highlighted(code: str, lexer: str) -> str:
    """Return HTML of `code`, with classes for what has a meaning to the lexer of that name."""
    from pygments.lexers import find_lexer_class
    from pygments.token import STANDARD_TYPES

    made = find_lexer_class(lexer)(stripnl=False, ensurenl=False)
    return "".join(_coloured(word, STANDARD_TYPES.get(kind, "")) for kind, word in made.get_tokens(code))


def _coloured(word: str, name: str) -> str:
    text = escape(word, quote=False)
    return f'<span class="{name}">{text}</span>' if name in CODE_CLASSES else text
