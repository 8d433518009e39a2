"""Files that tests attach to messages, made on the spot."""

import io

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from chat.conversations import attachments
from documents import lanes, tasks


def attach(user, data="The court is closed on Mondays.", name="rules.txt", *, read=True):
    """Upload a file for a message and, unless told otherwise, read it as the worker does."""
    content = data.encode() if isinstance(data, str) else data
    file = attachments.upload(user, ContentFile(content, name))
    if read:
        read_all()
    return file.id


def read_all():
    while tasks.work_once("worker", lanes.ANY):
        pass


def picture(text="", *, size=(600, 200), kind="PNG", **options):
    """Return a picture file, with `text` in large letters."""
    image = Image.new("RGB", size, "white")
    if text:
        ImageDraw.Draw(image).text((20, 60), text, fill="black", font_size=48)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
