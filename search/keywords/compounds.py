"""Pure: the parts of a German compound, so that "Versicherung" finds "Krankenversicherung".

A word is cut into as few pieces as possible that are in the list of words below, which are common in compounds; if
that fails, with one piece among them that is not. So what people search for needs no place in the list if the rest
of the compound has one. A word that must stay whole, though it looks like a compound, stands in the list itself.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import lru_cache

from search.keywords.letters import folded

# Shorter words are no compounds that anyone would ask for by a part.
SHORTEST, LONGEST = 8, 40
# Letters that a piece must have which is not in the list: the first one, and any other.
UNKNOWN_FIRST, UNKNOWN_LATER = 4, 5
# Words of three letters are in too many others by chance to stand beside an unknown piece.
SHORT = 3
# And these, which are the ends of other words as well.
UNSURE = frozenset(
    ("alter", "ecke", "ende", "essen", "fisch", "mann", "native", "reibung", "reich", "rest", "stall", "test", "tisch")
)
ENDINGS = ("s", "es", "e", "en", "n", "er", "ern", "em", "in", "innen")
JOINTS = ("s", "es", "n", "en", "er", "ern", "e")
SURE_JOINTS = ("s", "es", "n", "en")

# What an unknown piece is not: the start of a word with a prefix, letters that no word begins or ends with, the end
# of a derived word.
PREFIXES = (
    *("durch", "emp", "ent", "fort", "gegen", "heraus", "herunter", "hinter", "hinunter", "miss", "nach", "nieder"),
    *("uber", "unter", "unver", "voraus", "weiter", "wider", "wieder", "zurecht", "zuruck", "zusammen", "zwischen"),
)
ONSET = re.compile(
    r"(?:sch[lmnrw]?|s[pt]?r?|spl|[bfgkp][lr]|[gk]n|[dt]r|pf[lr]?|zw|qu|[pt]h|[bcdfghjklmnpqrtvwz])?[aeiouy]"
)
CODA = re.compile(r"(?:[^aeiouyr]n|[^aeiouylr]m|sc)$")
DERIVED = re.compile(
    r"^(?:schaft|heit|keit|lich|isch|ung|ling|nis|haft|bar|sam|los|tum|chen|lein|ier|ation|ator|ion|itat|inn|ig|ant|ent"
    r"|est|end|ell|iv|ist|erin|erung|eln|ern|ismus|ik|at|et|it|ol|um|us|ste|ten|fach|ali)"
    r"|(?:lich|isch|bar|los|sam|ig|haft)(?:e[nmrs]?|keit|keiten)?$|(?:ieren|ierung|arium|orium|ismus|te[mnrs])$"
)

WORDS = """
abbau abbruch abend abfall abfindung abfrage abgabe abgas abgleich ablage ablauf ablehnung ablösung abmahnung
abmeldung abnahme abo abonnement abrechnung abruf absage absatz abschlag abschluss abschnitt abschreibung absender
absicherung absicht absprache abstand abstellung abstimmung abteilung abwasser abweichung abwesenheit abwicklung abzug
achse acker adresse agentur akademie akku akte aktie aktion aktualisierung alarm alkohol alltag alt alter amt analyse
anbau anbieter anbindung änderung anfahrt anfang anfechtung anforderung anfrage angabe angebot angehörige
angelegenheit angestellte angst anhang anhänger anhörung ankauf anker anlage anlass anleihe anleitung anlieferung
anmeldung annahme anordnung anpassung anrede anreise anruf ansatz anschaffung anschluss anschreiben anschrift ansicht
anspruch anstalt anteil antrag antragsteller antrieb antwort anwalt anweisung anwendung anwesenheit anzahl anzahlung
anzeige anzug apfel apotheke apparat arbeit arbeiter arbeitgeber arbeitnehmer archiv arm armatur art artikel arznei
arzt ärzte asche assistent asyl atem attest audit aufbau aufbewahrung aufenthalt auffahrt aufgabe aufgebot aufhebung
aufkleber auflage auflösung aufnahme aufschlag aufsicht aufstellung auftrag auftraggeber auftragnehmer auftritt
aufwand aufwendung aufzeichnung aufzug auge auktion ausbau ausbildung ausdruck äußerung ausfahrt ausfall ausflug
ausfuhr ausführung ausgabe ausgang ausgleich auskunft auslage ausland auslauf auslöser ausnahme ausrüstung aussage
ausschluss ausschreibung ausschuss ausstattung ausstellung austausch austritt auswahl ausweis auswertung auszahlung
auszeichnung auszeit auszug auto automat bach backup bad bagger bahn bahnhof balkon ball band bank bar batterie bau
bauer baum beamte beanstandung beantragung bearbeiter bearbeitung bedarf bedienung bedingung bedürfnis befehl
befragung befreiung befristung befund begegnung beginn begleitung begriff begründung begutachtung behälter behandlung
behinderung behörde beihilfe beitrag beitritt bekämpfung bekleidung belag belastung beleg belegung belehrung
beleuchtung bemessung benachrichtigung benutzer benutzung benzin berater beratung berechnung berechtigung bereich
bereit bereitschaft berg bergbau bericht beruf berufung beschaffenheit beschaffung bescheid bescheinigung beschluss
beschränkung beschreibung beschwerde beseitigung besetzung besichtigung besitz besprechung bestand bestandteil
bestätigung bestellung bestimmung besuch besucher beteiligung betrag betreiber betreuer betreuung betrieb betrug bett
beurteilung bevollmächtigte bewegung beweis bewerber bewerbung bewertung bewilligung bezahlung bezeichnung bezieher
beziehung bezirk bezug bezüge bibliothek bier bilanz bild bilder bildschirm bildung bindung biologie birne blatt blech
blei blick blitz block blume blut boden bohrer bohrung bonus boot bord botschaft brand brauch breite bremse brief
brille brot bruch brücke bruder brust brutto buch buche buchhaltung buchstabe buchung budget bund bundes burg bürger
bürgschaft büro bus buße chef chemie chip chor code computer container controlling dach darlehen datei daten datum
dauer decke deckel deckung defekt deich demonstration denkmal depot design diagnose diagramm diebstahl diele dienst
dienstleister dienstleistung diesel differenz diplom direktor disziplin dokument dokumentation dom doppel dorf dose
draht dreh druck drucker durchführung durchgang durchmesser durchschnitt durchwahl dusche düse ebene eck ecke ehe ehre
eigentum eigentümer eignung einbau einbruch einbürgerung eingabe eingang eingliederung eingriff einheit einkauf
einkommen einkunft einkünfte einladung einlage einleitung einreise einrichtung einsatz einschätzung einschränkung
einschreiben einschulung einsicht einsparung einspruch einstellung einstieg einstufung eintrag eintragung eintritt
einwand einweisung einwilligung einwohner einzahlung einzel einzug eis eisen elektriker elektro elektronik element
eltern emission empfang empfänger empfehlung ende endung energie enge entfernung entgelt entlassung entlastung
entnahme entschädigung entscheidung entsorgung entstehung entwickler entwicklung entwurf entzug erbe erbschaft erde
ereignis erfahrung erfassung erfindung erfolg erfüllung ergänzung ergebnis erhaltung erhebung erhöhung erholung
erinnerung erklärung erkrankung erlass erlaubnis erläuterung erle erlebnis erlös ermäßigung ermittlung ernährung ernte
eröffnung ersatz erscheinung ersparnis erstattung ersteller erstellung ertrag erwachsene erweiterung erwerb erziehung
essen etage etat export fabrik fach faden fähigkeit fahne fahrer fahrkarte fahrrad fahrt fahrzeug faktor fakultät fall
falle familie farbe faser fass fassade fassung feder fehler feier feind feld fell fels fenster ferien fern fernseh
fertigung fest fett feuer feuerwehr figur filiale film filter finanz finanzen finanzierung finger firma fisch fläche
flasche fleisch flieger floss flotte flucht flüchtling flug flügel flughafen flur fluss flüssigkeit folge folie
förderung form formel formular forschung forst fortbildung fortschritt fortzahlung forum foto fracht frage fragebogen
fräs frau frei freibetrag freigabe freiheit freistellung freizeit fremd frequenz freund frieden frist front frucht
früh führer führung fund funk funktion fuß futter gabel gang garage garantie garten gas gast gebäude gebiet gebot
gebrauch gebühr geburt gedanke gefahr gefängnis gefäß gehalt gehäuse geheim geheimnis geist gelände geld gelenk
geltung gemeinde gemeinschaft gemüse genehmigung generation genossenschaft gepäck gerät gericht geruch gerüst geschäft
geschäftsführer geschäftsführung geschenk geschichte geschirr geschoss geschwindigkeit gesellschaft gesellschafter
gesetz gesicht gespräch gestaltung gesuch gesundheit getränk getreide getriebe gewährleistung gewährung gewalt
gewässer gewebe gewerbe gewerkschaft gewicht gewinde gewinn gift gips gitter glas glaube gleich gleichstellung gleis
gleitzeit gold grab grad graph gras grenze grippe größe grund grundlage grundstück gruppe gut gutachten güte güter
guthaben gutschein gutschrift gymnasium haar hafen haftpflicht haftung hahn hälfte halle hals halter halterung
haltestelle hand handbuch handel handels händler handlung handwerk handwerker handy hang härte häufigkeit haupt haus
haushalt hausmeister hausrat haut hebamme hebel heft heil heim heimat heizkosten heizung held helfer helm hemd herd
hersteller herstellung herz hilfe hilfs himmel hinterlegung hinweis hitze hobby hoch hochschule höchst hochzeit hof
höhe holm holz homeoffice homepage honig honorar horn hose hotel hubschrauber hügel hund hunger hut hygiene idee
immobilie impf impfung import industrie infektion information ingenieur inhaber inhalt inland innen innovation insel
insolvenz inspektion installation instand instandhaltung institut instrument inventar inventur investition investor
jagd jahr jahres journal jubiläum jugend junge jurist kabel kabinett kaffee kalender kalk kalkulation kälte kamera
kamin kammer kampf kanal kandidat kante kantine kapital kapitel karenz karte kartei karten kartoffel kasse kassen
kasten katalog katze kauf kaution kegel keller kenn kennung kennzahl kennzeichen kern kerze kette kfz kilometer kind
kinder kino kirche kirsche kiste klage klasse klausel klavier kleidung klima klinik klub knie knochen knopf knoten
koch koffer kohle kollege kommission kommune kommunikation komponente kompressor konferenz konfiguration konflikt
kongress kontakt konten konto kontrolle konzept konzern konzert koordination kopf kopie korb korn korrektur kosten
kraft krank kranke kranken krankenhaus krankheit krankschreibung kredit kreis kreuz krieg krise kritik krone küche
kuchen kugel kühl kühlung kultur kunde kunden kündigung kunst kupfer kuppel kurs kurz küste labor lack laden ladung
lage lager lagerung lampe land länder landschaft landwirt landwirtschaft länge lärm last laster lastwagen lauf
laufbahn laune leben lebens lebenslauf lebensmittel leck leder leer legende lehre lehrer lehrgang leihe leinen
leistung leiter leitfaden leitung lenkung lern leser lesung leuchte licht liebe lied liefer lieferant lieferung liege
lift linie linse liste liter literatur lizenz lkw loch logik lohn löhne los löschung lösung luft lüftung lunge macht
magen magnet mahl mahnung makler maler mandant mängel mangel mann mantel marke marketing markt maß maschine maßnahme
masse material matte mauer maut medien medikament medizin meer mehl mehrwert meinung meister meldepflicht melder
meldung menge mensch merkmal messe messer messung metall methode miete mieter mikro milch militär minderung mindest
minister ministerium minute mischung mission mitarbeiter mitbestimmung mitglied mittag mitte mitteilung mittel mobil
modell modul moment monat montage moral motor müll mündung münze museum musik muster mutter nachbar nachfolge
nachfrage nachfrist nachlass nachricht nacht nachteil nachtrag nachweis nadel nagel nährstoff nahrung nahverkehr name
nase nation natur nebel neben netto netz netzwerk niederlassung niederschlag niveau norm not notar note notfall notiz
nummer nutzen nutzer nutzung oberfläche objekt obst ofen offenlegung öffnung ohr öl operation optik option orchester
ordner ordnung organ organisation ort paar pacht packung paket palette panne papier parameter park parlament partei
partner partnerschaft pass passage passwort patent patient pause pendler pension person personal personen pfad pfand
pfeife pfeil pferd pflanze pflaster pflege pflicht pfund phase phosphat pilot pilz pistole pkw plakat plan planung
platine platte plattform platz police politik polizei portal position post potenzial praktikant praktikum prämie
präsentation praxis preis presse priester prinzip privat probe problem produkt produktion professor profil prognose
programm projekt protokoll provision prozedur prozent prozess prüf prüfer prüfung puffer pulver pumpe punkt quadrat
qualifikation qualität quartal quelle querschnitt quittung quote rabatt rad radio rahmen rand rang rat rate raten
rathaus rauch raum räumung reaktion rechen rechner rechnung recht rechts rede reduzierung reform regal regel regelung
regen region register registrierung regress regulierung reibung reich reifen reihe reihenfolge reinigung reise reiz
rekord relais rendite rennen rente rentner reparatur reserve rest restaurant rettung revision rezept richter
richtlinie richtung riemen rind ring risiko roh rohr rohstoff rolle roman rost route router rück rückgabe rücknahme
rückstand rückstellung rücktritt ruf ruhe ruhestand rumpf runde rüstung saal sach sache sachverhalt saft säge saison
salat salz samen sammlung sand sanierung satz satzung sauerstoff säule säure schacht schaden schäden schadens
schädigung schaf schale schall schalter schaltung schatten schätzung schau schaum scheck scheibe scheidung schein
schema schenkung schicht schiene schiff schild schirm schlacht schlaf schlag schlange schlauch schleife schlichtung
schließung schloss schluss schlüssel schmerz schmuck schmutz schnee schnitt schnittstelle schnur schrank schraube
schreib schreiben schreibung schrift schritt schuh schul schuld schuldner schule schüler schulter schulung schuss
schüssel schutz schwanger schwangerschaft schweine schweiß schwelle schwer schwerpunkt schwester schwimm see seele
segel seil seite sekretär sektor semester seminar sender sendung senkung sensor serie server service sicherheit
sicherung sicht siedlung siegel signal silber sitz sitzung skizze software sohn soldat sommer sonder sonn sonne
sonntag sorge spalte spanne spannung spar sparte speicher speicherung speise spende sperre sperrung spesen spiegel
spiel spieler spindel spitze sport sprache sprech sprecher spritze sprung spule spur staat stab stadion stadt stahl
stall stamm stand standard standort stapel start station statistik statut staub steckdose stecker stein stelle stellen
stellung stempel stern steuer steuern steuerung stich stichprobe stichtag stift stiftung stil stille stimm stimme
stipendium stock stoff stollen storno störung straf strafe strahl strahlung strand straße straßen strategie strecke
streifen streik streit strich strom strömung struktur strumpf stück student studie studium stufe stuhl stunde stunden
stundung sturm stütze subvention suche sucht summe suppe symbol system szene tabelle tablette tafel tag tages tagung
takt tal tank tanne tanz tarif tasche tasse tastatur taste tat tatbestand tätigkeit tausch technik techniker tee teil
teile teilnahme teilnehmer teilzeit telefon teller temperatur teppich termin test text theater thema theorie therapie
tiefe tier tilgung tinte tisch titel tochter tod toilette ton tonne topf tor tour tourismus tradition träger training
transport traube traum treff treib treibstoff trenn trennung treppe tresor treue trieb trink tritt trocken trommel
truppe tuch tunnel tür turm turnier typ überblick übergabe übergang überlassung übernachtung übernahme überprüfung
überschuss übersetzung übersicht überstunde überstunden übertragung überwachung überweisung überzahlung übung ufer uhr
umbau umfang umfrage umgang umgebung umlage umlauf umleitung umsatz umschlag umschulung umsetzung umstand umstellung
umtausch umwelt umzug unfall ungleichheit union universität unterhalt unterkunft unterlage unterlagen unternehmen
unternehmer unterricht unterschied unterschrift unterstützung untersuchung unterweisung urkunde urlaub ursache
ursprung urteil vakuum variable vater vegetation ventil veränderung veranstaltung verantwortung verarbeitung verband
verbesserung verbindlichkeit verbindung verbot verbrauch verbraucher verbrechen verbrennung verdacht verdichtung
verdienst verein vereinbarung verfahren verfall verfassung verfolgung verfügung vergabe vergehen vergleich vergnügung
vergütung verhalten verhältnis verhandlung verhinderung verjährung verkauf verkäufer verkehr verkehrs verkürzung
verlag verlängerung verlauf verlegung verleih verletzung verlust vermerk vermieter vermietung vermittlung vermögen
vernichtung verordnung verpackung verpflegung verpflichtung verrechnung versammlung versand verschleiß verschluss
verschlüsselung verschulden versetzung versicherer versicherte versicherung versicherungs versorgung verspätung
verstärkung versteigerung verstoß versuch verteidigung verteilung vertrag verträge vertrauen vertreter vertretung
vertrieb verwahrung verwaltung verwandte verweigerung verwendung verwertung verzeichnis verzicht verzögerung verzug
video vieh viertel visum vogel volk voll vollmacht vollstreckung volumen vorbehalt vorbereitung vorder vorfall vorgabe
vorgang vorgesetzte vorhaben vorhersage vorjahr vorlage vorlauf vorlesung vorrat vorruhestand vorschlag vorschrift
vorschuss vorsitz vorsitzende vorsorge vorstand vorstellung vorteil vortrag vorverkauf vorwahl vorwurf waage wache
wachs wachstum waffe wagen wahl wald walze wand wandel wanderung wanne ware waren wärme warnung warte wartung wasch
wäsche wasser wechsel weg wege wehr weihnacht wein weite weiterbildung welle welt werbe werbung werk werkstatt
werkstoff werkzeug wert wesen wespe wettbewerb wetter widerruf widerspruch wiese wild wind windel winkel winter wirt
wirtschaft wissen wissenschaft witwe woche wochen wochenende wohl wohn wohnung wolke wolle wort wunde wunsch wurst
wurzel wüste zahl zahlen zahlung zahn zange zaun zeichen zeichnung zeile zeit zeiten zeitpunkt zeitraum zeitung zell
zelle zelt zement zensur zentrale zentrum zertifikat zettel zeuge zeugnis ziegel ziel ziffer zimmer zins zinsen zirkel
zoll zone zucker zufall zufuhr zug zugang zugriff zukunft zulage zulassung zuordnung zusage zusammenarbeit zusatz
zuschlag zuschuss zustand zustellung zustimmung zuteilung zutritt zutritts zuwachs zuweisung zuwendung zuzahlung zweck
zweig zwischenzeugnis zylinder
"""


def parts_of(word: str, *, noun: bool) -> tuple[str, ...]:
    """The pieces of a folded word, and neighbouring pieces together; none if it is no compound.

    Verbs and participles look like compounds too often: only of a noun may a piece be unknown.
    """
    if not SHORTEST <= len(word) <= LONGEST:
        return ()
    edges = _known(word) or (_around_unknown(word) if noun else [])
    spans = [(start, end) for start in range(len(edges)) for end in range(start + 1, len(edges))]
    return tuple(word[edges[start] : edges[end]] for start, end in spans if end - start < len(edges) - 1)


def _known(word: str) -> list[int]:
    """Where known pieces begin and end, the word's own start and end among them; empty if there are none."""
    pieces = _pieces()
    found = [[*way, len(word)] for start, way in _heads(word, pieces).items() if word[start:] in pieces.last]
    return min(found, key=len, default=[])


