"""What holds when a process dies in the middle of its work, or is asked to end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.live import rows
from tests.live.person import HOSTED, Person, signed_in, text_of
from tests.live.server import LangAI

SLOW, STEADY = f"{HOSTED}t3000-r30", f"{HOSTED}t90-r30"
GRACE = 6
STEADY_WORDS = [*(f"word{number}" for number in range(1, 90)), "end"]
# A part of the text can be found by what no other part is about.
NEEDLE = "The lighthouse keeper Aurelia Finch painted her door turquoise in 1911."


@pytest.fixture(scope="module")
def own(start_langai, upstream) -> LangAI:
    """A server that these tests may hurt."""
    server = start_langai(OPENAI_BASE_URL=upstream.openai_url, STOP_GRACE=str(GRACE))
    rows.until_connected(server)
    return server


@pytest.fixture(scope="module")
def person(own) -> Iterator[Person]:
    with signed_in(own) as person:
        yield person


@contextmanager
def brought_back(server: LangAI, name: str) -> Iterator[None]:
    """Kill a process, and afterwards see that the log tells why, and that another took its place."""
    before = server.kill(name)
    yield
    server.until_logged(rf"run +\| {name} ended \(killed by SIGKILL\); starting it again")
    server.until(lambda: running(server, name) not in (None, before), f"running {name} again")


def running(server: LangAI, name: str) -> int | None:
    try:
        return server.pid(name)
    except (LookupError, OSError):
        return None


def words(text: str) -> list[str]:
    return [word.strip(".") for word in text.split()]


def upload(person: Person, name: str, text: str) -> str:
    """Upload a text to the handbook's collection; returns the document's id."""
    collection = rows.one(person.server, "SELECT id FROM search_collection ORDER BY id")
    token = {"X-CSRFToken": person.client.cookies["csrftoken"]}
    fields = {"collection": collection, "sensitivity": 0}
    files = {"uploads": (name, text.encode(), "text/plain")}
    done = person.client.post("/admin/documents/document/add/", data=fields, files=files, headers=token)
    assert done.status_code == 302, done.text[:2000]
    return rows.one(person.server, "SELECT id FROM documents_document WHERE file_name = ?", name)


def long_text(topic: str) -> str:
    """Enough for some seconds of work."""
    paragraphs = [f"Paragraph {number} tells of {topic}, and of {number} other things. " * 8 for number in range(160)]
    return "\n\n".join([*paragraphs[:80], NEEDLE, *paragraphs[80:]])


def state(server: LangAI, document: str) -> tuple[str, str, int]:
    """Status, stage and attempts."""
    return rows.read(server, "SELECT status, stage, attempts FROM documents_document WHERE id = ?", document)[0]


def passages(server: LangAI, document: str) -> list[int]:
    query = (
        "SELECT position FROM search_passage p JOIN search_source s ON s.id = p.source_id"
        " WHERE s.document = ? AND s.live ORDER BY position"
    )
    return [position for (position,) in rows.read(server, query, document)]


def until_some_are_written(server: LangAI, document: str) -> None:
    query = "SELECT count(*) FROM search_passage p JOIN search_source s ON s.id = p.source_id WHERE s.document = ?"
    server.until(lambda: rows.one(server, query, document), "writing passages")
    assert state(server, document)[0] == "working"


def until_ready(server: LangAI, document: str) -> None:
    server.until(lambda: state(server, document)[0] == "ready", "done with the document")


def is_found(person: Person) -> bool:
    page = person.get("/search/?q=Who painted a door turquoise in the lighthouse?").text
    return any(NEEDLE in " ".join(passage.text().split()) for passage in LexborHTMLParser(page).css(".result a"))


# Web and worker


@pytest.fixture(scope="module")
def abandoned(own, person) -> str:
    """A document whose worker was killed in the middle of it: it waits for the lease to run out."""
    document = upload(person, "worker.txt", long_text("harbours"))
    until_some_are_written(own, document)
    with brought_back(own, "worker"):
        pass
    return document


@pytest.mark.usefixtures("abandoned")
def test_an_answer_whose_process_is_killed_keeps_its_text_and_can_be_continued(own, person):
    conversation = person.ask("Tell me a long story", SLOW)
    reply = person.reply(conversation)
    own.until(lambda: "word20" in rows.text_of(own, reply), "checkpointing the answer")
    with brought_back(own, "web"):
        kept = rows.text_of(own, reply)
    own.until(lambda: own.health()["status"] != "unreachable", "answering again")
    shown = person.until_ended(conversation, 60)
    assert words(text_of(shown)) == words(kept)
    assert rows.status_of(own, reply) == "interrupted"
    assert "interrupted" in shown.css_first(".problem").text()
    assert rows.reservation_of(own, reply) == "released"
    assert rows.entries_of(own, reply) == []

    person.post(f"/replies/{reply}/continue/")
    own.until(lambda: len(words(text_of(person.last(conversation)))) > len(words(kept)) + 5, "going on")
    person.post(f"/replies/{reply}/stop/")
    person.until_ended(conversation)
    assert rows.text_of(own, reply).startswith(kept)
    assert rows.reservation_of(own, reply) == "settled"
    assert rows.entries_of(own, reply) == ["stopped"]


def test_a_document_whose_worker_is_killed_is_taken_up_again_and_not_doubled(own, person, abandoned):
    until_ready(own, abandoned)
    expected = rows.one(own, "SELECT passages FROM documents_document WHERE id = ?", abandoned)
    assert passages(own, abandoned) == list(range(expected))
    assert state(own, abandoned)[2] == 2
    assert rows.one(own, "SELECT count(*) FROM search_source WHERE document = ?", abandoned) == 1
    assert is_found(person)
    person.post(f"/admin/documents/document/{abandoned}/delete/", post="yes")
    assert not is_found(person)


# Vector store


def test_a_document_becomes_ready_and_found_though_the_vector_store_is_killed(own, person):
    document = upload(person, "chroma.txt", long_text("railways"))
    until_some_are_written(own, document)
    with brought_back(own, "chroma"):
        assert person.get("/").status_code == 200
        assert person.get("/search/?q=railways").status_code == 200
        conversation = person.ask("Are you still there?")
        assert person.until_ended(conversation).css_first(".receipt")
    until_ready(own, document)
    own.until(lambda: is_found(person), "finding what was read in meanwhile")
    own.until_healthy()


def test_a_lost_vector_store_is_rebuilt_by_itself(own, person):
    own.until(lambda: is_found(person), "finding the passage")
    folder = own.data / "chroma"
    with brought_back(own, "chroma"):
        shutil.rmtree(folder)
        assert person.get("/search/?q=railways").status_code == 200
    own.until(lambda: is_found(person), "rebuilding the vector store")


# Asked to end: the last tests, for the server is stopped


@pytest.fixture(scope="module")
def cut_short(own, person) -> dict[str, str]:
    """Two conversations that were live when the server was asked to end: one had the time to finish."""
    asked = {model: person.ask("Tell me a story", model) for model in (STEADY, SLOW)}
    for model, conversation in asked.items():
        with person.watching(conversation) as viewer:
            viewer.until("word9")
        assert rows.status_of(own, person.reply(conversation)) == "streaming", model
    assert own.stop() == 0
    own.start()
    return asked


def test_an_answer_that_can_be_finished_in_time_is_finished_before_the_end(own, person, cut_short):
    shown = person.last(cut_short[STEADY])
    reply = person.reply(cut_short[STEADY])
    assert words(text_of(shown)) == STEADY_WORDS
    assert not shown.css_first(".problem")
    assert rows.status_of(own, reply) == "complete"
    assert rows.reservation_of(own, reply) == "settled"
    assert rows.entries_of(own, reply) == ["complete"]


def test_an_answer_that_cannot_be_finished_in_time_is_kept_and_can_be_continued(own, person, cut_short):
    shown = person.last(cut_short[SLOW])
    reply = person.reply(cut_short[SLOW])
    assert words(text_of(shown))[:9] == STEADY_WORDS[:9]
    assert rows.status_of(own, reply) == "interrupted"
    assert rows.reservation_of(own, reply) == "settled"
    assert rows.entries_of(own, reply) == ["interrupted"]
    assert [form.attributes["action"] for form in shown.css(".problem form")] == [
        f"/replies/{reply}/continue/",
        f"/replies/{reply}/retry/",
    ]
