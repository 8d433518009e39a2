"""Readers of exports: a file that was made to keep the worker busy costs a moment, and only its own conversation."""

import json
import subprocess
import sys

import pytest

from chat.transfers import packages
from chat.transfers.readers import detection, trees
from chat.transfers.readers.elements import Element
from chat.transfers.readers.trees import alternating
from chat.transfers.readers.values import ASSISTANT, USER, BrokenConversation, BrokenError, ImportedMessage
from langai_site.errors import InvalidError
from tests.chat.exports import packed

MANY = 60_000
# Seconds for what takes less than two here; a reader that tries again and again takes hours.
PATIENCE = 60
IMPORTS = """
from chat.transfers.readers.values import moment
from tests.chat.exports import chatgpt, openwebui
from tests.chat.test_import_readers import *
"""


def read(value):
    return list(detection.imported(Element(json.dumps(value).encode())))


def in_time(code):
    """Run code of this file in a process that is ended when it takes too long."""
    program = f"{IMPORTS}\n{code}"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE)


def node(key, parent=None, role=ASSISTANT, text="x"):
    return ImportedMessage(str(key), None if parent is None else str(parent), role, text)


def test_a_time_that_is_no_number_is_none():
    in_time("assert {moment(time) for time in (1e999, '9' * 400, float('nan'), -1e999)} == {None}")


def test_a_number_that_is_too_large_costs_only_its_conversation():
    conversation = {"format": "langai.conversation", "version": 1, "id": "a"}
    message = {"id": "1", "role": "user", "text": "Hi", "thoughts": {"seconds": 10**400}}
    assert isinstance(read(conversation | {"messages": [message]})[0], BrokenConversation)


def test_references_and_thoughts_that_do_not_end_are_read_once():
    in_time(
        "for text in ('\\ue200' * 300_000, '【1†' * 100_000):\n"
        "    value = chatgpt()\n"
        "    for row in value['mapping'].values():\n"
        "        if row.get('message'): row['message']['content'] = {'content_type': 'text', 'parts': [text, 'End']}\n"
        "    assert read(value)[0].messages[-1].text.endswith('End')"
    )
    in_time(
        "value = openwebui()\n"
        "rows = value['chat']['history']['messages'].values()\n"
        "block = '<details type=\"reasoning\">%s</details>'\n"
        "text = block % (' ' * 300_000) + block % '<summary>' * 200_000 + 'End'\n"
        "for row in rows: row['content'] = text\n"
        "assert read(value)[0].messages[-1].text == 'End'"
    )


def test_long_ways_and_many_circles_are_walked_once():
    in_time(
        "hidden = [node(f'h{at}', f'h{at - 1}' if at else None, text='') for at in range(MANY)]\n"
        "found = alternating([*hidden, *(node(at, f'h{MANY - 1}', USER) for at in range(MANY))])\n"
        "assert len(found) == MANY and {one.parent for one in found} == {None}\n"
        "circles = [node(at, at ^ 1, USER if at % 2 else ASSISTANT) for at in range(2 * MANY)]\n"
        "assert len(alternating(circles)) == 3 * MANY"
    )


def test_a_long_row_of_one_side_becomes_one_message():
    found = alternating([node(at, at - 1 if at else None, USER, f"{at}") for at in range(MANY)])
    assert [one.text for one in found] == ["\n\n".join(map(str, range(MANY)))]


def test_branches_that_repeat_all_that_is_above_them_are_refused(monkeypatch):
    row = [node(at, at - 1 if at else None, USER, "x" * 100) for at in range(300)]
    branches = [node(f"b{at}", at) for at in range(300)]
    assert len(alternating([*row, *branches])) == 600
    monkeypatch.setattr(trees, "JOINED_MAX", 1_000_000)
    with pytest.raises(BrokenError, match="follow one another"):
        alternating([*row, *branches])


def test_an_id_that_two_messages_have_leads_in_no_circle():
    in_time(
        "found = alternating([node('a', 'b', USER), node('a', None, USER), node('b', 'a')])\n"
        "assert sorted(one.id for one in found) == ['a', 'b']"
    )


def test_a_list_of_entries_that_is_too_long_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "export.zip"
    path.write_bytes(packed(**{f"{at}.dat": b"" for at in range(100)}))
    with packages.opened(path) as package:
        assert package.find("99.dat")
    monkeypatch.setattr(packages, "MOST_LISTED", 1_000)
    with pytest.raises(InvalidError, match="Import it in several files"), packages.opened(path):
        pass
