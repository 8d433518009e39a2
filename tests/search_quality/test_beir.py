"""Any evaluation set in the BEIR layout can be read, and what is wrong with one is said."""

import json

import pytest

from tests.search_quality.beir import BadDataset, Question, Text, load


@pytest.fixture
def write(tmp_path):
    def write(corpus, queries, qrels):
        folder = tmp_path / "scifact"
        (folder / "qrels").mkdir(parents=True)
        (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
        (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
        for name, text in qrels.items():
            (folder / "qrels" / name).write_text("query-id\tcorpus-id\tscore\n" + text)
        return folder

    return write


CORPUS = [
    {"_id": "31", "title": "Tides", "text": "The moon pulls.", "metadata": {}},
    {"_id": "32", "text": "The sun pulls, too.", "metadata": {"language": "en", "heading": "Sun"}},
]
QUERIES = [{"_id": 1, "text": "What pulls?"}, {"_id": "2", "text": "Why?", "metadata": {"history": ["What pulls?"]}}]


def test_a_plain_set_is_read(write):
    found = load(write(CORPUS, QUERIES, {"test.tsv": "1\t31\t2\n1\t32\t0\n", "train.tsv": "2\t32\t1\n"}))
    assert found.language == "scifact"
    assert found.texts == (Text("31", "Tides", "The moon pulls."), Text("32", "", "The sun pulls, too.", "Sun"))
    assert found.questions == (Question("1", "What pulls?", {"31": 2, "32": 0}),)


def test_another_split_is_read_when_asked_for(write):
    folder = write(CORPUS, QUERIES, {"test.tsv": "1\t31\t1\n", "train.tsv": "2\t32\t1\n"})
    assert load(folder, "train").questions == (Question("2", "Why?", {"32": 1}, "all", ("What pulls?",)),)


def test_the_only_split_there_is_read_unless_another_is_named(write):
    folder = write(CORPUS, QUERIES, {"dev.tsv": "1\t31\t1\n"})
    assert load(folder).questions[0].id == "1"
    with pytest.raises(BadDataset, match=r"has no train\.tsv, but dev\.tsv"):
        load(folder, "train")


def test_small_talk_needs_no_passage(write):
    hello = {"_id": "3", "text": "hello", "metadata": {"kind": "small-talk"}}
    found = load(write(CORPUS, [*QUERIES, hello], {"test.tsv": "1\t31\t1\n"}))
    assert [question.text for question in found.small_talk] == ["hello"]
    assert [question.id for question in found.answerable] == ["1"]


@pytest.mark.parametrize(
    ("qrels", "said"),
    [
        ({"test.tsv": "1\t99\t1\n"}, "question 1 is judged by 99, which is not in its corpus"),
        ({"test.tsv": "1\t31\tgood\n"}, "line 2: not a question, a passage and a whole grade"),
        ({"test.tsv": "1\t31\n"}, "line 2: not a question, a passage and a whole grade"),
        ({"test.tsv": "7\t31\t1\n"}, "no question that a passage answers"),
        ({"dev.tsv": "", "train.tsv": ""}, "has no test.tsv, but dev.tsv, train.tsv"),
        ({}, "has no test.tsv, but no file"),
    ],
)
def test_wrong_judgements_are_named(write, qrels, said):
    with pytest.raises(BadDataset, match=said):
        load(write(CORPUS, QUERIES, qrels))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadDataset, match=r"corpus\.jsonl cannot be read: No such file"):
        load(tmp_path)


@pytest.mark.parametrize("line", ["{", "[]", '{"_id": "1"}', "7"])
def test_a_wrong_line_is_named(write, line):
    folder = write(CORPUS, QUERIES, {"test.tsv": "1\t31\t1\n"})
    with (folder / "queries.jsonl").open("a") as file:
        file.write(line)
    with pytest.raises(BadDataset, match=r"queries\.jsonl, line 3: not a JSON object"):
        load(folder)
