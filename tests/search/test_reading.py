"""What a model is given to read: sections, whole documents, exact phrases, and what abbreviations stand for."""

from importlib import import_module
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from documents import chunking
from documents.extraction.registry import FORMATS
from documents.extraction.types import Limits
from documents.names import title_of
from langai_site.sensitivity import Sensitivity
from search import services
from search.access import reader_of
from search.models import Page
from search.types import Filters, PageText, SourceInfo, TextSpan

FILLER = "General remarks about floor plans, visitors and cleaning follow in the annex of this chapter. " * 6
TOWNS = ("Aarhus", "Bilbao", "Cork", "Dakar", "Essen", "Fukuoka", "Ghent", "Hull", "Izmir", "Jena", "Kyiv", "Lyon")
BRANCHES = "# Branches\n\n" + "\n\n".join(
    f"## Branch {town}\n\nThe branch in {town} has {n + 10} desks. {FILLER}" for n, town in enumerate(TOWNS)
)


@pytest.fixture
def put(handbook, tmp_path):
    """Read a file as an upload is read, and index it."""

    def put(name, text, folder=""):
        kind = FORMATS[f".{name.rpartition('.')[2]}"]
        path = tmp_path / "file"
        path.write_text(text, "utf-8")
        extracted = import_module(kind.module).extract(path, Limits(512, 60, 1000, 10_000_000))
        pages = [PageText(n, page.text, page.label, page.first_row) for n, page in enumerate(extracted.pages, 1)]
        splitter = chunking.splitter(markdown=kind.markdown)
        info = SourceInfo(
            document=uuid4(),
            version=1,
            collection_id=handbook.pk,
            title=extracted.title or title_of(name),
            file_name=name,
            media_type=kind.media_type,
            sensitivity=Sensitivity.PUBLIC,
            folder=folder,
        )
        return services.index(info, pages, chunking.split(pages, splitter, extracted.headings))

    return put


@pytest.fixture
def read(alice):
    def read(question, budget_chars=24_000, **options):
        return async_to_sync(services.find_for_prompt)(
            question, reader_of(alice), budget_chars=budget_chars, label=Sensitivity.PUBLIC, **options
        )

    return read


def test_a_hit_grows_to_its_section_and_its_citation_is_exact(put, read):
    source = put("branches.md", BRANCHES)
    put("other.md", "# Something else\n\nNothing about any of it.")
    [hit] = [each for each in read("How many desks are in Cork?").hits if "Cork has" in each.text]
    assert hit.text.startswith("## Branch Cork")
    assert hit.text.rstrip().endswith("chapter.")
    assert "Dakar" not in hit.text
    assert hit.text == Page.objects.get(source=source, number=hit.page).text[hit.start : hit.end]


def test_a_small_budget_is_kept(put, read):
    put("branches.md", BRANCHES)
    found = read("How many desks are in Cork?", budget_chars=900).hits
    assert "Cork has" in found[0].text
    assert sum(len(hit.text) for hit in found) <= 900


@pytest.mark.parametrize(
    "question",
    [
        *("Summarise branches.md", "What is in branches.md?", "list all branches", "Fasse branches.md zusammen"),
        *("Résume branches.md", "Resume branches.md", "总结 branches.md", "لخص branches.md"),
    ],
)
def test_a_document_that_fits_is_read_whole_and_in_its_order(put, read, question):
    put("branches.md", BRANCHES)
    put("HR-12.md", "# Leave\n\nNobody of any branch works in August.")
    found = read(question)
    text = "\n".join(hit.text for hit in found.hits)
    places = [text.find(f"in {town} has") for town in TOWNS]
    assert -1 not in places
    assert places == sorted(places)
    assert {hit.file_name for hit in found.hits} == {"branches.md"}
    assert "too long" not in found.notice


