"""Requests, as plain values (sheet section 4): what all of them share, and those that log in.

KIS's field names live in `kis.wire` and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kis import functions
from kis.config import KisConfig
from kis.functions import Function
from market.errors import InvalidOrder, Text
from market.ticks import is_on_tick
from market.words import Environment


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `fields` are the query of a GET or the JSON body of a POST; `paging` as in `Function`."""

    method: str
    path: str
    tr_id: str
    fields: Mapping[str, str] = field(repr=False)
    tr_cont: str = ""
    paging: tuple[str, str] | None = None

    def next_page(self, search_key: str, position_key: str) -> "Call":
        """The same request for the page after (sheet 3.3): keys are echoed as they were received."""
        search, position = self.paging or functions.CTX200
        return replace(self, fields={**self.fields, search: search_key, position: position_key}, tr_cont="N")


def ask(function: Function, environment: Environment, fields: Mapping[str, str]) -> Call:
    """The call of a function, from its first page. Raises NotInPaper where paper does not offer it."""
    pages = dict.fromkeys(function.paging or (), "")
    return Call(
        function.method, function.path, function.tr_id(environment), {**fields, **pages}, paging=function.paging
    )


def price_text(price: Decimal) -> str:
    """USD per share: two decimals, four below a dollar. InvalidOrder (a ValueError) when it is not on a tick."""
    if not price.is_finite() or price <= 0 or not is_on_tick(price):
        raise InvalidOrder(
            Text(
                f"가격 {price}은(는) 호가 단위(1달러 이상 0.01, 미만 0.0001)에 맞지 않습니다.",
                f"{price} is not a price on a tick of US shares ($0.01; $0.0001 below $1).",
            )
        )
    return f"{price:.2f}" if price >= 1 else f"{price:.4f}"


def account(config: KisConfig) -> dict[str, str]:
    """The two fields that every account function begins with. Raises CredentialProblem without an account."""
    return {"CANO": config.cano, "ACNT_PRDT_CD": config.product_code}


def token(config: KisConfig) -> Call:
    """Issue an access token (2.1)."""
    fields = {
        "grant_type": "client_credentials",
        "appkey": config.app_key,
        "appsecret": config.app_secret,
    }
    return Call("POST", functions.TOKEN_PATH, "", fields)


def revoke(config: KisConfig, value: str) -> Call:
    """Make an access token worthless (2.2)."""
    fields = {"appkey": config.app_key, "appsecret": config.app_secret, "token": value}
    return Call("POST", functions.REVOKE_PATH, "", fields)


def approval(config: KisConfig) -> Call:
    """The WebSocket's key (2.3); here the secret is called `secretkey`."""
    fields = {
        "grant_type": "client_credentials",
        "appkey": config.app_key,
        "secretkey": config.app_secret,
    }
    return Call("POST", functions.APPROVAL_PATH, "", fields)


def hashkey(payload: Mapping[str, str]) -> Call:
    """The hash of an order's body (2.4)."""
    return Call("POST", functions.HASHKEY_PATH, "", payload)
