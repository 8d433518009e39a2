from django.urls import path

from search.pages import document_page, views

app_name = "search"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("sources/<uuid:source_id>/", document_page.source, name="source"),
]
