"""POST /search: passages, as the search page finds them."""

import pytest
from django.core.files.base import ContentFile
from django.test import AsyncClient

from documents import services, tasks
from langai_site.accounts.scopes import Scope
from search.models import Collection
from tests.api.conftest import error_of, program_of

TEXT = "Everyone at the firm has twenty eight days of paid vacation a year."


@pytest.fixture
def library(alice, settings, tmp_path, model_dir):
    """Make two collections, one for everybody, with a document each; search is by words alone."""
    settings.MEDIA_ROOT, settings.MODEL_DIR, settings.CHROMA_URL = tmp_path, model_dir, ""
    found = {}
    for name, everyone in (("Handbook", True), ("Salaries", False)):
        collection = Collection.objects.create(name=name, everyone=everyone)
        file = ContentFile(f"# Vacation\n\n{TEXT} {name}.".encode(), "vacation.md")
        found[name] = services.upload(collection=collection, file=file, user=None)
        tasks.work_once("test")
    return found


@pytest.fixture
async def program(alice):
    return await program_of(alice, Scope.SEARCH)


async def test_a_passage_says_what_it_is_and_where(library, program):
    answer = (await program.post("/search", query="vacation")).json()
    (passage,) = answer["documents"]
    assert (answer["query"], answer["count"]) == ("vacation", 1)
    assert TEXT in passage["content"]
    assert 0 < passage["score"] <= 1
    handbook = library["Handbook"]
    document = {"id": str(handbook.pk), "title": "Vacation", "file_name": "vacation.md"}
    assert passage["metadata"]["document"] == document
    assert passage["metadata"]["collection"] == "Handbook"
    assert passage["metadata"]["location"]["page"] == 1
    assert passage["metadata"]["location"]["heading"] == "Vacation"
    assert passage["metadata"]["language"] == "en"


async def test_only_what_may_be_read_is_found_whatever_is_asked_for(library, program):
    salaries = library["Salaries"].collection_id
    assert (await program.post("/search", query="vacation", collections=[salaries])).json()["count"] == 0
    assert (await program.post("/search", query="vacation", collections=[])).json()["count"] == 0
    handbook = library["Handbook"].collection_id
    assert (await program.post("/search", query="vacation", collections=[salaries, handbook])).json()["count"] == 1


@pytest.mark.parametrize(
    "wrong", [{"query": ""}, {"query": "x" * 1001}, {"limit": 0}, {"limit": 21}, {"collections": "all"}, {"q": "x"}]
)
async def test_what_is_out_of_bounds_is_told_by_name(program, wrong):
    answer = await program.post("/search", {"query": "vacation"} | wrong)
    assert error_of(answer) == (422, "unreadable")
    assert next(iter(wrong)) in answer.json()["error"]["message"]


async def test_any_text_is_a_query(library, program):
    for query in ("\0", "vacation\0", '"', "🏖️", "' OR 1=1 --", "x" * 1000):
        assert (await program.post("/search", query=query)).status_code == 200


async def test_who_opens_the_address_gets_the_page(transactional_db):
    answer = await AsyncClient().get("/search?q=two+words")
    assert (answer.status_code, answer["Location"]) == (302, "/search/?q=two+words")
