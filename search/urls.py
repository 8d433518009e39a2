from django.urls import path

from search import views

app_name = "search"
urlpatterns = [
    path("search/", views.search, name="search"),
    path("sources/<uuid:source_id>/", views.source, name="source"),
]
