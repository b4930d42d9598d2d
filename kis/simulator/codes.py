"""The sheet's words as data: exchange codes, TR ids, message codes. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass


def words(text: str) -> tuple[str, ...]:
    """Names written in a row, as the sheet writes them."""
    return tuple(text.split())


REAL, PAPER = "real", "paper"
SIDES = (REAL, PAPER)


@dataclass(frozen=True, slots=True)
class Market:
    """One US exchange in each of KIS's families of codes (section 4.0)."""

    quote: str  # EXCD and the market part of a WebSocket key
    order: str  # OVRS_EXCG_CD of orders
    name: str
    product_type: str
    notice: str  # ODER_COND
    number: str  # TR_MKET_CD
    daytime: str  # EXCD in the daytime session


MARKETS = {
    m.quote: m
    for m in (
        Market("NAS", "NASD", "나스닥", "512", "6", "01", "BAQ"),
        Market("NYS", "NYSE", "뉴욕거래소", "513", "7", "02", "BAY"),
        Market("AMS", "AMEX", "아멕스", "529", "8", "05", "BAA"),
    )
}
DAYTIME_MARKETS = frozenset(m.daytime for m in MARKETS.values())
OTHER_QUOTE_MARKETS = frozenset({"HKS", "TSE", "SHS", "SZS", "HSX", "HNX", "SHI", "SZI"})
OTHER_ORDER_EXCHANGES = frozenset({"SEHK", "SHAA", "SZAA", "TKSE", "HASE", "VNSE"})
ORDER_EXCHANGES = frozenset(m.order for m in MARKETS.values())

