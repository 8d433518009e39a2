"""Which names say something about a document, and how files are named in questions."""

import pytest

from search.contexts import in_context, is_opaque, names_of
from search.types import TextSpan

SPAN = TextSpan("Thirty days.", 1, 0, 12, "Refunds")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "scan0001",
            "Scan_2031-05-02",
            "IMG_1234",
            "DSC00042",
            "IMG-20310502-WA0007",
            "image (3)",
            "Document1",
            "12345",
        ),
        *(
            "6f1d2c3b-0a9e-4b7c-8d5f-112233445566",
            "d41d8cd98f00b204e9800998ecf8427e",
            "2031-05-02 10.33.12",
            "untitled-2",
        ),
        *("Screenshot 2031-05-02 at 10.33.12", "Bildschirmfoto 2031-05-02 um 10.33.12", "doc_17 (copy)"),
    ],
)
def test_a_name_that_a_machine_gave_is_not_embedded(name):
    assert is_opaque(name)
    assert in_context(name, SPAN) == "Refunds\nThirty days."


@pytest.mark.parametrize(
    "name",
    [
        *(
            "HR-017_rev4",
            "Invoice 2031-0815",
            "Scan of the lease",
            "Documentation",
            "image processing",
            "Q3-board-pack",
        ),
        *("Facade", "deadbeef", "Bericht 2031", "年度报告", "page layout rules", "Copy deadline", "export licences"),
    ],
)
def test_a_name_that_a_person_gave_is(name):
    assert not is_opaque(name)
    assert in_context(name, SPAN).startswith(f"{name}\n")


def test_a_name_made_to_be_costly_is_judged_at_once():
    assert not is_opaque("scan" + "1 " * 140 + "!y")


def test_a_file_is_named_with_and_without_its_ending():
    assert names_of("HR-017_rev4.md").split("\n") == ["HR-017_rev4.md", "HR-017_rev4", "HR-017 rev4"]
    assert names_of("README") == "README"
    assert names_of("a.md", "HR/Board_pack").split("\n") == ["a.md", "a", "HR", "Board pack"]
