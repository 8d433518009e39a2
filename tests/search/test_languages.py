# ruff: noqa: RUF001 - letters of other scripts belong here
"""Questions and passages in different languages, with both local models."""

import asyncio

import pytest

from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.embeddings import english_embedder, multilingual
from search.embeddings.calibrations import calibration, lowest_line
from search.keywords import get_index
from search.keywords.analyser import VERSION
from search.keywords.scripts import language_of_text
from search.models import Collection
from search.services import candidates, find, find_for_prompt
from search.services.comparing import FOREIGN, passage_languages, question_language, strengths

PUBLIC = Sensitivity.PUBLIC
ENGLISH = "Everyone at the firm has twenty eight days of paid vacation a year. Unused days end in March."
GERMAN = "Jede Person in der Firma hat dreißig Tage bezahlten Urlaub im Jahr. Nicht genommene Tage verfallen im März."
CHINESE = "公司每位员工每年有二十八天带薪假期，未使用的假期在三月底失效。"
ARABIC = "لكل موظف في الشركة ثمانية وعشرون يوما من الإجازة المدفوعة في السنة."
OTHERS = [
    "The pump runs at 2,900 revolutions a minute and is serviced after every 4,000 hours.",
    "Rechnungen werden innerhalb von dreißig Tagen bezahlt, wenn zwei Personen unterschrieben haben.",
    "访客在前台登记，佩戴胸牌，由接待人员陪同。",
]


@pytest.fixture
def both(both_models, settings, store):
    settings.MODEL_DIR = both_models


@pytest.fixture
def library(both, handbook, add, alice):
    """A collection with passages in four languages."""
    add(handbook, [ENGLISH, GERMAN, CHINESE, ARABIC, *OTHERS], title="")
    return reader_of(alice)


def found(question, reader):
    return [hit.text for hit in asyncio.run(find(question, reader, label=PUBLIC)).hits]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        (CHINESE, "zh"),
        (ARABIC, "ar"),
        ("Счёт оплачивается в течение тридцати дней.", "ru"),
        ("Рахунок сплачується протягом тридцяти днів, її термін", "uk"),
        ("会議は毎週月曜日の午前十時に始まります。", "ja"),
        ("회의는 매주 월요일에 시작합니다.", "ko"),
        ("Η πληρωμή γίνεται σε τριάντα ημέρες.", "el"),
        ("पंप की सेवा हर वर्ष होती है।", "hi"),
        ("گزارش پروژه را تا پایان هفته بفرستید", "fa"),
        ("4711 0815 QX-9", ""),
        ("", ""),
        ("使用 Docker Compose 部署服务，并设置环境变量 DATABASE_URL。", "zh"),
    ],
)
def test_the_language_of_a_text_is_told_by_script_and_small_words(text, language):
    assert language_of_text(text) == language


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("de", ["Wann starb Bismarck?", "Wo liegt Timbuktu?", "warum wanderten Hugenotten aus"]),
        ("fr", ["Quand mourut Napoleon ?"]),
        ("es", ["Quien pinto el cuadro?"]),
        ("", ["Hat size", "Was Tesla rich?", "Wo", "Kosten 2024", "Comment field"]),
    ],
)
def test_the_first_word_of_a_short_question_shows_its_language(language, texts):
    assert {question_language(text) for text in texts} == {language}


def test_short_questions_have_a_language_too():
    assert question_language("Wie viele Urlaubstage habe ich?") == "de"
    assert question_language("combien de jours ?") == "fr"
    assert question_language("Puis-je accepter un cadeau d'un fournisseur ?") == "fr"
    assert question_language("QX-9") == ""


@pytest.mark.parametrize("text", ["vacation days per year", "Hat size", "MIT license terms"])
def test_one_word_that_is_small_in_another_language_does_not_make_a_question_foreign(text):
    assert question_language(text) in ("", "en")


@pytest.mark.parametrize(
    "question",
    [
        "Wie viele Tage bezahlten Urlaub gibt es?",
        "带薪假期有多少天？",
        "كم يوما من الإجازة المدفوعة للموظف؟",
        "Combien de jours de congés payés par an ?",
        "¿Cuántos días de vacaciones pagadas hay?",
        "How many days of paid vacation are there?",
    ],
)
def test_a_question_in_any_language_finds_the_passages_in_every_language(library, question):
    hits = found(question, library)
    assert {ENGLISH, GERMAN, CHINESE, ARABIC} <= set(hits)
    assert hits[0] not in OTHERS


@pytest.mark.parametrize("question", ["Erzähl mir einen Witz über Pinguine", "讲一个关于企鹅的笑话"])
def test_an_answer_cites_nothing_in_another_language_for_other_subjects(library, question):
    cited = asyncio.run(find_for_prompt(question, library, label=PUBLIC, budget_chars=5000)).hits
    assert cited == ()