def _around_unknown(word: str) -> list[int]:
    """The edges with the shortest unknown piece beside known ones."""
    heads, tails = _heads(word, _sure_pieces()), _tails(word, _sure_pieces())
    found = [
        (end - start, [*head, *tail])
        for start, head in heads.items()
        for end, tail in tails.items()
        if _may_be_unknown(word, start, end)
    ]
    return min(found)[1] if found else []


def _may_be_unknown(word: str, start: int, end: int) -> bool:
    piece = word[start:end]
    if piece == word or len(piece) < (UNKNOWN_LATER if start else UNKNOWN_FIRST):
        return False
    if start == 0:
        return not word.startswith(PREFIXES) and not CODA.search(piece)
    return bool(ONSET.match(piece)) and not DERIVED.search(piece)


@dataclass(frozen=True)
class Pieces:
    """Words as they stand in compounds: at the end, and before that."""

    last: frozenset[str]
    inner: frozenset[str]


def _heads(word: str, pieces: Pieces) -> dict[int, list[int]]:
    """How far inner pieces reach from the start, with the edges of the fewest."""
    ways = {0: [0]}
    for end in range(SHORT, len(word)):
        ways_there = [[*way, end] for start, way in ways.items() if word[start:end] in pieces.inner]
        if ways_there:
            ways[end] = min(ways_there, key=len)
    return ways


