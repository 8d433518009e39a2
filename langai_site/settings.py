"""All settings, from the environment or `.env`; README.md has the table of them."""

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError
from marshmallow.validate import OneOf, Range

from langai_site import env as environment
from langai_site import hosts, local_model, log_settings, redis_settings
from langai_site.component_settings import *  # noqa: F403 - settings are names of this module
from langai_site.identity_settings import *  # noqa: F403 - settings are names of this module
from langai_site.identity_settings import providers_of
from langai_site.page_policy import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.load(BASE_DIR)

try:
    ENV = env.str("ENV", "development", validate=OneOf(["development", "production"]))
    DEBUG = env.bool("DEBUG", False)
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))

    DATA_DIR = environment.writable_folder(Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).expanduser().absolute())
    SECRET_KEY = env.str("SECRET_KEY", None) or environment.stored_secret(DATA_DIR / "secret_key")
    environment.long_secret(SECRET_KEY)
    # Earlier ones: what they signed or encrypted can still be read.
    SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
    HOST = env.str("HOST", "127.0.0.1")
    PORT = env.int("PORT", 8000, validate=Range(1, 65535))
    # Required for reading /metrics from elsewhere; not needed on this machine.
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
    LANGAI_ADMIN_PASSWORD = env.str("LANGAI_ADMIN_PASSWORD", "")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [], validate=environment.origins)
    # Other sites whose pages may use the API, with a key; never with a person's session.
    CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [], validate=environment.origins)
    TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=environment.at_least(0))

    DATABASES: dict[str, dict[str, Any]] = {
        "default": environment.known_database(env.dj_db_url("DATABASE_URL"))
        if env.str("DATABASE_URL", "")
        # Not as an address: in an address, a folder's name could not contain every character.
        else {"ENGINE": environment.SQLITE, "NAME": str(DATA_DIR / "langai.sqlite3")}
    }
    REDIS_URL = env.str("REDIS_URL", "", validate=environment.address("redis", "rediss"))
    VECTOR_STORE = env.str("VECTOR_STORE", "chroma", validate=OneOf(["chroma", "weaviate"]))
    # Empty: `manage.py run` starts its own Chroma on loopback and passes its address on.
    CHROMA_URL = env.str("CHROMA_URL", "", validate=environment.web_address)
    CHROMA_PATH = Path(env.str("CHROMA_PATH", str(DATA_DIR / "chroma"))).expanduser().absolute()
    # `manage.py run` writes that address here, for other commands.
    RUNNING_CHROMA = DATA_DIR / "chroma.url"
    WEAVIATE_URL = env.str("WEAVIATE_URL", "", validate=environment.web_address)
    WEAVIATE_API_KEY = env.str("WEAVIATE_API_KEY", "")
    WEAVIATE_GRPC_PORT = env.int("WEAVIATE_GRPC_PORT", 50051, validate=Range(1, 65535))

    OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
    OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", "", validate=environment.web_address)
    ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", "")
    ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", "", validate=environment.web_address)
    OLLAMA_BASE_URL = env.str("OLLAMA_BASE_URL", "", validate=environment.web_address)
    # A model's file, which `manage.py run` runs itself. Empty: the one in MODELS_DIR, if there is one.
    LOCAL_MODEL = env.str("LOCAL_MODEL", "")
    LOCAL_MODEL_CONTEXT = env.int("LOCAL_MODEL_CONTEXT", 8192, validate=environment.at_least(1024))
    LOCAL_MODEL_PARALLEL = env.int("LOCAL_MODEL_PARALLEL", 2, validate=Range(1, 64))
    # 0: all processors but one.
    LOCAL_MODEL_THREADS = env.int("LOCAL_MODEL_THREADS", 0, validate=Range(0, 512))
    # 0: a free one.
    LOCAL_MODEL_PORT = env.int("LOCAL_MODEL_PORT", 0, validate=Range(0, 65535))
    # Answers that each web process lets any other local server write at the same time; 0: no limit.
    LOCAL_SERVER_SLOTS = env.int("LOCAL_SERVER_SLOTS", 0, validate=environment.at_least(0))
    # Hosts that are in the building: only models there may see confidential text.
    LOCAL_HOSTS = environment.networks(env.list("LOCAL_HOSTS", ["localhost", "127.0.0.0/8", "::1/128"]))

    DEFAULT_SENSITIVITY = env.str(
        "DEFAULT_SENSITIVITY", "public", validate=OneOf(["public", "internal", "confidential"])
    )
    # For pictures, in which sensitive text cannot be found.
    UNREADABLE_LABEL = env.str("UNREADABLE_LABEL", "internal", validate=OneOf(["public", "internal", "confidential"]))
    EMBEDDER = env.str("EMBEDDER", "local", validate=environment.embedder)
    # Empty: the address and key of the chat's models.
    EMBEDDER_BASE_URL = env.str("EMBEDDER_BASE_URL", "", validate=environment.web_address)
    EMBEDDER_API_KEY = env.str("EMBEDDER_API_KEY", "")
    # Empty: all in the building, internal elsewhere.
    EMBEDDER_CEILING = env.str("EMBEDDER_CEILING", "", validate=OneOf(["", "public", "internal", "confidential"]))
    # None: measured with the embedder's own vectors.
    EMBEDDER_MIN_SCORE = env.float("EMBEDDER_MIN_SCORE", None, validate=environment.share)

    # Seconds until the first token, and between two tokens.
    ANSWER_START_TIMEOUT = env.float("ANSWER_START_TIMEOUT", 60, validate=environment.at_least(0.1))
    ANSWER_IDLE_TIMEOUT = env.float("ANSWER_IDLE_TIMEOUT", 30, validate=environment.at_least(0.1))
    ANSWER_MAX_TOKENS = env.int("ANSWER_MAX_TOKENS", 4000, validate=environment.at_least(1))
    TEMPERATURE_MAX = env.float("TEMPERATURE_MAX", 2, validate=environment.at_least(0))
    MESSAGE_MAX_CHARS = env.int("MESSAGE_MAX_CHARS", 10_000, validate=environment.at_least(1))
    # For programs that use the API as clients of OpenAI: editors send whole files.
    API_MESSAGE_MAX_CHARS = env.int("API_MESSAGE_MAX_CHARS", 200_000, validate=environment.at_least(1))
    # Seconds; 0: no answer is given twice. Shared: also to other people who ask the same and may read the same.
    CACHE_TTL = env.int("CACHE_TTL", 3600, validate=environment.at_least(0))
    CACHE_SHARED = env.bool("CACHE_SHARED", False)
    # Who writes the titles of chats from their first question and answer: local models, which costs nothing and sends
    # nothing away, any model, or none: then they stay the first words.
    TITLES = env.str("TITLES", "local", validate=OneOf(["local", "any", "off"]))
    # What is suggested after an answer: headings beside the cited passages, without any call; "models": on a click
    # also questions by a model.
    FOLLOW_UPS = env.str("FOLLOW_UPS", "models", validate=OneOf(["models", "headings", "off"]))
    # Whether a local model is asked about sentences that are not in the words of what they cite.
    SECOND_OPINION = env.str("SECOND_OPINION", "off", validate=OneOf(["off", "local"]))
    # Whether sentences that say otherwise than what they cite are struck through until their passage is opened.
    KNOWLEDGE_GAPS = env.bool("KNOWLEDGE_GAPS", True)
    STRIKE_CONTRADICTED = env.bool("STRIKE_CONTRADICTED", False)
    # How far people may share prompts and assistants. Superusers always may.
    SHARING = env.str("SHARING", "everyone", validate=OneOf(["everyone", "teams", "nobody"]))
    # Whether links to public conversations may open without a sign-in.
    PUBLIC_SHARES = env.bool("PUBLIC_SHARES", False)
    # Rates are as in "60/m"; empty: no limit.
    RATE_LIMIT_PER_MINUTE: str = env.rate("RATE_LIMIT_PER_MINUTE", "60/m")
    RATE_LIMIT_PAGES: str = env.rate("RATE_LIMIT_PAGES", "600/m")
    # For one person's programs: all answers, and the streamed ones among them.
    RATE_LIMIT_CHAT: str = env.rate("RATE_LIMIT_CHAT", "10/m")
    RATE_LIMIT_STREAM: str = env.rate("RATE_LIMIT_STREAM", "5/m")
    RATE_LIMIT_LOGIN: str = env.rate("RATE_LIMIT_LOGIN", "10/m")
    RATE_LIMIT_LOGIN_ACCOUNT: str = env.rate("RATE_LIMIT_LOGIN_ACCOUNT", "100/h")
    # Minutes after which people prove again who they are before they do what is dangerous; 0: never.
    REAUTHENTICATE_AFTER = env.int("REAUTHENTICATE_AFTER", 30, validate=environment.at_least(0))
    # An identity provider that speaks OpenID Connect; more can be added in admin. Empty: none.
    OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", "", validate=environment.web_address)
    OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
    OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
    OIDC_NAME = env.str("OIDC_NAME", "Single sign-on")
    OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", "groups")
    OIDC_SIGN_UP = env.bool("OIDC_SIGN_UP", False)
    OIDC_LINK_BY_EMAIL = env.bool("OIDC_LINK_BY_EMAIL", False)
    REPLIES_IN_FLIGHT = env.int("REPLIES_IN_FLIGHT", 3, validate=environment.at_least(0))
    SOCKETS_PER_USER = env.int("SOCKETS_PER_USER", 20, validate=environment.at_least(0))
    # For each web process; 0: no limit. Behind a proxy, requests and sockets are counted instead of connections.
    CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", 1000, validate=environment.at_least(0))
    UPLOADS_PER_ADDRESS = env.int("UPLOADS_PER_ADDRESS", 20, validate=environment.at_least(0))
    UPLOADS_IN_FLIGHT = env.int("UPLOADS_IN_FLIGHT", 4, validate=environment.at_least(0))
    # Seconds for all headers of a request; seconds without a byte of its body.
    HEADER_TIMEOUT = env.float("HEADER_TIMEOUT", 20, validate=environment.at_least(1))
    BODY_TIMEOUT = env.float("BODY_TIMEOUT", 30, validate=environment.at_least(1))
    STOP_GRACE = env.float("STOP_GRACE", 20, validate=environment.at_least(0))

    # Days and months of budgets and of the ledger's books begin at midnight in this zone.
    TIME_ZONE = env.str("TIME_ZONE", "UTC", validate=environment.time_zone)
    EMAIL = environment.mail_server(env.dj_email_url("EMAIL_URL", "dummy:"))
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "langai@localhost")

    # Whether people may delete their own accounts.
    ACCOUNT_DELETION = env.bool("ACCOUNT_DELETION", True)
    # Where the worker puts a backup every night; empty: none is made.
    BACKUP_DIR = env.str("BACKUP_DIR", "")
    BACKUP_KEEP = env.int("BACKUP_KEEP", 7, validate=environment.at_least(1))

    # Where the end of the chain goes every night: appended to a file, and mailed to these addresses.
    AUDIT_HEAD_FILE = env.str("AUDIT_HEAD_FILE", "", validate=environment.absolute_path)
    AUDIT_HEAD_MAIL: list[str] = env.list("AUDIT_HEAD_MAIL", [], validate=environment.mail_addresses)
    # Where its events go as they happen: udp://host:514, tcp://host:601 or unix:///dev/log, and a signed POST.
    AUDIT_SYSLOG = env.str("AUDIT_SYSLOG", "", validate=environment.syslog_address)
    AUDIT_WEBHOOK = env.str("AUDIT_WEBHOOK", "", validate=environment.web_address)
    AUDIT_WEBHOOK_SECRET = env.str("AUDIT_WEBHOOK_SECRET", "", validate=environment.webhook_secret)

    UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", 100, validate=environment.at_least(1))
    # The files of one import of conversations, together.
    IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", 2000, validate=environment.at_least(1))
    # Files with one message, and megabytes of files in all chats of a person; 0: no limit.
    ATTACHMENTS_PER_MESSAGE = env.int("ATTACHMENTS_PER_MESSAGE", 10, validate=Range(1, 50))
    ATTACHMENTS_MB = env.int("ATTACHMENTS_MB", 2000, validate=environment.at_least(0))
    # Who may make collections of their own: everyone, nobody, or the members of these teams. How they share them: at
    # once, as a proposal that an admin accepts, or not at all. And how much one person may have in them; 0: no limit.
    OWN_COLLECTIONS = env.list("OWN_COLLECTIONS", ["everyone"])
    OWN_COLLECTIONS_SHARING = env.str(
        "OWN_COLLECTIONS_SHARING", "at-once", validate=OneOf(["at-once", "proposal", "nobody"])
    )
    OWN_COLLECTIONS_FILES = env.int("OWN_COLLECTIONS_FILES", 2000, validate=environment.at_least(0))
    OWN_COLLECTIONS_MB = env.int("OWN_COLLECTIONS_MB", 2000, validate=environment.at_least(0))
    OWN_COLLECTIONS_PASSAGES = env.int("OWN_COLLECTIONS_PASSAGES", 200_000, validate=environment.at_least(0))
    # Seconds that an answer waits for the files of its question to be read.
    ATTACHMENT_WAIT_SECONDS = env.float("ATTACHMENT_WAIT_SECONDS", 300, validate=environment.at_least(1))
    EXTRACTION_MEMORY_MB = env.int("EXTRACTION_MEMORY_MB", 1024, validate=environment.at_least(128))
    EXTRACTION_SECONDS = env.int("EXTRACTION_SECONDS", 300, validate=environment.at_least(1))
    EXTRACTION_MAX_PAGES = env.int("EXTRACTION_MAX_PAGES", 5000, validate=environment.at_least(1))
    EXTRACTION_MAX_CHARS = env.int("EXTRACTION_MAX_CHARS", 20_000_000, validate=environment.at_least(1))
    OCR_LANGUAGES = env.str("OCR_LANGUAGES", "eng", validate=environment.ocr_languages)
    EXTRACTOR_URL = env.str("EXTRACTOR_URL", "", validate=environment.web_address)
    EXTRACTOR_API_KEY = env.str("EXTRACTOR_API_KEY", "")
