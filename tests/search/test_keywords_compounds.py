"""How well German compounds are cut; the words were not chosen by how they come out."""

import pytest

from search.keywords.analyser import analyse
from search.keywords.compounds import parts_of
from search.keywords.letters import folded

# A compound, and what people would ask for to find it.
COMPOUNDS = """
Urlaubsantrag:urlaubs,antrag Krankenversicherung:kranken,versicherung Haftpflichtversicherung:haftpflicht,versicherung
Arbeitszeiterfassung:arbeits,zeit,erfassung,arbeitszeit Mietvertrag:miet,vertrag Kündigungsfrist:kundigungs,frist
Datenschutzbeauftragter:daten,schutz Reisekostenabrechnung:reise,kosten,abrechnung,reisekosten Werktage:werk,tage
Dienstwagenregelung:dienst,wagen,regelung Hausordnung:haus,ordnung Elternzeit:eltern,zeit Gehaltsabrechnung:gehalts
Bewerbungsgespräch:bewerbungs,gesprach Sicherheitsunterweisung:sicherheits,unterweisung Brandmelder:brand,melder
Steuererklärung:steuer,erklarung Rechnungsnummer:rechnungs,nummer Lieferantenvertrag:lieferanten,vertrag
Qualitätsprüfung:qualitats,prufung Wartungsplan:wartungs,plan Kühlmittelpumpe:kuhl,mittel,pumpe Schulferien:schul,ferien
Impfausweis:impf,ausweis Blutdruckmessung:blut,druck,messung Parkplatzschranke:platz Personalrat:personal,rat
Besprechungsraum:besprechungs,raum Zugangskarte:zugangs,karte Passwortrichtlinie:passwort,richtlinie
Softwarelizenz:software,lizenz Fräskopfhalter:kopf,halter Grundstückskaufvertrag:grundstucks,kauf,vertrag
Hotelrechnung:hotel,rechnung Jahresabschluss:jahres,abschluss Monatsende:monats,ende Feuerlöscher:feuer
Betriebsratswahl:betriebs,rats,wahl Überstundenausgleich:uberstunden,ausgleich Kindergeldantrag:kinder,geld,antrag
"""
# Words that are none, or whose letters hold others by chance only.
WHOLE = """
Mitarbeiter Verantwortung Wirtschaft Gesellschaft Freundschaft Persönlichkeit Gewährleistung Veranstaltung Verwaltung
Buchhaltung Bestellung Vorstellung Unterstützung Übertragung Wiederholung Planeten Montage Reparatur Informationen
Direktor Apparat Garantie Sekretariat Temperatur Bedeutung Besonderheit Entscheidung Gelegenheit Herausforderung
Möglichkeiten Notwendigkeit Schwierigkeit Verhältnis Vollständigkeit Zusammenhang Zuverlässigkeit Organisation
Autorisierung Transport Patienten Restaurant Konferenz Protokoll Dokument Maschine Ergebnisse Beschreibung
"""


def cut(word):
    return parts_of(folded(word), noun=True)


def test_compounds_are_found_by_their_parts():
    wanted = [
        (word, part) for word, parts in (pair.split(":") for pair in COMPOUNDS.split()) for part in parts.split(",")
    ]
    missed = [(word, part) for word, part in wanted if part not in cut(word)]
    assert len(missed) <= 0.05 * len(wanted), missed


def test_other_words_stay_whole():
    words = WHOLE.split()
    wrong = {word: cut(word) for word in words if cut(word)}
    assert len(wrong) <= 0.05 * len(words), wrong


@pytest.mark.parametrize("verb", ["festlegen", "sicherstellen", "abgeschlossen", "vergessen", "teilnehmenden"])
def test_verbs_are_not_cut_around_what_is_not_known(verb):
    assert all(part in ("sicher", "stellen", "fest", "legen") for part in parts_of(verb, noun=False))


def test_a_part_is_indexed_by_its_stem_beside_the_whole():
    tokens = analyse("Der Urlaubsantrag wird von den Krankenversicherungen nicht bezahlt.").tokens
    assert {"urlaubsantrag", "urlaub", "antrag", "krankenversicher", "versicher"} <= set(tokens)


@pytest.mark.parametrize(
    "word", ["", "a" * 500, "x" * 40, "ß" * 39, "zeit" * 10, "tagtagtagtagtagtagtagtagtagtagtagtagtag"]
)
def test_odd_words_are_cut_quickly_or_not_at_all(word):
    assert all(part and part in folded(word) for part in cut(word))
