"""Which KIS account this client speaks for."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kis import codes
from market.errors import CredentialProblem, Text
from market.words import Environment

TRUE_WORDS = frozenset({"1", "true", "yes", "on", "y", "t"})


def is_true(word: str | None) -> bool:
    """How a yes is written in the environment."""
    return (word or "").strip().lower() in TRUE_WORDS


def account_number(text: str) -> str:
    """Ten digits from "12345678", "1234567801" or "12345678-01"; ValueError otherwise (the text is not shown)."""
    digits = text.strip().replace("-", "")
    if re.fullmatch(r"\d{8}|\d{10}", digits, re.ASCII) is None:
        raise ValueError("the account number must be 8 or 10 digits, such as 12345678-01")
    return digits if len(digits) == 10 else digits + "01"


def _speed(word: str) -> float:
    try:
        return float(word.strip() or 1)
    except ValueError:
        raise ValueError("KIS_SPEED must be a number, such as 6") from None


def rate_of(environment: Environment, *, new_key: bool = False, speed: float = 1.0) -> float:
    """Requests per second of our time that KIS allows one key (sheet 3.5)."""
    return (codes.NEW_KEY_RATE if new_key else codes.REST_RATE)[environment] * speed


def _header_safe(name: str, value: str) -> str:
    """A value that may travel in a header. It is never shown: HTTP libraries would print it in their error."""
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"{name} must be printable ASCII without spaces or line breaks")
    return value


@dataclass(frozen=True, slots=True)
class KisConfig:
    """One app key and its account. Empty URLs mean KIS itself (sheet 1.1).

    `account_no` may be empty for a key that only reads prices. `new_key`: KIS issued the key less than three days
    ago, so that real takes fewer requests of it. `speed`: a simulator whose market time, and with it the rate, runs
    so many times as fast. Raises ValueError for what cannot be a key, a secret, an account number or a speed.
    """

    environment: Environment
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    account_no: str = field(default="", repr=False)
    hts_id: str = field(default="", repr=False)
    rest_url: str = ""
    ws_url: str = ""
    new_key: bool = False
    speed: float = 1.0

    def __post_init__(self) -> None:
        environment = Environment(self.environment)
        put = object.__setattr__
        put(self, "environment", environment)
        put(self, "app_key", _header_safe("the app key", self.app_key))
        put(self, "app_secret", _header_safe("the app secret", self.app_secret))
        put(self, "account_no", account_number(self.account_no) if self.account_no.strip() else "")
        put(self, "hts_id", self.hts_id.strip())
        put(self, "rest_url", (self.rest_url or codes.REST_URL[environment]).rstrip("/"))
        put(self, "ws_url", (self.ws_url or codes.WS_URL[environment]).rstrip("/"))
        self._check_speed()

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "KisConfig":
        """From `KIS_APP_KEY`, `KIS_APP_SECRET`, `KIS_ACCOUNT_NO`, `KIS_USE_SANDBOX`, `KIS_HTS_ID`, `KIS_…_URL`,
        `KIS_NEW_KEY`, `KIS_SPEED`.

        Raises CredentialProblem naming the variables that are missing.
        """
        missing = [name for name in ("KIS_APP_KEY", "KIS_APP_SECRET") if not environ.get(name, "").strip()]
        if missing:
            names = ", ".join(missing)
            raise CredentialProblem(Text(f"환경 변수가 없습니다: {names}", f"Set the variables {names}."))
        environment = Environment.PAPER if is_true(environ.get("KIS_USE_SANDBOX")) else Environment.REAL
        side = environment.value.upper()
        return cls(
            environment=environment,
            app_key=environ["KIS_APP_KEY"],
            app_secret=environ["KIS_APP_SECRET"],
            account_no=environ.get("KIS_ACCOUNT_NO", ""),
            hts_id=environ.get("KIS_HTS_ID", ""),
            rest_url=environ.get(f"KIS_{side}_REST_URL", ""),
            ws_url=environ.get(f"KIS_{side}_WS_URL", ""),
            new_key=is_true(environ.get("KIS_NEW_KEY")),
            speed=_speed(environ.get("KIS_SPEED", "")),
        )

    @property
    def cano(self) -> str:
        """The first eight digits (종합계좌번호)."""
        return self._account()[:8]

    @property
    def product_code(self) -> str:
        """The last two digits (계좌상품코드)."""
        return self._account()[8:]

    @property
    def masked_account(self) -> str:
        return f"****{self.account_no[4:8]}-{self.account_no[8:]}" if self.account_no else ""

    @property
    def rate(self) -> float:
        """Requests per second of our time that KIS allows this key (sheet 3.5)."""
        return rate_of(self.environment, new_key=self.new_key, speed=self.speed)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, longest first."""
        found = {self.app_key, self.app_secret, self.account_no, self.account_no[:8], self.hts_id}
        return tuple(sorted((s for s in found if s), key=len, reverse=True))

    def _check_speed(self) -> None:
        if not math.isfinite(self.speed) or self.speed <= 0:
            raise ValueError("the speed must be a number above 0")
        hosts = [urlsplit(url).hostname or "" for url in (self.rest_url, self.ws_url)]
        if self.speed != 1 and any(f".{host}".endswith(codes.OWN_DOMAIN) for host in hosts):
            raise ValueError("KIS's own servers run at speed 1; another speed is for a simulator's address")

    def _account(self) -> str:
        if not self.account_no:
            raise CredentialProblem(
                Text(
                    "계좌번호가 없는 키로는 주문·잔고를 다룰 수 없습니다.",
                    "This key has no account number: orders and balances need one.",
                )
            )
        return self.account_no