except EnvError as error:
    raise ImproperlyConfigured(environment.reason(error)) from error

if AUDIT_WEBHOOK and not AUDIT_WEBHOOK_SECRET:
    raise ImproperlyConfigured("AUDIT_WEBHOOK needs a secret to sign with; set AUDIT_WEBHOOK_SECRET.")
if VECTOR_STORE == "weaviate" and not WEAVIATE_URL:
    raise ImproperlyConfigured("VECTOR_STORE=weaviate needs a server; set WEAVIATE_URL.")
environment.usable_embedder(
    EMBEDDER,
    hosts.embedder_address(EMBEDDER, own=EMBEDDER_BASE_URL, openai=OPENAI_BASE_URL, ollama=OLLAMA_BASE_URL),
    EMBEDDER_API_KEY or OPENAI_API_KEY,
    EMBEDDER_CEILING,
    LOCAL_HOSTS,
)

# Variables whose names are nearly those of settings, each with the one that was probably meant.
MISSPELT_SETTINGS = environment.misspelt(os.environ, env.names)
PRODUCTION = ENV == "production"
MODEL_DIR = DATA_DIR / "model"
MODELS_DIR = DATA_DIR / "models"
# `manage.py run` writes here which model it runs, and how the others reach it.
RUNNING_LOCAL_MODEL = DATA_DIR / "local_model.json"
LOCAL_MODEL_SERVER = local_model.read(RUNNING_LOCAL_MODEL)

