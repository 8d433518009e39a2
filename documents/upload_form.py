"""Reads the multipart form with which a program uploads a file, of POST and of PUT."""

from functools import cached_property

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

from documents.care import GivenCare
from documents.models import EXTERNAL_ID_MAX
from documents.services import DesiredDocument
from langai_site.accounts import partial_uploads
from langai_site.accounts.models import User
from langai_site.errors import InvalidError, MalformedError
from langai_site.sensitivity import Sensitivity
from langai_site.web.stated_labels import highest_in_form


class UploadFields:
    """The fields of a form. Synchronous: a long upload is read from disk. Raises InvalidError and MalformedError."""

    def __init__(self, request: HttpRequest) -> None:
        if request.content_type != "multipart/form-data":
            raise InvalidError("Send the file as multipart/form-data.", code="wrong_type", status=415)
        self._headers = request.headers
        self._fields, self._files = _parsed(request)

    def file(self, user: User) -> "File[bytes]":
        """Return the file, or the complete upload of this person that the form names. Call it once."""
        file = partial_uploads.sent_file(user.pk, self._files.get("file"), self._fields.get("upload"))
        if file is None:
            raise MalformedError("Send a “file”, or as “upload” the id of one that is complete.")
        return file

    @property
    def collection(self) -> int:
        number = self._fields.get("collection", "")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise MalformedError("Send as “collection” the id of one that you manage.")
        return int(number)

    @property
    def title(self) -> str:
        return self._fields.get("title", "").replace("\0", "")

    @property
    def external_id(self) -> str:
        given = self._fields.get("external_id", "")
        if len(given) > EXTERNAL_ID_MAX or "\0" in given:
            raise MalformedError(f"“external_id” has at most {EXTERNAL_ID_MAX} characters, and none of them is zero.")
        return given

    @property
    def care(self) -> GivenCare:
        return GivenCare(self._fields.get("owner"), self._fields.get("review_by"))

    @cached_property
    def label(self) -> Sensitivity | None:
        """Return the highest label that is stated; None if none is."""
        try:
            return highest_in_form(self._headers, self._fields)
        except InvalidError as error:
            raise MalformedError(error.message) from None

    def wanted(self, user: User) -> DesiredDocument:
        return DesiredDocument(self.file(user), user, self.title, self.label, self.care)


def _parsed(request: HttpRequest) -> "tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]":
    """Return fields and files. Django itself parses the forms of POST only."""
    if request.method == "POST":
        return request.POST, request.FILES
    return MultiPartParser(request.META, request, request.upload_handlers, request.encoding or "utf-8").parse()
