from django.urls import path

from documents import views
from documents.pages import changing, collections, people, uploading

app_name = "documents"
urlpatterns = [
    path("library/", views.library, name="library"),
    path("library/new/", collections.new, name="new"),
    path("library/people/", people.people, name="people"),
    path("library/people/<int:collection>/", people.reassign, name="reassign"),
    path("library/proposals/<int:proposal>/", people.decide, name="decide"),
    path("library/review/", views.review, name="review"),
    path("library/<int:collection>/", views.collection, name="collection"),
    path("library/<int:collection>/settings/", collections.settings, name="settings"),
    path("library/<int:collection>/share/", collections.share, name="share"),
    path("library/<int:collection>/hand-over/", collections.hand_over, name="hand-over"),
    path("library/<int:collection>/delete/", collections.remove, name="remove"),
    path("library/<int:collection>/restore/", collections.restore, name="restore-collection"),
    path("library/<int:collection>/upload/", uploading.upload, name="upload"),
    path("library/<int:collection>/change/", changing.change, name="change"),
    path("library/<int:collection>/restore/<uuid:deletion>/", changing.restore, name="restore"),
    path("documents/<uuid:document>/", changing.document, name="document"),
    path("documents/<uuid:document>/replace/", uploading.replace_file, name="replace"),
    path("documents/<uuid:document>/read-again/", changing.read_again, name="read-again"),
    path("documents/<uuid:document>/keep-previous/", changing.keep_previous, name="keep-previous"),
    path("documents/<uuid:document>/original", views.original, name="original"),
]
