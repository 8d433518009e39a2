"""Pure: makes a tree of questions and answers in turn from the messages of another program.

Other programs have hidden nodes between messages, several answers in a row, and nodes whose parent does not exist.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chat.transfers.readers.values import ASSISTANT, USER, BrokenError, ImportedMessage
from langai_site.words import gettext_noop

# The question of a conversation that begins with an answer.
NO_QUESTION = "(The conversation begins with an answer.)"
# Characters of all messages that are joined from several, twice those that an element of a file can have. A message
# counts more than its text. Branches from each of many messages in a row would repeat all that is above them.
JOINED_MAX, EACH = 64 * 1024 * 1024, 64
REPEATED = gettext_noop(
    "Too many of its branches begin in messages that follow one another without an answer between them"
)

Children = Mapping[str | None, Sequence[ImportedMessage]]


def alternating(nodes: Sequence[ImportedMessage]) -> list[ImportedMessage]:
    """Return the messages that have content, parents first, with consecutive ones of the same role joined.

    `nodes` include the empty ones, through which the way to the parent leads. A message whose way leads nowhere, or in
    a circle, begins a branch. Of several nodes with the same id the first counts. Raises BrokenError.
    """
    by_id: dict[str, ImportedMessage] = {}
    for node in nodes:
        by_id.setdefault(node.id, node)
    # What stays empty still tells the way; thoughts alone are joined with the answer after them.
    shown = [node for node in by_id.values() if not node.is_empty or (node.role == ASSISTANT and node.thoughts)]
    parents = _shown_parents(shown, by_id)
    children: dict[str | None, list[ImportedMessage]] = {}
    for node in shown:
        children.setdefault(parents[node.id], []).append(node)
    _break_circles(shown, parents, children)
    return list(_joined(children))


def _shown_parents(
    shown: Collection[ImportedMessage], by_id: Mapping[str, ImportedMessage]
) -> Mapping[str, str | None]:
    """Return the shown message above each shown one; None if there is none. Each way is walked once."""
    ends: dict[str, str | None] = {node.id: node.id for node in shown}
    parents: dict[str, str | None] = {}
    for node in shown:
        way: dict[str, None] = {}
        at = node.parent
        while at is not None and at not in ends and at not in way:
            way[at] = None
            at = by_id[at].parent if at in by_id else None
        end = ends.get(at) if at is not None else None
        ends.update(dict.fromkeys(way, end))
        parents[node.id] = None if end == node.id else end
    return parents


def _break_circles(
    shown: Iterable[ImportedMessage],
    parents: Mapping[str, str | None],
    children: dict[str | None, list[ImportedMessage]],
) -> None:
    """Make the first message of each circle begin a branch, so that all of them are reached."""
    reached: set[str] = set()
    _reach(children.get(None, ()), children, reached)
    for node in shown:
        if node.id not in reached:
            children[parents[node.id]].remove(node)
            children.setdefault(None, []).append(node)
            _reach([node], children, reached)


def _reach(start: Sequence[ImportedMessage], children: Children, reached: set[str]) -> None:
    todo = list(start)
    while todo:
        node = todo.pop()
        if node.id not in reached:
            reached.add(node.id)
            todo += children.get(node.id, ())


@dataclass(frozen=True, eq=False)
class _Run:
    """A message with those of the same side right before it, which become one message. Joined only where it is kept."""

    last: ImportedMessage
    before: "_Run | None" = None
    has_content: bool = False

    @classmethod
    def of(cls, message: ImportedMessage, before: "_Run | None" = None) -> "_Run":
        has_content = bool(message.text.strip() or message.files)
        return cls(message, before, has_content or (before is not None and before.has_content))

    @property
    def is_empty(self) -> bool:
        return not (self.has_content or self.last.error)

    def parts(self) -> list[ImportedMessage]:
        parts, run = [], self
        while run.before:
            parts.append(run.last)
            run = run.before
        return [run.last, *reversed(parts)]


def _joined(children: Children) -> Iterator[ImportedMessage]:
    """Walk down and yield each message with what was said by the same side right before it."""
    effort = 0
    todo: list[tuple[_Run, str | None]] = [(_Run.of(root), None) for root in reversed(children.get(None, ()))]
    while todo:
        run, parent = todo.pop()
        message = run.last
        if parent is None and message.role == ASSISTANT:
            question = ImportedMessage(f"{message.id}-question", None, USER, NO_QUESTION, message.at)
            yield question
            parent = question.id
        following = children.get(message.id, ())
        others = [child for child in following if child.role != message.role]
        same = [child for child in following if child.role == message.role]
        if (others or not same) and not run.is_empty:
            parts = run.parts()
            if len(parts) > 1:
                effort += sum(len(part.text) + len(part.thoughts) + EACH for part in parts)
            if effort > JOINED_MAX:
                raise BrokenError(REPEATED)
            yield replace(_together(parts), parent=parent)
        # Of a message that is not kept, because it is nothing but thoughts, the parent stays.
        above = parent if run.is_empty else message.id
        todo += [(_Run.of(child, run), parent) for child in reversed(same)]
        todo += [(_Run.of(child), above) for child in reversed(others)]


def _together(parts: Sequence[ImportedMessage]) -> ImportedMessage:
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[-1],
        text="\n\n".join(filter(None, (part.text for part in parts))),
        thoughts="\n\n".join(filter(None, (part.thoughts for part in parts))),
        seconds=sum(part.seconds for part in parts),
        files=tuple(file for part in parts for file in part.files),
        at=next((part.at for part in parts if part.at), None),
        model=next((part.model for part in reversed(parts) if part.model), ""),
    )


def nearest(key: object, kept: Iterable[ImportedMessage], nodes: Sequence[ImportedMessage]) -> str | None:
    """Return the message that a program shows last: the kept one at `key`, or else the next one above it."""
    ids, by_id, seen = {message.id for message in kept}, {node.id: node for node in nodes}, set[str]()
    place = key if isinstance(key, str) else None
    while place is not None and place not in seen:
        if place in ids:
            return place
        seen.add(place)
        place = by_id[place].parent if place in by_id else None
    return None