def _tails(word: str, pieces: Pieces) -> dict[int, list[int]]:
    """From where pieces reach the end, with the edges of the fewest."""
    ways = {len(word): [len(word)]}
    for start in range(len(word) - SHORT, 0, -1):
        found = [[start, *way] for end, way in ways.items() if word[start:end] in pieces.inner]
        if word[start:] in pieces.last:
            found = [[start, len(word)]]
        if found:
            ways[start] = min(found, key=len)
    return ways


@lru_cache(maxsize=1)
def _pieces() -> Pieces:
    words = {folded(word) for word in WORDS.split()}
    short = {word[:-1] for word in words if word.endswith("e") and len(word) > SHORT + 1}
    return Pieces(_with(words, ENDINGS), _with(words, JOINTS) | short)


@lru_cache(maxsize=1)
def _sure_pieces() -> Pieces:
    """Those that may stand beside an unknown one: longer, and joined in the usual ways."""
    words = {word for word in map(folded, WORDS.split()) if len(word) > SHORT} - UNSURE
    return Pieces(_with(words, ENDINGS), _with(words, SURE_JOINTS))


def _with(words: Set[str], endings: Iterable[str]) -> frozenset[str]:
    return frozenset(words | {word + ending for word in words for ending in endings if _fits(word, ending)})


def _fits(word: str, ending: str) -> bool:
    """A single n follows the sounds of -e, -el and -er only."""
    return ending != "n" or word.endswith(("e", "el", "er"))
