"""What an answer of KIS means: one whitelist of proved refusals, everything else about an order is unknown."""

from kis import messages, outcomes
from kis.wire.answers import Answer
from kis.wire.order_answers import carries_order_number
from market.errors import (
    CredentialProblem,
    Next,
    NotInPaper,
    OutcomeUnknown,
    Refused,
    Text,
    Throttled,
    TradingError,
)
from market.words import Environment


class ReadFailed(TradingError):
    """A question was not answered. Nothing follows from it; ask again later."""

    next = Next.WAIT


class NoData(ReadFailed):
    """KIS answered that it has nothing, or not this (rt_cd 7, sheet 3.4); only the function knows which."""


class NoInstrument(TradingError):
    """KIS has no information on this symbol there (sheet 4.24). Only the master file proves a symbol unknown."""


class NoPrice(TradingError):
    """KIS sent a blank price: the symbol is not known there, or nothing trades now (sheet 4.17, Appendix E)."""

    next = Next.WAIT


class NoRoom(TradingError):
    """The WebSocket has no registration left (sheet 5.1): follow the rest by REST."""


def sentence(answer: Answer, *, otherwise: Text | None = None) -> Text:
    """What to tell a person: our words for a known code, else the broker's own."""
    known = _known_words(answer)
    if known is not None:
        return known
    words = answer.message or (otherwise.en if otherwise else f"HTTP {answer.status}")
    if otherwise is not None and not answer.message:
        return otherwise
    code = f" ({answer.code})" if answer.code else ""
    return Text(f"한국투자증권 응답: {words}{code}", f"KIS answered: {words}{code}")


def _known_words(answer: Answer) -> Text | None:
    """Of a code that means one thing or another the broker's text tells which (sheet 8.3)."""
    known = messages.MESSAGES.get(answer.code)
    if known is None or answer.code not in messages.TOLD_BY_TEXT:
        return known
    said = "".join(answer.message.split())
    for clues, words in messages.CLUES:
        if all(clue in said for clue in clues):
            return words
    return Text(f"{known.ko} ({answer.message})", f"{known.en} ({answer.message})") if said else known


def is_token_refusal(answer: Answer) -> bool:
    """The server says that the token is dead: it looked at nothing else (sheet 8.4)."""
    return answer.code in outcomes.TOKEN_REFUSED and answer.status in outcomes.GATEWAY_STATUSES


def is_throttled(answer: Answer) -> bool:
    """Refused for rate: HTTP 429, or the codes of sheet 3.5 under any status they were recorded with."""
    return answer.status == outcomes.RATE_STATUS or (
        answer.code in outcomes.THROTTLED and answer.status in outcomes.GATEWAY_STATUSES
    )


def rate_refusal(answer: Answer) -> str:
    """The code from which the rate budget learns, "" when the answer is no refusal for rate."""
    return (answer.code or str(answer.status)) if is_throttled(answer) else ""


def is_ledger_refusal(answer: Answer) -> bool:
    """The ledger's own no: HTTP 200, rt_cd given and other than 0, a code of its families."""
    return (
        answer.status == 200
        and answer.result not in ("", "0")
        and answer.code not in outcomes.NEVER_A_REFUSAL
        and outcomes.LEDGER_REFUSAL.fullmatch(answer.code) is not None
    )


def order_error(answer: Answer) -> TradingError:
    """The error for an order or cancel whose answer shows no order number (safety rules 1.3).

    Throttled and Refused are proved: the request was not taken. An expired or invalid token is proved too and
    typed Throttled, since a new attempt with a new token may follow. All else is OutcomeUnknown, and so is a
    refusal that names an order after all.
    """
    code = answer.code
    if answer.result != "0" and not carries_order_number(answer):
        if is_throttled(answer):
            return Throttled(_rate_sentence(answer), code=rate_refusal(answer), retry_after=answer.retry_after or 1.0)
        if is_token_refusal(answer):
            return Throttled(sentence(answer), code=code, retry_after=0.0)
        if is_ledger_refusal(answer):
            return Refused(sentence(answer), code=code)
    return OutcomeUnknown(_unknown_sentence(answer), code=code)


def read_error(answer: Answer, environment: Environment) -> TradingError | None:
    """The error for a question that was not answered, or None. Token refusals are CredentialProblem."""
    if answer.ok and answer.body is not None:
        return None
    code = answer.code
    if is_throttled(answer):
        return Throttled(_rate_sentence(answer), code=rate_refusal(answer), retry_after=answer.retry_after or 1.0)
    if environment is Environment.PAPER and code in outcomes.NOT_IN_PAPER:
        return NotInPaper(
            Text(
                "모의투자에서는 제공되지 않는 기능입니다. 실전 앱키로 조회하세요.",
                "Paper does not offer this. Use a real key for it.",
            ),
            code=code,
        )
    if code == outcomes.TOKEN_TOO_OFTEN:
        return Throttled(sentence(answer), code=code, retry_after=answer.retry_after or outcomes.TOKEN_WAIT_S)
    if is_token_refusal(answer) or code in outcomes.CREDENTIAL_PROBLEMS:
        return CredentialProblem(sentence(answer), code=code)
    failure = NoData if answer.status == 200 and answer.result == "7" else ReadFailed
    return failure(
        sentence(
            answer,
            otherwise=Text(
                f"한국투자증권이 읽을 수 없는 응답을 보냈습니다 (HTTP {answer.status}).",
                f"KIS sent an answer that cannot be read (HTTP {answer.status}).",
            ),
        ),
        code=code,
    )


def may_ask_again(answer: Answer) -> bool:
    """Whether a question (never an order) may be repeated after a pause (sheet 8)."""
    return is_throttled(answer) or answer.code in outcomes.TEMPORARY or (not answer.code and not answer.ok)


def _rate_sentence(answer: Answer) -> Text:
    return messages.MESSAGES.get(answer.code, messages.MESSAGES["EGW00201"])


def _unknown_sentence(answer: Answer) -> Text:
    code = f" ({answer.code})" if answer.code else ""
    known = _known_words(answer) or Text(*[answer.message or f"HTTP {answer.status}"] * 2)
    return Text(
        f"주문이 접수되었는지 알 수 없어 주문 내역을 확인합니다. 한국투자증권 응답: {known.ko}{code}",
        f"It is not known whether the order was taken; the order list will tell. KIS answered: {known.en}{code}",
    )
