"""The apps and the middleware, in their order."""

INSTALLED_APPS = [
    "servestatic.runserver_nostatic",
    "langai_site.accounts",
    "langai_site",
    "langai_site.audit",
    "langai_site.usage",
    "langai_site.outbound",
    "search",
    "documents",
    "chat",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "langai_site.admin_home.apps.LangAIAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "langai_site.web.static_files.StaticFiles",
    "django_htmx",
    "corsheaders",
    "ninja",
    "template_partials",
]

MIDDLEWARE = [
    "langai_site.web.request_metrics.RequestMetrics",
    "langai_site.web.response_headers.ResponseHeaders",
    # Early, so that refusals speak the language of the browser; LoginRequired and views find out the person's.
    "langai_site.web.languages.Languages",
    "langai_site.web.known_hosts.KnownHosts",
    "langai_site.web.async_middleware.Security",
    "langai_site.web.compression.Compression",
    "servestatic.middleware.ServeStaticMiddleware",
    "langai_site.web.async_middleware.ContentSecurityPolicy",
    "langai_site.web.async_middleware.Sessions",
    "corsheaders.middleware.CorsMiddleware",
    "langai_site.web.async_middleware.Common",
    "langai_site.web.async_middleware.Csrf",
    "langai_site.web.async_middleware.Authentication",
    "langai_site.web.async_middleware.LoginRequired",
    "langai_site.accounts.middleware.PersonsLanguage",
    "langai_site.web.async_middleware.Messages",
    "langai_site.web.async_middleware.FrameOptions",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "langai_site.accounts.middleware.PostLimits",
    "langai_site.accounts.middleware.KnownDevices",
    "langai_site.web.error_middleware.ErrorsMiddleware",
    "langai_site.accounts.middleware.ProvenPeople",
]
SILENCED_SYSTEM_CHECKS = [
    # They search MIDDLEWARE for Django's own names. Our check langai.E001 searches for the classes themselves.
    *("security.W001", "security.W002", "security.W003"),
    # LangAI must not decide for the rest of the domain whether HSTS applies there, and is preloaded in browsers.
    *("security.W005", "security.W021"),
    # The proxy that ends TLS redirects http to https. The proxy itself and health checks use LangAI without TLS.
    "security.W008",
]
