"""Use the Library as a person does: upload files, read messages, search."""

from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from documents import tasks
from documents.models import Document
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.access import reader_of


def signed_in_as(person):
    browser = Client()
    browser.force_login(person)
    return browser


def at(name, *args):
    return reverse(f"documents:{name}", args=args)


def chosen(text="Boats leave at nine.", name="boats.txt"):
    return SimpleUploadedFile(name, text.encode())


def send(page, collection, *files, **fields):
    return page.post(at("upload", collection.pk), {"files": files, **fields}, follow=True)


def brought(page, collection, text="Boats leave at nine.", name="boats.txt", **fields):
    """A document that was uploaded in the Library, and read."""
    send(page, collection, chosen(text, name), **fields)
    while tasks.work_once("test"):
        pass
    return Document.objects.get(collection=collection, file_name=name)


def told(response):
    return [str(message) for message in response.context["messages"]]


def found_by(person, words="when do boats leave"):
    found = async_to_sync(search.find)(words, reader_of(person), label=Sensitivity.CONFIDENTIAL)
    return [hit.title for hit in found.hits]
