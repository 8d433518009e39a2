"""Pure: checks an exported month of LangAI's audit log. Needs Python alone: `python verify.py audit-2026-03.jsonl`.

Each line is a place in the chain: its number, the hash of the place before, and its own hash. The hash of an event is
computed again from what the event says, so a changed, removed, inserted or moved event is noticed. With `--head`, the
file must also contain a hash that was kept elsewhere; with `--heads`, it is compared with a file of daily heads. If
somebody's account was deleted, their events have a pseudonym and a second hash over the first one; the program says how
many these are, because the first hash then shows their place alone.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple


class KeptHead(NamedTuple):
    """The end of the chain on a day: how many places it had, and the hash of the last one."""

    date: str
    sequence: int
    hash: str


def problems(lines: Iterable[str], head: str = "", heads: Sequence[KeptHead] = ()) -> Iterator[str]:
    """Yield what is wrong with the lines of a month; nothing if all is as it was sealed."""
    last: tuple[int, str] | None = None
    events, hashes = 0, dict[int, str]()
    for number, line in enumerate(lines, 1):
        try:
            place = json.loads(line)
            sequence, previous, found = int(place["sequence"]), str(place["previous"]), str(place["hash"])
        except (ValueError, KeyError, TypeError):
            yield f"Line {number} is not a place of the chain."
            continue
        if last and (sequence != last[0] + 1 or previous != last[1]):
            yield f"Place {sequence} does not follow place {last[0]}: something was removed, inserted or moved."
        if "event" in place:
            events += 1
            if place["event"] is None:
                yield f"The event of place {sequence} was deleted."
            elif not is_as_sealed(place):
                yield f"The event of place {sequence} was changed."
        last = (sequence, found)
        hashes.setdefault(sequence - 1, previous)
        hashes[sequence] = found
    if not events:
        yield "The file has no events."
    if head and head not in hashes.values():
        yield "The head that was kept elsewhere is not here: it is of another month, or the chain was rewritten."
    yield from _other_ends(hashes, heads)


def _other_ends(hashes: dict[int, str], heads: Sequence[KeptHead]) -> Iterator[str]:
    for kept in heads:
        if hashes.get(kept.sequence, kept.hash) != kept.hash:
            yield f"The head of {kept.date} is not that of place {kept.sequence}: what came before was rewritten."
    if heads and not any(kept.sequence in hashes for kept in heads):
        yield "None of the daily heads is of this month: give the file that has them."


def read_heads(lines: Iterable[str]) -> list[KeptHead]:
    """Return the daily heads among the lines of a file or of a message; other lines are passed over."""
    found = []
    for line in lines:
        try:
            value = json.loads(line)
            found.append(KeptHead(str(value["date"]), int(value["sequence"]), str(value["hash"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def hash_of(sequence: int, month: str, previous: str, event: object) -> str:
    """Return the hash of an event with its place, as LangAI computes it."""
    form = json.dumps([previous, sequence, month, event], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(form.encode()).hexdigest()


def is_as_sealed(place: dict[str, Any]) -> bool:
    """Return whether an event has the hash of its place, or the second hash since a pseudonym replaced its person."""
    sequence, previous, event, seal = int(place["sequence"]), str(place["previous"]), place["event"], str(place["hash"])
    if not place.get("pseudonymised"):
        return hash_of(sequence, str(place.get("month")), previous, event) == seal
    form = json.dumps([seal, event], sort_keys=True, separators=(",", ":"))
    return "user_id" not in event and hashlib.sha256(form.encode()).hexdigest() == place["pseudonymised"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Check an exported month of LangAI's audit log.")
    parser.add_argument("file", help="the month, as downloaded from the audit log in admin")
    parser.add_argument("--head", default="", help="a hash of the chain that was kept elsewhere in that month")
    parser.add_argument("--heads", help="a file of daily heads, as AUDIT_HEAD_FILE or its mails have them")
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as file:
        lines = list(file)
    heads = []
    if options.heads:
        with open(options.heads, encoding="utf-8") as file:
            heads = read_heads(file)
        if not heads:
            parser.error(f"{options.heads} has no daily heads.")
    found = list(problems(lines, options.head, heads))
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    if renamed := sum('"pseudonymised"' in line for line in lines):
        sys.stdout.write(f"Events with a pseudonym, because their person's account was deleted: {renamed}.\n")
    if not found:
        sys.stdout.write("The month is whole: every event is as it was sealed.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
