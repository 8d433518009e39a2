"""Texts in the encodings of one language each: told apart by the language, and said so."""

# ruff: noqa: RUF001

import unicodedata

import pytest

from documents.encoding_choices import CHOICES, LETTERS_TELL
from documents.extraction import sandbox
from documents.extraction.encodings import decode
from documents.extraction.reading import begin
from documents.extraction.types import ExtractionError, Note, Unread
from tests.documents.files import LIMITS, written

HOLIDAY = {
    "cp1254": "Çalışanların yıllık izni yirmi gündür. İstanbul ofisi şube kodu ŞUBE-34.",
    "cp1253": "Κάθε εργαζόμενος δικαιούται είκοσι ημέρες άδειας το χρόνο.",
    "iso8859-7": "Άδεια είκοσι ημερών το χρόνο για κάθε εργαζόμενο στην Ελλάδα.",
    "cp1251": "Каждый сотрудник имеет двадцать дней отпуска в год.",
    "koi8-r": "Каждый сотрудник имеет двадцать дней отпуска в год.",
    "koi8-u": "Кожен працівник має двадцять днів відпустки на рік. Їхній склад у Києві.",
    "cp866": "Каждый сотрудник имеет двадцать дней отпуска в год.",
    "cp1250": "Każdy pracownik ma dwadzieścia dni urlopu. Siedziba firmy mieści się w Łodzi.",
    "iso8859-2": "Každý zaměstnanec má dvacet dní dovolené. Sídlo firmy je v Brně, žluťoučký kůň.",
    "cp1257": "Kiekvienas darbuotojas turi dvidešimt atostogų dienų. Būstinė yra Šiauliuose.",
    "cp1255": "לכל עובד מגיעים עשרים ימי חופשה בשנה.",
    "cp1256": "لكل موظف عشرون يوم إجازة في السنة.",
    "cp1252": "Jeder Mitarbeiter hat zwanzig Tage Urlaub. Grüße aus München, Straße 5.",
    "mac-roman": "Chaque employé a vingt jours de congé. L’été, c’est à Orléans.",
    "cp874": "พนักงานทุกคนมีวันหยุดยี่สิบวันต่อปี",
}
SHORT = {
    "cp1254": "İSTANBUL ŞUBE MÜDÜRLÜĞÜ",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "cp1255": "שלום עולם",
    "cp1256": "إجازة سنوية",
    "cp1252": "déjà vu",
}


def guess(data: bytes) -> tuple[str, tuple[Note, ...]]:
    with begin() as reading:
        return decode(data), reading.notes()


@pytest.mark.parametrize(("encoding", "text"), [*HOLIDAY.items(), *SHORT.items()])
def test_the_language_of_a_text_tells_its_encoding(encoding, text):
    read, notes = guess(text.encode(encoding))
    assert read == text
    assert [(note.code, note.value in CHOICES) for note in notes] == [(Unread.GUESSED_ENCODING, True)]


@pytest.mark.parametrize("encoding", ["cp1254", "iso8859-9", "cp857", "mac-turkish"])
@pytest.mark.parametrize(
    "text",
    [
        HOLIDAY["cp1254"],
        SHORT["cp1254"],
        "Sözleşme süresi üç yıldır; fesih ihbarı yazılı yapılır.",
        "Ağustos ayı faturası ödenmemiştir. Lütfen borcunuzu gün sonuna kadar ödeyiniz.",
    ],
)
def test_turkish_is_told_in_each_of_its_encodings(encoding, text):
    read, [note] = guess(text.encode(encoding))
    assert read == text
    assert CHOICES[note.value][0] == "Turkish"


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "cp850", "cp437"])
@pytest.mark.parametrize(
    "text",
    [
        "Die Kündigungsfrist beträgt drei Monate. Änderungen müssen schriftlich erfolgen.",
        "La société a été créée à Besançon en août.",
        "Företaget har sitt säte i Malmö. Räkningen skall betalas före månadens slut.",
    ],
)
def test_western_languages_are_not_taken_for_turkish(encoding, text):
    assert guess(text.encode(encoding))[0] == text


def test_vietnamese_is_told_and_its_letters_are_composed():
    text = "Nhân viên được nghỉ hai mươi ngày mỗi năm. Văn phòng chính ở Hà Nội."
    apart = text
    for letter in set(text):
        try:
            letter.encode("cp1258")
        except UnicodeEncodeError:
            base, *marks = unicodedata.normalize("NFD", letter)
            vowel = [mark for mark in marks if mark in "\u0302\u0306\u031b"]
            tones = [mark for mark in marks if mark not in vowel]
            apart = apart.replace(letter, unicodedata.normalize("NFC", base + "".join(vowel)) + "".join(tones))
    assert guess(apart.encode("cp1258"))[0] == text