def test_what_was_not_read_of_a_long_document_is_said(put, read):
    put("branches.md", BRANCHES)
    found = read("Summarise branches.md", budget_chars=7000)
    assert "The branch in Aarhus" in found.hits[0].text
    assert "“Branches” is too long to be read whole here." in found.notice
    assert "Lyon" not in "".join(hit.text for hit in found.hits)


def test_the_part_of_a_long_document_keeps_a_small_budget(put, read):
    put("branches.md", BRANCHES)
    found = read("Summarise branches.md", budget_chars=2000)
    assert "The branch in Aarhus" in found.hits[0].text
    assert sum(len(hit.text) for hit in found.hits) <= 2000


def test_a_document_of_very_many_pages_is_read_whole(handbook, read):
    pages = [PageText(n, f"Note {n} of the box") for n in range(1, 601)]
    spans = [TextSpan(page.text, page.number, 0, len(page.text)) for page in pages]
    info = SourceInfo(
        document=uuid4(),
        version=1,
        collection_id=handbook.pk,
        title="box",
        file_name="box.mbox",
        media_type="application/mbox",
        sensitivity=Sensitivity.PUBLIC,
    )
    services.index(info, pages, spans)
    assert [hit.page for hit in read("Summarise box.mbox").hits] == list(range(1, 601))


LONG = "# Handbook\n\n" + "\n\n".join(f"## Chapter {n}\n\n{FILLER}" for n in range(1, 61))
LONG += "\n\n## Chapter 61\n\nOvertime is paid at one and a half times the hourly wage."


@pytest.mark.parametrize(
    "question",
    [
        *("What does handbook.md say about overtime?", "What is in handbook.md about overtime?"),
        *("Was steht in handbook.md über overtime?", "Summarise what handbook.md says about overtime"),
        *("总结 handbook.md 的 overtime 规定", "Que dit handbook.md sur overtime ?"),
    ],
)
def test_one_subject_in_a_long_document_is_searched_in_it(put, read, question):
    put("handbook.md", LONG)
    put("minutes.md", "# Minutes\n\nOvertime was a subject of the meeting. Overtime is overtime.")
    found = read(question, budget_chars=12_000)
    assert {hit.file_name for hit in found.hits} == {"handbook.md"}
    assert "Overtime is paid" in "".join(hit.text for hit in found.hits)


@pytest.mark.parametrize(
    "question",
    [
        *(
            "What does handbook.md say?",
            "Summarise the file handbook.md in three sentences",
            "Was steht in handbook.md?",
        ),
        *(
            "Summarise the main points of handbook.md, please",
            "总结 handbook.md 的内容",
            "Résume le fichier handbook.md",
        ),
    ],
)
def test_a_long_document_is_read_from_its_beginning_if_no_subject_is_named(put, read, question):
    put("handbook.md", LONG)
    assert "too long" in read(question, budget_chars=12_000).notice


def test_what_other_documents_have_of_a_kind_is_kept(put, read):
    suppliers = (f"## Supplier {n}\n\nThe supplier Eisen {n} delivers steel pipes to Europe." for n in range(4))
    put("eu.md", "# Europe\n\n" + "\n\n".join(suppliers))
    put("us.md", "# America\n\nThe supplier Ironworks delivers steel pipes to Ohio.")
    put("asia.md", "# Asia\n\nThe supplier Tetsu delivers steel pipes to Osaka.")
    found = read("List all suppliers that deliver steel pipes").hits
    assert found[0].file_name == "eu.md"
    assert {hit.file_name for hit in found} == {"eu.md", "us.md", "asia.md"}


