"""Pure: cleans up the citations of an answer that ended, and checks its quotations."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from chat.markdown.quotations import CITATION, comparable, in_blocks, is_found
from chat.markdown.rendering import parsed

# Characters that no text may contain: MARK stands before and after a citation's index during the search for citations.
MARK, STRAY = "\ufdd0", "\ufdd1"
MARKED = re.compile(rf"\[{MARK}(\d+){MARK}[\d ,]+\]")
# May stand between the citations of one list.
BETWEEN = re.compile(r"[ \t]?[,;–-]?[ \t]?")  # noqa: RUF001 - a range's dash
WRAPPERS = {"(": ")", "[": "]", "**": "**", "*": "*", "_": "_"}
SPACES = " \t"
# Opens a quotation; an answer without any of these is not parsed for quotations.
MAY_QUOTE = re.compile('["“„”«»「『>]')
# `[0]` is the first element of a list in code, not a passage: those count from 1.
NO_CITATION = {0}
# After a removal the rest may, rarely, mean something else in markdown and contain new citations; so it is repeated.
PASSES = 5
# The most unverified quotations that a receipt keeps and a page marks.
MOST_UNVERIFIED = 50
MARKUP = tuple("`*_~$([\\")

Run = Sequence["re.Match[str]"]


def cited_numbers(text: str) -> set[int]:
    return {int(number) for found in CITATION.findall(text) for number in found.split(",")}


def without_unknown(text: str, known: Collection[int]) -> str:
    """Return `text` without citations of numbers that are not `known`. Code, links and formulas stay as they are."""
    for _ in range(PASSES):
        unknown = cited_numbers(text) - set(known) - NO_CITATION
        before, text = text, _without(text, unknown) if unknown else text
        if text == before:
            break
    return text


def rest_after(streamed: str, ended: str, known: Collection[int]) -> str | None:
    """Return the part of the final answer `ended` that follows `streamed`, its beginning.

    None if there is no such part: `streamed` stops within a citation that was removed at the end.
    """
    for beginning in (streamed, without_unknown(streamed, known)):
        if ended.startswith(beginning):
            return ended[len(beginning) :]
    return None


def _without(text: str, unknown: Collection[int]) -> str:
    out, end = "", 0
    for run in _runs(text, _in_prose(text)):
        start, after = run[0].start(), run[-1].end()
        kept = _kept(text, run, unknown)
        if kept == text[start:after]:
            continue
        if not kept:
            start, after = _with_wrappers(text, start, after, end)
        if _is_in_numbers(text, start):
            continue
        out, end = out + text[end:start] + kept, after
        if not kept:
            out, end = _closed_up(out, text, end)
    return out + text[end:]


def _in_prose(text: str) -> list["re.Match[str]"]:
    """Return the citations that a page would show as such: not those in code, links and formulas.

    The index of each is written into its brackets, where it does not change how markdown reads the text.
    """
    found = list(CITATION.finditer(text))
    pieces, end = [], 0
    for index, match in enumerate(found):
        pieces += [text[end : match.start(1)].replace(MARK, STRAY), f"{MARK}{index}{MARK}"]
        end = match.start(1)
    marked = "".join([*pieces, text[end:].replace(MARK, STRAY)])
    return [found[index] for index in sorted({int(mark) for prose in _prose(marked) for mark in MARKED.findall(prose)})]


def _prose(text: str) -> Iterator[str]:
    """Yield the text of a markdown document outside code, links and formulas."""
    depth = 0
    for block in parsed(text):
        for token in block.children or ():
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            if token.type == "text" and not depth:
                yield token.content


def _runs(text: str, citations: Iterable["re.Match[str]"]) -> list[list["re.Match[str]"]]:
    """Group citations that stand together, like `[1][2]` and `[1], [2]`."""
    runs: list[list[re.Match[str]]] = []
    for citation in citations:
        if runs and BETWEEN.fullmatch(text, runs[-1][-1].end(), citation.start()):
            runs[-1].append(citation)
        else:
            runs.append([citation])
    return runs


def _kept(text: str, run: Run, unknown: Collection[int]) -> str:
    """Return the run without the unknown numbers and the separators between them."""
    kept = ""
    for before, citation in zip([None, *run], run, strict=False):
        numbers = [int(number) for number in citation[1].split(",")]
        known = [number for number in numbers if number not in unknown]
        if known and kept and before:
            kept += text[before.end() : citation.start()]
        if known:
            kept += citation[0] if known == numbers else f"[{', '.join(map(str, known))}]"
    return kept


def _with_wrappers(text: str, start: int, end: int, first: int) -> tuple[int, int]:
    """Return the span widened by the brackets and emphasis, not before `first`, that contain nothing else."""
    while True:
        opening = next((mark for mark in WRAPPERS if text.endswith(mark, first, start)), "")
        if not opening or not text.startswith(WRAPPERS[opening], end):
            return start, end
        start, end = start - len(opening), end + len(opening)


def _is_in_numbers(text: str, start: int) -> bool:
    """Return whether an open bracket and numbers come before: a removal would turn the rest into a citation."""
    opening = text.rfind("[", 0, start)
    return opening >= 0 and not text[opening + 1 : start].strip("0123456789 ,")


def _closed_up(before: str, text: str, after: int) -> tuple[str, int]:
    """Return the text before a removed part, and where to continue, without the space that belonged to that part.

    Marks of markdown that would meet are kept apart, because together they would mean something else.
    """
    bare = before.rstrip(SPACES)
    following = text[after : after + 1]
    if not bare or bare.endswith("\n"):
        return before, after + 1 if following in ("\n", " ") else after
    if following in MARKUP and bare == before:
        return f"{before} " if before.endswith(MARKUP) else before, after
    return (before if following.isalnum() or following in MARKUP else bare), after


def unverified(text: str, sources: Iterable[str]) -> list[str]:
    """Return the first MOST_UNVERIFIED quotations in `text` that are in none of `sources`."""
    if not MAY_QUOTE.search(text):
        return []
    found = [quotation.text for _block, quotations in in_blocks(parsed(text)) for quotation in quotations]
    if not found:
        return []
    known = [comparable(source) for source in sources]
    missing = (text for text in dict.fromkeys(found) if not any(is_found(text, source) for source in known))
    return [*islice(missing, MOST_UNVERIFIED)]
