from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView, TemplateView

from langai_site.accounts import leaving_views, receipt_views, terms_views, views

app_name = "accounts"
urlpatterns = [
    path("", views.account, name="account"),
    path("theme/", views.theme, name="theme"),
    path("instructions/", views.own_instructions, name="instructions"),
    path("delete/", leaving_views.delete, name="delete"),
    path("deleted/<str:token>/", leaving_views.receipt, name="deleted"),
    path("receipts/", receipt_views.listed, name="deletion-receipts"),
    path("receipts/<uuid:receipt>/", receipt_views.download, name="deletion-receipt"),
    path("terms/", terms_views.terms_of_use, name="terms"),
    path("keys/", views.api_keys, name="keys"),
    path("keys/<int:key>/revoke/", views.revoke_api_key, name="revoke-key"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/<int:session>/end/", views.end_session, name="end-session"),
    path("sessions/end/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("provider/", views.provider, name="provider"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    # LangAI confirms no addresses and mails no passwords, so these replace the pages of allauth that would.
    path("email/", RedirectView.as_view(pattern_name="accounts:account")),
    path("confirm-email/", RedirectView.as_view(pattern_name="accounts:account")),
    path("confirm-email/<path:key>/", RedirectView.as_view(url="/accounts/")),
    path("password/set/", RedirectView.as_view(pattern_name="account_change_password")),
    path("password/reset/<path:rest>", RedirectView.as_view(url="/accounts/password/reset/")),
    path(
        "password/reset/",
        login_not_required(TemplateView.as_view(template_name="accounts/password_help.html")),
        name="password_help",
    ),
]
