"""nginx, as operators are given it, lets uploads through at every address that takes them."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from langai_site import registry
from langai_site.web.body_admission import MEGABYTE, upload_max

CONF = (Path(__file__).parents[2] / "docs" / "operations" / "nginx.conf").read_text()
LOCATIONS = re.findall(r"location ~ (\S+) \{[^}]*client_max_body_size (\d+)m;", CONF)


def example(place: registry.UploadPlace) -> str:
    """Return an address that the place takes."""
    for value in ("7", str(uuid4())):
        address = re.sub(r"\(\?P<\w+>[^)]*\)", value, place.path.pattern)
        if place.path.fullmatch(address):
            return address
    raise AssertionError(place.path.pattern)


@pytest.mark.parametrize("place", registry.upload_places, ids=lambda place: place.path.pattern)
def test_every_place_for_uploads_takes_large_bodies(place):
    sizes = [int(most) for pattern, most in LOCATIONS if re.search(pattern, example(place))]
    assert sizes, "nginx would refuse what is larger than 16 MB"
    assert upload_max(place) <= max(sizes) * MEGABYTE