# path -> side -> TR ids (section 1.3). A side without an entry does not offer the function.
TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
DOMESTIC_TRADING = "/uapi/domestic-stock/v1/trading/"
DOMESTIC_QUOTES = "/uapi/domestic-stock/v1/quotations/"
BONDS = "/uapi/domestic-bond/v1/trading/"
ASIAN_RESERVATIONS = "TTTS3014R"
STOCK_QUOTES = "/uapi/overseas-stock/v1/quotations/"
ORDER = TRADING + "order"
REVISE = TRADING + "order-rvsecncl"
RESERVE = TRADING + "order-resv"
UNRESERVE = TRADING + "order-resv-ccnl"
DAYTIME_ORDER = TRADING + "daytime-order"
DAYTIME_REVISE = TRADING + "daytime-order-rvsecncl"
TR_IDS: dict[str, dict[str, tuple[str, ...]]] = {
    ORDER: {REAL: ("TTTT1002U", "TTTT1006U"), PAPER: ("VTTT1002U", "VTTT1001U", "VTTT1006U")},
    REVISE: {REAL: ("TTTT1004U",), PAPER: ("VTTT1004U",)},
    RESERVE: {REAL: ("TTTT3014U", "TTTT3016U"), PAPER: ("VTTT3014U", "VTTT3016U")},
    UNRESERVE: {REAL: ("TTTT3017U",), PAPER: ("VTTT3017U",)},
    TRADING + "order-resv-list": {REAL: ("TTTT3039R", ASIAN_RESERVATIONS)},
    DAYTIME_ORDER: {REAL: ("TTTS6036U", "TTTS6037U")},
    DAYTIME_REVISE: {REAL: ("TTTS6038U",)},
    TRADING + "inquire-balance": {REAL: ("TTTS3012R",), PAPER: ("VTTS3012R",)},
    TRADING + "inquire-present-balance": {REAL: ("CTRP6504R",), PAPER: ("VTRP6504R",)},
    TRADING + "inquire-psamount": {REAL: ("TTTS3007R",), PAPER: ("VTTS3007R",)},
    TRADING + "inquire-nccs": {REAL: ("TTTS3018R",), PAPER: ("VTTS3018R",)},
    TRADING + "inquire-ccnl": {REAL: ("TTTS3035R",), PAPER: ("VTTS3035R",)},
    TRADING + "inquire-period-profit": {REAL: ("TTTS3039R",)},
    TRADING + "inquire-period-trans": {REAL: ("CTOS4001R",)},
    TRADING + "inquire-paymt-stdr-balance": {REAL: ("CTRP6010R",)},
    TRADING + "foreign-margin": {REAL: ("TTTC2101R",)},
    TRADING + "algo-ordno": {REAL: ("TTTS6058R",)},
    TRADING + "inquire-algo-ccnl": {REAL: ("TTTS6059R",)},
    QUOTES + "price": {REAL: ("HHDFS00000300",), PAPER: ("HHDFS00000300",)},
    QUOTES + "price-detail": {REAL: ("HHDFS76200200",)},
    QUOTES + "inquire-asking-price": {REAL: ("HHDFS76200100",)},
    QUOTES + "dailyprice": {REAL: ("HHDFS76240000",), PAPER: ("HHDFS76240000",)},
    QUOTES + "inquire-time-itemchartprice": {REAL: ("HHDFS76950200",)},
    QUOTES + "inquire-daily-chartprice": {REAL: ("FHKST03030100",), PAPER: ("FHKST03030100",)},
    QUOTES + "inquire-ccnl": {REAL: ("HHDFS76200300",)},
    QUOTES + "multprice": {REAL: ("HHDFS76220000",)},
    QUOTES + "inquire-search": {REAL: ("HHDFS76410000",), PAPER: ("HHDFS76410000",)},
    QUOTES + "search-info": {REAL: ("CTPF1702R",)},
    DOMESTIC_QUOTES + "inquire-price": {REAL: ("FHKST01010100",), PAPER: ("FHKST01010100",)},
    DOMESTIC_QUOTES + "search-info": {REAL: ("CTPF1604R",)},
    DOMESTIC_TRADING + "inquire-balance": {REAL: ("TTTC8434R",), PAPER: ("VTTC8434R",)},
    DOMESTIC_TRADING + "inquire-psbl-rvsecncl": {REAL: ("TTTC8036R", "TTTC0084R")},
    DOMESTIC_TRADING + "inquire-daily-ccld": {
        REAL: ("TTTC8001R", "CTSC9115R", "TTTC0081R", "CTSC9215R"),
        PAPER: ("VTTC8001R", "VTSC9115R", "VTTC0081R", "VTSC9215R"),
    },
    DOMESTIC_TRADING + "inquire-period-trade-profit": {REAL: ("TTTC8715R",)},
    BONDS + "inquire-balance": {REAL: ("CTSC8407R",)},
    DOMESTIC_TRADING + "inquire-psbl-order": {REAL: ("TTTC8908R",), PAPER: ("VTTC8908R",)},
    TRADING + "dayornight": dict.fromkeys(SIDES, ("JTTT3010R",)),  # retired, as the switch `old_tr_ids` says
    STOCK_QUOTES + "countries-holiday": {REAL: ("CTOS5011R",)},
}
# What the official sample makes of a real TR id (section 1.4), where paper knows no such service (8.2: OPSQ0002).
UNSERVED_ON_PAPER = frozenset(
    "V" + tr_id[1:] for ids in TR_IDS.values() if PAPER not in ids for tr_id in ids[REAL] if tr_id[0] in "TJC"
)
BUY_TRS = frozenset({"TTTT1002U", "VTTT1002U", "TTTT3014U", "VTTT3014U", "TTTS6036U"})
# Retired first letters; the live server answers them with a code of their own (section 8.1).
RETIRED_PREFIX = "JTTT"
# What the retired ids meant (section 9, trap 44): only with the switch `old_tr_ids`, for clients of those years.
OLD_TR_IDS = {
    "JTTT1002U": "TTTT1002U",
    "JTTT1006U": "TTTT1006U",
    "JTTT1004U": "TTTT1004U",
    "JTTT3012R": "TTTS3012R",
    "JTTT3018R": "TTTS3018R",
    "JTTT3001R": "TTTS3035R",
    "VTTT3012R": "VTTS3012R",
    "VTTT3018R": "VTTS3018R",
    "VTTT3001R": "VTTS3035R",
}