DATABASE = DATABASES["default"]
DATABASE["OPTIONS"] = {**DATABASE.get("OPTIONS", {}), **environment.database_options(DATABASE["ENGINE"])}
# Under ASGI a kept connection belongs to a thread that no request owns.
DATABASE["CONN_MAX_AGE"] = 0
DATABASE["CONN_HEALTH_CHECKS"] = True

ROOT_URLCONF = "langai_site.urls"
ASGI_APPLICATION = "langai_site.asgi.application"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "langai_site.web.context_processors.csp_nonce",
                "langai_site.web.context_processors.request_id",
                "langai_site.web.context_processors.service_problems",
                "langai_site.web.context_processors.announcements",
                "langai_site.web.script_words.script_words",
                "langai_site.accounts.drafts.owner",
                "langai_site.accounts.preferences.shown",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Visitors who are not signed in are counted by address: behind a proxy, by the one it saw, not its own.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
RATELIMIT_USE_CACHE = "limits"
SOCIALACCOUNT_PROVIDERS = providers_of(
    *(OIDC_SERVER_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME),
    *(OIDC_GROUPS_CLAIM, OIDC_SIGN_UP, OIDC_LINK_BY_EMAIL),
)
# Browsers allow passkeys on localhost without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# So that no response is "too many" because the cache is unavailable.
RATELIMIT_FAIL_OPEN = True

