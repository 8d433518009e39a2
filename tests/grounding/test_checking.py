from chat.grounding.checking import SentenceCheck, checks_of, counted
from chat.grounding.deciding import SentenceVerdict

PASSAGES = {1: "Every employee gets 25 days of leave in a year.", 2: "Leave must not be moved to the next year."}


def test_sentences_are_compared_with_the_passages_that_they_cite():
    text = "## Leave\nEvery employee gets **25 days** of leave. [1] Leave can be moved to the next year [2]. Ask us:"
    first, second = checks_of(text, PASSAGES)
    assert (first.sentence, first.verdict, first.numbers) == (
        "Every employee gets 25 days of leave. [1]",
        SentenceVerdict.STANDS,
        (1,),
    )
    assert (second.verdict, second.numbers, second.conflicts[0].found) == (SentenceVerdict.OTHERWISE, (2,), "not")


def test_a_sentence_without_a_citation_has_no_source():
    found = checks_of("Every employee gets 25 days [1]. The weather in Rome was lovely.", PASSAGES)
    assert [check.verdict for check in found] == [SentenceVerdict.STANDS, SentenceVerdict.NO_SOURCE]
    assert counted(found) == {SentenceVerdict.STANDS: 1, SentenceVerdict.NO_SOURCE: 1}


def test_passages_in_another_language_are_not_compared():
    [check] = checks_of("Alle Angestellten haben in jedem Jahr einen Anspruch auf 30 Tage Urlaub [1].", PASSAGES)
    assert (check.verdict, check.is_foreign, check.conflicts) == (SentenceVerdict.REWORDED, True, ())


def test_an_answer_in_a_language_without_rules_or_without_passages_is_not_checked():
    assert checks_of("De werknemers hebben recht op vijfentwintig dagen vakantie in het jaar [1].", PASSAGES) == ()
    assert checks_of("Every employee gets 25 days of leave.", {}) == ()


def test_a_check_is_the_same_after_it_was_stored():
    checks = checks_of("Every employee gets 30 days [1]. They like Rome [7]. Nobody knows why this is so.", PASSAGES)
    assert [SentenceCheck.read(check.written()) for check in checks] == list(checks)


def test_an_answer_that_is_too_short_to_tell_its_language_is_read_in_that_of_its_passage():
    passage = "Der Vertrag wird mit einer Frist von drei Monaten zum Ende des Jahres gekündigt."
    [check] = checks_of("Frist: vier Monate [1].", {1: passage})
    assert (check.verdict, check.conflicts[0].found) == (SentenceVerdict.OTHERWISE, "drei Monaten")


def test_sentences_that_would_take_too_long_to_compare_have_no_check():
    figures = " ".join(f"{number} days" for number in range(1_000, 1_040))
    answer = "\n\n".join(f"The leave is {figures} [1]." for _ in range(80))
    passage = ". ".join(f"The leave is {figures}" for _ in range(60))
    assert len(checks_of(answer, {1: passage})) < 20
    assert checks_of(f"The leave of the employee is {figures} {figures} {figures} [1].", {1: passage}) == ()


def test_a_passage_that_is_too_long_is_not_taken_for_its_beginning():
    passage = (
        "Every employee has 25 days of leave. " * 3_500 + "In the office in Bonn an employee has 30 days of leave."
    )
    assert checks_of("Every employee has 30 days of leave in Bonn [1].", {1: passage}) == ()
    [other] = checks_of(
        "Every employee has 30 days of leave [2].", {1: passage, 2: "Every employee has 25 days of leave."}
    )
    assert other.verdict == SentenceVerdict.OTHERWISE


def test_the_citation_at_the_end_of_a_quotation_is_about_all_its_sentences():
    passage = "Every employee gets 25 days of leave. The leave must not be moved to the next year."
    found = checks_of(f"> {passage} [1]\n\nThat is all there is to say.", {1: passage})
    assert [(check.verdict, check.numbers) for check in found] == [
        (SentenceVerdict.STANDS, (1,)),
        (SentenceVerdict.STANDS, (1,)),
        (SentenceVerdict.NO_SOURCE, ()),
    ]
