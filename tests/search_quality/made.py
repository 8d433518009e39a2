"""Pure: documents that are easily mistaken for one another, made up here, with questions that one of them answers.

Invoices, parts, releases and people differ in a number or a name only. Others are found by their file name, by a number
that is written in another way, by a row of a table, by a phrase, or by what an abbreviation stands for.
"""

from collections.abc import Iterator, Sequence

from tests.search_quality.beir import NOTHING_FITS, Dataset, Question, Text

LANGUAGE = "files"

FIRST = ("Anna", "Ben", "Clara", "David", "Elif", "Farid", "Greta", "Hugo", "Iris", "Jonas", "Kaja", "Luis")
LAST = ("Abel", "Berg", "Conti", "Duval", "Ekman", "Falk", "Grimm", "Hansen", "Ivanova", "Jung")
FIRMS = ("Adler", "Birke", "Castor", "Delta", "Esche", "Falke", "Ginster", "Hafen", "Iltis", "Jura", "Kranich", "Luchs")
FORMS = ("GmbH", "Ltd", "SARL", "AG", "Oy")
MONTHS = ("January", "March", "April", "June", "July", "September", "October", "December")
SPARES = ("seal", "valve", "filter", "belt", "bearing", "hose", "nozzle", "fuse")
FIXES = (
    *("a crash on start", "slow exports", "wrong totals", "lost drafts", "broken printing", "blank charts"),
    *("doubled mails", "a stuck queue"),
)
TOWNS = ("Bergen", "Cadiz", "Dover", "Evora", "Faro", "Gdansk", "Hobart", "Izmir", "Jena", "Kiel", "Lund", "Metz")


def dataset() -> Dataset:
    """Return the set; each document is a file of its own."""
    parts = (_invoices(), _spares(), _releases(), _people(), _named(), _numbers(), _tables(), _phrases(), _nothing())
    texts: list[Text] = []
    questions: list[Question] = []
    for found in map(list, parts):
        texts += [each for each in found if isinstance(each, Text)]
        questions += [each for each in found if isinstance(each, Question)]
    return Dataset(LANGUAGE, tuple(texts), tuple(questions))


def _file(name: str, text: str) -> Text:
    return Text(name, "", text, file_name=name)


def _asked(kind: str, number: object, text: str, *names: str, history: Sequence[str] = ()) -> Question:
    return Question(f"{kind}-{number}", text, dict.fromkeys(names, 1), kind, tuple(history))


def _pick(values: Sequence[str], number: int) -> str:
    return values[number % len(values)]


def _invoices() -> Iterator[Text | Question]:
    for i in range(60):
        number, name = f"2023-{17 * i + 4210}", f"bill-{i + 101}.md"
        customer = f"{_pick(FIRMS, 7 * i)} {_pick(FORMS, i // 12)}"
        due = f"{3 + i % 25} {_pick(MONTHS, i)}"
        text = (
            f"# Invoice {number}\n\nCustomer: {customer}. For goods and services we charge a total of "
            f"{731 + 83 * i}.40 EUR. Please transfer the amount by {due}. Goods are sent by train."
        )
        yield _file(name, text)
        yield _asked("look-alike", f"{i}-a", f"What is the total of invoice {number}?", name)
        asked = f"Who is the customer of invoice {number} and when is it payable?"
        yield _asked("look-alike", f"{i}-b", asked, name)
        if i % 3 == 0:
            history = [f"What is the total of invoice {number}?"]
            yield _asked("followed", i, "And when is it payable?", name, history=history)


def _spares() -> Iterator[Text | Question]:
    for i in range(40):
        code, name = f"{'KLM'[i % 3]}{'XYZ'[i // 3 % 3]}-{300 + 7 * i}", f"spare-{i + 1}.md"
        part = _pick(SPARES, i)
        text = (
            f"# Spare part: {part}\n\nOrder number {code}. The {part} fits pumps of the series {i % 4 + 1}00 and is "
            f"kept on shelf {'ABCDE'[i % 5]}{i + 10}. It weighs {40 + 3 * i} grams."
        )
        yield _file(name, text)
        yield _asked("part", f"{i}-a", f"Where is part {code} kept?", name)
        if i % 2:
            yield _asked("part", f"{i}-b", f"How heavy is {code.replace('-', '')}?", name)


