from django.urls import path

from documents import views

app_name = "documents"
urlpatterns = [
    path("library/", views.library, name="library"),
    path("library/<int:collection>/", views.collection, name="collection"),
    path("documents/<uuid:document>/original", views.original, name="original"),
]
