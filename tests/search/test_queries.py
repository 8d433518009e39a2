# ruff: noqa: RUF001 - questions in other scripts
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.questions.lexicon import LANGUAGES
from search.questions.queries import (
    TURN_CHARS,
    TURNS,
    Leaning,
    asked,
    is_small_talk,
    language_of,
    leaning_of,
    needs_no_search,
)

VACATION = "How many days of vacation do people in Leith have?"


def texts(question, *history):
    return [text for text, _weight in asked(question, history).texts]


@pytest.mark.parametrize(
    "question",
    [
        *(
            "And the second one?",
            "and E44?",
            "What about Aveiro?",
            "Does that hold in Oslo too?",
            "Why?",
            "And in pounds?",
        ),
        *("Und im nächsten Jahr?", "Gilt das auch für Teilzeit?", "Wer ist dafür zuständig?", "Warum?"),
        *("那第二个呢？", "兼职员工呢？", "它多少钱？"),
        *("وماذا عن الثاني؟", "وكم يستغرق ذلك؟", "ومن المسؤول عنه؟"),
        *("Et pour les stagiaires ?", "¿Y en Madrid?", "E per gli stagisti?", "En voor stagiairs?", "А для стажёров?"),
    ],
)
def test_a_follow_up_is_searched_for_with_the_turn_before_it(question):
    assert leaning_of(question) is Leaning.CLEARLY
    assert texts(question, VACATION) == [f"{VACATION}\n{question}"]


@pytest.mark.parametrize(
    "question",
    [
        *(
            "When is the Christmas allowance paid?",
            "What does Pigeonpost do for Tidewatch?",
            "BW-2024-017",
            "Who is Agnes?",
        ),
        "Wie hoch ist die Kündigungsfrist in der Probezeit?",
        "ما هي مدة الإجازة السنوية للموظفين الجدد؟",
        "Combien coûte le remplacement du capteur d'oxygène ?",
    ],
)
def test_another_subject_leaves_the_turns_before_it_behind(question):
    assert texts(question, VACATION) == [question]


@pytest.mark.parametrize("question", ["Who holds the parts?", "Within how many days?", "谁负责审批？"])
def test_a_question_that_may_be_meant_either_way_is_searched_for_both_ways(question):
    assert texts(question, VACATION) == [question, f"{VACATION}\n{question}"]


def test_a_follow_up_of_a_follow_up_reaches_the_question_that_both_lean_on():
    assert texts("And the S4X?", "Where is the lab?", "How deep can I lower the S2 probe?", "What about the S4?") == [
        "How deep can I lower the S2 probe?\nWhat about the S4?\nAnd the S4X?"
    ]


def test_thanks_in_between_are_passed_over():
    assert texts("And the second?", VACATION, "Thanks!", "  ") == [f"{VACATION}\nAnd the second?"]


def test_a_first_question_stands_alone():
    assert texts("And the second one?") == texts("And the second one?", "Hello!") == ["And the second one?"]


def test_of_a_long_message_its_start_and_its_end_are_searched_for():
    (text,) = texts("Here is my letter. " + "blah " * 5000 + "What is wrong with it?")
    assert text.startswith("Here is my letter.")
    assert text.endswith("What is wrong with it?")
    assert len(text) <= TURN_CHARS + 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "hello",
            "Hi!",
            "thanks!",
            "Thank you so much, that helps.",
            "good morning, how are you?",
            "What can you do?",
            "ok",
        ),
        *("Hallo", "wie geht's", "Wie geht’s dir?", "Danke, das hilft mir!", "Vielen Dank und schönen Tag noch"),
        *(
            "你好",
            "你好吗？",
            "谢谢你的帮助！",
            "مرحباً، كيف حالك؟",
            "شكرًا جزيلًا",
            "merci beaucoup !",
            "¡Hola! ¿Qué tal?",
        ),
        *("", "?!", "👍", "Vielen Dank, das hat mir geholfen.", "Au revoir et bonne soirée", "哈哈哈", "هههه"),
        *("Grazie mille", "Muito obrigado", "dank je wel", "Привет, как дела?", "こんにちは"),
    ],
)
def test_small_talk_is_told_from_questions(text):
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "thanks, and the second one?",
            "Hello, who signs the invoices?",
            "Is a hello world program enough?",
        ),
        *("Guten Morgen, wie viele Urlaubstage habe ich?", "你好，年假有多少天？", "Who is it?", "good receipts"),
    ],
)
def test_a_question_with_a_greeting_is_a_question(text):
    assert not is_small_talk(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *(("How long is it?", "en"), ("Wie lange dauert das?", "de"), ("Combien de jours ?", "fr"), ("多少钱", "zh")),
        *(
            ("كم عدد الأيام؟", "ar"),
            ("Сколько стоит?", "ru"),
            ("いくらですか", "ja"),
            ("¿Y Madrid?", "es"),
            ("E44", ""),
        ),
    ],
)
def test_small_words_and_letters_show_the_language(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_polite_phrase_of_a_language_is_small_talk_by_itself(language):
    assert [phrase for phrase in LANGUAGES[language].polite if not is_small_talk(phrase)] == []


def test_a_long_text_is_no_small_talk():
    assert not is_small_talk("thanks " * 100)


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=5))
def test_whatever_is_asked_is_part_of_what_is_searched_for(question, history):
    found = asked(question, history).texts
    assert all(text.endswith(question.strip()) and weight > 0 for text, weight in found)
    assert 1 <= len(found) <= 2
    assert all(len(text) <= (TURNS + 1) * 301 for text, _weight in found)


