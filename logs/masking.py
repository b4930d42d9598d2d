"""What must never be read in a journal, a log line or a trace, and what stands there instead.

One place for both ways out: `plain()` for the journal's context, `MaskingFilter` for every line on the terminal.
By name for what has a name, by shape for what slipped into a sentence.
"""

import copy
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

HIDDEN = "***"

# Compared without case, dashes and underscores, as a part of the name: `access_token`, `X-Session-Token`, `CANO`.
SECRET_NAMES = (
    "appkey",
    "appsecret",
    "secret",
    "token",
    "password",
    "authorization",
    "approvalkey",
    "cookie",
    "privatekey",
    "credentialkeys",
    "aeskey",
    "htsid",
)
NUMBER_NAMES = ("accountno", "accountnumber", "cano")  # worth recognising: the last two digits stay
HARMLESS_NAMES = frozenset({"tokenexpireat", "tokenexpiresat", "tokentype"})

SHAPES = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"), HIDDEN),  # a JWT: KIS's access token is one
    (re.compile(r"(?i)\bbearer\s+[\w.~+/=-]{8,}"), f"Bearer {HIDDEN}"),
    (re.compile(r"\bPS[A-Za-z0-9]{34}\b"), HIDDEN),  # an app key of KIS
    (re.compile(r"\b\d{5,12}:[A-Za-z0-9_-]{30,60}"), HIDDEN),  # a bot of Telegram
    (re.compile(r"(?<=/webhooks/)\d+/[\w-]+"), HIDDEN),  # a webhook of Discord
    (re.compile(r"[A-Za-z0-9+/]{120,}={0,2}"), HIDDEN),  # an app secret: 180 characters of base64
    (re.compile(r"\b\d{8}-(\d{2})\b"), r"******\1"),  # an account number, 8-2
    (re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@"), rf"\1:{HIDDEN}@"),  # a password in an address
)


def _squeezed(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _by_name(name: object, value: Any) -> Any:
    """What stands for a value of this name; the value itself when the name is harmless."""
    key = _squeezed(name)
    if value in (None, "", True, False) or key in HARMLESS_NAMES or isinstance(value, datetime):
        return value
    if any(word in key for word in SECRET_NAMES):
        return HIDDEN
    if any(word in key for word in NUMBER_NAMES):
        return f"******{str(value)[-2:]}"
    return value


def masked_text(text: str) -> str:
    """The sentence with everything that has the shape of a secret hidden."""
    for shape, instead in SHAPES:
        text = shape.sub(instead, text)
    return text


def plain(value: Any) -> Any:
    """The value as JSON can carry it, with secrets masked.

    Money becomes a decimal string, times become ISO UTC with Z.
    """
    match value:
        case None | bool() | int() | float() if not isinstance(value, Enum):
            return value
        case Enum():
            return plain(value.value)
        case str():
            return masked_text(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return format(value, "f")
        case UUID():
            return str(value)
        case Mapping():
            return {str(key): plain(_by_name(key, inner)) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(inner) for inner in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain(asdict(value))
        case _:
            return masked_text(str(value))


class MaskingFilter(logging.Filter):
    """Hides secrets in the message, its arguments, the extra fields and the traceback of every line.

    Works on a copy: other handlers are shown the record as it was.
    """

    KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        clean = copy.copy(record)
        clean.msg, clean.args = masked_text(record.getMessage()), None
        if record.exc_info and record.exc_info[0]:
            clean.exc_text = masked_text(record.exc_text or self._formatter.formatException(record.exc_info))
        for name in vars(record).keys() - self.KNOWN:
            setattr(clean, name, plain(_by_name(name, getattr(record, name))))
        return clean
