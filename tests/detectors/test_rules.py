"""What admins call sensitive besides: words in any writing, and patterns that cannot hang anything."""

import pytest

from langai_site.detectors import DetectorRule, detect, words
from langai_site.detectors.rules import MAX_CHARS, check
from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity


def found(kind, pattern, text):
    """How often the rule is in the text."""
    rule = DetectorRule("DetectorRule", kind, pattern, Sensitivity.CONFIDENTIAL)
    return sum(detection.count for detection in detect(text, [rule]))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Falcon", "falcon"),
        ("falcon", "The FALCON's wings"),
        ("Falcon", "(Falcon)"),
        ("Project Falcon", "project\u00a0 \n falcon"),
        ("Project Falcon", "project-falcon"),
        ("project_falcon", "Project Falcon"),
        ("Café Zürich", "CAFE ZURICH"),
        ("cafe zurich", "Cafe\u0301 Zu\u0308rich"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("Ångström", "ÅNGSTRÖM"),
        ("İstanbul", "istanbul"),
        ("Проект Сокол", "ПРОЕКТ СОКОЛ"),
        ("Έργο", "εργο"),
        ("fal\u00adcon", "fal\u200bcon"),
        ("Falcon", "\uff26\uff41\uff4c\uff43\uff4f\uff4e"),
        ("猎鹰计划", "请总结猎鹰计划的文件"),
        ("ファルコン", "新しいファルコンの予定"),
        ("Falcon", "新しいFalconの予定"),
        ("팔콘", "팔콘은 언제 시작합니까"),
        ("เหยี่ยว", "โครงการเหยี่ยวใหม่"),
        ("בז", "פרויקט בז"),
        ("C++", "We use C++."),
        ("4711", "article 4711"),
        ("Eagle\n\n Falcon \n", "about the falcon"),
    ],
)
def test_a_word_is_found_whatever_its_writing(word, text):
    assert found("word", word, text) == 1


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Falcon", "falconry"),
        ("Falcon", "Mayfalcon"),
        ("Falcon", "falcon2"),
        ("Project Falcon", "project falcons"),
        ("Project Falcon", "project of falcon"),
        ("4711", "47110"),
        ("Müll", "Müller"),
        ("पर", "परियोजना"),
        ("か", "が"),
        ("Сокол", "Соколов"),
    ],
)
def test_a_word_is_not_found_within_another(word, text):
    assert found("word", word, text) == 0


def test_each_place_of_a_word_counts():
    assert found("word", "falcon\neagle", "falcon falcon, eagle; Falcon") == 4
    assert found("word", "falcon", "falcon " * 1_000) == words.MOST


@pytest.mark.parametrize(
    ("pattern", "text", "times"),
    [
        (r"PRJ-\d{4}", "prj-0815 and PRJ-4711", 2),
        (r"PRJ-\d{4}", "PRJ\u20110815 and PRJ-\uff14\uff17\uff11\uff11", 2),
        (r"(?-i:PRJ)-\d{4}", "prj-0815", 0),
        (r"^Minutes of", "Minutes of the board", 1),
        (r"(?m)^confidential$", "Hello\r\nConfidential\r\n", 1),
        (r"\bV[0-9]*", "V12 v", 2),
        (r"\pL+berg", "Nürnberg", 1),
        (r"x*y?z", "z", 1),
        (r"a.*x|a", "a" * 5_000, words.MOST),
    ],
)
def test_a_pattern_is_found_in_any_case_and_in_the_plain_form_of_the_text(pattern, text, times):
    check("regex", pattern)
    assert found("regex", pattern, text) == times


@pytest.mark.parametrize(
    ("kind", "pattern", "says"),
    [
        ("regex", "", "matches empty text"),
        ("regex", "a*", "matches empty text"),
        ("regex", r"\b", "matches empty text"),
        ("regex", "$", "matches empty text"),
        ("regex", "(", "cannot be read: missing )"),
        ("regex", "[a", "cannot be read"),
        ("regex", "(?=a)b", "cannot be read"),
        ("regex", r"(a)\1", "cannot be read"),
        ("regex", r"(?:\pL\pN){200}", "too large"),
        ("regex", ".{900}" * 9, "too large"),
        ("regex", "(?:a{1000}){1000}", "cannot be read"),
        ("regex", "a" * (MAX_CHARS + 1), "at most 2,000 characters"),
        ("word", "", "one word or phrase per line"),
        ("word", "\n \n", "one word or phrase per line"),
        ("word", "falcon\n***", "one word or phrase per line"),
        ("word", "a", "single letter"),
        ("word", "falcon\n" * 1_000, "at most 2,000 characters"),
    ],
)
def test_what_would_find_nothing_everything_or_forever_is_refused_with_a_sentence(kind, pattern, says):
    with pytest.raises(InvalidError) as refused:
        check(kind, pattern)
    assert says in refused.value.message


def test_a_pattern_that_got_past_the_check_counts_as_found():
    assert found("regex", "(", "anything") == 1


def test_a_rule_has_its_own_label_and_is_told_by_its_name_alone():
    rules = [
        DetectorRule("Projects", "word", "Falcon", Sensitivity.INTERNAL),
        DetectorRule("Contracts", "regex", r"PRJ-\d+", Sensitivity.CONFIDENTIAL),
    ]
    found = detect("Falcon is PRJ-17", rules)
    assert [(one.kind, one.label, one.words) for one in found] == [
        ("regex", Sensitivity.CONFIDENTIAL, "“Contracts”, which your admins call sensitive"),
        ("word", Sensitivity.INTERNAL, "“Projects”, which your admins call sensitive"),
    ]
