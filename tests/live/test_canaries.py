"""Marked documents of teams and people, looked for through every door by everybody: who may not read finds nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from httpx import Response

from tests.live import rows
from tests.live.person import HOSTED, Person, invited
from tests.live.server import LangAI

CANARIES = {"reds": "ZINNOBER-4471", "blues": "KOBALT-9032", "charlie": "OCKER-2258"}
READERS = {"alice": {"reds"}, "bob": {"blues"}, "charlie": {"charlie"}, "admin": set()}


@dataclass(frozen=True)
class Canary:
    """A document that says a marker, and its addresses."""

    name: str
    collection: int
    document: UUID
    source: UUID

    @property
    def marker(self) -> str:
        return CANARIES[self.name]

    @property
    def question(self) -> str:
        return f"Which word opens the vault of the {self.name}?"


@pytest.fixture(scope="module")
def people(langai, admin, alice, bob) -> Iterator[dict[str, Person]]:
    with invited(admin, "charlie") as charlie:
        yield {"alice": alice, "bob": bob, "charlie": charlie, "admin": admin}


def user_id(server: LangAI, name: str) -> int:
    return rows.one(server, "SELECT id FROM accounts_user WHERE username = ?", name)


def told(admin: Person, answer: Response) -> None:
    """Read the page that says what was done: the next one would say it otherwise, and names what it is about."""
    assert answer.status_code == 302, answer.text[:3000]
    admin.get(answer.headers["location"])


def saved(admin: Person, path: str, **values: object) -> None:
    told(admin, admin.post(path, **values))


def made_team(server: LangAI, admin: Person, name: str, *members: str) -> int:
    saved(admin, "/admin/accounts/team/add/", name=name, members=[user_id(server, member) for member in members])
    return rows.one(server, "SELECT id FROM accounts_team WHERE name = ?", name)


def made_collection(server: LangAI, admin: Person, name: str, **readers: object) -> int:
    saved(admin, "/admin/search/collection/add/", name=f"Vault of {name}", sensitivity="10", **readers)
    return rows.one(server, "SELECT id FROM search_collection WHERE name = ?", f"Vault of {name}")


def uploaded(server: LangAI, admin: Person, name: str, collection: int) -> Canary:
    text = f"The vault of the {name} is opened by the word {CANARIES[name]}, which is said slowly.".encode()
    answer = admin.client.post(
        "/admin/documents/document/add/",
        data={"collection": collection, "sensitivity": "0"},
        files={"uploads": (f"{name}-vault.txt", text)},
        headers={"X-CSRFToken": admin.client.cookies["csrftoken"]},
    )
    told(admin, answer)
    found = "SELECT id, status FROM documents_document WHERE file_name = ?"
    server.until(lambda: rows.read(server, found, f"{name}-vault.txt")[0][1] == "ready", f"done reading {name}")
    document = UUID(rows.one(server, found, f"{name}-vault.txt"))
    source = rows.one(server, "SELECT id FROM search_source WHERE document = ? AND live", document.hex)
    return Canary(name, collection, document, UUID(source))


@pytest.fixture(scope="module")
def canaries(langai, admin, people) -> dict[str, Canary]:
    reds, blues = (
        made_team(langai, admin, "Reds", "alice"),
        made_team(langai, admin, "Blues", "bob"),
    )
    collections = {
        "reds": made_collection(langai, admin, "reds", teams=[reds]),
        "blues": made_collection(langai, admin, "blues", teams=[blues]),
        "charlie": made_collection(langai, admin, "charlie", users=[user_id(langai, "charlie")]),
    }
    return {name: uploaded(langai, admin, name, collection) for name, collection in collections.items()}


def pages(canary: Canary) -> list[str]:
    """Every address that shows something of the document, or hands it out."""
    return [
        f"/search/?q={canary.question}",
        f"/search/?q={canary.marker}",
        f"/search/?q={canary.marker}&collection={canary.collection}",
        "/library/",
        f"/library/{canary.collection}/",
        f"/library/{canary.collection}/?q={canary.name}",
        f"/sources/{canary.source}/",
        f"/sources/{canary.source}/?page=1&start=0&end=20",
        f"/documents/{canary.document}/original",
    ]


def traces(person: Person, canary: Canary) -> list[str]:
    """The addresses that let the person see the document's text, its name or its collection's."""
    names = {canary.marker, f"{canary.name}-vault", f"Vault of {canary.name}"}
    # A page may repeat what was asked for.
    return [path for path in pages(canary) if any(name in person.get(path).text for name in names if name not in path)]


def answered(person: Person, canary: Canary) -> str:
    """The answer, with all its sources, of the built-in model that quotes what was found."""
    return person.until_ended(person.ask(canary.question, "quotes")).html or ""


def test_only_readers_see_a_trace_of_a_document_on_any_page(canaries, people):
    for name, person in people.items():
        for canary in canaries.values():
            found = traces(person, canary)
            if canary.name in READERS[name]:
                assert set(found) == set(pages(canary)), f"{name} misses {canary.name}"
            else:
                assert found == [], f"{name} sees {canary.name}"


def test_what_may_not_be_read_is_not_there(canaries, people):
    for name, person in people.items():
        for canary in canaries.values():
            expected = 200 if canary.name in READERS[name] else 404
            kept = (f"/library/{canary.collection}/", f"/sources/{canary.source}/")
            for path in (*kept, f"/documents/{canary.document}/original"):
                assert person.get(path).status_code == expected, f"{name}: {path}"


def test_only_readers_are_answered_from_a_document(canaries, people):
    # Readers first: what was found for them must not serve others.
    for name, person in sorted(people.items()):
        for canary in sorted(canaries.values(), key=lambda canary: canary.name not in READERS[name]):
            assert (canary.marker in answered(person, canary)) == (canary.name in READERS[name]), f"{name}: {canary}"


def test_a_citation_opens_for_its_reader_alone(canaries, people):
    canary = canaries["reds"]
    conversation = people["alice"].ask(canary.question, "quotes")
    link = people["alice"].until_ended(conversation).css_first("a.cite").attributes["href"]
    assert canary.marker in people["alice"].get(link).text
    for other in ("bob", "charlie", "admin"):
        assert people[other].get(link).status_code == 404
        assert people[other].get(f"/conversations/{conversation}/").status_code == 404


def test_to_name_a_foreign_collection_in_a_question_finds_nothing(canaries, people, langai):
    canary = canaries["reds"]
    answer = people["bob"].post(
        "/conversations/", text=canary.question, model="quotes", collections=[canary.collection]
    )
    turn = people["bob"].until_ended(answer.headers["location"].split("/")[2])
    assert canary.marker not in (turn.html or "")


def test_a_reader_who_is_removed_sees_nothing_from_then_on(canaries, people, langai, admin):
    canary, alice = canaries["reds"], people["alice"]
    conversation = alice.ask(canary.question, "quotes")
    link = alice.until_ended(conversation).css_first("a.cite").attributes["href"]
    team = rows.one(langai, "SELECT id FROM accounts_team WHERE name = 'Reds'")
    try:
        saved(admin, f"/admin/accounts/team/{team}/change/", name="Reds")
        assert traces(alice, canary) == []
        assert alice.get(link).status_code == 404
        assert canary.marker not in answered(alice, canary)
    finally:
        saved(admin, f"/admin/accounts/team/{team}/change/", name="Reds", members=[user_id(langai, "alice")])
    assert canary.marker in alice.get(link).text


def compared(person: Person, canary: Canary) -> str:
    """The page with the answers of a model that quotes what was found and of one that repeats its prompt."""
    answer = person.post("/conversations/", text=canary.question, compare=["quotes", f"{HOSTED}echo"], blind="on")
    path = answer.headers["location"]
    person.server.until(lambda: 'class="turn reply live"' not in person.get(path).text, "done comparing")
    return path


def exported(person: Person, conversation: str) -> str:
    folder = f"/conversations/{conversation}"
    return "".join(person.get(f"{folder}/{path}").text for path in ("export/json/", "export/markdown/", "print/"))


def test_what_a_reader_shares_lends_nobody_their_rights(canaries, people):
    canary, alice = canaries["reds"], people["alice"]
    made = alice.post(
        "/assistants/new/",
        name="Vault keeper",
        instructions="Say which word opens the vault.",
        collections=["some", canary.collection],
        share="everyone",
    )
    assistant = made.headers["location"].split("/")[2]
    assert canary.marker not in alice.get(f"/assistants/{assistant}/export/").text
    for name, person in people.items():
        copy = person.post(f"/assistants/{assistant}/copy/").headers["location"].split("/")[2]
        for chosen in (assistant, copy):
            conversation = person.ask(canary.question, "quotes", assistant=chosen)
            said = (person.until_ended(conversation).html or "") + exported(person, conversation)
            assert (canary.marker in said) == (canary.name in READERS[name]), f"{name} by {chosen}"


def test_a_comparison_shows_what_its_person_may_read_and_only_to_them(canaries, people):
    canary = canaries["reds"]
    paths = {name: compared(person, canary) for name, person in people.items()}
    for name, person in people.items():
        page = person.get(paths[name]).text
        assert (canary.marker in page) == (canary.name in READERS[name]), name
        for other in people.keys() - {name}:
            assert person.get(paths[other]).status_code == 404, f"{name} opens {other}'s"