GATEWAY_TEXTS = {  # section 8.1
    "EGW00101": "유효하지 않은 요청입니다.",
    "EGW00102": "AppKey는 필수입니다.",
    "EGW00103": "유효하지 않은 AppKey입니다.",
    "EGW00104": "AppSecret은 필수입니다.",
    "EGW00105": "유효하지 않은 AppSecret입니다.",
    "EGW00115": "grant_type은 필수입니다.",
    "EGW00116": "지원하지 않는 grant_type입니다.",
    "EGW00121": "유효하지 않은 token 입니다.",
    "EGW00122": "token을 찾을 수 없습니다.",
    "EGW00123": "기간이 만료된 token 입니다.",
    "EGW00131": "유효하지 않은 hashkey 입니다.",
    "EGW00132": "Content-Type이 유효하지 않습니다.",
    "EGW00133": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
    "EGW00201": "초당 거래건수를 초과하였습니다.",
    "EGW00202": "GW라우팅 중 오류가 발생했습니다.",
    "EGW00205": "credentials_type이 유효하지 않습니다.(Bearer)",
    "EGW00215": "원장에서 허용 가능한 초당 거래건수를 초과하였습니다.",
    "EGW00302": "거래시간이 초과되었습니다. 직전 거래를 반드시 확인하십시오.",
    "EGW00304": "고객식별키(법인 personalSeckey, 개인 appSecret)가 유효하지 않습니다.",
    "EGW00310": "TR-ID가 유효하지 않습니다.",
    "EGW00356": "유효하지 않은 거래입니다.",
    "EGW02006": "모의투자 TR 이 아닙니다.",
}

