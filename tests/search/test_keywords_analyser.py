# ruff: noqa: RUF001 - letters of other scripts belong here
"""Texts and questions as tokens: what counts as the same, and what is kept apart."""

import threading
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.contexts import names_of
from search.keywords.analyser import TERMS, TOKEN_CHARS, analyse, question
from search.keywords.weights import NAMED

SIGNS = set(".:-§+#")


def tokens(text):
    return analyse(text).tokens


def asked(text, *languages):
    """The whole words that a question asks for, without the small ones."""
    return [term.forms[0].tokens[0] for term in question(text, languages) if term.weight > 0.25]


def texts_only(asked_for):
    """The tokens of a term or a form that texts have, not names of files."""
    return {token for token in asked_for.tokens if not token.startswith("=:")}


def looked_up(text, *languages):
    """All tokens by which a question is looked up, in texts and names."""
    return {token for term in question(text, languages) if term.weight > 0.25 for token in term.tokens}


@given(st.text(max_size=200))
@example("\0\ud800 'a' \"b\" \\ % _ * ( ) AND OR NOT NEAR : ^ { } = ~ | & ! < >")
@example("ﬁ ½ ² ㍿ ｶﾞ ﷺ é é")
@example("a" * 10_000)
def test_every_text_becomes_tokens_that_no_database_can_misread(text):
    for token in tokens(text):
        assert 0 < len(token) <= TOKEN_CHARS
        assert all(char in SIGNS or unicodedata.category(char)[0] in "LNM" for char in token), token
        token.encode()


@given(st.text(max_size=200), st.sampled_from(["", "en", "de", "zz"]))
def test_every_question_becomes_terms(text, language):
    terms = question(text, (language,))
    assert len(terms) <= TERMS
    for term in terms:
        assert 0 < term.weight <= 1
        assert term.forms
        assert all(form.tokens and 0 < form.weight <= NAMED for form in term.forms)