WESTERN = [
    "The film is 25 µm thick and was cured at 180 °C ± 2 °C for ½ hour. Müller, 20 € – “net”.",
    "Señor Núñez, año 2024, niño",
    "FRANÇOIS HÉLÈNE ÉCOLE",
    "c'est le cœur, Œuvre de l’été",
    "Dear señor Núñez, the room has 10 m².",
    "L’été dernier, l’équipe a déménagé.\nLe cœur de l’œuvre est à Orléans.\nSurface : 120 m², hauteur 3 m.\n"
    "À l’école, François apprend.\nC’est très agréable.",
    "Nº 5, 1ª edición",
    "naïve café",
    "È vero, però",
    "MÜNCHEN, STRAßE, GRÖSSE",
    "Hôtel «Élysée»",
    "Größe 10 m²",
    "São Paulo, coração",
]
OTHERS = {
    "iso8859-15": "20 € für Grüße",
    "cp850": "│Señor Núñez│año 2024│\n├───────────┤",
    "cp437": "║Größe║Länge║ für Grüße",
    "cp866": "│Имя│ 5 │\n├──────┤ строка",
    "cp1250": "Árvíztűrő tükörfúrógép",
    "iso8859-2": "Łódź, ulica Piękna 5",
    "cp1257": "Žemaitija, šeši, ąžuolas",
    "cp1254": "kış geliyor, yaşlı",
}


@pytest.mark.parametrize("text", WESTERN)
def test_what_can_be_western_is_western(text):
    assert guess(text.encode("cp1252"))[0] == text


@pytest.mark.parametrize(("encoding", "text"), OTHERS.items())
def test_what_is_odd_as_western_text_is_not_western(encoding, text):
    assert guess(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    "text",
    ["Price: 20 € – “net”", "20 € per day", "area 10 m², 5 µg", "180 °C ± 2 °C, ½", "„Ja“ or ‚no‘…", "It’s ©Acme®, §4"],
)
def test_signs_alone_are_western_and_no_guess(text):
    assert guess(text.encode("cp1252")) == (text, ())


FEW_WORDS = [
    *("Jörg", "Perú", "está aquí", "però", "tôt ou tard", "være", "año", "Grüße", "Smörgås", "café", "ÇA VA"),
    *("kış", "ŞUBE", "łódź", "Žluťoučký", "šeši", "dvě", "őrült", "Привет", "Ёлка", "Київ", "Ωμέγα", "άδεια"),
    *("שלום", "مرحبا", "สวัสดี", "Preis: 5 €, Jörg", "it’s Perú", "10 m² für Zoë", "«été»", "naïve – déjà"),
]


def test_a_few_words_are_never_read_wrong_in_silence():
    silent = []
    for encoding in LETTERS_TELL:
        for text in FEW_WORDS:
            try:
                data = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            try:
                read, notes = guess(data)
            except ExtractionError:
                continue
            if unicodedata.normalize("NFC", read) != text and not notes:
                silent.append((encoding, text, read))
    assert silent == []


@pytest.mark.parametrize(("encoding", "text"), [("cp850", "Jörg"), ("cp850", "está aquí"), ("cp437", "tôt ou tard")])
def test_letters_of_dos_that_are_signs_elsewhere_are_told_or_doubted(encoding, text):
    read, [note] = guess(text.encode(encoding))
    assert note.code == Unread.GUESSED_ENCODING
    assert "”" not in read


def test_unicode_is_no_guess():
    assert guess("Çalışanların izni".encode()) == ("Çalışanların izni", ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", [HOLIDAY["cp1251"], HOLIDAY["cp1256"], "员工每年有二十天的假期。\n北京办公室星期日关闭。\n"]
)
def test_unicode_of_two_bytes_is_known_without_a_mark(encoding, text):
    assert guess(text.encode(encoding)) == (text, ())


def test_a_few_bad_bytes_in_unicode_are_counted():
    _, notes = guess("Çalışanların yıllık izni, şube müdürü. ".encode() * 4 + b"\xff\xff")
    assert notes == (Note(Unread.LOST_CHARACTERS, count=2),)


def test_a_person_knows_better():
    data = HOLIDAY["cp1254"].encode("cp1254")
    with begin("cp1252") as reading:
        assert decode(data) == data.decode("cp1252")
    assert reading.notes() == ()
    with begin("utf-8") as reading:
        assert "�alışanlar" not in decode(data)
    (note,) = reading.notes()
    assert note.code == Unread.LOST_CHARACTERS
    assert note.count > 5


def test_a_guess_comes_back_from_the_process(tmp_path):
    path = written(tmp_path, "a.txt", HOLIDAY["cp1254"].encode("cp1254"))
    extracted = sandbox.extract(path, "documents.extraction.text", LIMITS)
    assert extracted.pages[0].text == HOLIDAY["cp1254"]
    assert extracted.notes == (Note(Unread.GUESSED_ENCODING, "cp1254", count=1),)


def test_every_choice_is_an_encoding():
    for name in CHOICES:
        "a".encode(name)
    assert len(LETTERS_TELL) == len(CHOICES) - 2


def test_binary_data_are_still_refused():
    with pytest.raises(ExtractionError, match=r"text file|not known"):
        guess(bytes(range(1, 32)) * 50 + b"\x81\x8d\x8f" * 10)
