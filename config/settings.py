"""All settings, read once. Every variable has its sentence in `.env.example`; a test keeps that complete."""

import warnings
from datetime import timedelta

from config.env import BASE_DIR, database, env, required
from orders.domain import State
from theme.unfold import UNFOLD  # noqa: F401  (the admin's skin reads it here)

DEBUG = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = required("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

DATABASES = {"default": database(required("SUPABASE_DB_URL"))}
DATABASES["default"]["TEST"] = {"NAME": "test_bamsae" + env.str("TEST_DB_SUFFIX", default="")}
DATABASE_SCHEMA = "bamsae"
REDIS_URL = required("REDIS_URL")

# The keyring: comma list of id:base64 of 32 bytes. The first seals, all open. Never falls back to SECRET_KEY.
CREDENTIAL_KEYS = required("CREDENTIAL_KEYS")

INSTALLED_APPS = [
    "daphne",
    "config",
    "theme",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "django_celery_beat",
    "auditlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "tailwind",
    "api",
    "accounts",
    "instruments",
    "logs",
    "credentials",
    "rules",
    "positions",
    "orders",
    "backtests",
    "bots",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "api.middleware.UtcForPrograms",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- people -----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
LOGIN_URL = "/admin/login/"

# --- language, time, static -------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"  # for reading only; everything is stored in UTC
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True  # so that `collectstatic` is never needed, and its folder may be missing
warnings.filterwarnings("ignore", message="No directory at")
TAILWIND_APP_NAME = "theme"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATA_UPLOAD_MAX_MEMORY_SIZE = 64_000_000  # a body; the largest are candles that a person brings along

# --- API --------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.SessionTokenAuthentication",
        "accounts.authentication.ApiTokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ByRole"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "api.pagination.KeysetPagination",
    "EXCEPTION_HANDLER": "api.problems.explain",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bamsae",
    "DESCRIPTION": "Overnight trading of the US market through KIS, by your own rules.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatusEnum": [(s.value, s.value) for s in State],
        "ParamTypeEnum": ["int", "number", "choice"],
        "ChannelKindEnum": ["telegram", "discord", "webhook"],
        "CashFlowKindEnum": ["deposit", "withdrawal", "dividend", "fee", "correction"],
        "HaltStateEnum": ["halted", "reducing"],
        "BacktestKindEnum": ["backtest", "preview"],
        "BacktestStatusEnum": ["needs_candles", "queued", "running", "done", "failed", "cancelled"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.schema.problems_everywhere",
    ],
}

# --- cache, channels, tasks -------------------------------------------------------------------------
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    },
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "tasks"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 10_000  # without it every task reconnects to the database
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "America/New_York"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# --- KIS --------------------------------------------------------------------------------------------
KIS_REAL_REST_URL = env.str("KIS_REAL_REST_URL", default="https://openapi.koreainvestment.com:9443")
KIS_REAL_WS_URL = env.str("KIS_REAL_WS_URL", default="ws://ops.koreainvestment.com:21000")
KIS_PAPER_REST_URL = env.str("KIS_PAPER_REST_URL", default="https://openapivts.koreainvestment.com:29443")
KIS_PAPER_WS_URL = env.str("KIS_PAPER_WS_URL", default="ws://ops.koreainvestment.com:31000")
KIS_MASTER_URL = env.str("KIS_MASTER_URL", default="")  # blank: KIS's own folder
KIS_HASHKEY_OPTIONAL = env.bool("KIS_HASHKEY_OPTIONAL", default=False)
KIS_SPEED = env.float("KIS_SPEED", default=1.0)
KIS_COMMISSION_BPS = env.int("KIS_COMMISSION_BPS", default=25)

# --- bots -------------------------------------------------------------------------------------------
BOT_LEASE = timedelta(seconds=env.int("BOT_LEASE_SEC", default=12))
BOT_QUOTE_MAX_AGE = timedelta(seconds=env.int("BOT_QUOTE_MAX_AGE_SEC", default=10))
BOT_SEND_WITHIN_SEC = env.float("BOT_SEND_WITHIN_SEC", default=3.0)
BOT_CRASH_LIMIT = env.int("BOT_CRASH_LIMIT", default=5)
BOT_CRASH_WINDOW_SEC = env.int("BOT_CRASH_WINDOW_SEC", default=600)
BOT_BARS_CHECK_SEC = env.int("BOT_BARS_CHECK_SEC", default=300)

# --- orders -----------------------------------------------------------------------------------------
ORDER_LIST_SETTLES_SEC = env.float("ORDER_LIST_SETTLES_SEC", default=900.0)
ORDER_ANSWER_WITHIN_SEC = env.float("ORDER_ANSWER_WITHIN_SEC", default=30.0)
ORDER_AMBIGUOUS_LOOKS = env.int("ORDER_AMBIGUOUS_LOOKS", default=3)
ORDER_CLOCK_SKEW_SEC = env.float("ORDER_CLOCK_SKEW_SEC", default=5.0)
ORDER_HINT_HOLDS_SEC = env.float("ORDER_HINT_HOLDS_SEC", default=300.0)
ORDER_TRACK_IDLE_SEC = env.float("ORDER_TRACK_IDLE_SEC", default=6.0)
ORDER_TRACK_BUSY_SEC = env.float("ORDER_TRACK_BUSY_SEC", default=2.0)

# --- hooks and what is kept how long (days; 0: for ever) ----------------------------------------------
HOOK_BEFORE_OPEN_MIN = env.int("HOOK_BEFORE_OPEN_MIN", default=30)
CLOSURE_SYMBOLS = env.list("CLOSURE_SYMBOLS", default=["SPY", "AAPL", "MSFT"])
RETENTION_LOGS_DAYS = env.int("RETENTION_LOGS_DAYS", default=400)
RETENTION_SIGNALS_DAYS = env.int("RETENTION_SIGNALS_DAYS", default=180)
RETENTION_LOOKS_DAYS = env.int("RETENTION_LOOKS_DAYS", default=400)
RETENTION_EQUITY_DAYS = env.int("RETENTION_EQUITY_DAYS", default=30)
RETENTION_HOOKS_DAYS = env.int("RETENTION_HOOKS_DAYS", default=400)
RETENTION_CRASHES_DAYS = env.int("RETENTION_CRASHES_DAYS", default=90)
RETENTION_DELIVERIES_DAYS = env.int("RETENTION_DELIVERIES_DAYS", default=90)

# --- notifications ----------------------------------------------------------------------------------
NOTIFY_PRIVATE_HOSTS = [host.lower() for host in env.list("NOTIFY_PRIVATE_HOSTS", default=[])]
TELEGRAM_API_URL = env.str("TELEGRAM_API_URL", default="https://api.telegram.org").rstrip("/")
DISCORD_API_URL = env.str("DISCORD_API_URL", default="https://discord.com").rstrip("/")

METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "logs.formatting.LineFormatter"}},
    "filters": {"masking": {"()": "logs.masking.MaskingFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["masking"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
    },
}
