"""What a person reads when KIS answers with a code, in Korean and English (sheet sections 5.3 and 8). Data only.

Codes that are not here show the broker's own words.
"""

from collections.abc import Mapping
from types import MappingProxyType

from market.errors import Text

MESSAGES: Mapping[str, Text] = MappingProxyType(
    {
        "APBK0656": Text(
            "종목 정보가 없습니다. 상장 거래소(나스닥·뉴욕·아멕스)를 확인하세요.",
            "KIS does not know this symbol on this exchange. Check where it is listed.",
        ),
        "APBK0400": Text(
            "주문가능금액을 초과했습니다. 수량을 줄이세요.", "Not enough buying power. Reduce the quantity."
        ),
        "APBK0952": Text(
            "주문가능금액을 초과했습니다. 수량을 줄이세요.", "Not enough buying power. Reduce the quantity."
        ),
        "APBK0988": Text("주문가능금액 또는 수량이 부족합니다.", "Not enough cash or shares."),
        "APBK1664": Text("해외 시장이 열려 있지 않습니다.", "The overseas market is not open."),
        "APBK1507": Text("$0.01 미만 가격은 주문할 수 없습니다.", "A price below $0.01 cannot be ordered."),
        "APBK1672": Text(
            "이 상품의 거래 등록이 되어 있지 않습니다. 한국투자 앱에서 등록하세요.",
            "The account is not registered for this product. Register it in the KIS app.",
        ),
        "APBK1680": Text(
            "레버리지·인버스 ETP 사전교육을 이수해야 합니다.",
            "The leveraged and inverse ETP course has not been taken.",
        ),
        "APBK1681": Text("레버리지 ETP 기본예탁금이 부족합니다.", "The basic deposit for leveraged ETPs is not met."),
        "40070000": Text("모의투자에서 매매할 수 없는 종목입니다.", "This symbol cannot be traded on paper."),
        "40100000": Text("모의투자 영업일이 아닙니다.", "Not a business day of paper trading."),
        "40240000": Text(
            "모의투자 잔고가 없습니다. 방금 산 주식이면 잔고 반영을 기다리세요.",
            "No sellable holding on paper. If it was just bought, wait until it shows.",
        ),
        "40250000": Text("모의투자 주문가능금액이 부족합니다.", "Not enough money in the paper account."),
        "40320000": Text(
            "원주문이 존재하지 않습니다. 주문 내역을 확인합니다.",
            "The original order is gone. The order list will tell.",
        ),
        "40330000": Text(
            "정정·취소할 수량이 없습니다. 체결되었을 수 있습니다.",
            "Nothing is left to cancel. It may have been filled.",
        ),
        "40570000": Text("모의투자 장 시작 전입니다.", "Paper trading has not opened yet."),
        "40580000": Text("모의투자 장이 종료되었습니다.", "Paper trading has closed."),
        "40910000": Text(
            "모의투자 주문이 불가한 계좌입니다. 모의투자를 다시 신청하세요.",
            "The paper account is not enabled. Apply for paper trading again.",
        ),
        "EGW00103": Text(
            "앱키가 올바르지 않습니다. 실전·모의 앱키가 바뀌지 않았는지 확인하세요.",
            "The app key is not valid. Check that it belongs to this environment (real or paper).",
        ),
        "EGW00105": Text(
            "앱시크릿이 올바르지 않습니다. 앞뒤 공백이나 줄바꿈 없이 다시 입력하세요.",
            "The app secret is not valid. Enter it again without spaces or line breaks.",
        ),
        "EGW00121": Text(
            "접근토큰이 유효하지 않습니다. 새로 발급합니다.", "The access token is not valid. A new one is issued."
        ),
        "EGW00122": Text(
            "접근토큰을 찾을 수 없습니다. 새로 발급합니다.", "The access token was not found. A new one is issued."
        ),
        "EGW00123": Text(
            "접근토큰이 만료되었습니다. 새로 발급합니다.", "The access token has expired. A new one is issued."
        ),
        "EGW00133": Text(
            "접근토큰은 1분에 한 번만 발급됩니다. 1분 뒤 다시 시도합니다.",
            "A token is issued once a minute at most. It will be asked for again in a minute.",
        ),
        "EGW00201": Text(
            "초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
            "The rate limit of the key was exceeded. It will be tried again shortly.",
        ),
        "EGW00215": Text(
            "원장의 초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
            "The broker's ledger is over its own limit. It will be tried again shortly.",
        ),
        "EGW00304": Text(
            "앱시크릿이 올바르지 않습니다. 다시 등록하세요.", "The app secret is not valid. Register it again."
        ),
        "OPSQ2000": Text(
            "이 앱키의 계좌번호가 아닙니다. 계좌번호를 확인하세요.",
            "The account number does not belong to this app key. Check it.",
        ),
        "IGW00002": Text(
            "이 앱키의 계좌번호가 아닙니다. 계좌번호를 확인하세요.",
            "The account number does not belong to this app key. Check it.",
        ),
    }
)