def test_a_document_that_filters_leave_out_is_not_read_whole(put, read):
    put("branches.md", BRANCHES)
    assert read("Summarise branches.md", filters=Filters(types=("application/pdf",))).hits == ()


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does HR-017 say?", "HR-017_rev4.md"),
        ("Summarise Q3-board-pack.md", "Q3-board-pack.md"),
        ("summarise q3-board-pack", "Q3-board-pack.md"),
        ("what is in risk register.md", "risk register.md"),
        ("Summarise the risk register", "risk register.md"),
        ("Summarise the “rules for parental leave”, please", "HR-017_rev4.md"),
    ],
)
def test_a_file_is_found_by_its_name(put, read, question, name):
    put("HR-017_rev4.md", "# Rules for parental leave\n\nParents may take fourteen months.")
    put("Q3-board-pack.md", "# Report\n\nSales rose by nine percent. The new hall opens in Linz.")
    put("risk register.md", "# What may go wrong\n\nA supplier fails.")
    put("minutes.md", "# Minutes\n\nThe Q3 figures of the board say that a pack of HR rules is due.")
    assert read(question).hits[0].file_name == name


@pytest.mark.parametrize(
    "question", ["“open to all guests”", "„open to all guests“", "Which says « Open to all guests »?"]
)
def test_a_quoted_phrase_is_found_exactly(put, read, question):
    put("a.md", "# Terms\n\nThe guests are open to all of the depot, and all guests are open to it.")
    put("b.md", "# Terms too\n\nThe depot is open to all\nguests.")
    assert [hit.file_name for hit in read(question).hits] == ["b.md"]


def test_a_phrase_that_no_passage_has_is_searched_by_its_words(put, read):
    put("a.md", "# Terms\n\nThe guests are open to all of the depot.")
    assert [hit.file_name for hit in read("“depot open to guests”").hits] == ["a.md"]


@pytest.mark.parametrize("defined", ["TOIL (time off in lieu) is for all.", "We grant time off in lieu (TOIL) to all."])
@pytest.mark.parametrize("question", ["How much TOIL is there?", "How much time off in lieu is there?"])
def test_an_abbreviation_and_its_meaning_find_each_other(put, read, defined, question):
    put("defined.md", f"# Words\n\n{defined}")
    put("long.md", "# Practice\n\nFive days of time off in lieu may be saved.")
    put("short.md", "# Custom\n\nMost people take TOIL at once.")
    assert {hit.file_name for hit in read(question).hits} == {"defined.md", "long.md", "short.md"}


def test_what_an_abbreviation_may_stand_for_does_not_push_down_the_answer(put, read):
    put("a.md", "# Terms\n\nThe Service Level Agreement (SLA) says four hours.")
    put("b.md", "# Cork\n\nSLA of Cork: two hours.")
    put("c.md", "# Events\n\nThe Swedish Library Association (SLA) meets in May.")
    assert read("What is the SLA in Cork?").hits[0].file_name == "b.md"


def test_a_phrase_in_quotation_marks_does_not_hide_the_answer(put, read):
    put("returns.md", "# Returns\n\nThe policy for shoes: a return of shoes is free within thirty days.")
    put("faq.md", "# Questions\n\nSee the return policy. Ask the desk.")
    found = read('What is the "return policy" for shoes?').hits
    assert {hit.file_name for hit in found} == {"returns.md", "faq.md"}
    # The page with the phrase comes first, although the other one answers more of the question.
    assert [hit.file_name for hit in found] == ["faq.md", "returns.md"]


def test_a_document_is_found_by_its_folder_and_its_passages_tell_it(put, read):
    put("minutes.md", "# Minutes\n\nThe fence is painted green in spring.", folder="Projects/Kestrel")
    put("minutes-2.md", "# Minutes\n\nThe fence is painted grey in spring.", folder="Projects/Heron")
    found = read("What colour is the fence in Kestrel?").hits[0]
    assert (found.file_name, found.folder) == ("minutes.md", "Projects/Kestrel")


def test_a_weak_passage_is_not_offered(put, read):
    put("alarm.md", "# Alarm\n\nThe alarm panel in building seven is reset with the silver key of the porter.")
    put("other.md", "# Lunch\n\nThe porter has lunch at noon.")
    found = read("How do I reset the alarm panel in building seven with the silver key?").hits
    assert [hit.file_name for hit in found] == ["alarm.md"]
