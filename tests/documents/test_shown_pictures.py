"""Pictures of unusual kinds, as models and people are shown them."""

import base64
import io

import pytest
from PIL import Image, PngImagePlugin

from documents.extraction import pictures, shown_picture
from tests.documents.files import LIMITS, written


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def shown(folder, name, data):
    page = shown_picture.extract(written(folder, name, data), LIMITS).pages[0]
    return page.label, Image.open(io.BytesIO(base64.b64decode(page.text)))


def deep_grey(**options):
    """Return a PNG with 16 bits of grey, from black to white."""
    row = b"".join((x * 1024).to_bytes(2, "little") for x in range(64))
    return saved(Image.frombytes("I;16", (64, 16), row * 16), "PNG", **options)


@pytest.mark.parametrize("transparent", [False, True])
def test_sixteen_bits_of_grey_stay_grey(tmp_path, transparent):
    info = PngImagePlugin.PngInfo()
    if transparent:
        info.add(b"tRNS", b"\xff\xff")
    data = deep_grey(pnginfo=info)
    kind, picture = shown(tmp_path, "scan.png", data)
    assert kind == "image/png"
    assert [picture.convert("L").getpixel((x, 8)) for x in (0, 16, 32, 48)] == [0, 64, 128, 192]
    read = next(pictures.pages_of(pictures.opened(data), 1))
    assert read.getpixel((read.width // 2 + 2, read.height // 2)) in range(120, 140)


def test_a_photograph_with_further_pictures_in_its_file_is_one(tmp_path):
    data = saved(
        Image.new("RGB", (3000, 200), "red"), "MPO", save_all=True, append_images=[Image.new("RGB", (300, 20), "blue")]
    )
    kind, picture = shown(tmp_path, "photo.jpg", data)
    assert (kind, picture.width) == ("image/jpeg", 1568)
    assert picture.getpixel((9, 9))[0] > 250
