"""How often a question asks the database: a count, because each statement costs more than what it reads."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from langai_site.sensitivity import Sensitivity
from search.access import reader_of
from search.models import Collection
from search.services import finding
from search.services.passages import NO_FILTERS
from tests.search.test_languages import both, library  # noqa: F401 - fixtures

# The most statements of one question: its collections, the scope of the keyword index, in how many passages the words
# occur, the candidates, what abbreviations stand for, the languages of what is near, and the passages. PostgreSQL has
# no table of counts and reads the scope in three more.
MOST = 7 if connection.vendor == "sqlite" else 10
# One more text to look up: in how many passages its words occur, and the candidates.
TEXT = 2


def statements(question, reader, *history):
    query = finding._Query(question, reader, Sensitivity.PUBLIC, NO_FILTERS, history, 8, finding.SEARCH)
    # The first question compiles its queries and reads statistics.
    finding._found(query)
    with CaptureQueriesContext(connection) as captured:
        assert finding._found(query).hits
    return len(captured)


def test_a_question_costs_few_statements_however_many_collections_and_hits(library, alice, add):  # noqa: F811
    for number in range(3):
        add(Collection.objects.create(name=f"Number {number}", everyone=True), [f"Room {number} has a blue door."])
    rooms = Collection.objects.create(name="Rooms", everyone=True)
    add(rooms, [f"Door number {number} of the north wing is painted blue." for number in range(40)], title="")
    reader = reader_of(alice)
    assert len(reader.collections) == 5
    assert statements("How many days of paid vacation do I have?", reader) <= MOST
    assert statements("Wie viele Tage bezahlten Urlaub habe ich?", reader) <= MOST
    # A follow-up that may stand alone is searched in both ways, with what was asked before and without.
    assert statements("And paid vacation?", reader, "How often is the pump serviced?") <= MOST + TEXT
    # The passages with a phrase are read at once, although it may stand in any of the best hundred.
    assert statements('Which "door number" is "painted blue"?', reader) <= MOST + 2 * TEXT