@given(st.text(max_size=100))
def test_a_text_answers_itself(text):
    analysis = analyse(text)
    for term in question(text, (analysis.language,)):
        assert term.tokens & set(analysis.tokens)


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "Z"]), max_size=60))
def test_composed_and_decomposed_characters_are_the_same(text):
    assert tokens(unicodedata.normalize("NFC", text)) == tokens(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The people who work here have twenty days of leave.", "en"),
        ("Die Beschäftigten haben zwanzig Tage Urlaub im Jahr.", "de"),
        ("Les salariés ont droit à vingt jours de congés par an.", "fr"),
        ("Los empleados tienen veinte días de vacaciones al año.", "es"),
        ("I dipendenti hanno venti giorni di ferie all'anno, che non sono pochi.", "it"),
        ("Os funcionários têm vinte dias de férias por ano e não mais.", "pt"),
        ("De medewerkers hebben twintig dagen verlof, en dat is niet veel.", "nl"),
        ("Medarbejderne har tyve dages ferie om året, og det er ikke meget.", "da"),
        ("De anställda har tjugo dagars semester och det är inte mycket.", "sv"),
        ("Työntekijöillä on kaksikymmentä päivää lomaa, mutta se ei ole paljon.", "fi"),
        ("A dolgozóknak húsz nap szabadság jár, de ez nem sok.", "hu"),
        ("Çalışanların yılda yirmi gün izni var ama bu çok değil.", "tr"),
        ("Pracownicy mają dwadzieścia dni urlopu, ale to nie jest dużo.", "pl"),
        ("Zaměstnanci mají dvacet dní dovolené, ale to není mnoho, že?", "cs"),
        ("Angajații au douăzeci de zile de concediu și nu este mult.", "ro"),
        ("Invoice 4711, Kestrel, 12.50", ""),
        ("员工享有二十天年假", ""),
    ],
)
def test_the_language_of_a_text_is_guessed_from_its_small_words(text, language):
    assert analyse(text).language == language


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "Straße"),
        ("Müller", "Muller"),
        ("Mueller", "Müller"),
        ("café", "CAFE"),
        ("résumé", "resume"),
        ("Ångström", "angstrom"),
        ("Łódź", "lodz"),
        ("naïve", "naive"),
        ("ｆｕｌｌ", "full"),
        ("e-mail", "email"),
        ("ERR-4711", "err4711"),
        ("ERR_4711", "ERR-4711"),
        ("§ 15b", "§15b"),
        ("1.000", "1,000"),
        ("1.000,50", "1,000.50"),
        ("1,250,000.00", "1250000"),
        ("1.250.000", "1,250,000.00"),
        ("37 500", "37500"),
        ("37\u00a0500", "37,500"),
        ("2\u202f415\u2009000", "2415000"),
        ("1’250", "1'250"),
        ("12,50,000", "1250000"),
        ("١٬٢٥٠", "1250"),
        ("2236,00", "2236"),
        ("+43 1 234 56 78", "(01) 234-5678"),
        ("+44 (0)20 7946 0958", "020 7946 0958"),
        ("0043/316/540-6112", "0316 5406112"),
        ("(555) 014-2267", "555.014.2267"),
        ("٠٥٥٠-٧٧٣٠", "0550-7730"),
        ("٢٠٢٤", "2024"),
        ("U.S.A.", "USA"),
        ("O’Brien", "O'Brien"),
        ("Versiche-\nrung", "Versicherung"),
        ("Ver\u00adsiche\u00adrung", "Versicherung"),
        ("停車費", "停车费"),
        ("مُوَظَّف", "موظف"),
        ("الإجـــازة", "اجازه"),
        ("والموظفون", "موظف"),
        ("علی", "علي"),
        ("ёлка", "елка"),
        ("Άδεια", "αδεια"),
        ("ﾀﾜｰ", "タワー"),
    ],
)
def test_two_ways_of_writing_are_the_same(one, other):
    assert set(asked(one, "de", "en")) & set(tokens(other)) or set(asked(other, "de", "en")) & set(tokens(one))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ERR-4711", {"err4711", "err", "4711"}),
        ("v2.3.1", {"v2.3.1", "2.3.1"}),
        ("2024-05-01", {"2024-05-01", "2024", "05", "01"}),
        ("foo_bar", {"foobar", "foo", "bar"}),
        ("getUserName", {"getusername", "get", "user", "name"}),
        ("HTTPServer", {"httpserver", "http", "server"}),
        ("help@example.com", {"helpexamplecom", "help", "exampl", "com"}),
        ("C++ and C#", {"c++", "c#"}),
        ("§ 15b", {"§15b", "15"}),
        ("R&D", {"rd"}),
        ("COVID-19疫苗", {"covid19", "covid", "19", "疫苗"}),
        ("l'entreprise", {"entrepris"}),
    ],
)
def test_codes_are_kept_whole_and_in_parts(text, parts):
    assert parts <= set(analyse(f"It was said that this is {text} and that they have it.").tokens)


def test_numbers_and_versions_are_kept_apart():
    assert not set(tokens("2.3.1")) & set(tokens("231"))
    assert not set(tokens("10_20")) & set(tokens("1020"))
    assert looked_up("3.2") & set(tokens("3.2.1"))
    assert looked_up("v3.2") & set(tokens("v3.2.1"))
    assert not looked_up("3.2") & set(tokens("3.21.0"))
    assert not looked_up("3.2") & set(tokens("3.20.1 and 13.2.1"))
    assert not looked_up("3.2.1") & set(tokens("3.2"))
    assert not set(tokens("the 01.02.2024 and 2024-02-01")) & set(tokens("call 1022024"))
    assert {"100", "200"} <= set(tokens("100 200"))
    assert not set(tokens("C")) & {"c++", "c#"}


