"""Pure: makes a tree of questions and answers in turn from the messages of another program.

Other programs have hidden nodes between messages, several answers in a row, and nodes whose parent does not exist.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from chat.transfers.readers.values import ASSISTANT, USER, ImportedMessage

# The question of a conversation that begins with an answer.
NO_QUESTION = "(The conversation begins with an answer.)"


def alternating(nodes: Sequence[ImportedMessage]) -> list[ImportedMessage]:
    """Return the messages that have content, parents first, with consecutive ones of the same role joined.

    `nodes` include the empty ones, through which the way to the parent leads. A message whose way leads nowhere, or in
    a circle, begins a branch.
    """
    by_id = {node.id: node for node in nodes}
    # What stays empty still tells the way; thoughts alone are joined with the answer after them.
    shown = [node for node in nodes if not node.is_empty or (node.role == ASSISTANT and node.thoughts)]
    ids = {node.id for node in shown}
    children: dict[str | None, list[ImportedMessage]] = {}
    for node in shown:
        children.setdefault(_shown_parent(node, by_id, ids), []).append(node)
    _break_circles(shown, children)
    return list(_joined(children))


def _shown_parent(node: ImportedMessage, by_id: Mapping[str, ImportedMessage], shown: set[str]) -> str | None:
    seen, parent = {node.id}, node.parent
    while parent is not None and parent not in seen:
        if parent in shown:
            return parent
        seen.add(parent)
        parent = by_id[parent].parent if parent in by_id else None
    return None


def _break_circles(shown: Iterable[ImportedMessage], children: dict[str | None, list[ImportedMessage]]) -> None:
    """Make the first message of each circle begin a branch, so that all of them are reached."""
    reached: set[str] = set()
    _reach(children.get(None, ()), children, reached)
    for node in shown:
        if node.id not in reached:
            for others in children.values():
                others[:] = [other for other in others if other is not node]
            children.setdefault(None, []).append(node)
            _reach([node], children, reached)


def _reach(
    start: Sequence[ImportedMessage], children: Mapping[str | None, Sequence[ImportedMessage]], reached: set[str]
) -> None:
    todo = list(start)
    while todo:
        node = todo.pop()
        if node.id not in reached:
            reached.add(node.id)
            todo += children.get(node.id, ())


def _joined(children: Mapping[str | None, Sequence[ImportedMessage]]) -> Iterator[ImportedMessage]:
    """Walk down and yield each message with what was said by the same side right before it."""
    roots = reversed(children.get(None, ()))
    todo: list[tuple[ImportedMessage, str | None, str]] = [(root, None, root.id) for root in roots]
    while todo:
        message, parent, original = todo.pop()
        if parent is None and message.role == ASSISTANT:
            question = ImportedMessage(f"{message.id}-question", None, USER, NO_QUESTION, message.at)
            yield question
            parent = question.id
        following = children.get(original, ())
        others = [child for child in following if child.role != message.role]
        same = [child for child in following if child.role == message.role]
        if (others or not same) and not message.is_empty:
            yield replace(message, parent=parent)
        # Of a message that is not kept, because it is nothing but thoughts, the parent stays.
        above = parent if message.is_empty else message.id
        todo += [(_together(message, child), parent, child.id) for child in reversed(same)]
        todo += [(child, above, child.id) for child in reversed(others)]


def _together(first: ImportedMessage, second: ImportedMessage) -> ImportedMessage:
    return replace(
        second,
        text="\n\n".join(filter(None, (first.text, second.text))),
        thoughts="\n\n".join(filter(None, (first.thoughts, second.thoughts))),
        seconds=first.seconds + second.seconds,
        files=(*first.files, *second.files),
        at=first.at or second.at,
        model=second.model or first.model,
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
