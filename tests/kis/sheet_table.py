"""The protocol sheet's sections 1.3 and 4 as a table, typed in by hand from the sheet: what a call must look like.

`real` and `paper` are TR ids, "" where a side does not offer the function. `sent` are the fields of the request, each
of which must be there even when empty (3.1); those after "|" are optional by the sheet.
"""

from dataclasses import dataclass

TRADING = "/uapi/overseas-stock/v1/trading/"
DATES = "/uapi/overseas-stock/v1/quotations/"
PRICES = "/uapi/overseas-price/v1/quotations/"


@dataclass(frozen=True, slots=True)
class Row:
    section: str
    method: str
    path: str
    real: str
    paper: str
    sent: str

    @property
    def required(self) -> frozenset[str]:
        return frozenset(self.sent.partition("|")[0].split())

    @property
    def allowed(self) -> frozenset[str]:
        return frozenset(self.sent.replace("|", " ").split())


ACCT = "CANO ACNT_PRDT_CD"
CTX200 = "CTX_AREA_FK200 CTX_AREA_NK200"
ORDER = (
    f"{ACCT} OVRS_EXCG_CD PDNO ORD_QTY OVRS_ORD_UNPR ORD_SVR_DVSN_CD ORD_DVSN | CTAC_TLNO MGCO_APTM_ODNO SLL_TYPE "
    "START_TIME END_TIME ALGO_ORD_TMD_DVSN_CD"
)
REVISE = (
    f"{ACCT} OVRS_EXCG_CD PDNO ORGN_ODNO RVSE_CNCL_DVSN_CD ORD_QTY OVRS_ORD_UNPR | CTAC_TLNO MGCO_APTM_ODNO "
    "ORD_SVR_DVSN_CD"
)
RESERVE = f"{ACCT} PDNO OVRS_EXCG_CD FT_ORD_QTY FT_ORD_UNPR3 | ORD_SVR_DVSN_CD ORD_DVSN ALGO_ORD_TMD_DVSN_CD"
DAYTIME = f"{ACCT} OVRS_EXCG_CD PDNO ORD_QTY OVRS_ORD_UNPR ORD_SVR_DVSN_CD ORD_DVSN | CTAC_TLNO MGCO_APTM_ODNO"
DAYTIME_REVISE = (
    f"{ACCT} OVRS_EXCG_CD PDNO ORGN_ODNO RVSE_CNCL_DVSN_CD ORD_QTY OVRS_ORD_UNPR CTAC_TLNO MGCO_APTM_ODNO "
    "ORD_SVR_DVSN_CD"
)
SYMBOL = "AUTH EXCD SYMB"

