from django.urls import path

from langai_site.usage import views

app_name = "usage"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("notice/", views.notice, name="notice"),
    path("everybody/", views.everybody, name="everybody"),
    path("everybody/<str:rows>.<str:form>", views.file_of_everybody, name="everybody-file"),
    path("<str:rows>.<str:form>", views.my_file, name="mine-file"),
]