def test_a_passage_with_the_code_of_the_question_comes_first_whatever_its_language(both, handbook, add, alice):
    invoices = [f"Invoice 2024-08{number}. Customer Stark Ltd. Total {number}00 EUR." for number in range(10, 40)]
    add(handbook, [*invoices, GERMAN, CHINESE], title="")
    for question in (
        "Rechnung 2024-0817 Betrag",
        "Kunde der Rechnung 2024-0817?",
        "Wann ist die Rechnung 2024-0817 fällig?",
    ):
        assert found(question, reader_of(alice))[0] == invoices[7]


def test_each_passage_of_another_language_than_english_is_embedded_once(library, handbook):
    from search.models import PassageVector

    rows = PassageVector.objects.order_by("embedder").values_list("embedder", "passage__text")
    by_embedder = {}
    for embedder, text in rows:
        by_embedder.setdefault(embedder, set()).add(text)
    assert by_embedder[multilingual.FINGERPRINT] == {ENGLISH, GERMAN, CHINESE, ARABIC, *OTHERS}
    assert by_embedder[english_embedder().fingerprint] == {ENGLISH, OTHERS[0]}


def test_the_multilingual_model_is_not_asked_where_all_is_english(both, handbook, add, alice, monkeypatch):
    add(handbook, [ENGLISH, OTHERS[0]])
    monkeypatch.setattr(multilingual.MultilingualEmbedder, "embed", None)
    assert found("How many days of paid vacation are there?", reader_of(alice)) == [ENGLISH]


def test_a_question_in_another_language_asks_it_alone(both, handbook, add, alice):
    add(handbook, [ENGLISH, OTHERS[0]])
    asked = candidates.embedded_question(
        candidates.SearchQuestion((("Wie lange ist der Urlaub?", 1.0),)), reader_of(alice), PUBLIC, caller=None
    )
    assert [meaning.embedder.fingerprint for meaning in asked.meanings] == [multilingual.FINGERPRINT]


def test_the_languages_of_a_collection_are_those_of_its_passages(library, handbook, add):
    other = Collection.objects.create(name="Other")
    add(other, ["Les factures sont payées dans les trente jours, avec deux signatures."], title="")
    assert set(get_index().scope([handbook.pk]).languages) == {"en", "de", "zh", "ar"}
    assert [*get_index().scope([other.pk]).languages] == ["fr"]
    assert [*get_index().scope([]).languages] == []


def test_rows_of_an_earlier_version_have_the_language_of_their_script(library):
    from search.models import Passage, PassageKeywords

    PassageKeywords.objects.filter(language__in=("zh", "ar")).update(language="", version=VERSION - 1)
    languages = passage_languages(Passage.objects.values_list("pk", flat=True))
    assert sorted(languages.values()) == ["ar", "de", "de", "en", "en", "zh", "zh"]


def test_a_passage_in_the_language_of_the_question_comes_before_a_translation_that_is_as_near():
    fingerprint = multilingual.FINGERPRINT
    cosines = {pk: calibration(fingerprint, "de", language).right for pk, language in ((1, "de"), (2, "en"), (3, ""))}
    found, low = strengths(fingerprint, "de", cosines, {1: "de", 2: "en", 3: ""}, strict=True)
    assert found == {1: 1.0, 2: FOREIGN, 3: 1.0}
    assert low == FOREIGN
    unclear, _low = strengths(fingerprint, "", {2: calibration(fingerprint, "en", "en").right}, {2: "en"}, strict=True)
    assert unclear == {2: 1.0}


def test_only_an_answer_needs_a_passage_of_another_language_to_be_over_the_line():
    fingerprint = multilingual.FINGERPRINT
    known = calibration(fingerprint, "de", "en")
    cosines = {1: known.line, 2: (known.level + known.line) / 2, 3: known.level}
    languages = dict.fromkeys(cosines, "en")
    assert set(strengths(fingerprint, "de", cosines, languages, strict=True)[0]) == {1}
    assert set(strengths(fingerprint, "de", cosines, languages, strict=False)[0]) == {1, 2}
    assert set(strengths(fingerprint, "en", cosines, languages, strict=False)[0]) == set()


def test_an_unclear_question_is_read_by_the_weaker_of_two_calibrations():
    """It may be English, or in the passage's language: both must find the passage near."""
    fingerprint = multilingual.FINGERPRINT
    same, cross = (calibration(fingerprint, question, "de") for question in ("de", "en"))
    found, _low = strengths(fingerprint, "", {1: same.right, 2: cross.right}, {1: "de", 2: "de"}, strict=True)
    assert found == {1: same.strength(same.right)}
    foreign, _low = strengths(fingerprint, "", {1: calibration(fingerprint, "zh", "zh").right}, {1: "zh"}, strict=True)
    assert foreign == {1: FOREIGN}


def test_cosines_of_any_two_languages_can_be_read():
    fingerprint = multilingual.FINGERPRINT
    for pair in (("de", "de"), ("de", "en"), ("sw", "th"), ("", ""), ("pl", "pl")):
        known = calibration(fingerprint, *pair)
        assert known.level < known.line < known.right
    assert lowest_line(fingerprint, "de") <= calibration(fingerprint, "de", "en").line
    assert calibration(english_embedder_fingerprint(), "en", "de").line == 0.28


def english_embedder_fingerprint():
    from search.embeddings import local

    return local.FINGERPRINT