CACHES = redis_settings.caches(REDIS_URL)
CHANNEL_LAYERS = redis_settings.channel_layers(REDIS_URL, SECRET_KEY)

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
SERVESTATIC_ALLOW_ALL_ORIGINS = False
# Characters of the text that a pattern is tried on.
SAMPLE_MAX_CHARS = 20_000
# Uploads have no address: they are only reached through views that check permissions.
MEDIA_ROOT = DATA_DIR / "files"
MEDIA_URL = ""
# All messages of one such request together.
API_REQUEST_MAX_CHARS = 5 * API_MESSAGE_MAX_CHARS
# Bytes of everything that is not a file: room for those messages, however their characters are written
# (langai_site/web/body_admission.py, which allows less in other places).
DATA_UPLOAD_MAX_MEMORY_SIZE = max(2_621_440, 64 * 1024 + 12 * API_REQUEST_MAX_CHARS)
DATA_UPLOAD_MAX_NUMBER_FILES = 200
FILE_UPLOAD_PERMISSIONS = 0o600
# Uploads in progress, on the same disk as the stored files: a file is then renamed, not copied. /tmp may be memory.
FILE_UPLOAD_TEMP_DIR = environment.writable_folder(DATA_DIR / "temp")

# Addresses for programs; they are answered in JSON whatever happens.
API_PATHS = r"^/(chat(/stream)?|search|v1|(auth|api|v1)/.*)$"
# Other sites' pages may use nothing else; pages, and cookies, are for this site alone.
CORS_URLS_REGEX = API_PATHS
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "last-event-id", "x-request-id", "user-agent"),
    *("x-langai-sensitivity", "x-langai-collections"),
]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = EMAIL["EMAIL_BACKEND"], EMAIL["EMAIL_HOST"], EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_USER"], EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL["EMAIL_USE_TLS"], EMAIL["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = EMAIL["EMAIL_FILE_PATH"]
EMAIL_TIMEOUT = EMAIL["EMAIL_TIMEOUT"] or 20

LANGUAGE_CODE = "en"
# Each in its own language: nobody should have to read another one to find theirs.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# The sources, and what `manage.py setup` compiles of them, because the code may be read-only.
COMPILED_CATALOGUES = DATA_DIR / "locale"
LOCALE_PATHS = [BASE_DIR / "langai_site" / "locale", COMPILED_CATALOGUES]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGGING = log_settings.logging_at(LOG_LEVEL, production=PRODUCTION)