def _releases() -> Iterator[Text | Question]:
    for i in range(24):
        version, name = f"{4 + i // 8}.{i % 8}.{1 + i % 3}", f"release-{i + 1}.md"
        text = (
            f"# Release notes\n\nVersion {version} of the depot software was published in {_pick(MONTHS, i)}. It mends "
            f"{_pick(FIXES, i)} and needs {100 + 10 * i} MB of disk."
        )
        yield _file(name, text)
        yield _asked("version", f"{i}-a", f"What does version {version} mend?", name)
        beginning = version.rsplit(".", 1)[0]
        yield _asked("version", f"{i}-b", f"How much disk does {beginning} need?", name)
        yield _asked("version", f"{i}-c", f"What's new in {'v' if i % 2 else ''}{beginning}?", name)


def _people() -> Iterator[Text | Question]:
    for i in range(40):
        person, name = f"{_pick(FIRST, i)} {_pick(LAST, 3 * i + i // 12)}", f"staff-{i + 1}.md"
        phone = f"+43 {316 + i} {540 + i} {61 + i % 30} {12 + i}"
        text = (
            f"# Staff sheet\n\n{person} works at the {_pick(TOWNS, i)} branch and looks after "
            f"{_pick(SPARES, i // 5)}s. Phone {phone}, room {200 + i}."
        )
        yield _file(name, text)
        yield _asked("name", f"{i}-a", f"Which branch does {person} work at?", name)
        if i % 2:
            spelt = f"0{316 + i}/{540 + i}{61 + i % 30}{12 + i}"
            yield _asked("number", f"phone-{i}", f"Whose number is {spelt}?", name)


def _named() -> Iterator[Text | Question]:
    subjects = (
        ("FIN-031_rev2.md", "Rules for petty cash", "Receipts are kept for seven years.", "FIN-031"),
        ("IT-112.md", "Care of laptops", "Devices are returned in their sleeve.", "IT-112"),
        ("Board_minutes_May.md", "Meeting of the supervisors", "The new depot opens in Graz.", "Board_minutes_May.md"),
        ("kickoff-deck-v7.md", "Goals of the coming year", "We want forty new customers.", "kickoff-deck-v7.md"),
        ("QM 9-4.md", "Checks of incoming goods", "One crate of ten is opened.", "QM 9-4"),
        ("Lease_Harbour_St.md", "Contract about rooms", "The rent is due each quarter.", "Lease_Harbour_St"),
        ("all-branches.md", "Where we are", "Branches are in Cork, Derry and Galway.", "all-branches.md"),
        ("SOP-77-b.md", "Cleaning of the mixer", "Rinse it with warm water for a minute.", "SOP-77-b"),
        ("Ferienplan.md", "Wer wann fehlt", "Im August ist das Lager zu zweit besetzt.", "Ferienplan.md"),
        ("tarif_2031.md", "Prix de transport", "Un colis de dix kilos coûte douze euros.", "tarif_2031.md"),
        ("Wartung-K4.md", "Anleitung", "Das Öl wird alle tausend Stunden gewechselt.", "Wartung-K4"),
        ("risk register.md", "What may go wrong", "A supplier fails; we keep two.", "risk register.md"),
    )
    for i, (name, title, text, shown) in enumerate(subjects):
        yield _file(name, f"# {title}\n\n{text}")
        yield _asked("file-name", f"{i}-a", f"What does {shown} say?", name)
        yield _asked("file-name", f"{i}-b", f"Summarise {name}", name)
        yield _asked("file-name", f"{i}-c", f"what is in {name.lower()}", name)


