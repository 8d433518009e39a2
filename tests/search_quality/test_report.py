"""What the tables and verdicts say follows from the values."""

from tests.search_quality import report

METRICS = ("nDCG@10", "recall@5", "MRR@10")


def row(keywords, vectors, hybrid, *, language="en", kind="exact"):
    values = {"keywords": keywords, "vectors": vectors, "hybrid": hybrid}
    scores = {search: dict.fromkeys(METRICS, value) for search, value in values.items()}
    return {"language": language, "kind": kind, "id": "1", "scores": scores}


def outcome(rows):
    found = report.verdicts(report.groups(rows))
    assert [verdict.metric for verdict in found] == list(METRICS)
    return found[0].outcome


def test_better_than_both_on_all_questions_beats_them():
    assert outcome([row(0.5, 0.25, 1)] * 20) == "beats both parts"


def test_as_good_as_the_best_is_within_noise():
    assert outcome([row(1, 0, 1)] * 20) == "is within noise of the best"


def test_better_than_one_part_alone_does_not_beat_both():
    assert outcome([row(0, 1, 1), row(0, 1, 0.9), row(0, 0.9, 1)] * 5) == "is within noise of the best"


def test_worse_on_all_questions_is_worse():
    assert outcome([row(1, 0, 0.75)] * 20) == "is worse than keywords alone"
    assert outcome([row(0, 1, 0.75)] * 20) == "is worse than vectors alone"


def test_a_verdict_says_how_far_and_how_sure():
    verdict = report.verdicts(report.groups([row(0.5, 0.25, 1)] * 20))[0]
    assert verdict.sentence == (
        "en, nDCG@10: hybrid 1.000 beats both parts; to keywords +0.500 (95 %: +0.500 to +0.500)"
    )


def test_each_language_has_its_kinds_and_ends_with_all():
    rows = [row(1, 1, 1, kind="exact"), row(0, 0, 0, kind="number"), row(1, 1, 1, language="de", kind="exact")]
    found = report.groups(rows)
    names = [("en", "exact"), ("en", "number"), ("en", "all"), ("de", "exact"), ("de", "all")]
    assert [(group.language, group.kind) for group in found] == names
    assert found[2].mean("hybrid", "nDCG@10") == 0.5


def test_a_set_without_kinds_has_one_line():
    found = report.groups([row(1, 1, 1, language="scifact", kind="all")])
    assert [(group.language, group.kind) for group in found] == [("scifact", "all")]


def test_columns_line_up():
    table = report.columns([["what", "n"], ["speed", "10.5"], ["a", "7"]])
    assert table.splitlines() == ["what      n", "-----  ----", "speed  10.5", "a         7"]


def test_silence_tells_small_talk_that_cites_from_questions_that_find_nothing():
    rows = [
        {"language": "en", "kind": "small-talk", "text": "hello", "cites": False},
        {"language": "en", "kind": "small-talk", "text": "a joke", "cites": True},
        {"language": "en", "kind": "exact", "text": "Who is Agnes?", "cites": False},
        {"language": "en", "kind": "exact", "text": "E22", "cites": True},
    ]
    found = report.silence(rows)
    assert found["en"]["wrongly_cited"] == ["a joke"]
    assert found["en"]["wrongly_silent"] == ["Who is Agnes?"]
    assert report.silence_table(found).splitlines()[-1].split("  ")[0] == "en"
    assert report.silence_table(found).count("1 of 2") == 2


def test_shares_of_ingesting_are_of_the_whole():
    read = {"documents": 6, "passages": 90, "characters": 50_000, "peak": 300.4, "grown": 2.2}
    parts = {"extraction": 0.1, "embedding": 1.7, "store": 0.02, "keywords": 0.08}
    line = report.ingest_table([read | parts | {"seconds": 2}]).splitlines()[-1]
    told = ["6", "90", "0.05", "2", "45.0", "40", "5.0%", "85.0%", "1.0%", "4.0%", "5.0%"]
    assert line.split() == [*told, "300", "MiB", "2", "MiB"]


def test_a_speed_table_has_a_line_for_each_cell():
    cell = {"passages": 1000, "collections": 10, "p50": 8.25, "p95": 12, "hits": 8, "pss": 250, "chroma_pss": 125}
    line = report.speed_table([cell]).splitlines()[-1]
    assert [part.strip() for part in line.split("  ") if part.strip()] == (
        ["1,000", "10", "8.2 ms", "12.0 ms", "8.0", "250 MiB", "125 MiB"]
    )


def test_what_is_held_out_stands_apart_with_the_value_before_it():
    then = [row(0, 0, 0.25), row(0, 0, 0.5) | {"held_out": True}]
    now = [row(0, 0, 0.75), row(0, 0, 1) | {"held_out": True}]
    line = report.held_out_table(now, then).splitlines()[2].split()
    assert line[:4] == ["en", "exact", "1", "0.250"]
    assert line[4] == "0.750"
    assert line[9:12] == ["1", "0.500", "1.000"]
    assert "0.250" not in report.held_out_table(now)
