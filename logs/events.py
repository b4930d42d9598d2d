"""An event of the journal as the outside sees it: the Log object, and its frames on the wire."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from logs.models import ExecutionLog
from logs.selectors import ORDER_OF_LEVELS, Scope
from market.errors import Text


def as_log(row: ExecutionLog) -> dict[str, Any]:
    """The Log object of the API: `id` is the sequence, times are ISO UTC with Z."""
    return {
        "id": row.seq,
        "account_id": row.account_id and str(row.account_id),
        "rule_id": row.rule_id and str(row.rule_id),
        "kind": row.kind,
        "level": row.level,
        "message": {"ko": row.message, "en": row.message_en},
        "ctx": row.ctx,
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
    }


@dataclass(frozen=True)
class Event:
    """One committed row, turned into bytes once however many people read it."""

    seq: int
    account_id: UUID | None
    rule_id: UUID | None
    kind: str
    level: str
    log: dict[str, Any]

    @classmethod
    def of(cls, row: ExecutionLog) -> "Event":
        return cls(row.seq, row.account_id, row.rule_id, row.kind, row.level, as_log(row))

    @cached_property
    def sse(self) -> bytes:
        data = json.dumps(self.log, ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.seq}\nevent: {self.kind}\ndata: {data}\n\n".encode()

    @cached_property
    def message(self) -> str:
        """The same for a WebSocket."""
        frame = {"id": self.seq, "event": self.kind, "data": self.log}
        return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing happened for a while; the line is alive."""

    sse = b": alive\n\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the server ends a stream; the last thing it says."""

    code: str  # slow, denied, renew, unavailable
    text: Text

    @property
    def log(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.text.as_dict()}

    @property
    def sse(self) -> bytes:
        return f"event: end\ndata: {json.dumps(self.log, ensure_ascii=False)}\n\n".encode()

    @property
    def message(self) -> str:
        return json.dumps({"event": "end", "data": self.log}, ensure_ascii=False)


SLOW = Ended(
    "slow",
    Text(
        "받는 쪽이 너무 느려 연결을 끊습니다. 마지막 번호(Last-Event-ID)로 다시 연결하면 이어집니다.",
        "You read too slowly, so this stream ends; connect again with Last-Event-ID and it goes on from there.",
    ),
)
RENEW = Ended(
    "renew",
    Text(
        "오래된 연결을 새로 합니다. 마지막 번호(Last-Event-ID)로 다시 연결하세요.",
        "This connection is old; connect again with Last-Event-ID.",
    ),
)
DENIED = Ended(
    "denied",
    Text(
        "더 이상 볼 권한이 없습니다. 다시 로그인하거나 계좌 소유자에게 공유를 요청하세요.",
        "You may no longer read this. Sign in again, or ask the account's owner to share it.",
    ),
)
UNAVAILABLE = Ended(
    "unavailable",
    Text(
        "데이터베이스가 응답하지 않습니다. 잠시 뒤 다시 연결하세요.",
        "The database does not answer. Connect again in a moment.",
    ),
)


@dataclass(frozen=True, slots=True)
class Which:
    """What a reader asked for."""

    account_id: UUID | None = None
    rule_id: UUID | None = None
    level: str | None = None

    def takes(self, event: Event, scope: Scope) -> bool:
        """Asked for, and allowed."""
        if event.account_id is None:
            allowed = scope.house and self.account_id is None
        else:
            allowed = event.account_id in scope.accounts and self.account_id in (None, event.account_id)
        return (
            allowed
            and self.rule_id in (None, event.rule_id)
            and (self.level is None or ORDER_OF_LEVELS.index(event.level) >= ORDER_OF_LEVELS.index(self.level))
        )

    def query(self, scope: Scope) -> dict[str, Any]:
        """The same as arguments for the selectors."""
        accounts = scope.accounts if self.account_id is None else scope.accounts & {self.account_id}
        return {
            "account_ids": accounts,
            "house": scope.house and self.account_id is None,
            "level": self.level,
            "rule_id": self.rule_id,
        }