@pytest.mark.parametrize(
    "text",
    [
        "Translate your last answer",
        "translate that into German",
        "make it shorter",
        "Please make that shorter",
        "why?",
        "Why not?",
        "thanks",
        "Can you shorten this?",
        "in German please",
        "and in French?",
        "Summarise your last answer in three sentences",
        "Really?",
        "TL;DR",
        "Say that in simple words",
        "what do you mean?",
        "You are wrong",
        "Übersetze deine letzte Antwort ins Englische",
        "mach es kürzer",
        "Kannst du das bitte kürzer machen?",
        "warum?",
        "Fass das zusammen",
        "Danke",
        "und auf Französisch?",
        "Traduis ta dernière réponse en anglais",
        "plus court s'il te plaît",
        "Pourquoi ?",
        "Peux-tu résumer ça ?",
        "rends-le plus court",
        "merci",
        "Traduce tu última respuesta al inglés",
        "hazlo más corto",
        "¿Por qué?",
        "¿Puedes resumirlo?",
        "gracias",
        "把你的上一个回答翻译成英文",
        "短一点",
        "为什么？",
        "请翻译成德语",
        "总结一下",
        "谢谢",
        "能短一点吗？",
        "ترجم إجابتك الأخيرة إلى الإنجليزية",
        "اجعلها أقصر",
        "لماذا؟",
        "شكرا",
        "لخص إجابتك",
    ],
)
def test_what_is_asked_of_the_last_answer_is_not_searched_for(text):
    assert needs_no_search(text, [VACATION])


@pytest.mark.parametrize("text", ["why?", "in short, what are the points?", "What does that mean for children?"])
def test_before_any_answer_everything_but_small_talk_is_searched_for(text):
    assert not needs_no_search(text)


@pytest.mark.parametrize(
    "text",
    [
        "why is the sky blue according to the handbook?",
        "Why was the invoice rejected?",
        "Summarise Q3-board-pack.md",
        "Translate the travel policy into German",
        "list all offices",
        "make a table of the daily rates",
        "And in Gdynia?",
        "What about Aveiro?",
        "Which documents are in German?",
        "shorter working hours",
        "Is the answer to question 4 in the handbook?",
        "Warum ist der Himmel blau laut Handbuch?",
        "Übersetze die Reiserichtlinie ins Englische",
        "kürzere Arbeitszeiten",
        "Wie lang ist die Kündigungsfrist?",
        "Fasse den Vertrag zusammen",
        "Pourquoi la facture est-elle refusée ?",
        "Résume le contrat",
        "¿Por qué se rechazó la factura?",
        "Traduce el contrato al inglés",
        "为什么发票被拒绝？",
        "总结合同",
        "缩短工作时间的规定",
        "翻译费怎么报销？",
        "لماذا رفضت الفاتورة؟",
        "لخص العقد",
        "ترجم العقد إلى الإنجليزية",
        "How long is the notice?",
        "What is the tone of the alarm?",
        "Check the answer sheet of the exam",
        "continue the lease",
        "Wie formell ist die Kleidung?",
        "German",
        "What does that mean for children?",
        "Is the text in German?",
        "in short, what are the points?",
        'What does "elaborate" mean?',
        "Was heißt das für Kinder?",
        "Ist der Text auf Deutsch?",
    ],
)
def test_a_question_with_a_subject_is_searched_though_it_looks_alike(text):
    assert not needs_no_search(text, [VACATION])


def test_a_follow_up_reaches_back_over_what_was_asked_of_the_answer():
    history = ["How many days of annual leave do people in Leith have?", "Translate your last answer into German"]
    assert asked("And in Gdynia?", history).texts[0][0].startswith("How many days")
    assert "German" not in asked("And in Gdynia?", history).texts[0][0]
