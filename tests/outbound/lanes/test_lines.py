"""Events and lines from bytes that are split anywhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import ALIVE
from langai_site.outbound.lanes.lines import JsonLines, SseLines
from tests.outbound.lanes.reading import cuts, read, work

ENDS = st.sampled_from(["\n", "\r", "\r\n"])
FIELDS = st.sampled_from(
    ["data: a", "data:b", "data", "data: é😀", "event: x", ": hi", ":", "", "", "id: 1", "retry: 5"]
)


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\ndata: b\r\n\r\ndata: c\r\r", [("", "a"), ("", "b"), ("", "c")]),
        ("\ufeffdata: a\n\n", [("", "a")]),
        ("data: a\ndata:  b\ndata\n\n", [("", "a\n b\n")]),
        ("event: error\nid: 7\nretry: 10\ndata:{}\n\ndata: x\n\n", [("error", "{}"), ("", "x")]),
        (": waiting\n\ndata: a\n\n", [ALIVE, ALIVE, ("", "a")]),
        ("data: a", [("", "a")]),
        ("event: x\n\n\n\n", [ALIVE, ALIVE]),
        ('data: a\nerror: {"code":500}\n{"error":1}\n', [("", "a"), ("error", '{"code":500}'), ("", '{"error":1}')]),
        ("data: a\x85b\u2028c\x0bd\n\n", [("", "a\x85b\u2028c\x0bd")]),
    ],
)
def test_events_are_found(text, events):
    assert read(SseLines(), text.encode()) == events
    assert read(SseLines(), text.encode(), range(len(text.encode()))) == events


def test_bytes_that_are_not_utf8_are_replaced_and_split_characters_joined():
    data = "data: é😀".encode() + b"\xff\n\n"
    assert read(SseLines(), data, range(len(data))) == [("", "é😀\ufffd")]


@given(st.lists(st.tuples(FIELDS, ENDS), max_size=30), cuts)
@settings(deadline=None)
def test_splits_change_nothing(lines, at):
    data = "".join(line + end for line, end in lines).encode()
    assert read(SseLines(), data, at) == read(SseLines(), data)
    assert read(JsonLines(), data, at) == read(JsonLines(), data)


@pytest.mark.parametrize("line", ["<html>", "some words", '"text"', "{broken: 1"])
def test_a_line_that_is_not_a_field_is_not_passed_over(line):
    data = f"data: a\n\n{line}\n\n".encode()
    if line.startswith("{"):
        assert read(SseLines(), data) == [("", "a"), ("", line), ALIVE]
    else:
        with pytest.raises(UnreadableError):
            read(SseLines(), data)


@pytest.mark.parametrize("data", [b"data: " + b"x" * 100, b"data: x\n" * 20, b": " + b"x" * 99 + b"\n", b"data\n" * 99])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_an_event_that_is_too_long_is_refused_however_it_comes(data, step):
    with pytest.raises(TooLongError):
        read(SseLines(longest=90), data, range(0, len(data), step))


def test_a_line_that_is_too_long_is_refused():
    with pytest.raises(TooLongError):
        read(JsonLines(longest=10), b"x" * 11 + b"\n")
    assert read(JsonLines(longest=10), b"x" * 10 + b"\n") == ["x" * 10]


def test_json_lines_may_come_as_data():
    assert read(JsonLines(), b'{"a":1}\r\n\r\ndata: {"b":2}\n{"c":3}') == ['{"a":1}', '{"b":2}', '{"c":3}']


@pytest.mark.parametrize("reader", [SseLines, JsonLines])
@pytest.mark.parametrize("data", [b"data: %s\n\n", b"data: a\n" * 1000 + b"%s", b"\r" * 999 + b"%s"])
def test_the_work_grows_with_the_bytes(reader, data):
    def reads(size):
        whole = data.replace(b"%s", b"x" * size)
        return work(lambda: read(reader(), whole, range(len(whole))))

    assert reads(8000) < 10 * reads(1000) + 10_000