_CLOSED = ("1", "APBK0918", "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능, 주문시간 외 불가)")
_NOT_ON_PAPER = ("1", "90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
# What the exchange may refuse, in its own words -> the ledger's answer per side (sections 4.2, 8.3, E).
REFUSALS: dict[str, dict[str, tuple[str, str, str]]] = {
    "unknown_symbol": dict.fromkeys(SIDES, ("1", "APBK0656", "해당종목정보가 없습니다.")),
    "price_missing": dict.fromkeys(SIDES, ("1", "APBK1507", "가격 $0.01 미만시 온라인 주문불가")),
    "off_tick": dict.fromkeys(SIDES, ("1", "APTR0057", "1$이상 소수점 2자리까지만 가능합니다.")),
    "not_enough_cash": {
        REAL: ("7", "APBK0952", "주문가능금액을 초과 했습니다"),
        PAPER: ("1", "40250000", "모의투자 주문가능금액이 부족합니다."),
    },
    "not_enough_shares": {
        REAL: ("7", "APBK0988", "매도가능 잔고가 부족합니다."),
        PAPER: ("1", "40240000", "모의투자 잔고내역이 없습니다."),
    },
    "before_open": {
        REAL: _CLOSED,
        PAPER: ("1", "40570000", "모의투자 장시작전 입니다."),
    },
    "after_close": {
        REAL: _CLOSED,
        PAPER: ("1", "40580000", "모의투자 장종료 입니다."),
    },
    "not_a_trading_day": {
        REAL: _CLOSED,
        PAPER: ("1", "40100000", "모의투자 영업일이 아닙니다."),
    },
    "auction_closed": {REAL: _CLOSED, PAPER: _NOT_ON_PAPER},
    "not_tradable": {
        REAL: ("1", "APBK0656", "해당종목정보가 없습니다."),
        PAPER: ("1", "40070000", "모의투자 주문불가 종목(매매불가 종목) 입니다."),
    },
    "no_original": {
        REAL: ("1", "APBK0918", "원주문번호가 존재하지 않습니다."),
        PAPER: ("1", "40320000", "모의투자 원주문번호가 존재하지 않습니다."),
    },
    "nothing_left": {
        REAL: ("1", "APBK0918", "정정/취소할 수량이 없습니다."),
        PAPER: ("1", "40330000", "모의투자 정정/취소할 수량이 없습니다."),
    },
    # Section 4.6: an order of the daytime session, named in the TR of the others.
    "daytime_order": {REAL: _CLOSED, PAPER: _NOT_ON_PAPER},
    # Section 4.3: outside the hours in which reservations are taken.
    "reservations_closed": {REAL: _CLOSED, PAPER: ("1", "40580000", "모의투자 장종료 입니다.")},
    # Section 4.0: TWAP and VWAP cannot be amended.
    "not_amendable": {REAL: ("1", "APBK0918", "정정이 불가한 주문입니다."), PAPER: _NOT_ON_PAPER},
    # Section 6.5: leveraged ETFs need a registration that this account lacks.
    "not_registered": {
        REAL: ("1", "APBK1680", "레버리지/인버스 ETP 사전교육 이수 후 거래 가능합니다."),
        PAPER: ("1", "40070000", "모의투자 주문불가 종목(매매불가 종목) 입니다."),
    },
}
ACCEPTED: dict[str, dict[str, tuple[str, str]]] = {  # section 3.6
    REAL: dict.fromkeys(("buy", "sell", "amend", "cancel"), ("APBK0013", "주문 전송 완료 되었습니다.")),
    PAPER: {
        "buy": ("40600000", "모의투자 매수주문이 완료 되었습니다."),
        "sell": ("40590000", "모의투자 매도주문이 완료 되었습니다."),
        "amend": ("40620000", "모의투자 정정주문이 완료 되었습니다."),
        "cancel": ("40630000", "모의투자 취소주문이 완료 되었습니다."),
    },
}
RESERVATION_CANCELLED = ("APBK1711", "취소주문이 접수되었습니다.")  # section 3.6, either side
NOT_ON_PAPER = _NOT_ON_PAPER
BRANCH = {REAL: "01790", PAPER: "00950"}  # KRX_FWDG_ORD_ORGNO (section 4.1)
NOTICE_BRANCH = "01791"  # differs from the answer's on purpose (section 5.8, trap 36)
LIMIT, MOO, LOO, MOC, LOC, TWAP, VWAP = "00", "31", "32", "33", "34", "35", "36"  # ORD_DVSN (section 4.0)
SLICED_NAMES = {TWAP: "TWAP", VWAP: "VWAP"}
SIDE_CODES = {"sell": "01", "buy": "02"}
SIDE_NAMES = {"sell": "매도", "buy": "매수"}
KIND_CODES = {"new": "00", "amend": "01", "cancel": "02"}
KIND_NAMES = {"new": "", "amend": "정정", "cancel": "취소"}
EXPIRED_TEXT = "DFD 장종료로 취소"  # Appendix E
API_CHANNEL = "OpenAPI"

WS_TRADES, WS_BOOK, WS_ASIA = "HDFSCNT0", "HDFSASP0", "HDFSASP1"
WS_NOTICES = {REAL: "H0GSCNI0", PAPER: "H0GSCNI9"}
WS_DOMESTIC_NOTICES = {REAL: "H0STCNI0", PAPER: "H0STCNI9"}  # some clients register both
WS_REPLIES = {  # section 5.3
    "OPSP0000": "SUBSCRIBE SUCCESS",
    "OPSP0001": "UNSUBSCRIBE SUCCESS",
    "OPSP0002": "ALREADY IN SUBSCRIBE",
    "OPSP0003": "UNSUBSCRIBE ERROR(not found!)",
    "OPSP0007": "SUBSCRIBE INTERNAL ERROR",
    "OPSP0008": "MAX SUBSCRIBE OVER",
    "OPSP0011": "invalid approval : NOT FOUND",
    "OPSP8991": "SUBSCRIBE ERROR : invalid tr_id",
    "OPSP8992": "SUBSCRIBE ERROR : invalid tr_key",
    "OPSP8996": "ALREADY IN USE appkey",
    "OPSP8997": "JSON PARSING ERROR : invalid tr_type",
    "OPSP8998": "JSON PARSING ERROR : invalid custtype",
    "OPSP9990": "JSON PARSING ERROR : tr_key not found",
    "OPSP9991": "JSON PARSING ERROR : input not found",
    "OPSP9992": "JSON PARSING ERROR : body not found",
    "OPSP9996": "JSON PARSING ERROR : appkey not found",
    "OPSP9997": "JSON PARSING ERROR : custtype not found",
    "OPSP9998": "JSON PARSING ERROR : header not found",
    "OPSP9999": "JSON PARSING ERROR : invalid json format",
}