@pytest.mark.parametrize("asked", ["3.20", "v3.20", "3.20.x", "V3.20.X", "3.x", "v3", "“3.20”", "3.20,", "关于3.20的"])
@pytest.mark.parametrize("text", ["3.20.1", "v3.20.1", "3.20.1-rc1", "kiosk-3.20.1", "(3.20.1)", "3.20.1。"])
def test_a_version_is_found_by_what_it_begins_with(asked, text):
    assert looked_up(asked) & set(tokens(text))
    assert not looked_up(asked) & set(tokens(text.replace("3.20", "13.20").replace("kiosk", "atlas")))


@pytest.mark.parametrize("text", ["3.2.1", "3.200.1", "3.2", "32.0.1", "3201", "1.3.20"])
def test_a_version_ends_at_a_point(text):
    assert not looked_up("3.20") & set(tokens(text))


def test_a_product_and_its_version_belong_together():
    [term] = question("kiosk-3.20", ("en",))
    assert ("kiosk", "3.20.") in {form.tokens for form in term.forms}


@pytest.mark.parametrize(
    ("singular", "plural", "language"),
    [
        ("invoice", "invoices", "en"),
        ("Vertrag", "Verträge", "de"),
        ("contrat", "contrats", "fr"),
        ("factura", "facturas", "es"),
        ("отпуск", "отпуска", "ru"),
        ("موظف", "موظفين", "ar"),
    ],
)
def test_a_word_finds_its_other_forms(singular, plural, language):
    assert asked(plural, language) == asked(singular, language)


def test_a_question_asks_in_each_language_of_the_texts():
    [term] = question("Rechnungen", ("en", "de"))
    assert texts_only(term) == {"rechnung", "rechnungen"}
    [alone] = question("Rechnungen", ("de",))
    assert texts_only(alone) == {"rechnung"}


def test_small_words_say_little_but_codes_and_acronyms_are_none():
    assert asked("Who must tell IT about it?", "en") == ["it"]
    assert asked("WHO RUNS IT?", "en") == ["run"]


def test_a_compound_is_asked_for_as_a_whole_or_by_all_its_parts():
    [term] = question("Urlaubsantrag", ("de",))
    assert [(form.tokens, form.weight) for form in term.forms if form.weight <= 1 and texts_only(form)] == [
        (("urlaubsantrag",), 1.0),
        (("urlaub", "antrag"), 0.8),
    ]


def test_words_without_spaces_are_asked_for_in_overlapping_pieces():
    assert asked("年假规定") == ["年假", "假规", "规定"]
    assert asked("ประกันภัย") == ["ประ", "ระกั", "ะกัน", "กันภั", "นภัย"]
    weights = {term.forms[0].tokens[0]: term.weight for term in question("年假有多少天？")}
    assert weights["年假"] == 1
    assert weights["多少"] == 0.1


def test_a_single_character_finds_the_words_it_is_in():
    assert set(asked("税")) <= set(tokens("所得税法"))
    assert set(asked("น้ำ")) <= set(tokens("น้ำประปา"))


def test_a_long_question_is_cut():
    assert len(question(" ".join(f"word{number}" for number in range(500)), ("en",))) == TERMS


def test_threads_do_not_disturb_each_other():
    text = "Die Beschäftigten haben zwanzig Tage Urlaub; the employees have twenty days; les salariés vingt jours. "
    texts = [text * 3 + f"Wort{number}lich verschieden{number}e" for number in range(40)]
    expected = [tokens(text) for text in texts]
    found: dict[int, list[list[str]]] = {}

    def work(number):
        found[number] = [tokens(text + " ") for text in texts]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == expected for result in found.values())


def test_a_files_names_are_apart_from_its_text():
    found = analyse("Parents may take fourteen months.", names_of("HR-017_rev4.md")).tokens
    assert {"=:hr017", "=:hr017rev4md", "=:rev4"} <= set(found)
    assert "hr017" not in found
    assert looked_up("What does HR-017 say?", "en") & set(found) == {"=:hr017", "=:hr", "=:017"}
