"""One structured log line for every request and answer; secrets never (design, section 3.9)."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

log = logging.getLogger("kis")

# What may be shown of a request: it says what was asked, and names neither account nor key.
SHOWN_FIELDS = (
    *("PDNO", "SYMB", "ITEM_CD", "EXCD", "OVRS_EXCG_CD", "PRDT_TYPE_CD", "FID_INPUT_ISCD"),
    *("ORD_QTY", "OVRS_ORD_UNPR", "ORD_DVSN", "START_TIME", "END_TIME", "ALGO_ORD_TMD_DVSN_CD"),
    *("ODNO", "ORGN_ODNO", "RVSE_CNCL_DVSN_CD"),
    *("FT_ORD_QTY", "FT_ORD_UNPR3", "OVRS_RSVN_ODNO", "RSVN_ORD_RCIT_DT"),
    *("ORD_STRT_DT", "ORD_END_DT", "INQR_STRT_DT", "INQR_END_DT", "ERLM_STRT_DT", "ERLM_END_DT"),
    *("ORD_DT", "TRAD_DT", "BASS_DT", "BYMD", "GUBN", "NMIN", "KEYB"),
)
HIDDEN = "***"

OnEvent = Callable[[dict[str, Any]], None]

LONGEST_NAME, MOST_NAMES, MOST_DRIFTS = 40, 60, 500  # bounds of what an unknown server can make us keep and write

# What was said already, over all clients of the process.
_told: set[tuple[str, frozenset[str]]] = set()

_inside_a_request: ContextVar[bool] = ContextVar("kis_inside_a_request", default=False)


class Masker:
    """Replaces every secret it was told in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [s for s in secrets if s]

    def learn(self, *secrets: str) -> None:
        """Tokens and keys that came later. Only the newest few are kept."""
        fresh = [s for s in secrets if s and s not in self._secrets]
        self._secrets = (self._secrets + fresh)[-64:] if len(self._secrets) > 64 else self._secrets + fresh

    def __call__(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, HIDDEN)
        return words


class Journal:
    """Writes the lines of one client to the logger `kis` and to its listener."""

    def __init__(self, masker: Masker, account: str, on_event: OnEvent | None = None) -> None:
        """`account`: already masked. `on_event` gets the same facts as a dict; it must not raise."""
        self.mask = masker
        self._account = account
        self._on_event = on_event

    def exchanged(self, *, fields: Mapping[str, str], error: str = "", **facts: Any) -> None:
        """One request and its answer. `facts`: method, path, tr_id, status, rt_cd, msg_cd, msg1, seconds, lane."""
        shown = {name: self.mask(fields[name]) for name in SHOWN_FIELDS if fields.get(name)}
        event = {
            "event": "kis.request",
            "account": self._account,
            "fields": shown,
            "error": self.mask(error),
            **{name: self.mask(v) if isinstance(v, str) else v for name, v in facts.items()},
        }
        outcome = f"{event.get('status')} {event.get('rt_cd')} {event.get('msg_cd')}"
        self._write(
            logging.WARNING if error else logging.INFO,
            f"{event.get('method')} {event.get('path')} {event.get('tr_id')} -> {error or outcome}",
            event,
        )

    def note(self, name: str, level: int = logging.INFO, **facts: Any) -> None:
        """Anything else worth a line, such as a socket that came back."""
        masked = {key: self.mask(v) if isinstance(v, str) else v for key, v in facts.items()}
        words = " ".join(f"{key}={value}" for key, value in masked.items())
        self._write(level, f"{name} {words}".strip(), {"event": name, "account": self._account, **masked})

    def drift(self, layout: str, shape: Mapping[str, str] | list[str]) -> None:
        """An answer or a frame that differs from what KIS documents. Said once per process, layout and shape.

        `layout`: such as "inquire-ccnl.output" or "HDFSCNT0". `shape`: names, and what sort of value they carry
        (see `kis.drift`), never a value.
        """
        words = dict(shape) if isinstance(shape, Mapping) else dict.fromkeys(shape, "")
        names = {self.mask(str(name))[:LONGEST_NAME]: kind for name, kind in list(words.items())[:MOST_NAMES]}
        told = (layout, frozenset(f"{name} {kind}" for name, kind in names.items()))
        if told in _told or len(_told) >= MOST_DRIFTS:
            return
        _told.add(told)
        said = names if any(names.values()) else list(names)
        event = {"event": "kis.drift", "account": self._account, "layout": layout, "shape": said}
        self._write(logging.WARNING, f"KIS's answer differs from its documents: {layout} {said}", event)

    def _write(self, level: int, line: str, event: dict[str, Any]) -> None:
        log.log(level, self.mask(line), extra=event)
        if self._on_event is not None:
            self._on_event(event)


def forget_drifts() -> None:
    """As in a new process: every difference will be said again."""
    _told.clear()


class inside_a_request:  # noqa: N801  a context manager, read like a word
    """While it lasts, the HTTP library's own loggers are silent: they would print query and headers."""

    def __enter__(self) -> None:
        self._before = _inside_a_request.set(True)

    def __exit__(self, *_error: object) -> None:
        _inside_a_request.reset(self._before)


def _not_ours(_record: logging.LogRecord) -> bool:
    return not _inside_a_request.get()


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_not_ours)