TABLE: dict[str, Row] = {
    "order_buy": Row("4.1", "POST", TRADING + "order", "TTTT1002U", "VTTT1002U", ORDER),
    "order_sell": Row("4.1", "POST", TRADING + "order", "TTTT1006U", "VTTT1001U", ORDER),
    "revise": Row("4.2", "POST", TRADING + "order-rvsecncl", "TTTT1004U", "VTTT1004U", REVISE),
    "reserve_buy": Row("4.3", "POST", TRADING + "order-resv", "TTTT3014U", "VTTT3014U", RESERVE),
    "reserve_sell": Row("4.3", "POST", TRADING + "order-resv", "TTTT3016U", "VTTT3016U", RESERVE),
    "reserve_cancel": Row(
        "4.4", "POST", TRADING + "order-resv-ccnl", "TTTT3017U", "VTTT3017U", f"{ACCT} RSVN_ORD_RCIT_DT OVRS_RSVN_ODNO"
    ),
    "reservations": Row(
        "4.5",
        "GET",
        TRADING + "order-resv-list",
        "TTTT3039R",
        "",
        f"{ACCT} INQR_STRT_DT INQR_END_DT INQR_DVSN_CD PRDT_TYPE_CD OVRS_EXCG_CD {CTX200}",
    ),
    "daytime_buy": Row("4.6", "POST", TRADING + "daytime-order", "TTTS6036U", "", DAYTIME),
    "daytime_sell": Row("4.6", "POST", TRADING + "daytime-order", "TTTS6037U", "", DAYTIME),
    "daytime_revise": Row("4.6", "POST", TRADING + "daytime-order-rvsecncl", "TTTS6038U", "", DAYTIME_REVISE),
    "balance": Row(
        "4.7",
        "GET",
        TRADING + "inquire-balance",
        "TTTS3012R",
        "VTTS3012R",
        f"{ACCT} OVRS_EXCG_CD TR_CRCY_CD {CTX200}",
    ),
    "present_balance": Row(
        "4.8",
        "GET",
        TRADING + "inquire-present-balance",
        "CTRP6504R",
        "VTRP6504R",
        f"{ACCT} WCRC_FRCR_DVSN_CD NATN_CD TR_MKET_CD INQR_DVSN_CD",
    ),
    "buying_power": Row(
        "4.9",
        "GET",
        TRADING + "inquire-psamount",
        "TTTS3007R",
        "VTTS3007R",
        f"{ACCT} OVRS_EXCG_CD OVRS_ORD_UNPR ITEM_CD",
    ),
    "open_orders": Row(
        "4.10", "GET", TRADING + "inquire-nccs", "TTTS3018R", "", f"{ACCT} OVRS_EXCG_CD SORT_SQN {CTX200}"
    ),
    "executions": Row(
        "4.11",
        "GET",
        TRADING + "inquire-ccnl",
        "TTTS3035R",
        "VTTS3035R",
        f"{ACCT} PDNO ORD_STRT_DT ORD_END_DT SLL_BUY_DVSN CCLD_NCCS_DVSN OVRS_EXCG_CD SORT_SQN ORD_DT ORD_GNO_BRNO "
        f"ODNO {CTX200}",
    ),
    "period_profit": Row(
        "4.12",
        "GET",
        TRADING + "inquire-period-profit",
        "TTTS3039R",
        "",
        f"{ACCT} OVRS_EXCG_CD NATN_CD CRCY_CD PDNO INQR_STRT_DT INQR_END_DT WCRC_FRCR_DVSN_CD {CTX200}",
    ),
    "period_transactions": Row(
        "4.13",
        "GET",
        TRADING + "inquire-period-trans",
        "CTOS4001R",
        "",
        f"{ACCT} ERLM_STRT_DT ERLM_END_DT OVRS_EXCG_CD PDNO SLL_BUY_DVSN_CD LOAN_DVSN_CD CTX_AREA_FK100 CTX_AREA_NK100",
    ),
    "settled_balance": Row(
        "4.14",
        "GET",
        TRADING + "inquire-paymt-stdr-balance",
        "CTRP6010R",
        "",
        f"{ACCT} BASS_DT WCRC_FRCR_DVSN_CD INQR_DVSN_CD",
    ),
    "margin": Row("4.15", "GET", TRADING + "foreign-margin", "TTTC2101R", "", ACCT),
    "algo_orders": Row("4.16", "GET", TRADING + "algo-ordno", "TTTS6058R", "", f"{ACCT} TRAD_DT | {CTX200}"),
    "algo_fills": Row(
        "4.16",
        "GET",
        TRADING + "inquire-algo-ccnl",
        "TTTS6059R",
        "",
        f"{ACCT} ORD_DT ORD_GNO_BRNO ODNO TTLZ_ICLD_YN {CTX200}",
    ),
    "price": Row("4.17", "GET", PRICES + "price", "HHDFS00000300", "HHDFS00000300", SYMBOL),
    "price_detail": Row("4.18", "GET", PRICES + "price-detail", "HHDFS76200200", "", SYMBOL),
    "order_book": Row("4.19", "GET", PRICES + "inquire-asking-price", "HHDFS76200100", "", SYMBOL),
    "period_bars": Row(
        "4.20", "GET", PRICES + "dailyprice", "HHDFS76240000", "HHDFS76240000", f"{SYMBOL} GUBN BYMD MODP | KEYB"
    ),
    "minute_bars": Row(
        "4.21",
        "GET",
        PRICES + "inquire-time-itemchartprice",
        "HHDFS76950200",
        "",
        f"{SYMBOL} NMIN PINC NEXT NREC FILL KEYB",
    ),
    "index_bars": Row(
        "4.22",
        "GET",
        PRICES + "inquire-daily-chartprice",
        "FHKST03030100",
        "FHKST03030100",
        "FID_COND_MRKT_DIV_CODE FID_INPUT_ISCD FID_INPUT_DATE_1 FID_INPUT_DATE_2 FID_PERIOD_DIV_CODE",
    ),
    "settlement_dates": Row(
        "4.23", "GET", DATES + "countries-holiday", "CTOS5011R", "", "TRAD_DT CTX_AREA_NK CTX_AREA_FK"
    ),
    "instrument_info": Row("4.24", "GET", PRICES + "search-info", "CTPF1702R", "", "PRDT_TYPE_CD PDNO"),
    "ticks": Row("4.25", "GET", PRICES + "inquire-ccnl", "HHDFS76200300", "", "EXCD TDAY SYMB AUTH KEYB"),
    "many_prices": Row(
        "4.25",
        "GET",
        PRICES + "multprice",
        "HHDFS76220000",
        "",
        "AUTH NREC " + " ".join(f"EXCD_{n:02} SYMB_{n:02}" for n in range(1, 11)),
    ),
    "screener": Row(
        "4.25",
        "GET",
        PRICES + "inquire-search",
        "HHDFS76410000",
        "HHDFS76410000",
        "AUTH EXCD KEYB | "
        + " ".join(
            f"CO_YN_{what} CO_ST_{what} CO_EN_{what}"
            for what in ("PRICECUR", "RATE", "VALX", "SHAR", "VOLUME", "AMT", "EPS", "PER")
        ),
    ),
}