def _numbers() -> Iterator[Text | Question]:
    pairs = (
        ("1,250,000.00", "1250000", "The loan is {} EUR.", "Which sum is {}?"),
        ("1.340.000", "1,340,000", "Die Halle kostete {} Euro.", "Was kostete {} Euro?"),
        ("37 500", "37500", "The fee is {} CHF a year.", "What costs {} CHF?"),
        ("48\u00a0200", "48,200", "La taxe est de {} EUR.", "Which tax is {} EUR?"),
        ("2\u202f415\u202f000", "2415000", "Le budget est de {} EUR.", "Which budget is {}?"),
        ("1\u2019870\u2019000", "1870000", "The site was bought for {} CHF.", "What was bought for {}?"),
        ("96450", "96,450.00", "The crane costs {} USD.", "What costs {} USD?"),
        ("5.600,00", "5600", "Die Kaution beträgt {} EUR.", "Wie heißt, was {} EUR beträgt?"),
        ("712'300", "712 300", "The grant is {} CHF.", "Which grant is {} CHF?"),
        ("83,115.00", "83.115,00", "The fine is {} EUR.", "Which fine is {} EUR?"),
        ("(0)20 7946 0958", "+44 20 7946 0958", "The hotline is {}.", "Which line has {}?"),
        ("555-014-2267", "(555) 014 2267", "Call the plumber: {}.", "Whom do I reach at {}?"),
    )
    for i, (written, asked, text, question) in enumerate(pairs):
        name = f"note-{i + 1}.md"
        yield _file(name, f"# Note {i + 1}\n\n{text.format(written)} It was agreed in {_pick(MONTHS, i)}.")
        yield _asked("number", f"sign-{i}", question.format(asked), name)


def _tables() -> Iterator[Text | Question]:
    for i, what in enumerate(("Hotel limits", "Daily rates", "Freight prices", "Opening hours")):
        name = f"table-{i + 1}.md"
        rows = [f"| {town}{n:02} | {20 + 3 * n + i} | {5 + n} |" for n in range(8) for town in TOWNS]
        yield _file(name, f"# {what}\n\n| Town | First | Second |\n|---|---|---|\n" + "\n".join(rows))
        for n in range(6):
            town = f"{_pick(TOWNS, n + i)}{n:02}"
            yield _asked("table", f"{i}-{n}", f"{what}: what is the second value of {town}?", name)


def _phrases() -> Iterator[Text | Question]:
    pairs = (
        ("The depot is open to all guests.", "The guests are open to the depot.", "“open to all guests”"),
        ("Wir liefern frei Haus bis Linz.", "Bis Linz liefern wir, das Haus ist frei.", "„frei Haus bis Linz“"),
        ("La remise est faite sans frais.", "Sans remise, les frais sont faits.", "« sans frais »"),
        ("本公司免费送货上门。", "上门送货公司本不免费。", "「免费送货」"),
    )
    for i, (right, wrong, phrase) in enumerate(pairs):
        yield _file(f"phrase-{i}-a.md", f"# Terms {i}\n\n{right}")
        yield _file(f"phrase-{i}-b.md", f"# Terms {i}\n\n{wrong} {wrong}")
        yield _asked("phrase", i, phrase, f"phrase-{i}-a.md")
    short = (
        ("TOIL", "time off in lieu", "Colleagues may save up to five days of time off in lieu.", "TOIL taken at once"),
        ("RMA", "return material approval", "Without a return material approval no crate is opened.", "an RMA at hand"),
        ("EHS", "environment, health and safety", "Environment, health and safety meets on Mondays.", "the EHS board"),
        ("ETA", "estimated time of arrival", "The estimated time of arrival is on the label.", "An ETA is binding"),
    )
    for i, (letters, words, long, brief) in enumerate(short):
        yield _file(f"short-{i}-defined.md", f"# Terms used {i}\n\n{letters} ({words}) is used by the whole house.")
        yield _file(f"short-{i}-long.md", f"# Practice {i}\n\n{long}")
        yield _file(f"short-{i}-brief.md", f"# Custom {i}\n\nPeople like to see {brief}.")
        names = [f"short-{i}-{part}.md" for part in ("defined", "long", "brief")]
        yield _asked("abbreviation", f"{i}-a", f"What about {letters}?", *names)
        yield _asked("abbreviation", f"{i}-b", f"What about {words}?", *names)


def _nothing() -> Iterator[Text | Question]:
    asked = (
        *("Who painted the ceiling of the Sistine Chapel?", "How do bees make honey?", "How tall is Mount Kenya?"),
        *("Which planet has the most moons?", "Who wrote War and Peace?", "What do pandas eat?"),
        *("How do I knit a scarf?", "When did the Roman empire end?", "What is a haiku?", "How are pearls formed?"),
        *("Wie lange brüten Störche?", "Wer hat die Zauberflöte komponiert?", "Warum ist der Himmel blau?"),
        *("Comment nage une méduse ?", "¿Quién pintó Las Meninas?", "Can you sing?"),
    )
    for i, text in enumerate(asked):
        yield _asked(NOTHING_FITS, i, text)
